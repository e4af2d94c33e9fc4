"""Domain values of rows that seldom change, kept for as long as their row says the same."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, Generic, TypeVar

from gateway.adapters.rows import agency_of, consent_of
from gateway.domain.agency import Agency
from shared.consent.grant import Consent

Value = TypeVar("Value")
Row = Mapping[str, Any]


class _Kept(Generic[Value]):
    """Values by id, each with the revision of the row it was read from."""

    def __init__(self, read: Callable[[Row], Value], revision: Callable[[Row], Any], *, most: int) -> None:
        self._read = read
        self._revision = revision
        self._most = most
        self._values: dict[str, tuple[Any, Value]] = {}

    def of(self, row: Row) -> Value:
        revision = self._revision(row)
        kept = self._values.get(row["id"])
        if kept is None or kept[0] != revision:
            if len(self._values) >= self._most:
                self._values.clear()
            kept = self._values[row["id"]] = (revision, self._read(row))
        return kept[1]


class RowMemory:
    """Spares the hot path from reading the same agency and consent anew. One per process.

    The row itself is read in every transaction, so nothing here can be out of date. What tells one state of a row from
    another holds for states that were undone as well: what a transaction saw of its own work is kept though it fails.
    """

    def __init__(self, *, most: int = 4096) -> None:
        #: Returns the agency of a row.
        self.agency: Callable[[Row], Agency] = _Kept(agency_of, itemgetter("revision"), most=most).of
        #: Returns the consent of a row, which only ever changes by one more taking.
        self.consent: Callable[[Row], Consent] = _Kept(consent_of, itemgetter("recorded_at", "takings"), most=most).of
