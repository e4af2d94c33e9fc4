"""A child in danger: complete forms, whose decision it is, how long a stay is, and no word of the mother."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.social.messages.children import DecisionText, ReceiptForm, RiskForm
from services.social.rules.children import (
    NEEDED,
    Authority,
    Decision,
    Form,
    crosses_provinces,
    is_of_the_commune,
    may_decide,
    missing,
    outcome_refused,
    stay_refused,
    times_refused,
)

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
LONGEST = START + timedelta(days=15)


@pytest.mark.parametrize(("form", "model"), [(Form.RECEIPT, ReceiptForm), (Form.RISK, RiskForm)])
def test_an_empty_form_misses_everything_it_needs_and_each_can_be_said(form: Form, model: Any) -> None:
    assert missing(form, {}) == NEEDED[form]
    assert set(NEEDED[form]) <= set(model.model_fields)


@pytest.mark.parametrize("value", [False, "x", ["physical"]])
def test_no_is_an_answer_and_nothing_is_none(value: object) -> None:
    said: dict[str, object] = dict.fromkeys(NEEDED[Form.RECEIPT], value)
    assert missing(Form.RECEIPT, said) == ()
    assert missing(Form.RECEIPT, {**said, "harms": []}) == ("harms",)


@pytest.mark.rule("R-12")
@pytest.mark.parametrize("model", [ReceiptForm, RiskForm, DecisionText])
def test_the_forms_have_no_place_for_anybody_but_the_child(model: Any) -> None:
    fields = " ".join(model.model_fields)
    assert not any(word in fields for word in ("mother", "medical", "legal", "forensic", "incident", "perpetrator"))
    with pytest.raises(ValueError, match="extra"):
        model.model_validate({"mother": {"name": "Nguyen Thi Mau"}})


@pytest.mark.parametrize("authority", sorted(set(Authority) - {Authority.COMMUNE_CHAIR}))
def test_nobody_but_the_chair_decides_and_nobody_records_their_own_decision(authority: Authority) -> None:
    assert not may_decide(authority, decided_by="chair-1", recorded_by="staff-7")
    assert not may_decide(Authority.COMMUNE_CHAIR, decided_by="staff-7", recorded_by="staff-7")
    assert may_decide(Authority.COMMUNE_CHAIR, decided_by="chair-1", recorded_by="staff-7")


@pytest.mark.rule("E7")
def test_the_commune_of_the_harm_or_of_the_home_decides_and_111_hears_across_provinces() -> None:
    assert is_of_the_commune("14845", happened_in="14845", lives_in=None)
    assert is_of_the_commune("14845", happened_in="00004", lives_in="14845")
    assert not is_of_the_commune("14845", happened_in="00004", lives_in="00007")
    assert crosses_provinces("01", "38")
    assert not crosses_provinces("38", "38")
    assert not crosses_provinces("38", None)


@pytest.mark.parametrize(
    ("decided_at", "refusal"),
    [
        (START, None),
        (LONGEST, None),
        (START - timedelta(milliseconds=1), "social.child-times"),
        (LONGEST + timedelta(milliseconds=1), "social.child-times"),
    ],
)
def test_nobody_decides_before_the_information_came_or_ahead_of_now(decided_at: datetime, refusal: str | None) -> None:
    assert times_refused(START, decided_at, latest=LONGEST) == refusal


@pytest.mark.parametrize(
    ("decision", "start", "until", "longer_by", "refusal"),
    [
        (Decision.SEPARATED, START, LONGEST, None, None),
        (Decision.SEPARATED, START, LONGEST + timedelta(milliseconds=1), None, "social.stay-too-long"),
        (Decision.SEPARATED, START, LONGEST + timedelta(days=9), "12/QD", None),
        (Decision.SEPARATED, START, START, None, "social.stay-too-long"),
        (Decision.SEPARATED, None, None, None, "social.stay-unsaid"),
        (Decision.SEPARATED, START, None, None, "social.stay-unsaid"),
        (Decision.SAFE_AT_HOME_PLAN, START, LONGEST, None, "social.stay-unsaid"),
        (Decision.SAFE_AT_HOME_PLAN, None, None, None, None),
    ],
)
def test_a_stay_is_said_and_fifteen_days_at_most(
    decision: Decision, start: datetime | None, until: datetime | None, longer_by: str | None, refusal: str | None
) -> None:
    assert stay_refused(decision, start, until, longest=LONGEST, longer_by=longer_by) == refusal


@pytest.mark.parametrize(
    ("outcome", "decided", "told", "refusal"),
    [
        ("separated", None, True, "social.child-undecided"),
        ("separated", "safe_at_home_plan", True, "social.child-decided-otherwise"),
        ("separated", "separated", False, "social.hotline-untold"),
        ("separated", "separated", True, None),
        ("unable_to_contact", None, False, None),
    ],
)
def test_an_outcome_is_what_the_chair_decided(
    outcome: str, decided: str | None, told: bool, refusal: str | None
) -> None:
    assert outcome_refused(outcome, decided=decided, hotline_told=told) == refusal
