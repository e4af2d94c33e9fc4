"""Asking her what happened: once, accompanied, through no relative, and gently under 18."""

from datetime import UTC, datetime, timedelta

import pytest

from services.police.rules.checklist import Answer, checklist, unanswered
from services.police.rules.interviews import (
    Again,
    Guardian,
    Interpreting,
    Support,
    Tie,
    Wishes,
    is_child,
    told_before,
    too_hard_on_a_child,
    unaccompanied,
    unfit_interpreter,
)
from services.police.rules.objections import Objection, untimely
from services.police.rules.officers import Gender

MORNING = datetime(2026, 11, 21, 2, tzinfo=UTC)  # nine o'clock in Viet Nam
NO_WISH = Wishes(interpreter=False, interpreter_gender=None)


def interpreter(**changes: object) -> Interpreting:
    fit = {"gender": Gender.FEMALE, "tie": Tie.NONE, "adult": True, "confidentiality_signed": True}
    return Interpreting(**{**fit, **changes})  # type: ignore[arg-type]  # the fields are given by name


def codes(objections: object) -> list[str]:
    return [one.code for one in objections]  # type: ignore[attr-defined]  # every rule yields objections


def with_a_child(**changes: object) -> list[str]:
    fair: dict[str, object] = {
        "guardian_unsafe": False,
        "friendly_room": True,
        "started_at": MORNING,
        "before": [],
        "most": 2,
    }
    present = changes.pop("present", {Guardian.LAWYER})
    return codes(too_hard_on_a_child(present, **{**fair, **changes}))  # type: ignore[arg-type]  # given by name


@pytest.mark.rule("R-02")
def test_she_is_not_asked_again_where_a_statement_exists() -> None:
    assert codes(told_before(1, again=None, prior=None)) == ["police.statement-exists"]
    assert codes(told_before(1, again=Again.SHE_WANTS_TO_ADD, prior=None)) == ["police.statement-exists"]


def test_at_her_wish_she_may_add_to_the_statement_there_is() -> None:
    assert not codes(told_before(2, again=Again.SHE_WANTS_TO_ADD, prior="14/2026"))
    assert not codes(told_before(0, again=None, prior=None))


@pytest.mark.rule("R-05")
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"tie": Tie.RELATIVE}, "/interpreter/tie"),
        ({"tie": Tie.PERPETRATORS_CIRCLE}, "/interpreter/tie"),
        ({"adult": False}, "/interpreter/adult"),
        ({"confidentiality_signed": False}, "/interpreter/confidentiality_signed"),
    ],
)
def test_no_relative_no_child_and_nobody_of_the_perpetrators_circle_interprets(
    changes: dict[str, object], pointer: str
) -> None:
    objections = list(unfit_interpreter(interpreter(**changes), NO_WISH, declined_by_her=False))
    assert objections == [Objection("police.interpreter", pointer)]


@pytest.mark.rule("R-05")
def test_an_interpreter_she_asked_for_is_left_out_only_at_her_wish() -> None:
    asked = Wishes(interpreter=True, interpreter_gender=None)
    assert codes(unfit_interpreter(None, asked, declined_by_her=False)) == ["police.interpreter"]
    assert not codes(unfit_interpreter(None, asked, declined_by_her=True))
    assert not codes(unfit_interpreter(None, NO_WISH, declined_by_her=False))


@pytest.mark.rule("R-01")
def test_she_chooses_the_gender_of_the_interpreter_too() -> None:
    asked = Wishes(interpreter=True, interpreter_gender=Gender.FEMALE)
    other = interpreter(gender=Gender.MALE)
    assert codes(unfit_interpreter(other, asked, declined_by_her=False)) == ["police.interpreter-gender"]
    assert not codes(unfit_interpreter(interpreter(), asked, declined_by_her=False))


@pytest.mark.rule("R-06")
def test_she_is_asked_whether_somebody_should_be_with_her() -> None:
    assert codes(unaccompanied(Support.NOT_OFFERED)) == ["police.support-person"]
    assert not codes(unaccompanied(Support.DECLINED_BY_HER))


@pytest.mark.rule("R-27")
def test_a_person_under_18_is_asked_at_most_twice_a_day_in_viet_nam() -> None:
    evening_before = MORNING - timedelta(hours=10)  # 23:00 of the day before in Viet Nam
    assert not with_a_child(before=[evening_before, MORNING - timedelta(hours=1)])
    twice = [MORNING - timedelta(hours=3), MORNING - timedelta(hours=1)]
    assert with_a_child(before=twice) == ["police.child-sessions"]
    assert not with_a_child(before=twice, started_at=MORNING + timedelta(hours=15)), "midnight is over"


@pytest.mark.rule("R-27")
def test_somebody_is_beside_a_person_under_18_in_a_friendly_room() -> None:
    assert with_a_child(present=set()) == ["police.child-alone"]
    assert with_a_child(friendly_room=False) == ["police.child-room"]
    assert with_a_child(present={Guardian.GUARDIAN}, guardian_unsafe=True) == ["police.child-alone"]
    assert not with_a_child(present={Guardian.GUARDIAN, Guardian.LAWYER}, guardian_unsafe=True)


def test_an_age_that_is_not_known_is_that_of_a_child() -> None:
    assert [is_child(band) for band in ("adult", "16_17", "unknown")] == [False, True, True]


def test_every_item_of_the_checklist_is_answered_and_no_other() -> None:
    whole = {item.code: Answer.DONE for item in checklist()}
    assert not codes(unanswered(whole))
    missing = list(unanswered({code: answer for code, answer in whole.items() if code != "private_place"}))
    assert missing == [Objection("police.checklist", "/checklist/private_place")]
    assert codes(unanswered({**whole, "blamed_her": Answer.DONE})) == ["police.checklist"]


def test_every_item_of_the_checklist_cites_what_it_is_derived_from_in_two_languages() -> None:
    assert all(item.says.vi and item.says.en and item.basis.citation for item in checklist())
    assert any("hòa giải" in item.says.vi for item in checklist()), "nobody proposes mediation (R-09)"


def test_times_stand_in_their_order_and_none_lies_ahead() -> None:
    hour = timedelta(hours=1)
    assert not codes(untimely([("/a", MORNING - hour), ("/b", MORNING)], latest=MORNING))
    assert list(untimely([("/a", MORNING), ("/b", MORNING - hour)], latest=MORNING)) == [
        Objection("police.times", "/b")
    ]
    assert codes(untimely([("/a", MORNING + hour)], latest=MORNING)) == ["police.times"]
