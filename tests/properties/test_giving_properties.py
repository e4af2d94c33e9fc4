"""Whatever is written into a consent: who is not safe, not asked, or not two, does not consent for a child."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.consent.decision import decide, decide_release
from shared.consent.giving import GUARDIAN_UNSAFE, GUARDIANS, BestInterest, Giving, Worker
from shared.consent.grant import Consent
from shared.consent.narrowing import check_narrower
from shared.sop.model import AgeBand, Assent, Caregiver, Grantor, LegalBasisKind
from tests.support.builders import (
    CONSENT_ID,
    DERIVED_ID,
    NOON,
    a_consent,
    a_disclosure,
    a_grant,
    a_legal_basis,
    a_release,
    a_service,
    a_sop,
    another_basis,
)

SOP = a_sop(
    services=(a_service(),),
    legal_bases={
        kind: replace(a_legal_basis(kind=kind), needs_decision=kind is LegalBasisKind.BEST_INTEREST_CHILD)
        for kind in LegalBasisKind
    },
)
YOUNG = (AgeBand.UNDER_6, AgeBand.FROM_6, AgeBand.FROM_12, AgeBand.UNKNOWN)

workers = st.builds(Worker, st.sampled_from(["a-1", "A-1", "b-2", "c-3"]), st.sampled_from(["social", "health"]))
decisions = st.builds(
    BestInterest,
    st.lists(workers, max_size=3).map(tuple),
    st.sampled_from([*SOP.ages.best_interest.reasons, "it_was_late"]),
    st.just(NOON),
)
givings = st.builds(
    Giving,
    grantor=st.sampled_from(Grantor),
    age_band=st.none() | st.sampled_from(AgeBand),
    assent=st.none() | st.sampled_from(Assent),
    caregiver=st.none() | st.sampled_from(Caregiver),
    decision=st.none() | decisions,
)
bands = st.sampled_from(AgeBand)
flags = st.booleans()


def may(line: Iterable[Giving], band: AgeBand, *, unsafe: bool = False) -> bool:
    """Whether a referral at this age is permitted under a line of consents that allow everything else."""
    lineage = _lineage(tuple(line))
    facts = {GUARDIAN_UNSAFE: True} if unsafe else {}
    return decide(a_disclosure(age_band=band, facts=facts), lineage=lineage, sop=SOP, at=NOON).permitted


def _lineage(line: tuple[Giving, ...]) -> tuple[Consent, ...]:
    if len(line) == 1:
        return (a_consent(given=line[0]),)
    nearest = a_consent(given=line[0], derived_from=DERIVED_ID)
    return (nearest, a_consent(id=DERIVED_ID, given=line[1]))


@given(givings, bands, flags)
def test_an_unsafe_caregiver_never_consents(given: Giving, band: AgeBand, unsafe: bool) -> None:
    if given.grantor in GUARDIANS and (given.caregiver is Caregiver.UNSAFE or unsafe):
        assert not may([given], band, unsafe=unsafe) or given.caregiver is Caregiver.ANOTHER_UNSAFE


@given(givings, givings, bands)
def test_nor_through_a_consent_derived_from_one_that_knows_him(his: Giving, above: Giving, band: AgeBand) -> None:
    his = replace(his, grantor=Grantor.PARENT, caregiver=Caregiver.SAFE)
    if above.knows_unsafe(SOP.ages):
        assert not may([his, above], band)
        assert not may([above, his], band)


@given(givings, bands, flags)
def test_a_single_worker_never_makes_a_best_interest_decision(given: Giving, band: AgeBand, unsafe: bool) -> None:
    people = {worker.actor.casefold() for worker in given.decision.workers} if given.decision else set()
    given = replace(given, grantor=Grantor.BEST_INTEREST_DECISION)
    if len(people) < 2:
        assert not may([given], band, unsafe=unsafe)
        basis = another_basis(kind=LegalBasisKind.BEST_INTEREST_CHILD)
        without_consent = a_disclosure(age_band=band, basis=replace(basis, decision=given.decision))
        assert not decide(without_consent, lineage=(), sop=SOP, at=NOON).permitted


@given(givings, flags)
def test_an_unknown_age_is_never_treated_better_than_a_childs(given: Giving, unsafe: bool) -> None:
    unstated = replace(given, age_band=None)
    if may([unstated], AgeBand.UNKNOWN, unsafe=unsafe):
        assert given.grantor is not Grantor.SELF
        assert may([unstated], AgeBand.FROM_12, unsafe=unsafe) or given.assent is Assent.UNABLE


@given(givings, st.sampled_from(YOUNG))
def test_no_child_consents_alone(given: Giving, band: AgeBand) -> None:
    assert not may([replace(given, grantor=Grantor.SELF, age_band=None)], band)


@given(givings, bands, bands)
def test_where_two_ages_are_stated_each_must_permit(given: Giving, stated: AgeBand, referred: AgeBand) -> None:
    both = may([replace(given, age_band=stated)], referred)
    each = [may([replace(given, age_band=None)], band) for band in (stated, referred) if band is not AgeBand.UNKNOWN]
    assert both == all(each or [may([replace(given, age_band=None)], AgeBand.UNKNOWN)])


@given(givings, bands, flags)
def test_what_may_not_be_sent_is_not_opened_either(given: Giving, band: AgeBand, unsafe: bool) -> None:
    release = a_release(age_band=band, guardian_unsafe=unsafe)
    opened = decide_release(release, lineage=(a_consent(given=given),), sop=SOP, at=NOON).permitted
    assert opened == may([given], band, unsafe=unsafe)


@given(givings, givings)
def test_who_gave_it_makes_no_consent_wider_or_narrower(one: Giving, other: Giving) -> None:
    child, parent = a_consent(id=DERIVED_ID, derived_from=CONSENT_ID, grants=(a_grant(),)), a_consent()
    plain = check_narrower(child, parent, deriver=child.recorder, sop=SOP)
    given = check_narrower(replace(child, given=one), replace(parent, given=other), deriver=child.recorder, sop=SOP)
    assert plain == given == ()
