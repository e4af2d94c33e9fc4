"""Signed notes (C2SP signed-note 1.0.0) with Ed25519, the form in which the ledger publishes its head.

A note is text that ends with a newline, a blank line, and one line per signature: an em dash, the signer's name, and
base64 of a four-byte key id and the signature. Signatures of unknown keys are ignored, a wrong signature of a known
key spoils the whole note. What the text of a checkpoint says is the business of `shared.ledger`.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.kernel.encoding import sha256
from shared.kernel.errors import InputRejected

SEED_BYTES: Final = 32

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_PUBLIC_BYTES = 32
_NOTE_MOST = 65_536
_SIGNATURES_MOST = 64
_NAME = re.compile(r"[^\s+]{1,255}")
_LINE = re.compile(r"— ([^\s+]{1,255}) ([A-Za-z0-9+/]+={0,2})")


class Verifier(Protocol):
    """A named key that checks signatures of one type."""

    name: str
    key_id: bytes

    def verify(self, text: str, signature: bytes) -> bool:
        """Say whether `signature` is this key's over the note's `text`."""
        ...


@dataclass(frozen=True, slots=True)
class VerifiedNote:
    """A note's text, and the known keys that signed it, by name and id in the order of the note."""

    text: str
    keys: tuple[tuple[str, bytes], ...]


class NoteVerifier:
    """A named Ed25519 public key that checks signatures of notes."""

    __slots__ = ("_public", "key_id", "name")

    def __init__(self, name: str, public: bytes) -> None:
        self.name = name
        self.key_id = key_id(name, _ED25519, public)
        self._public = Ed25519PublicKey.from_public_bytes(public)

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Read a verifier key `<name>+<hex key id>+<base64 of type and key>`. Raises `InputRejected` (`note.vkey`)."""
        return cls(*read_vkey(vkey, _ED25519))

    def vkey(self) -> str:
        """Return the verifier key as text, to be published and pinned by auditors."""
        return write_vkey(self.name, _ED25519, self._public.public_bytes_raw())

    def verify(self, text: str, signature: bytes) -> bool:
        """Say whether `signature` is this key's over the note's `text`."""
        try:
            self._public.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class CheckpointSigner:
    """Signs notes under a name with an Ed25519 key made from a 32-byte seed."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        if not _NAME.fullmatch(name) or len(seed) != SEED_BYTES:
            raise InputRejected("note.signer", "A note signer has a name without spaces or plus, and a 32-byte seed.")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = NoteVerifier(name, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return `text` as a note with one signature. Raises `InputRejected` (`note.malformed`)."""
        if not _is_note_text(text):
            raise _malformed()
        signature = self._private.sign(text.encode())
        return f"{text}\n{signature_line(self.verifier.name, self.verifier.key_id + signature)}"

    def __repr__(self) -> str:
        return f"CheckpointSigner({self.verifier.name})"


def verify_note(note: str, verifiers: Iterable[Verifier]) -> VerifiedNote:
    """Return the text of a note that at least one of `verifiers` has signed.

    Raises `InputRejected`: `note.malformed` for what is no note, `note.signature` when no known key signed it or
    a known key's signature is wrong.
    """
    text, signatures = _split(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    keys = []
    for name, blob in signatures:
        verifier = known.get((name, blob[:_KEY_ID_BYTES]))
        if verifier is None:
            continue
        if not verifier.verify(text, blob[_KEY_ID_BYTES:]):
            raise _not_signed()
        keys.append((name, verifier.key_id))
    if not keys:
        raise _not_signed()
    return VerifiedNote(text, tuple(keys))


def line_of(note: str, verifier: Verifier) -> str:
    """Return the first line of a note that says to be of one key, unchecked; nothing where there is none.

    Raises `InputRejected` (`note.malformed`).
    """
    _text, signatures = _split(note)
    known = (verifier.name, verifier.key_id)
    found = (signature_line(name, blob) for name, blob in signatures if (name, blob[:_KEY_ID_BYTES]) == known)
    return next(found, "")


def read_vkey(vkey: str, kind: bytes) -> tuple[str, bytes]:
    """Return the name and the public key of `<name>+<hex key id>+<base64 of type and key>`, of this type of signature.

    Raises `InputRejected` (`note.vkey`).
    """
    try:
        name, known_by, encoded = vkey.split("+", 2)
        key = base64.b64decode(encoded, validate=True)
        fits = key[:1] == kind and len(key) == 1 + _PUBLIC_BYTES and key_id(name, kind, key[1:]).hex() == known_by
        if not fits or not _NAME.fullmatch(name):
            raise ValueError
    except (ValueError, binascii.Error) as fault:
        raise InputRejected("note.vkey", "Write a verifier key as name+id+key (C2SP signed-note).") from fault
    return name, key[1:]


def write_vkey(name: str, kind: bytes, public: bytes) -> str:
    """Return a public key for signatures of one type as text."""
    return f"{name}+{key_id(name, kind, public).hex()}+{base64.b64encode(kind + public).decode('ascii')}"


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """Return by which four bytes signatures of this type are known to be of this key."""
    return sha256(name.encode() + b"\n" + kind + public)[:_KEY_ID_BYTES]


def signature_line(name: str, blob: bytes) -> str:
    """Return the line of a note that holds a signature, behind its key id."""
    return f"— {name} {base64.b64encode(blob).decode('ascii')}\n"


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, blank, tail = note.rpartition("\n\n")
    text += "\n"
    lines = tail.removesuffix("\n").split("\n")
    if not blank or not tail.endswith("\n") or len(note) > _NOTE_MOST or len(lines) > _SIGNATURES_MOST:
        raise _malformed()
    if not _is_note_text(text):
        raise _malformed()
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise _malformed()
    try:
        blob = base64.b64decode(match[2], validate=True)
    except binascii.Error as fault:
        raise _malformed() from fault
    if len(blob) <= _KEY_ID_BYTES:
        raise _malformed()
    return match[1], blob


def _is_note_text(text: str) -> bool:
    """Say whether `text` can be signed: it ends with a newline and has no other control characters."""
    clean = all(char == "\n" or char.isprintable() for char in text)
    return text.endswith("\n") and text != "\n" and clean


def _malformed() -> InputRejected:
    return InputRejected("note.malformed", "This is not a signed note.")


def _not_signed() -> InputRejected:
    return InputRejected("note.signature", "No known key has signed this note as it stands.")
