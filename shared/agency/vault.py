"""What is known about a person, encrypted at rest: one key per referral, one per consent subject, one per secret place.

Each key is kept wrapped under the master key of this service. Sealing a case off is destroying the
wrapped key: what was encrypted under it is gone, in backups too. Every text is bound to its place, so
nothing copied from one row opens in another.
"""

import json
from typing import Any

from shared.kernel.canonical import canonical_json
from shared.kernel.errors import InternalFault
from shared.seal.at_rest import DataKey, Vault


class OpenCase:
    """The key of one case in hand: for as long as one unit of work, never kept."""

    __slots__ = ("_key", "_place")

    def __init__(self, key: DataKey, place: str) -> None:
        self._key = key
        self._place = place

    def lock(self, name: str, value: Any) -> bytes:
        """Encrypt a JSON value under its name in this case."""
        return self._key.encrypt(canonical_json(value), context=f"{self._place}/{name}")

    def unlock(self, name: str, stored: bytes) -> Any:
        """Read a JSON value back. Raises `InternalFault` (`at-rest.unreadable`)."""
        return json.loads(self._key.decrypt(stored, context=f"{self._place}/{name}"))


class CaseVault:
    """Makes and opens the keys of cases with the master key from the key file."""

    __slots__ = ("_vault",)

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def new_referral(self, referral_id: str) -> tuple[OpenCase, bytes]:
        """Return a fresh case for a referral, and its key wrapped for keeping."""
        return self._new(f"referral/{referral_id}")

    def open_referral(self, referral_id: str, wrapped: bytes) -> OpenCase:
        """Open the case of a referral. Raises `InternalFault` (`at-rest.unreadable`)."""
        return self._open(f"referral/{referral_id}", wrapped)

    def new_subject(self, consent_id: str) -> tuple[OpenCase, bytes]:
        """Return a fresh case for the subject of a consent, and its key wrapped for keeping."""
        return self._new(f"consent/{consent_id}")

    def open_subject(self, consent_id: str, wrapped: bytes) -> OpenCase:
        """Open the subject's record of a consent. Raises `InternalFault` (`at-rest.unreadable`)."""
        return self._open(f"consent/{consent_id}", wrapped)

    def new_place(self, place_id: str) -> tuple[OpenCase, bytes]:
        """Return a fresh key for where a place is (R-18), and that key wrapped for keeping."""
        return self._new(f"place/{place_id}")

    def open_place(self, place_id: str, wrapped: bytes) -> OpenCase:
        """Open where a place is. Raises `InternalFault` (`at-rest.unreadable`)."""
        return self._open(f"place/{place_id}", wrapped)

    def blind(self, text: str, purpose: str) -> str:
        """Return what a text is found by without being kept; see `shared.seal.at_rest.Vault.blind`."""
        return self._vault.blind(text, purpose)

    def check(self) -> None:
        """Prove that the keys are at hand and work. Raises `InternalFault` (`keys.locked`)."""
        case, wrapped = self._new("check")
        if self._open("check", wrapped).unlock("sign", case.lock("sign", True)) is not True:
            raise InternalFault("keys.locked", "The keys of this service cannot be used.")

    def _new(self, place: str) -> tuple[OpenCase, bytes]:
        key, wrapped = self._vault.new_key(place)
        return OpenCase(key, place), wrapped

    def _open(self, place: str, wrapped: bytes) -> OpenCase:
        return OpenCase(self._vault.unwrap(wrapped, place), place)


def note_place(message_id: str) -> str:
    """Return the name under which a note is encrypted in its case."""
    return f"note/{message_id}"
