"""Safe contact: by her own words, in the time of Viet Nam."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.social.rules.contact import Method, contact_refused
from shared.sop.calendar import ZONE

#: 09:30 on a Saturday in Viet Nam.
SATURDAY = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
OUTSIDE = "social.outside-safe-hours"


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("hours", "refusal"),
    [
        (None, None),
        ("09:00-11:00", None),
        (["13:00-14:00", "09:30-09:31"], None),
        ("09:00-09:30", OUTSIDE),
        ("22:00-09:31", None),
        ("22:00-09:30", OUTSIDE),
        ([{"days": ["sat"], "from": "09:00", "to": "24:00"}], None),
        ([{"days": ["mon"], "from": "00:00", "to": "24:00"}], OUTSIDE),
        ([{"days": ["sat"]}], None),
        ([], OUTSIDE),
        ("when he is at work", "social.safe-hours-unclear"),
        (["when he is at work", "09:00-10:00"], "social.safe-hours-unclear"),
        ([{"days": ["Saturday"], "from": "09:00", "to": "11:00"}], "social.safe-hours-unclear"),
        ([{"days": [], "from": "09:00", "to": "11:00"}], OUTSIDE),
    ],
)
def test_she_is_contacted_inside_her_safe_hours_only(hours: Any, refusal: str | None) -> None:
    contact = {} if hours is None else {"safe_hours": hours}
    assert contact_refused(contact, Method.PHONE, at=SATURDAY) == refusal


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("hour", "refusal"),
    [
        ("2026-11-20T01:00", OUTSIDE),  # the night from Thursday to Friday
        ("2026-11-20T21:59", OUTSIDE),
        ("2026-11-20T22:00", None),
        ("2026-11-20T23:59", None),
        ("2026-11-21T00:00", None),
        ("2026-11-21T01:59", None),
        ("2026-11-21T02:00", OUTSIDE),
        ("2026-11-21T23:00", OUTSIDE),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(hour: str, refusal: str | None) -> None:
    contact = {"safe_hours": [{"days": ["fri"], "from": "22:00", "to": "02:00"}]}
    at = datetime.fromisoformat(hour).replace(tzinfo=ZONE)
    assert contact_refused(contact, Method.PHONE, at=at) == refusal


OWN = {"number": "0900 000 001", "safe_hours": "09:00-11:00", "may_text": False}
WORK = {"number": "0900 000 002", "safe_hours": "13:00-14:00"}
PLAIN = {"number": "0900 000 003"}
UNNAMED, UNKNOWN = "social.telephone-unnamed", "social.telephone-unknown"


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("contact", "method", "telephone", "refusal"),
    [
        ({"phones": [OWN]}, Method.PHONE, None, None),
        ({"phones": [OWN]}, Method.TEXT, None, "social.channel-unsafe"),
        ({"phones": [WORK]}, Method.PHONE, None, OUTSIDE),
        ({"phones": [OWN, WORK]}, Method.PHONE, None, UNNAMED),
        ({"phones": [OWN, WORK]}, Method.PHONE, "+84 900 000 001", None),
        ({"phones": [OWN, WORK]}, Method.PHONE, "0900000002", OUTSIDE),
        ({"phones": [OWN, WORK]}, Method.PHONE, "0900000009", UNKNOWN),
        ({"phones": [OWN, WORK]}, Method.IN_PERSON, None, None),
        ({"phones": [PLAIN], "safe_hours": "13:00-14:00"}, Method.PHONE, None, OUTSIDE),
        ({"phones": [PLAIN, OWN], "safe_hours": "13:00-14:00"}, Method.PHONE, "0900000001", None),
        ({"phone": "0900 000 004", "phones": [WORK]}, Method.PHONE, None, UNNAMED),
        ({"phone": "0900 000 004", "phones": [WORK]}, Method.PHONE, "0900 000 004", None),
        ({"phone": "0900 000 004"}, Method.PHONE, "0900 000 002", UNKNOWN),
        ({}, Method.PHONE, "0900 000 002", UNKNOWN),
    ],
)
def test_each_of_her_numbers_has_its_own_limits(
    contact: Any, method: Method, telephone: str | None, refusal: str | None
) -> None:
    assert contact_refused(contact, method, at=SATURDAY, telephone=telephone) == refusal


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("contact", "method", "allowed"),
    [
        ({}, Method.TEXT, True),
        ({"may_text": False}, Method.TEXT, False),
        ({"channels": ["relay"]}, Method.PHONE, False),
        ({"channels": ["relay"]}, Method.RELAY, True),
        ({"channel": "in_person"}, Method.PHONE, False),
    ],
)
def test_she_is_contacted_in_a_way_she_allowed(contact: Any, method: Method, allowed: bool) -> None:
    assert (contact_refused(contact, method, at=SATURDAY) is None) is allowed
