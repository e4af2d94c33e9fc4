"""Passwords: argon2id (RFC 9106), and no way to tell from outside whether a login exists.

A password has at least twelve characters and no rules of composition (NIST SP 800-63B-4, section 3.1.1); what anybody
would try first, such as the login with a few digits or one letter again and again, is refused.
"""

import asyncio
import unicodedata
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.kernel.errors import FieldFault, InputRejected

LEAST: Final = 12
MOST: Final = 200
_DIFFERENT: Final = 5
_LENGTH: Final = "Choose a password of 12 to 200 characters; several words make a good one."
_OBVIOUS: Final = "Anybody would try this password first. Choose several words that do not hold your login."


class Passwords:
    """Makes and checks the hashes of passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("a password that nobody has")

    def hash(self, password: str, *, login: str = "") -> str:
        """Return the hash to keep. Raises `InputRejected` (`password.length`, `password.obvious`)."""
        password = _composed(password[: MOST + 1])
        if not LEAST <= len(password) <= MOST:
            raise _unfit("password.length", _LENGTH)
        own = password.casefold().replace(login, "") if login else password
        if len(set(own)) < _DIFFERENT or len(own) < LEAST:
            raise _unfit("password.obvious", _OBVIOUS)
        return self._hasher.hash(password)

    async def hash_aside(self, password: str, *, login: str = "") -> str:
        """Do as `hash` in a thread of its own: it takes its time on purpose."""
        return await asyncio.to_thread(self.hash, password, login=login)

    def is_right(self, password: str, kept: str | None) -> bool:
        """Say whether this is the password of a hash; without one the same work is done and the answer is no."""
        nobody = self._nobody
        tried = _composed(password[: MOST + 1])
        try:
            self._hasher.verify(kept or nobody, tried[:MOST])
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None and len(tried) <= MOST


def _unfit(code: str, message: str) -> InputRejected:
    return InputRejected(code, message, faults=(FieldFault("/password", code, message),))


def _composed(password: str) -> str:
    """Return the text in one form: Vietnamese letters can be typed composed and decomposed."""
    return unicodedata.normalize("NFKC", password)
