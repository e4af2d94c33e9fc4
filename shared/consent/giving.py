"""How a consent was given, and whether whoever gave it may: by age, by the caregiver's safety, by two workers.

Owns the codes `consent.who`, `consent.assent`, `consent.decision` and `basis.decision`. Follows the rule table of the
procedure (`Sop.ages`, fact sheet section 2.5). Promises: an age that is not known is that of a child; where
consent and referral state different ages each must permit; an unsafe caregiver never consents; a single worker
never makes a best-interest decision. Knows roles and codes only, never a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.consent.citation import by_age
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.errors import Reason
from shared.sop.age import AgeRules, BestInterestRules
from shared.sop.codes import AgeBand, Assent, Caregiver, Grantor

#: Those who consent for somebody because they care for her or represent her.
GUARDIANS: frozenset[Grantor] = frozenset({Grantor.PARENT, Grantor.GUARDIAN, Grantor.LEGAL_REPRESENTATIVE})
#: The fact of the envelope by which a sender says that a caregiver is not safe.
GUARDIAN_UNSAFE = "guardian_unsafe"

_NOT_KNOWN = frozenset({AgeBand.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who decided: a staff pseudonym, and the sector of the work she does."""

    actor: str
    sector: str


@dataclass(frozen=True, slots=True)
class BestInterest:
    """A decision in a child's best interest: who made it, why (a code of the procedure), and when."""

    workers: tuple[Worker, ...]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Giving:
    """Who gave a consent, at what age of the person it is for, with what else was recorded beside it.

    `age_band` None: the consent does not state it, and each referral's counts. `assent`: what the child said itself.
    `caregiver` None: nothing was recorded against those who care for her.
    """

    grantor: Grantor = Grantor.SELF
    age_band: AgeBand | None = None
    assent: Assent | None = None
    caregiver: Caregiver | None = None
    decision: BestInterest | None = None

    def knows_unsafe(self, rules: AgeRules) -> bool:
        """Say whether somebody who cares for her was recorded as unsafe."""
        why = self.decision.reason if self.decision is not None else None
        return self.caregiver in {Caregiver.UNSAFE, Caregiver.ANOTHER_UNSAFE} or why == rules.unsafe.reason


def giving_faults(
    line: Sequence[Giving], *, age_band: AgeBand | None, guardian_unsafe: bool, rules: AgeRules
) -> Iterator[Reason]:
    """Say why the consents of a line were not given by those who may give them.

    `age_band` is what the referral states, None where there is no referral yet; `guardian_unsafe`: it states that
    a caregiver is not safe. What one consent of the line records counts for all of it: it is the same person.

    1. Whoever cares for her and is not safe consents to nothing.
    2. A best-interest decision was made by two workers, for a reason the procedure knows.
    3. At each age that is stated, one way of the table was gone, and the child was heard as it says.
    """
    bands = _bands([age_band, *[given.age_band for given in line]])
    for given in line:
        is_guardian = given.grantor in GUARDIANS and given.caregiver is not Caregiver.ANOTHER_UNSAFE
        if is_guardian and (guardian_unsafe or any(one.knows_unsafe(rules) for one in line)):  # (1)
            yield by_age("consent.who", rules.unsafe)
        if given.grantor is Grantor.BEST_INTEREST_DECISION and not is_made_by_two(given.decision, rules.best_interest):
            yield by_age("consent.decision", rules.best_interest)  # (2)
        for band in bands:  # (3)
            yield from _against_age(given, band, rules)


def is_made_by_two(decision: BestInterest | None, rules: BestInterestRules) -> bool:
    """Say whether a best-interest decision stands: enough different workers, one of the sector, a known reason.

    Pseudonyms that differ in capitals alone are one person.
    """
    if decision is None or decision.reason not in rules.reasons:
        return False
    people = {worker.actor.casefold() for worker in decision.workers}
    return len(people) >= rules.workers and any(worker.sector == rules.sector for worker in decision.workers)


def _bands(stated: Sequence[AgeBand | None]) -> list[AgeBand]:
    """Return the ages that must permit: all that are stated, but what is known counts before what is not."""
    bands = {band for band in stated if band is not None}
    return sorted(bands - _NOT_KNOWN or bands)


def _against_age(given: Giving, band: AgeBand, rules: AgeRules) -> Iterator[Reason]:
    open_to = rules.ways_of[band, given.grantor]
    for way in open_to:
        if not way.assent or given.assent in way.assent:
            return
    yield by_age("consent.assent", open_to[0]) if open_to else by_age("consent.who", rules.ways[band][0])


def giving_document(given: Giving) -> dict[str, Any]:
    """Write how a consent was given with the names of the wire; what was not said is null."""
    return {
        "grantor": given.grantor.value,
        "age_band": given.age_band and given.age_band.value,
        "assent": given.assent and given.assent.value,
        "caregiver": given.caregiver and given.caregiver.value,
        "decision": decision_document(given.decision),
    }


def decision_document(decision: BestInterest | None) -> dict[str, Any] | None:
    """Write a best-interest decision with the names of the wire."""
    if decision is None:
        return None
    workers = [{"actor": worker.actor, "sector": worker.sector} for worker in decision.workers]
    return {"workers": workers, "reason": decision.reason, "at": to_wire(decision.at)}


def read_giving(document: Mapping[str, Any]) -> Giving:
    """Read what `giving_document` wrote, among other things. Raises `ValueError` and the like for anything else."""
    age_band, assent, caregiver = (document.get(name) for name in ("age_band", "assent", "caregiver"))
    return Giving(
        grantor=Grantor(document.get("grantor") or Grantor.SELF),
        age_band=None if age_band is None else AgeBand(age_band),
        assent=None if assent is None else Assent(assent),
        caregiver=None if caregiver is None else Caregiver(caregiver),
        decision=read_decision(document.get("decision")),
    )


def read_decision(document: Mapping[str, Any] | None) -> BestInterest | None:
    """Read what `decision_document` wrote. Raises as `read_giving` does."""
    if document is None:
        return None
    workers = tuple(Worker(worker["actor"], worker["sector"]) for worker in document["workers"])
    return BestInterest(workers, document["reason"], from_wire(document["at"]))
