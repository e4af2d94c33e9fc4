"""Everything the vocabulary can say is said, owned and cited, and the catalogue is the one of the fact sheet."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from shared.sop.loader import load_sop
from shared.sop.model import (
    AgeBand,
    Basis,
    BasisKind,
    ClockPhase,
    ClockRule,
    ClockStart,
    ClockUnit,
    Compartment,
    Confidence,
    EventType,
    LegalBasisKind,
    Party,
    Presence,
    ReferralState,
    Sector,
    Sender,
    ServiceType,
    Stage,
    Urgency,
)

SOP = load_sop()
SERVICES = [pytest.param(service, id=code) for code, service in SOP.services.items()]


def all_clocks() -> Iterator[ClockRule]:
    for service in SOP.services.values():
        yield from service.clocks
    for level in SOP.urgencies.values():
        yield from level.clocks


def all_bases() -> Iterator[Basis]:
    for service in SOP.services.values():
        yield from service.basis
        yield from (one.basis for one in service.preconditions)
    yield from (clock.basis for clock in all_clocks())
    for group in (SOP.urgencies, SOP.legal_bases, SOP.decline_reasons, SOP.rules):
        yield from (one.basis for one in group.values())
    yield from (one.basis for one in (*SOP.transitions, *SOP.hotlines))


def test_there_are_exactly_42_service_types() -> None:
    assert Counter(service.sector for service in SOP.services.values()) == {
        Sector.POLICE: 12,
        Sector.HEALTH: 9,
        Sector.LEGAL_AID: 8,
        Sector.SOCIAL: 12,
        Sector.COORDINATION: 1,
    }


def test_codes_are_numbered_without_gaps() -> None:
    counts = {"POL": 12, "HEA": 9, "LEG": 8, "SOC": 12, "COO": 1}
    assert set(SOP.services) == {f"{prefix}-{n:02}" for prefix, last in counts.items() for n in range(1, last + 1)}


def test_slugs_are_unique() -> None:
    assert len({service.slug for service in SOP.services.values()}) == len(SOP.services)


@pytest.mark.parametrize("service", SERVICES)
def test_service_type_speaks_of_every_compartment(service: ServiceType) -> None:
    assert set(service.compartments) == set(Compartment) - {Compartment.NOTE}


@pytest.mark.parametrize("service", SERVICES)
def test_recipient_can_decide_on_something_before_it_accepts(service: ServiceType) -> None:
    assert any(service.compartments[one].stage is Stage.TRIAGE for one in service.allowed)


@pytest.mark.parametrize("service", SERVICES)
def test_what_tells_who_and_where_she_is_waits_for_acceptance(service: ServiceType) -> None:
    kept = ("identity", "contact", "medical", "forensic", "documents", "perpetrator", "attachments")
    assert {service.compartments[Compartment(name)].stage for name in kept} == {Stage.ACCEPTED}


@pytest.mark.parametrize("service", SERVICES)
def test_legal_opens_early_only_where_the_recipient_decides_on_it(service: ServiceType) -> None:
    decides = (service.sector is Sector.LEGAL_AID and service.code != "LEG-06") or service.code == "POL-05"
    assert (service.compartments[Compartment.LEGAL].stage is Stage.TRIAGE) == decides


@pytest.mark.parametrize("service", SERVICES)
def test_attachments_travel_only_beside_something_they_can_belong_to(service: ServiceType) -> None:
    if Compartment.ATTACHMENTS in service.allowed:
        assert len(service.allowed) > 1


@pytest.mark.parametrize("service", SERVICES)
def test_service_type_has_its_own_outcomes_and_the_shared_ones(service: ServiceType) -> None:
    shared = {"completed_full", "survivor_declined", "closed_consent_withdrawn"}
    assert shared < set(service.outcomes)
    assert set(service.outcomes) <= SOP.outcomes.keys()


def test_every_outcome_is_used() -> None:
    assert {code for service in SOP.services.values() for code in service.outcomes} == SOP.outcomes.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_every_phase_has_a_clock_of_the_type_or_of_its_level(service: ServiceType) -> None:
    phases = {clock.phase for clock in (*service.clocks, *SOP.urgencies[service.urgency].clocks)}
    assert phases >= {ClockPhase.ACKNOWLEDGE, ClockPhase.DECIDE, ClockPhase.CONTACT}


def test_every_clock_is_measurable_and_has_its_own_id() -> None:
    ids = Counter((clock.id, clock.amount, clock.unit) for clock in all_clocks())
    assert all(clock.amount > 0 for clock in all_clocks())
    assert {name for (name, _, _), n in ids.items() if n > 1} <= {"VN-TR-03", "CLIN-FORENSIC-72H"}


def test_statute_and_clinical_windows_never_pause() -> None:
    firm = [clock for clock in all_clocks() if clock.basis.kind in (BasisKind.STAT, BasisKind.CLIN)]
    assert firm
    assert not [clock.id for clock in firm if clock.pausable]


def test_clinical_windows_run_from_the_incident_by_the_clock() -> None:
    clinical = [clock for clock in all_clocks() if clock.basis.kind is BasisKind.CLIN]
    assert {(clock.start, clock.unit) for clock in clinical} == {(ClockStart.INCIDENT, ClockUnit.HOURS)}


def test_nothing_pauses_in_immediate_danger() -> None:
    assert [urgency for urgency, level in SOP.urgencies.items() if not level.pausable] == [Urgency.IMMEDIATE]


def test_more_urgent_means_sooner() -> None:
    minutes = {
        ClockUnit.MINUTES: 1,
        ClockUnit.HOURS: 60,
        ClockUnit.DAYS: 1440,
        ClockUnit.WORKING_DAYS: 1440,
    }
    for phase in (ClockPhase.ACKNOWLEDGE, ClockPhase.DECIDE, ClockPhase.CONTACT):
        lengths = [
            clock.amount * minutes[clock.unit]
            for urgency in Urgency
            for clock in SOP.urgencies[urgency].clocks
            if clock.phase is phase
        ]
        assert lengths == sorted(lengths)
        assert len(set(lengths)) == len(Urgency)


def test_every_member_of_every_vocabulary_is_in_use() -> None:
    services = SOP.services.values()
    assert {clock.phase for clock in all_clocks()} == set(ClockPhase)
    assert {clock.start for clock in all_clocks()} == set(ClockStart)
    assert {clock.unit for clock in all_clocks()} == set(ClockUnit)
    assert {sender for service in services for sender in service.senders} == set(Sender)
    assert {kind for service in services for kind in service.legal_bases} == set(LegalBasisKind)
    assert {service.urgency for service in services} == set(Urgency)
    assert {rule.presence for service in services for rule in service.compartments.values()} == set(Presence)
    assert {one for service in services for one in service.allowed} == set(Compartment) - {Compartment.NOTE}
    assert {party for row in SOP.transitions for party in row.by} == set(Party)
    assert {row.event for row in SOP.transitions} == set(EventType)
    assert {row.target for row in SOP.transitions} | {ReferralState.SENT} == set(ReferralState) | {None}
    assert {basis.kind for basis in all_bases()} == set(BasisKind)
    assert {basis.confidence for basis in all_bases()} == set(Confidence)


def test_everything_has_a_name_in_both_languages() -> None:
    named = [
        *SOP.compartment_names.values(),
        *SOP.sector_names.values(),
        *SOP.sender_names.values(),
        *SOP.state_names.values(),
        *SOP.event_names.values(),
        *SOP.outcomes.values(),
        *(service.name for service in SOP.services.values()),
        *(fact.label for fact in (*SOP.facts.values(), *SOP.event_facts.values())),
    ]
    assert all(name and name.vi.strip() and name.en.strip() and name.vi != name.en for name in named)


def test_every_basis_was_checked_and_a_sourced_one_names_its_source() -> None:
    assert {basis.verified_on for basis in all_bases()} == {date(2026, 11, 21)}
    assert all(basis.source for basis in all_bases() if basis.confidence is Confidence.SOURCED)


def test_what_is_unverified_is_never_called_law() -> None:
    doubtful = [basis for basis in all_bases() if basis.confidence is Confidence.UNVERIFIED]
    assert doubtful
    assert not [basis.citation for basis in doubtful if basis.is_law]


def test_sixteen_reasons_may_be_given_and_nine_never() -> None:
    given = [code for code, reason in SOP.decline_reasons.items() if not reason.forbidden]
    assert given == [f"D{n:02}" for n in range(1, 16)] + ["D99"]
    assert {code for code, reason in SOP.decline_reasons.items() if reason.forbidden} == {
        "no_police_report",
        "did_not_cooperate",
        "private_family_matter",
        "reconciled",
        "no_money_or_insurance",
        "no_residence_registration",
        "no_identity_papers",
        "late_reporting",
        "reputation_or_behaviour",
    }


def test_the_rules_are_r_01_to_r_28_and_e1_to_e8() -> None:
    conditions = {one.id for service in SOP.services.values() for one in service.preconditions}
    assert [one for one in SOP.rules if one.startswith("R")] == [f"R-{n:02}" for n in range(1, 29)]
    assert {f"E{n}" for n in range(1, 9)} <= SOP.rules.keys() | conditions


@pytest.mark.rule("E4")
def test_a_no_contact_order_is_asked_for_with_her_consent_or_where_life_is_threatened() -> None:
    assert SOP.services["POL-04"].legal_bases == {LegalBasisKind.CONSENT, LegalBasisKind.VITAL_INTEREST}


@pytest.mark.rule("R-17")
def test_data_on_the_perpetrator_reach_no_health_service() -> None:
    carrying = {one.sector for one in SOP.services.values() if Compartment.PERPETRATOR in one.allowed}
    assert carrying == {Sector.POLICE, Sector.LEGAL_AID, Sector.SOCIAL, Sector.COORDINATION}


def test_a_ground_other_than_consent_names_article_and_approver_and_carries_less() -> None:
    everything = SOP.legal_bases[LegalBasisKind.CONSENT].maximum
    assert everything == set(Compartment)
    for kind in set(LegalBasisKind) - {LegalBasisKind.CONSENT}:
        ground = SOP.legal_bases[kind]
        assert ground.needs_article
        assert ground.needs_approver
        assert ground.maximum < everything


@pytest.mark.parametrize("service", SERVICES)
def test_every_admitted_ground_can_carry_something_the_service_asks_for(service: ServiceType) -> None:
    for kind in service.legal_bases:
        assert service.demanded(SOP.legal_bases[kind].maximum), kind


def test_health_and_social_services_never_test_a_fact_about_the_police() -> None:
    for service in SOP.services.values():
        if service.sector is not Sector.POLICE:
            tests = [test for one in service.preconditions for test in one.when + one.any_of]
            assert not [test.fact for test in tests if "police" in test.fact or "report" in test.fact]


def test_there_are_34_provinces_and_their_codes_are_text() -> None:
    assert len(SOP.provinces) == 34
    assert all(len(code) == 2 and code.isdigit() for code in SOP.provinces)
    assert SOP.provinces["38"].name == "Tỉnh Thanh Hoá"
    assert SOP.commune_codes == ("00004", "32248")


def test_age_bands_cover_every_age_and_doubt() -> None:
    known = next(fact for fact in SOP.services["LEG-02"].preconditions[0].any_of if fact.fact == "age_band").one_of
    assert set(known) == set(AgeBand) - {AgeBand.ADULT}


def test_the_same_value_is_returned_each_time() -> None:
    assert load_sop() is load_sop()
