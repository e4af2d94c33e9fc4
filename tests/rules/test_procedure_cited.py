"""What the consent decision and the lifecycle rely on is in the real register."""

import pytest

from shared.consent.citation import CONFLICT_RULE, SCOPE_RULE, WITHDRAWAL_RULE
from shared.consent.decision import ACCEPTED_STATES
from shared.consent.procedure import urgency_for
from shared.referral.lifecycle import STAFF_GENDER_RULE, mermaid, open_events, transition
from shared.sop.loader import load_sop
from shared.sop.model import ENDS, EventType, LegalBasisKind, Party, ReferralState, Stage, Urgency

SOP = load_sop()


@pytest.mark.parametrize("rule", [CONFLICT_RULE, SCOPE_RULE, WITHDRAWAL_RULE, STAFF_GENDER_RULE])
def test_every_rule_that_a_refusal_cites_is_in_the_register(rule: str) -> None:
    assert SOP.rules[rule].basis.citation


def test_every_service_has_a_basis_to_cite() -> None:
    assert [code for code, service in SOP.services.items() if not service.basis] == []


def test_every_ground_other_than_consent_needs_an_article_and_an_approver() -> None:
    others = [ground for kind, ground in SOP.legal_bases.items() if kind is not LegalBasisKind.CONSENT]
    assert {ground.kind for ground in others} == frozenset(LegalBasisKind) - {LegalBasisKind.CONSENT}
    assert all(ground.needs_article and ground.needs_approver for ground in others)


@pytest.mark.parametrize("code", SOP.services)
@pytest.mark.parametrize(("band", "least"), [("R3", Urgency.URGENT), ("R4", Urgency.URGENT)])
def test_high_risk_raises_what_nobody_set_and_lowers_nothing(code: str, band: str, least: Urgency) -> None:
    service, levels = SOP.services[code], list(Urgency)
    raised = urgency_for(service, {"risk_band": band})
    assert levels.index(raised) <= min(levels.index(least), levels.index(service.urgency))
    assert urgency_for(service, {"risk_band": "R2"}) is service.urgency


def test_shelter_in_extreme_danger_is_asked_for_at_once() -> None:
    shelter = SOP.services["SOC-01"]
    assert urgency_for(shelter, {"risk_band": "R3"}) is Urgency.URGENT
    assert urgency_for(shelter, {"risk_band": "R4"}) is Urgency.IMMEDIATE


@pytest.mark.parametrize("event", EventType)
def test_all_rows_of_one_event_ask_for_the_same_facts(event: EventType) -> None:
    assert len({row.needs for row in SOP.transitions if row.event is event}) == 1


def test_declining_and_completing_ask_for_reason_and_outcome() -> None:
    needs = {row.event: row.needs for row in SOP.transitions}
    assert "reason" in needs[EventType.DECLINED]
    assert "outcome" in needs[EventType.COMPLETED]


@pytest.mark.parametrize("state", sorted(frozenset(ReferralState) - ENDS))
def test_her_word_is_enough_to_end_any_referral_that_is_open(state: ReferralState) -> None:
    for party in (Party.SENDER, Party.RECIPIENT):
        row = transition(SOP, state=state, event=EventType.WITHDRAWN, by=party)
        assert row.target is ReferralState.WITHDRAWN
        assert row.needs == ()
    assert transition(SOP, state=state, event=EventType.REVOKED, by=Party.GATEWAY).target is ReferralState.REVOKED


@pytest.mark.parametrize("state", sorted(ACCEPTED_STATES))
def test_what_opens_on_acceptance_opens_only_in_states_after_it(state: ReferralState) -> None:
    sources = {source for row in SOP.transitions if row.target is state for source in row.sources}
    assert sources <= ACCEPTED_STATES | {ReferralState.ACKNOWLEDGED}
    assert (ReferralState.ACKNOWLEDGED in sources) is (state is ReferralState.ACCEPTED)


@pytest.mark.parametrize("state", sorted(frozenset(ReferralState) - ENDS))
def test_every_open_state_has_a_way_out_for_each_party(state: ReferralState) -> None:
    assert all(open_events(SOP, state=state, by=party) for party in Party)


def test_nothing_that_names_her_opens_before_acceptance() -> None:
    sensitive = {"identity", "contact", "medical", "forensic", "documents", "perpetrator"}
    early = [
        (code, compartment)
        for code, service in SOP.services.items()
        for compartment in service.allowed & sensitive
        if service.stage(compartment, Urgency.PROMPT) is Stage.TRIAGE
    ]
    assert early == []


def test_only_immediate_danger_forbids_a_pause() -> None:
    assert [urgency for urgency, level in SOP.urgencies.items() if not level.pausable] == [Urgency.IMMEDIATE]


def test_the_diagram_shows_every_state() -> None:
    drawn = mermaid(SOP)
    assert all(f" {state} " in drawn or f" {state}:" in drawn for state in ReferralState)
