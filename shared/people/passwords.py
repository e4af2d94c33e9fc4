"""Passwords: argon2id (RFC 9106), and no way to tell from outside whether a login exists.

A password has at least twelve characters and no rules of composition (NIST SP 800-63B, section 3.1.1).
"""

import unicodedata
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.kernel.errors import FieldFault, InputRejected

LEAST: Final = 12
MOST: Final = 200


class Passwords:
    """Makes and checks the hashes of passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("a password that nobody has")

    def hash(self, password: str) -> str:
        """Return the hash to keep. Raises `InputRejected` (`password.length`)."""
        password = _composed(password)
        if not LEAST <= len(password) <= MOST:
            message = f"Choose a password of {LEAST} to {MOST} characters; several words make a good one."
            raise InputRejected(
                "password.length", message, faults=(FieldFault("/password", "password.length", message),)
            )
        return self._hasher.hash(password)

    def is_right(self, password: str, kept: str | None) -> bool:
        """Say whether this is the password of a hash; without one the same work is done and the answer is no."""
        password = _composed(password)[:MOST]
        try:
            self._hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


def _composed(password: str) -> str:
    """Return the text in one form: Vietnamese letters can be typed composed and decomposed."""
    return unicodedata.normalize("NFKC", password)
