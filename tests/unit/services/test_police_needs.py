"""Needs first, statement later: when she may be asked what happened."""

import pytest

from services.police.records import NeedsCheck, needs_are_seen_to
from services.police.rules.needs import Met, Need, may_be_asked, still_open

SEEN_TO = dict.fromkeys(Need, Met.SEEN_TO)


def check(*, settled: bool, minute: int = 0) -> NeedsCheck:
    return NeedsCheck(
        check_id=f"c{minute}",
        referral_id="r",
        checked_at=f"2026-11-21T08:{minute:02d}:00.000Z",
        actor="officer-7",
        settled=settled,
        content=b"",
    )


@pytest.mark.rule("R-13")
def test_nobody_is_asked_before_her_needs_were_checked() -> None:
    assert not may_be_asked(checked=None, by_sender=False, risk_band="R3")


@pytest.mark.rule("R-13")
@pytest.mark.parametrize("need", Need)
def test_one_open_need_is_enough_to_wait(need: Need) -> None:
    assert still_open(SEEN_TO | {need: Met.OPEN}) == (need,)


def test_what_was_not_asked_about_is_open() -> None:
    assert still_open({Need.MEDICAL: Met.SEEN_TO}) == (Need.SAFETY, Need.FOOD_AND_REST, Need.CHILD)


@pytest.mark.parametrize("met", [Met.SEEN_TO, Met.NO_NEED, Met.DECLINED_BY_HER])
def test_what_she_does_not_want_holds_nothing_up(met: Met) -> None:
    assert still_open(dict.fromkeys(Need, met)) == ()


def test_where_life_is_at_risk_a_statement_does_not_wait() -> None:
    assert may_be_asked(checked=False, by_sender=False, risk_band="R4")


def test_what_the_sender_checked_counts_until_the_police_have_looked_themselves() -> None:
    said = {"needs_check_done": True}
    assert needs_are_seen_to([], said)
    assert not needs_are_seen_to([check(settled=False)], said)


def test_the_latest_check_counts() -> None:
    checks = [check(settled=False, minute=1), check(settled=True, minute=9)]
    assert needs_are_seen_to(checks, {})
    assert not needs_are_seen_to([*checks, check(settled=False, minute=10)], {})
