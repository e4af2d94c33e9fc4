"""What a referral offers to do: the lifecycle table's own, for this side, with the procedure's codes and no others."""

from dataclasses import replace
from typing import Any

import pytest

from shared.agency.handling import VERBS
from shared.agency.pages.referral_chain import agencies_of, picture_of
from shared.agency.pages.referral_steps import MEANINGS
from shared.agency.pages.referral_values import Speaker
from shared.agency.pages.referral_verbs import fields_for, possible, verbs_of
from shared.agency.pages.referral_words import CODES, HAPPENINGS
from shared.agency.records import QUEUED, Referral
from shared.referral.lifecycle import open_events
from shared.sop.loader import load_sop
from shared.sop.model import ENDS, EventType, Party, ReferralState

SOP = load_sop()
CLOSED = [{"state": "sealed"}]
HELD = [{"state": "held"}]
REFERRAL = Referral(
    referral_id="r-1",
    number="000000000",
    box="received",
    chain_id="r-1",
    parent_id=None,
    sender="clinic-a",
    recipient="centre-b",
    subject="s",
    service_type="SOC-01",
    urgency="urgent",
    area="38",
    age_band="adult",
    incident_at=None,
    preferences={"staff_gender": "any"},
    facts={},
    basis={"kind": "consent"},
    consent_id=None,
    phoned_first=False,
    blocked=(),
    sealed=None,
    state="delivered",
    due={},
    next_due_at=None,
    sent_at="2026-11-22T05:00:00.000Z",
    wrapped_key=None,
)


@pytest.mark.parametrize("state", list(ReferralState))
@pytest.mark.parametrize(("box", "side"), [("received", Party.RECIPIENT), ("sent", Party.SENDER)])
def test_verbs_are_those_of_the_table(state: ReferralState, box: str, side: Party) -> None:
    offered = possible(SOP, replace(REFERRAL, state=state.value, box=box), HELD)
    table = {one for one in open_events(SOP, state=state, by=side) if one in VERBS.values()}
    assert set(offered) == table
    assert EventType.SEALED not in possible(SOP, replace(REFERRAL, state=state.value, box=box), CLOSED)


def test_referral_that_waits_to_be_sent_offers_nothing() -> None:
    assert verbs_of(SOP, replace(REFERRAL, state=QUEUED, box="sent"), CLOSED) == []


@pytest.mark.parametrize("state", [one for one in ReferralState if one not in ENDS])
def test_at_most_one_verb_is_the_big_button_and_it_leads_on(state: ReferralState) -> None:
    verbs = verbs_of(SOP, replace(REFERRAL, state=state.value), CLOSED)
    assert sum(one.main for one in verbs) <= 1
    assert not any(one.main and one.grave for one in verbs)


@pytest.mark.parametrize("service", list(SOP.services))
def test_nobody_is_offered_a_barred_or_forbidden_reason_or_an_outcome_of_another_service(service: str) -> None:
    referral = replace(REFERRAL, service_type=service)
    asked = {one.name: one for one in fields_for(SOP, referral, EventType.DECLINED)}
    reasons = {one.value for one in asked["reason"].options}
    forbidden = {one.code for one in SOP.decline_reasons.values() if one.forbidden}
    assert reasons
    assert not reasons & (forbidden | SOP.services[service].barred_declines)
    done = {one.name: one for one in fields_for(SOP, referral, EventType.COMPLETED)}
    assert [one.value for one in done["outcome"].options] == list(SOP.services[service].outcomes)


@pytest.mark.parametrize("event", list(VERBS.values()))
def test_everything_that_the_table_needs_is_asked_for(event: EventType) -> None:
    needed = {fact for row in SOP.transitions if row.event is event for fact in row.needs}
    asked = {one.name: one.required for one in fields_for(SOP, REFERRAL, event)}
    assert {name for name, required in asked.items() if required} == needed
    assert event in MEANINGS


@pytest.mark.rule("R-01")
def test_her_wish_for_a_woman_or_a_man_is_asked_about_only_where_she_has_one() -> None:
    wish = replace(REFERRAL, preferences={"staff_gender": "female", "interpreter": True})
    names = {one.name for one in fields_for(SOP, wish, EventType.ACCEPTED)}
    assert names >= {"staff_gender", "staff_gender_answer", "interpreter_arranged"}
    assert not {"staff_gender", "interpreter_arranged"} & {
        one.name for one in fields_for(SOP, REFERRAL, EventType.ACCEPTED)
    }


def test_every_code_and_every_event_has_words() -> None:
    listed = {code for fact in SOP.event_facts.values() for code in fact.values}
    named = {*SOP.decline_reasons, *SOP.outcomes, *SOP.withdrawal.extension_reasons}
    assert listed - named - set(CODES) == set()
    assert {one.value for one in EventType} - set(HAPPENINGS) == set()


def hop(referral_id: str, *onward: dict[str, Any]) -> dict[str, Any]:
    parties = {"sender": f"from-{referral_id}", "recipient": f"to-{referral_id}"}
    facts = {"service_type": "SOC-01", "state": "sent", "sent_at": "2026-11-22T05:00:00.000Z"}
    return {"referral_id": referral_id, **parties, **facts, "onward": list(onward)}


def test_chain_is_drawn_one_row_to_a_referral_indented_under_the_one_it_follows() -> None:
    tree = [hop("a", hop("b", hop("c")), hop("d"))]
    picture = picture_of(tree, Speaker(SOP, {}, {}), SOP, here="d")
    assert [(one.referral_id, one.number) for one in picture.hops] == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    a, b, c, d = picture.hops
    assert a.x < b.x < c.x
    assert b.x == d.x
    assert len({one.y for one in picture.hops}) == 4
    assert (a.line, d.here, a.here) == (None, True, False)
    assert picture.height > d.y
    assert agencies_of(tree) == {f"{side}-{one}" for side in ("from", "to") for one in "abcd"}
