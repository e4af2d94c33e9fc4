"""Cosignatures (C2SP tlog-cosignature): of the bytes that the specification names, and nobody's but the witness's."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.kernel.errors import InputRejected
from shared.ledger.policy import Group, Log, Policy, Witness
from shared.seal.checkpoints import CheckpointSigner, NoteVerifier, line_of, verify_note
from shared.seal.cosignatures import CosignatureVerifier, Cosigner, cosignature_on, read_witnessed

ORIGIN = "gateway.example/ledger"
TEXT = f"{ORIGIN}\n3\nX8zlX1z3FSMBGAODjpAUr/TTXNIBGVKD/Zt1Iq1XNgA=\n"
LOG = CheckpointSigner(ORIGIN, bytes(range(32)))
FIRST, SECOND = (Cosigner(f"witness.example/w{number}", bytes([number]) * 32) for number in (1, 2))
NOTE = LOG.sign(TEXT)
AT = 1_679_315_147
POLICY = Policy(
    (Log(LOG.verifier.vkey()),),
    (Witness("first", FIRST.verifier.vkey()), Witness("second", SECOND.verifier.vkey())),
    (Group("both", 2, ("first", "second")),),
    "both",
)


def refused(note: str, policy: Policy = POLICY) -> str:
    with pytest.raises(InputRejected) as refusal:
        read_witnessed(note, policy)
    return refusal.value.code


def test_what_is_signed_is_what_the_specification_says() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
    public = private.public_key().public_bytes_raw()
    signed = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    key_id = hashlib.sha256(b"witness.example/w1\n\x04" + public).digest()[:4]
    blob = key_id + AT.to_bytes(8, "big") + private.sign(signed)
    assert FIRST.cosign(TEXT, at=AT) == f"\u2014 witness.example/w1 {base64.b64encode(blob).decode()}\n"
    assert (
        FIRST.verifier.vkey() == f"witness.example/w1+{key_id.hex()}+{base64.b64encode(bytes([4]) + public).decode()}"
    )


def test_a_policy_counts_the_witnesses_it_names() -> None:
    one, both = (NOTE + "".join(who.cosign(TEXT, at=AT) for who in signers) for signers in ([FIRST], [FIRST, SECOND]))
    assert (read_witnessed(one, POLICY).witnesses, read_witnessed(one, POLICY).suffices) == (("first",), False)
    assert (read_witnessed(both, POLICY).witnesses, read_witnessed(both, POLICY).suffices) == (
        ("first", "second"),
        True,
    )


def test_a_witness_that_signs_twice_is_one() -> None:
    assert not read_witnessed(NOTE + FIRST.cosign(TEXT, at=AT) + FIRST.cosign(TEXT, at=AT + 1), POLICY).suffices


def test_a_stranger_under_the_name_of_a_witness_is_ignored() -> None:
    stranger = Cosigner("witness.example/w2", bytes([9]) * 32)
    note = NOTE + FIRST.cosign(TEXT, at=AT) + stranger.cosign(TEXT, at=AT)
    assert read_witnessed(note, POLICY).witnesses == ("first",)


def test_a_cosignature_of_another_head_spoils_the_note() -> None:
    other = TEXT.replace("\n3\n", "\n4\n")
    assert refused(NOTE + FIRST.cosign(other, at=AT)) == "note.signature"


@pytest.mark.parametrize("at", [0, 2**63])
def test_a_time_that_is_none_is_no_cosignature(at: int) -> None:
    assert refused(NOTE + FIRST.cosign(TEXT, at=at)) == "note.signature"


def test_a_time_that_was_changed_is_no_cosignature() -> None:
    line = FIRST.cosign(TEXT, at=AT)
    blob = bytearray(base64.b64decode(line.split(" ")[2]))
    blob[11] ^= 1
    assert refused(f"{NOTE}\u2014 witness.example/w1 {base64.b64encode(blob).decode()}\n") == "note.signature"


def test_witnesses_alone_make_no_checkpoint() -> None:
    lines = FIRST.cosign(TEXT, at=AT) + SECOND.cosign(TEXT, at=AT)
    assert refused(f"{TEXT}\n{lines}") == "note.signature"


def test_a_ledger_signs_under_its_own_name_alone() -> None:
    other = CheckpointSigner("other.example/ledger", bytes(range(32)))
    policy = Policy((Log(other.verifier.vkey()),), (), (), "none")
    assert refused(other.sign(TEXT), policy) == "note.signature"


def test_neither_kind_of_key_stands_for_the_other() -> None:
    same = Cosigner(ORIGIN, bytes(range(32)))
    assert same.verifier.key_id != LOG.verifier.key_id
    with pytest.raises(InputRejected):
        NoteVerifier.from_vkey(same.verifier.vkey())
    with pytest.raises(InputRejected):
        CosignatureVerifier.from_vkey(LOG.verifier.vkey())
    with pytest.raises(InputRejected):
        verify_note(f"{TEXT}\n{same.cosign(TEXT, at=AT)}", [LOG.verifier])


def test_a_line_is_found_by_whose_it_is() -> None:
    line = FIRST.cosign(TEXT, at=AT)
    assert line_of(NOTE + SECOND.cosign(TEXT, at=AT) + line, FIRST.verifier) == line
    assert line_of(NOTE, FIRST.verifier) == ""


def test_of_what_a_witness_answers_one_line_is_taken() -> None:
    lines = [FIRST.cosign(TEXT, at=at) for at in (AT, AT + 1)]
    assert cosignature_on(TEXT, SECOND.cosign(TEXT, at=AT) + "".join(lines), FIRST.verifier) == lines[0]


def test_a_witness_that_signs_more_than_it_was_asked_has_signed_nothing() -> None:
    longer = TEXT + "\nmore\n"
    answer = "more\n\n" + FIRST.cosign(longer, at=AT)
    assert verify_note(f"{TEXT}\n{answer}", [FIRST.verifier]).text == longer
    with pytest.raises(InputRejected) as refusal:
        cosignature_on(TEXT, answer, FIRST.verifier)
    assert refusal.value.code == "note.signature"
