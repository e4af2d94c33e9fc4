"""What somebody filters a list by, read from its address: ids, codes and days, never words about a person.

A day is one of the calendar of Viet Nam. What is wrong is said beside its field; the list is then not read.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from shared.kernel.clock import to_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.kernel.identifiers import is_agency_id
from shared.pages.catalogue import N_
from shared.sop.calendar import ZONE

_MOST: Final = 80
_DAY: Final = timedelta(days=1)


class Asked:
    """Reads the fields of one filter and gathers what is wrong with them."""

    def __init__(self, request: Request, *names: str) -> None:
        self.given: Mapping[str, str] = {name: request.query_params.get(name, "").strip()[:_MOST] for name in names}
        self._faults: list[FieldFault] = []

    def agency(self, name: str) -> str | None:
        """Return the id of an agency; None where nothing was given."""
        value = self.given[name] or None
        if value is not None and not is_agency_id(value):
            self._wrong(name, N_("Write the id of an agency, such as health-thanh-hoa."))
        return value

    def one_of(self, name: str, among: Collection[str]) -> str | None:
        """Return a choice; None where nothing was given."""
        value = self.given[name] or None
        if value is not None and value not in among:
            self._wrong(name, N_("Choose one of what the page offers."))
        return value

    def begin(self, name: str) -> str | None:
        """Return when a day begins in Viet Nam, as wire text."""
        day = self._day(name)
        return None if day is None else _midnight(day)

    def end(self, name: str) -> str | None:
        """Return when a day is over in Viet Nam, as wire text."""
        day = self._day(name)
        return None if day is None else _midnight(day + _DAY)

    def check(self) -> None:
        """Raise `InputRejected` (`form.invalid`) when something is wrong."""
        if self._faults:
            raise InputRejected("form.invalid", "Look at what is marked below.", faults=tuple(self._faults))

    def _day(self, name: str) -> date | None:
        value = self.given[name]
        if not value:
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.max
        if not date(2000, 1, 1) <= day <= date(2200, 1, 1):
            self._wrong(name, N_("Write a day, such as 2026-11-22."))
            return None
        return day

    def _wrong(self, name: str, message: str) -> None:
        self._faults.append(FieldFault(f"/{name}", "field.form", message))


def page_after(request: Request, cursor: str | None) -> str | None:
    """Return the address of the next page of a list: the same filter, further on; None where there is none."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after" and value]
    return f"{request.url.path}?{urlencode([*kept, ('after', cursor)])}"


def _midnight(day: date) -> str:
    return to_wire(datetime.combine(day, time(), tzinfo=ZONE))
