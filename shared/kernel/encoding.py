"""Base64url without padding (RFC 7515 section 2) and SHA-256, the two text forms of bytes on the wire."""

import binascii
import hashlib

from shared.kernel.errors import InputRejected

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")  # what base64 has and base64url has not becomes no sign of either
#: What a last character may be when it carries no whole byte: its spare bits are nought (RFC 4648 section 3.5).
_LAST = {1: frozenset[str](), 2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
_PADDING = {0: b"", 2: b"==", 3: b"="}


def b64url(data: bytes) -> str:
    """Write bytes as base64url without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def b64url_bytes(data: bytes) -> bytes:
    """Write bytes, perhaps a whole body, as base64url without padding, as ASCII.

    Text has few `+` and `/` in base64: to look for them is much quicker than to go through every character.
    """
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def from_b64url(text: str) -> bytes:
    """Read base64url without padding, canonical form only. Raises `InputRejected` (`encoding.base64url`)."""
    spare = len(text) % 4
    try:
        if spare and text[-1] not in _LAST[spare]:
            raise ValueError
        return binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + _PADDING[spare], strict_mode=True)
    except ValueError as fault:
        raise InputRejected("encoding.base64url", "Write bytes as base64url without padding.") from fault


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 digest of `data`."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 digest of `data` as lower-case hex, the form of hashes in JSON."""
    return hashlib.sha256(data).hexdigest()


def sha256_b64url(data: bytes) -> str:
    """Return the SHA-256 digest of `data` as base64url without padding."""
    digest = binascii.b2a_base64(hashlib.sha256(data).digest(), newline=False)
    return digest.rstrip(b"=").translate(_TO_URL).decode("ascii")
