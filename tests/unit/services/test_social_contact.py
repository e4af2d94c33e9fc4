"""Safe contact: by her own words, in the time of Viet Nam."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.social.rules.contact import Method, contact_refused

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
        (["when he is at work", "09:00-10:00"], None),
    ],
)
def test_she_is_contacted_inside_her_safe_hours_only(hours: Any, refusal: str | None) -> None:
    contact = {} if hours is None else {"safe_hours": hours}
    assert contact_refused(contact, Method.PHONE, at=SATURDAY) == refusal


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
