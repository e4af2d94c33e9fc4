"""Signed notes (C2SP): known keys must be right, unknown ones are ignored, nothing else passes."""

import base64

import pytest

from shared.kernel.errors import InputRejected
from shared.seal.checkpoints import CheckpointSigner, NoteVerifier, VerifiedNote, verify_note

TEXT = "gateway.example/ledger\n3\nX8zlX1z3FSMBGAODjpAUr/TTXNIBGVKD/Zt1Iq1XNgA=\n"
SIGNER = CheckpointSigner("gateway.example/ledger", bytes(range(32)))
OTHER = CheckpointSigner("witness.example", bytes(range(1, 33)))
NOTE = SIGNER.sign(TEXT)
LINE = NOTE.rsplit("\n\n", 1)[1]


def names_of(note: VerifiedNote) -> list[str]:
    return [name for name, _key_id in note.keys]


def refused(note: str, code: str, *verifiers: NoteVerifier) -> None:
    with pytest.raises(InputRejected) as refusal:
        verify_note(note, verifiers or [SIGNER.verifier])
    assert refusal.value.code == code


def test_a_note_gives_back_its_text_and_who_signed() -> None:
    made = verify_note(NOTE, [SIGNER.verifier])
    assert (made.text, names_of(made)) == (TEXT, ["gateway.example/ledger"])


def test_a_verifier_key_comes_back_from_its_text() -> None:
    verifier = NoteVerifier.from_vkey(SIGNER.verifier.vkey())
    assert (verifier.name, verifier.key_id) == (SIGNER.verifier.name, SIGNER.verifier.key_id)
    assert verify_note(NOTE, [verifier]).text == TEXT


def test_cosignatures_of_unknown_keys_are_ignored_and_known_ones_reported() -> None:
    cosigned = NOTE + OTHER.sign(TEXT).rsplit("\n\n", 1)[1]
    assert names_of(verify_note(cosigned, [SIGNER.verifier])) == [SIGNER.verifier.name]
    assert names_of(verify_note(cosigned, [SIGNER.verifier, OTHER.verifier])) == [
        SIGNER.verifier.name,
        OTHER.verifier.name,
    ]


def test_at_least_sixteen_signatures_are_borne() -> None:
    strangers = "".join(
        CheckpointSigner(f"w{n}.example", bytes([n] * 32)).sign(TEXT).rsplit("\n\n", 1)[1] for n in range(1, 17)
    )
    assert verify_note(NOTE + strangers, [SIGNER.verifier]).text == TEXT


def test_a_changed_text_is_refused() -> None:
    refused(NOTE.replace("\n3\n", "\n4\n"), "note.signature")


def test_a_signature_line_moved_to_another_text_is_refused() -> None:
    refused(f"{TEXT}more\n\n{LINE}", "note.signature")


def test_a_note_signed_by_strangers_only_is_refused() -> None:
    refused(OTHER.sign(TEXT), "note.signature")


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    name, encoded = LINE.removeprefix("— ").split(" ")
    blob = base64.b64decode(encoded)
    bent = base64.b64encode(blob[:-1] + bytes([blob[-1] ^ 1])).decode()
    refused(f"{NOTE}— {name} {bent}\n", "note.signature")
    short = base64.b64encode(blob[:40]).decode()
    refused(f"{NOTE}— {name} {short}\n", "note.signature")


def test_another_key_under_a_known_name_is_a_stranger() -> None:
    refused(CheckpointSigner(SIGNER.verifier.name, bytes(32)).sign(TEXT), "note.signature")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        TEXT,
        TEXT + LINE,
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE + "further text\n",
        "\n" + LINE,
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        f"{TEXT}\n— name AAAA=\n",
        f"{TEXT}\n— name AAA\n",
        f"{TEXT}\n— name AAAAAA==\n",
        f"{TEXT}\n— na+me AAAAAAAA\n",
        "bell\x07\n\n" + LINE,
        "tab\t\n\n" + LINE,
        "lone \ud800\n\n" + LINE,
        TEXT + "\n" + LINE * 65,
        "x" * 70_000 + "\n\n" + LINE,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    refused(note, "note.malformed")


@pytest.mark.parametrize("text", ["", "\n", "no newline", "bell\x07\n", "lone \ud800\n"])
def test_what_is_no_text_of_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        SIGNER.sign(text)
    assert refusal.value.code == "note.malformed"


@pytest.mark.parametrize(("name", "seed"), [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a", bytes(31))])
def test_a_signer_needs_a_plain_name_and_a_whole_seed(name: str, seed: bytes) -> None:
    with pytest.raises(InputRejected) as refusal:
        CheckpointSigner(name, seed)
    assert refusal.value.code == "note.signer"


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "+",
        "++",
        "name",
        "name+00000000+AQ==",
        "name+00000000+AAAA",
        "name+zz+!!",
        "na me+00000000+AQ==",
        SIGNER.verifier.vkey().replace("gateway", "gatewax"),
        SIGNER.verifier.vkey()[:-4],
    ],
)
def test_what_is_no_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        NoteVerifier.from_vkey(vkey)
    assert refusal.value.code == "note.vkey"


def test_a_signer_shows_its_name_and_not_its_seed() -> None:
    assert repr(SIGNER) == "CheckpointSigner(gateway.example/ledger)"
