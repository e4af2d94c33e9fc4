"""Tabs are a question about whose turn it is: every state of both sides has its place, and none is lost."""

import pytest

from shared.agency.records import QUEUED, REFUSED, Box
from shared.agency.working import PARTS, Tab, held_by, of_tab, open_here
from shared.sop.loader import load_sop
from shared.sop.model import ENDS, Party, ReferralState

STATES = {
    Box.RECEIVED.value: {state.value for state in ReferralState},
    Box.SENT.value: {state.value for state in ReferralState} | {QUEUED, REFUSED},
}
LISTS = (Tab.TEAM, Tab.SENT, Tab.CLOSED)


@pytest.mark.parametrize("box", sorted(STATES))
def test_every_state_is_on_exactly_one_of_the_three_lists_that_divide_the_work(box: str) -> None:
    found = [state for tab in LISTS for state in PARTS[tab].get(box, ())]
    assert sorted(found) == sorted(STATES[box])


def test_what_is_new_is_on_the_team_s_list_too() -> None:
    assert PARTS[Tab.NEW][Box.RECEIVED] < PARTS[Tab.TEAM][Box.RECEIVED]


@pytest.mark.parametrize(("box", "other"), [(Box.SENT, Party.RECIPIENT), (Box.RECEIVED, Party.SENDER)])
def test_where_we_wait_the_procedure_lets_the_other_side_act(box: Box, other: Party) -> None:
    theirs = {state.value for one in load_sop().transitions if other in one.by for state in one.sources}
    assert PARTS[Tab.WAITING][box] - {QUEUED} <= theirs


def test_nothing_that_has_ended_at_the_recipient_is_late() -> None:
    assert not PARTS[Tab.TEAM][Box.RECEIVED] & {state.value for state in ENDS}


def test_one_s_own_tab_and_a_colleague_s_list_show_the_same() -> None:
    mine = of_tab(Tab.MINE, me="lan", unseen=["a"])
    assert held_by("lan", open_here(unseen=["a"])) == mine
