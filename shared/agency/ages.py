"""How old she is, as far as the content of a referral says it: the age band that the envelope must state.

Computed from the date of birth rather than asked a second time (fact sheet section 2.5). Promises the youngest age that
the content admits, and refuses a stated age band that the content rules out: a child passed off as an adult would
lose every protection of its age. What nobody knows stays unknown, and counts as a child's.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.calendar import day_in_viet_nam
from shared.sop.model import AgeBand, Compartment

#: The first age of each band, oldest band first.
_FROM: Final = (
    (18, AgeBand.ADULT),
    (16, AgeBand.FROM_16),
    (12, AgeBand.FROM_12),
    (6, AgeBand.FROM_6),
    (0, AgeBand.UNDER_6),
)

Contents = Mapping[Compartment, Mapping[str, Any]]


def band_of(age: int) -> AgeBand:
    """Return the band of an age in years."""
    return next((band for first, band in _FROM if age >= first), AgeBand.UNDER_6)


def band_in(contents: Contents, *, at: datetime) -> AgeBand | None:
    """Return the youngest band that the content admits at `at`; None when it says nothing of age."""
    youngest = min((low for low, _ in _ages(contents, day_in_viet_nam(at))), default=None)
    if youngest is not None:
        return band_of(youngest)
    said = contents.get(Compartment.DEMOGRAPHICS, {}).get("age_band")
    return None if said is None else AgeBand(said)


def check_stated(band: AgeBand, contents: Contents, *, at: datetime) -> None:
    """Check that a stated band fits the content. Raises `InputRejected` (`message.invalid`) at `/age_band`."""
    if band is AgeBand.UNKNOWN:
        return
    for low, high in _ages(contents, day_in_viet_nam(at)):
        if band not in {band_of(low), band_of(high)}:
            message = "The date of birth or age in compartments says otherwise. Write the age band of today."
            raise InputRejected("message.invalid", message, faults=(FieldFault("/age_band", "field.same", message),))


def _ages(contents: Contents, today: date) -> Iterator[tuple[int, int]]:
    """Yield the youngest and the oldest age by each thing the content says."""
    identity = contents.get(Compartment.IDENTITY, {})
    if (born := _day(identity.get("date_of_birth"))) is not None:
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        yield max(age, 0), max(age, 0)
    if (year := identity.get("year_of_birth")) is not None:
        yield max(today.year - year - 1, 0), max(today.year - year, 0)
    for source in (identity, contents.get(Compartment.DEMOGRAPHICS, {})):
        if (stated := source.get("age")) is not None:
            yield stated, stated


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:  # the form was checked; 31 April was not
        return None
