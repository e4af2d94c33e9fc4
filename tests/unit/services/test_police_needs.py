"""Needs first, statement later: when she may be asked what happened."""

import pytest

from services.police.rules.needs import Met, Need, may_be_asked, still_open

SEEN_TO = dict.fromkeys(Need, Met.SEEN_TO)


@pytest.mark.rule("R-13")
def test_nobody_is_asked_before_her_needs_were_checked() -> None:
    assert not may_be_asked(None, risk_band="R3")


@pytest.mark.rule("R-13")
@pytest.mark.parametrize("need", Need)
def test_one_open_need_is_enough_to_wait(need: Need) -> None:
    assert not may_be_asked(SEEN_TO | {need: Met.OPEN}, risk_band=None)


def test_what_was_not_asked_about_is_open() -> None:
    assert still_open({Need.MEDICAL: Met.SEEN_TO}) == (Need.SAFETY, Need.FOOD_AND_REST, Need.CHILD)


@pytest.mark.parametrize("met", [Met.SEEN_TO, Met.NO_NEED, Met.DECLINED_BY_HER])
def test_what_she_does_not_want_holds_nothing_up(met: Met) -> None:
    assert may_be_asked(dict.fromkeys(Need, met), risk_band="R2")


def test_where_life_is_at_risk_a_statement_does_not_wait() -> None:
    assert may_be_asked(None, risk_band="R4")
