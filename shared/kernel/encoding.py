"""Base64url without padding (RFC 7515 section 2) and SHA-256, the two text forms of bytes on the wire."""

import base64
import binascii
import hashlib
import re

from shared.kernel.errors import InputRejected

_B64URL = re.compile(r"[A-Za-z0-9_-]*")


def b64url(data: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """Read base64url without padding, canonical form only. Raises `InputRejected` (`encoding.base64url`)."""
    try:
        if not _B64URL.fullmatch(text):
            raise ValueError
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if b64url(data) != text:
            raise ValueError
    except (ValueError, binascii.Error) as fault:
        raise InputRejected("encoding.base64url", "Write bytes as base64url without padding.") from fault
    return data


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 digest of `data`."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 digest of `data` as lower-case hex, the form of hashes in JSON."""
    return hashlib.sha256(data).hexdigest()


def sha256_b64url(data: bytes) -> str:
    """Return the SHA-256 digest of `data` as base64url without padding."""
    return b64url(sha256(data))
