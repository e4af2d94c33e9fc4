"""Cosignatures of checkpoints (C2SP tlog-cosignature 1.0.1, Ed25519): who signs one has seen that a ledger only grew.

What is signed is the text of the checkpoint and the time of signing. The key id is of another type than that of a
ledger's own key, so that neither can be taken for the other. Which witnesses somebody believes is a policy's
(`shared.ledger.policy`).
"""

from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.kernel.errors import InputRejected
from shared.ledger.policy import Policy
from shared.seal.checkpoints import NoteVerifier, key_id, line_of, read_vkey, signature_line, verify_note, write_vkey

_COSIGNATURE: Final = b"\x04"
_TIME_BYTES: Final = 8
_TIME_MOST: Final = 2**63 - 1


class Cosigner:
    """Cosigns checkpoints under a name with an Ed25519 key made from a 32-byte seed."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = CosignatureVerifier(name, self._private.public_key().public_bytes_raw())

    def cosign(self, text: str, *, at: int) -> str:
        """Return the line that says that this text of a checkpoint was seen at `at`, in seconds since 1970."""
        signature = at.to_bytes(_TIME_BYTES, "big") + self._private.sign(_signed(text, at))
        return signature_line(self.verifier.name, self.verifier.key_id + signature)

    def __repr__(self) -> str:
        return f"Cosigner({self.verifier.name})"


class CosignatureVerifier:
    """A named Ed25519 public key that checks cosignatures."""

    __slots__ = ("_public", "key_id", "name")

    def __init__(self, name: str, public: bytes) -> None:
        self.name = name
        self.key_id = key_id(name, _COSIGNATURE, public)
        self._public = Ed25519PublicKey.from_public_bytes(public)

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Read a verifier key of a witness. Raises `InputRejected` (`note.vkey`)."""
        return cls(*read_vkey(vkey, _COSIGNATURE))

    def vkey(self) -> str:
        """Return the verifier key as text, for policies."""
        return write_vkey(self.name, _COSIGNATURE, self._public.public_bytes_raw())

    def verify(self, text: str, signature: bytes) -> bool:
        """Say whether this is a time and this key's signature over the text of a checkpoint seen then."""
        at = int.from_bytes(signature[:_TIME_BYTES], "big")
        if not 0 < at <= _TIME_MOST:
            return False
        try:
            self._public.verify(signature[_TIME_BYTES:], _signed(text, at))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class WitnessedNote:
    """The text of a checkpoint that its ledger has signed, and who has cosigned it, by the names of a policy.

    `suffices` says whether the policy is content with them.
    """

    text: str
    witnesses: tuple[str, ...]
    suffices: bool


def cosignature_on(text: str, answer: str, verifier: CosignatureVerifier) -> str:
    """Return the one line of an answer, which may have several, by which a witness cosigns this text and no other.

    Raises `InputRejected` as `verify_note`.
    """
    note = f"{text}\n{answer}"
    if verify_note(note, [verifier]).text != text:
        raise InputRejected("note.signature", "A witness has signed another text than it was asked to.")
    return line_of(note, verifier)


def read_witnessed(note: str, policy: Policy) -> WitnessedNote:
    """Return what a policy makes of a signed checkpoint; signatures of others are ignored.

    Raises `InputRejected`: `note.vkey` for a policy with a key of another kind, `note.malformed` and `note.signature`
    as `verify_note`, the latter also when no ledger of the policy has signed it under its own name.
    """
    origin = note.partition("\n")[0]
    logs = [NoteVerifier.from_vkey(log.vkey) for log in policy.logs if log.origin == origin]
    cosigners = {one.name: CosignatureVerifier.from_vkey(one.vkey) for one in policy.witnesses}
    found = verify_note(note, [*logs, *cosigners.values()])
    if not any((log.name, log.key_id) in found.keys for log in logs):
        raise InputRejected("note.signature", "The ledger itself has not signed this.")
    agree = tuple(name for name, one in cosigners.items() if (one.name, one.key_id) in found.keys)
    return WitnessedNote(found.text, agree, policy.suffices(frozenset(agree)))


def _signed(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
