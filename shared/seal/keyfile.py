"""The key file: one JSON document, encrypted under a passphrase, replaced whole or not at all.

scrypt (RFC 7914; N = 2**15, r = 8, p = 3, the OWASP minimum for that memory) makes the key, AES-256-GCM encrypts; the
parameters stand in the file and are authenticated. Written to a neighbour with mode 0600, synced, then renamed over
the old file, or given its name where there must be none yet. The passphrase comes from the caller, is never stored and
has at least 12 characters.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import InputRejected, MeshError
from shared.seal.strict_json import read_object

PASSPHRASE_LEAST: Final = 12

_FORMAT = "rm-keys-1"
_COST = {"n": 2**15, "r": 8, "p": 3}
_FILE_MOST = 262_144
_OWNER_ONLY = 0o600


def write_key_file(path: Path, document: dict[str, Any], *, passphrase: str, first: bool = False) -> None:
    """Encrypt `document` and put it at `path`, mode 0600, all or nothing; over no other file when it is the `first`.

    Raises `InputRejected`: `keys.passphrase` when it is too short, `keys.unwritable` when the folder takes no file, or
    has one already.
    """
    if len(passphrase) < PASSPHRASE_LEAST:
        raise InputRejected("keys.passphrase", "Choose a passphrase of at least 12 characters.")
    salt, nonce = os.urandom(16), os.urandom(12)
    head = {"format": _FORMAT, "kdf": "scrypt", **_COST, "salt": b64url(salt), "nonce": b64url(nonce)}
    aead = AESGCM(_derive(passphrase, salt))
    ciphertext = aead.encrypt(nonce, canonical_json(document), canonical_json(head))
    content = json.dumps({**head, "ciphertext": b64url(ciphertext)}, indent=1).encode() + b"\n"
    try:
        _place(path, content, first=first)
    except FileExistsError as fault:
        raise InputRejected("keys.unwritable", "There is a key file already, and it is not written over.") from fault
    except OSError as fault:
        raise InputRejected("keys.unwritable", "The key file cannot be written in this folder.") from fault


def read_key_file(path: Path, *, passphrase: str) -> dict[str, Any]:
    """Return the document in the key file at `path`.

    Raises `InputRejected` (`keys.unreadable`): no file, no key file, another passphrase, or damaged.
    """
    try:
        if path.stat().st_size > _FILE_MOST:
            raise ValueError
        head = read_object(path.read_bytes())
        ciphertext = from_b64url(str(head.pop("ciphertext")))
        if {name: head.get(name) for name in ("format", *_COST)} != {"format": _FORMAT, **_COST}:
            raise ValueError
        aead = AESGCM(_derive(passphrase, from_b64url(str(head["salt"]))))
        return read_object(aead.decrypt(from_b64url(str(head["nonce"])), ciphertext, canonical_json(head)))
    except (OSError, ValueError, KeyError, InvalidTag, MeshError) as fault:
        raise InputRejected(
            "keys.unreadable", "The key file cannot be opened: missing, damaged, or another passphrase."
        ) from fault


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **_COST).derive(passphrase.encode())


def _place(path: Path, content: bytes, *, first: bool) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if first:
            path.hardlink_to(draft)  # a file that is there is never replaced by this, whoever else writes meanwhile
        else:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
