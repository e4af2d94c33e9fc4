"""Run the sentences of `consent_scenarios.toml` against the real register."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from shared.consent.decision import decide
from shared.consent.giving import BestInterest, Giving, Worker
from shared.consent.grant import Consent, Grant, Taking
from shared.consent.request import ConsentBasis, Disclosure, OtherBasis
from shared.sop.loader import load_sop
from shared.sop.model import AgeBand, Assent, Caregiver, Compartment, Grantor, LegalBasisKind, Urgency

BOOK = tomllib.loads((Path(__file__).parent / "consent_scenarios.toml").read_text(encoding="utf-8"))
HERS, DERIVED = "hers", "derived-from-hers"
KEYS = {"says", "consent", "derived", "ground", "asked", "refused"}


def compartments(names: list[str]) -> frozenset[Compartment]:
    """Read names of compartments."""
    return frozenset(map(Compartment, names))


def consent_of(told: dict[str, Any], *, consent_id: str, derived_from: str | None) -> Consent:
    """Build the consent that a scenario tells of; what it leaves out is as in the story."""
    assert told.keys() <= BOOK["story"]["consent"].keys()
    told = BOOK["story"]["consent"] | told
    return Consent(
        id=consent_id,
        subject=told["subject"],
        recorder=told["recorder"],
        recorded_at=told["from"],
        valid_from=told["from"],
        valid_to=told["to"],
        purposes=frozenset(told["purposes"]),
        grants=tuple(
            Grant(
                recipients=frozenset(grant["to"]),
                service_types=frozenset(grant["services"]),
                compartments=compartments(grant["compartments"]),
                onward=grant["onward"],
            )
            for grant in told["grants"]
        ),
        withheld=compartments(told["withheld"]),
        derived_from=derived_from,
        takings=tuple(
            Taking(
                at=told["from"],
                by="survivor",
                recipients=frozenset(taking["from"]) if "from" in taking else None,
                compartments=compartments(taking["compartments"]) if "compartments" in taking else None,
            )
            for taking in told["taken_back"]
        ),
        given=giving_of(told["given"]),
    )


def giving_of(told: dict[str, Any]) -> Giving:
    """Read who gave it, and what was recorded beside it."""
    assert told.keys() <= {"by", "age_band", "assent", "caregiver", "decision"}
    return Giving(
        grantor=Grantor(told["by"]),
        age_band=AgeBand(told["age_band"]) if "age_band" in told else None,
        assent=Assent(told["assent"]) if "assent" in told else None,
        caregiver=Caregiver(told["caregiver"]) if "caregiver" in told else None,
        decision=decision_of(told.get("decision")),
    )


def decision_of(told: dict[str, Any] | None) -> BestInterest | None:
    """Read who decided together, and why; workers are written `pseudonym (sector)`."""
    if told is None:
        return None
    named = [worker.removesuffix(")").split(" (") for worker in told["workers"]]
    return BestInterest(tuple(Worker(actor, sector) for actor, sector in named), told["why"], told["at"])


def lineage_of(scenario: dict[str, Any]) -> tuple[Consent, ...]:
    """Build her consent and what was derived from it, nearest first."""
    told = scenario.get("consent", {})
    if told == "none":
        return ()
    hers = consent_of(told, consent_id=HERS, derived_from=None)
    if "derived" not in scenario:
        return (hers,)
    made = {"recorder": "shelter"} | scenario["derived"]
    return (consent_of(made, consent_id=DERIVED, derived_from=HERS), hers)


def basis_of(scenario: dict[str, Any]) -> ConsentBasis | OtherBasis:
    """Read on what the disclosure rests."""
    if "ground" not in scenario:
        return ConsentBasis(DERIVED if "derived" in scenario else HERS)
    ground = scenario["ground"]
    return OtherBasis(
        kind=LegalBasisKind(ground["kind"]),
        article=ground["article"],
        approver=ground["approver"],
        notify_unsafe=False,
        decision=decision_of(ground.get("decision")),
    )


def disclosure_of(asked: dict[str, Any], basis: ConsentBasis | OtherBasis) -> Disclosure:
    """Build what is asked for, with what the directory knows of the two agencies."""
    sender, recipient = (BOOK["agencies"][asked[role]] for role in ("sender", "recipient"))
    return Disclosure(
        sender=asked["sender"],
        sender_sectors=frozenset(sender["sectors"]),
        recipient=asked["recipient"],
        recipient_services=frozenset(recipient["services"]),
        recipient_areas=frozenset(recipient["areas"]),
        subject=asked["subject"],
        service_type=asked["service"],
        urgency=Urgency(asked["urgency"]),
        phoned_first=asked["phoned_first"],
        age_band=AgeBand(asked["age_band"]),
        area=asked["area"],
        area_province=None,
        facts=asked["facts"],
        compartments=compartments(asked["compartments"]),
        basis=basis,
        holds_parent=asked["holds_parent"],
        blocked=asked["blocked"],
    )


@pytest.mark.parametrize("scenario", BOOK["scenarios"], ids=lambda scenario: scenario["says"])
def test_scenario(scenario: dict[str, Any]) -> None:
    assert scenario.keys() <= KEYS
    assert scenario.get("asked", {}).keys() <= BOOK["story"]["asked"].keys()
    asked = BOOK["story"]["asked"] | scenario.get("asked", {})
    disclosure = disclosure_of(asked, basis_of(scenario))
    decision = decide(disclosure, lineage=lineage_of(scenario), sop=load_sop(), at=asked["at"])
    assert {reason.code: reason.rule for reason in decision.reasons} == scenario.get("refused", {})
    assert decision.permitted is ("refused" not in scenario)


def test_each_sentence_is_told_once() -> None:
    said = [scenario["says"] for scenario in BOOK["scenarios"]]
    assert len(said) == len(set(said))
