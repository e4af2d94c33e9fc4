"""Whatever time or day the wire lets in, up to both ends of the calendar, every part can show it and count from it.

Some systems write 9999-12-31T23:59:59Z for what has no end, and 0001-01-01T00:00:00Z for what they do not know.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gateway.domain.alarms import next_clock_at
from gateway.domain.period import month_of, quarter_of
from services.health.rules.windows import Story, load_windows, stand
from services.legal_aid.rules.proceedings import working_days_before
from services.police.rules.orders import Office, Span, after_months, day_of, too_long
from services.social.rules.contact import Method, contact_refused
from shared.agency.ages import band_in
from shared.agency.standing import due_here
from shared.kernel.clock import LAST_MOMENT, from_wire, later, to_wire
from shared.kernel.errors import InputRejected
from shared.pages import figures
from shared.pages.catalogue import LANGUAGES, Language
from shared.pages.schema_facts import shown as facts_of
from shared.sop.calendar import due_at, in_viet_nam, months_after
from shared.sop.model import AgeBand, ClockUnit, Compartment, EventType
from shared.sop.sector_rules import Limit
from shared.wire.fields import Day, Time
from tests.support.clocked import SOP, a_referral, after

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
BEGIN, END = datetime(1, 1, 1, tzinfo=UTC), LAST_MOMENT
TIMES, DAYS = TypeAdapter(Time), TypeAdapter(Day)
SENTINELS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z")


def written(clock: datetime, offset: int) -> str:
    """A time of the clock as text with so many minutes of offset, whether or not it exists in UTC."""
    hours, minutes = divmod(abs(offset), 60)
    return f"{clock.replace(tzinfo=None).isoformat()}{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"


def accepted(text: str) -> datetime | None:
    """What the wire makes of a text; None where it refuses it."""
    try:
        return TIMES.validate_python(text)
    except ValidationError:
        return None


near = st.integers(0, 40 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
clocks = near.map(lambda by: BEGIN + by) | near.map(lambda by: END - by) | st.datetimes(timezones=st.just(UTC))
texts = st.sampled_from(SENTINELS) | st.builds(written, clocks, st.integers(-14 * 60, 14 * 60))
moments = texts.map(accepted).filter(lambda at: at is not None)
days = st.sampled_from((date.min, date.max)) | st.dates()


@pytest.mark.parametrize("text", SENTINELS)
def test_what_others_write_for_no_end_is_a_time_of_the_wire(text: str) -> None:
    assert accepted(text) is not None


@given(texts)
def test_the_wire_lets_in_what_it_can_give_back_and_nothing_else(text: str) -> None:
    at = accepted(text)
    if at is None:
        with pytest.raises(InputRejected):
            from_wire(text)
    else:
        assert BEGIN <= at <= END
        assert accepted(to_wire(at)) == at


@given(moments, st.sampled_from(sorted(LANGUAGES)))
def test_every_time_can_be_shown(at: datetime, language: Language) -> None:
    shown = in_viet_nam(at)
    for value in (at, to_wire(at), at.isoformat()):
        assert str(shown.year) in figures.moment(value, language)
        assert str(shown.year) in figures.day(value, language)
    assert figures.span(at - NOW, language)


@given(texts, st.sampled_from(sorted(LANGUAGES)))
def test_every_time_within_a_compartment_can_be_shown(text: str, language: Language) -> None:
    schema = {"properties": {"at": {"type": "string", "format": "date-time"}}}
    (fact,) = facts_of(schema, {"at": text})
    assert fact.text == text or figures.moment(fact.moment, language)


@given(days, st.sampled_from(sorted(LANGUAGES)))
def test_every_day_can_be_shown(day: date, language: Language) -> None:
    assert DAYS.validate_python(day.isoformat()) == day
    assert str(day.year) in figures.day(day, language)


@given(moments, st.integers(1, 800), st.sampled_from(ClockUnit))
def test_a_limit_is_never_before_its_beginning_and_never_outside_the_calendar(
    at: datetime, amount: int, unit: ClockUnit
) -> None:
    assert at <= due_at(at, amount, unit) <= END


@given(moments, st.integers(0, 800))
def test_what_is_added_never_leads_outside_the_calendar(at: datetime, amount: int) -> None:
    assert at <= later(at, timedelta(days=amount)) <= END


@given(days, st.integers(-60, 60), st.integers(0, 30))
def test_days_of_proceedings_stay_within_the_calendar(day: date, months: int, working_days: int) -> None:
    assert (months_after(day, months) - day).days * months >= 0
    assert working_days_before(day, working_days) <= day


@given(moments)
def test_every_time_lies_in_a_month_and_a_quarter(at: datetime) -> None:
    assert month_of(at) == f"{in_viet_nam(at):%Y-%m}"
    assert quarter_of(at).year == in_viet_nam(at).year


@given(moments, st.sampled_from(sorted(SOP.services)))
def test_no_time_of_an_incident_keeps_a_referral_from_having_clocks(at: datetime, service: str) -> None:
    referral = a_referral(service=service, received_at=NOW, incident_at=at)
    assert next_clock_at(referral, sop=SOP) is not None
    assert due_here(SOP, service, urgency=referral.urgency, sent_at=NOW, incident_at=at)


@given(days)
def test_no_review_day_keeps_a_case_from_being_on_hold(day: date) -> None:
    referral = a_referral(service="SOC-01", received_at=NOW)
    after(referral, EventType.ON_HOLD, at=NOW, review_on=day.isoformat())


@given(moments, moments)
def test_no_time_of_an_order_keeps_it_from_being_weighed(begins: datetime, ends: datetime) -> None:
    assert after_months(begins, 4) <= END
    assert day_of(ends) == in_viet_nam(ends).date().isoformat()
    until = due_at(begins, 3, ClockUnit.DAYS)
    for office in Office:
        list(too_long(Span(office, begins, ends), commune_until=until, court_months=4))


@given(moments)
def test_no_time_of_an_incident_keeps_a_window_from_being_counted(at: datetime) -> None:
    for window in load_windows().values():
        stand(window, Story(incident_at=at, first_dose_at=at), Limit(90, ClockUnit.DAYS), now=NOW)


@given(moments)
def test_no_time_of_contact_keeps_it_from_being_weighed(at: datetime) -> None:
    contact_refused({"safe_hours": "09:00-11:00"}, Method.PHONE, at=at)


@given(days)
def test_no_day_of_birth_keeps_an_age_from_being_weighed(day: date) -> None:
    born = {Compartment.IDENTITY: {"date_of_birth": day.isoformat()}}
    assert band_in(born, at=NOW) in AgeBand
