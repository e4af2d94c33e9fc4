"""What is known about a person, encrypted at rest: one key per referral, consent subject, secret place and draft.

Each key is kept wrapped under the master key of this service. Sealing a case off is destroying the
wrapped key: what was encrypted under it is gone, also where a copy of it without that key is left; a backup that
has the wrapped key keeps both. Every text is bound to its place, so nothing copied from one row opens in another.
"""

import json
from typing import Any, Final

from shared.kernel.canonical import canonical_json
from shared.kernel.errors import InternalFault
from shared.seal.at_rest import DataKey, Vault

#: What an entry of casework begins with; whatever else is stored begins with the version of encryption at rest, 1.
_ENTRY: Final = b"\x02"


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

    def enter(self, place: str, value: Any) -> bytes:
        """Encrypt an entry of casework; its place stands before it in clear, so that it can be put under a new key."""
        named = place.encode()
        return _ENTRY + len(named).to_bytes(2) + named + self.lock(place, value)

    def entry(self, place: str, stored: bytes) -> Any:
        """Read an entry of casework back. Raises `InternalFault` (`at-rest.unreadable`)."""
        _, sealed = _entered(stored)
        return self.unlock(place, sealed)

    def carried_over(self, stored: bytes, new: "OpenCase") -> bytes:
        """Return an entry of casework under the new key of its case."""
        place, sealed = _entered(stored)
        return new.enter(place, self.unlock(place, sealed))


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

    def new_draft(self, draft_id: str) -> tuple[OpenCase, bytes]:
        """Return a fresh key for a referral in the making, and that key wrapped for keeping."""
        return self._new(f"draft/{draft_id}")

    def open_draft(self, draft_id: str, wrapped: bytes) -> OpenCase:
        """Open a referral in the making. Raises `InternalFault` (`at-rest.unreadable`)."""
        return self._open(f"draft/{draft_id}", wrapped)

    def blind(self, text: str, purpose: str) -> str:
        """Return what a text is found by without being kept; see `shared.seal.at_rest.Vault.blind`."""
        return self._vault.blind(text, purpose)

    def _new(self, place: str) -> tuple[OpenCase, bytes]:
        key, wrapped = self._vault.new_key(place)
        return OpenCase(key, place), wrapped

    def _open(self, place: str, wrapped: bytes) -> OpenCase:
        return OpenCase(self._vault.unwrap(wrapped, place), place)


def note_place(message_id: str) -> str:
    """Return the name under which a note is encrypted in its case."""
    return f"note/{message_id}"


def is_entry(stored: object) -> bool:
    """Say whether this is an entry of casework, which is carried over when its case gets a new key."""
    return isinstance(stored, bytes) and stored.startswith(_ENTRY)


def _entered(stored: bytes) -> tuple[str, bytes]:
    if not is_entry(stored):
        raise InternalFault("at-rest.unreadable", "Stored data does not open: this is no entry of casework.")
    start = len(_ENTRY) + 2
    end = start + int.from_bytes(stored[len(_ENTRY) : start])
    return stored[start:end].decode(), stored[end:]
