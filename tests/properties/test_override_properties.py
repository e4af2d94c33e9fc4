"""No disclosure without consent but with article and approver, and never more than its ground carries (INV-10).

Asked of the real procedure, for every service type, ground, age band and set of compartments; and of the release,
however time passes and whoever confirms.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from shared.consent.decision import ACCEPTED_STATES, decide, decide_release
from shared.consent.request import Disclosure, OtherBasis, Release
from shared.sop.loader import load_sop
from shared.sop.model import AgeBand, Compartment, LegalBasisKind, Stage, Urgency
from tests.support.builders import HOSPITAL, NOON, SHELTER, SUBJECT

SOP = load_sop()
texts = st.one_of(st.just("Art 19"), st.just("Art 19"), st.just("Art 20"), st.sampled_from(("", " ", "\t")))
bases = st.builds(
    OtherBasis, kind=st.sampled_from(LegalBasisKind), article=texts, approver=texts, notify_unsafe=st.booleans()
)


@st.composite
def disclosures(draw: st.DrawFn) -> Disclosure:
    """Draw a disclosure that is lawful in everything but its ground, what it carries and of whom it is."""
    service = SOP.services[draw(st.sampled_from(sorted(SOP.services)))]
    admitted = sorted(service.legal_bases - {LegalBasisKind.CONSENT}) or sorted(LegalBasisKind)
    basis = replace(draw(bases), kind=draw(st.one_of(st.sampled_from(admitted), st.sampled_from(LegalBasisKind))))
    ground = SOP.legal_bases[basis.kind]
    lawful = frozenset(service.demanded(ground.maximum))
    carried = draw(st.one_of(st.just(lawful), st.frozensets(st.sampled_from(sorted(Compartment))).map(lawful.union)))
    facts = {
        test.fact: (sorted(test.one_of, key=str)[0] if test.one_of else True)
        for condition in service.preconditions
        for test in (*condition.when, *condition.any_of[:1])
    }
    return Disclosure(
        sender=HOSPITAL,
        sender_sectors=frozenset(map(str, service.senders)),
        recipient=SHELTER,
        recipient_services=frozenset({service.code}),
        recipient_areas=frozenset({"38"}),
        subject=SUBJECT,
        service_type=service.code,
        urgency=service.urgency,
        phoned_first=True,
        age_band=draw(st.sampled_from(AgeBand)),
        area="38",
        area_province=None,
        facts=facts,
        compartments=carried,
        basis=basis,
        holds_parent=draw(st.booleans()),
        blocked=False,
    )


@given(disclosures())
def test_no_disclosure_without_consent_lacks_article_or_approver_or_goes_beyond_its_ground(drawn: Disclosure) -> None:
    decision = decide(drawn, lineage=(), sop=SOP, at=NOON)
    event(f"permitted={decision.permitted}")
    if not decision.permitted:
        return
    basis, service = drawn.basis, SOP.services[drawn.service_type]
    assert isinstance(basis, OtherBasis)
    assert basis.kind is not LegalBasisKind.CONSENT
    assert basis.kind in service.legal_bases
    assert basis.article.strip()
    assert basis.approver.strip()
    assert drawn.compartments <= SOP.legal_bases[basis.kind].maximum & service.allowed
    assert basis.kind is not LegalBasisKind.BEST_INTEREST_CHILD or drawn.age_band is not AgeBand.ADULT


@given(
    st.sampled_from(sorted(Compartment)),
    st.sampled_from(sorted(SOP.services)),
    bases,
    st.sampled_from(sorted(ACCEPTED_STATES)),
    st.integers(-3, 3),
)
def test_no_half_is_released_beyond_the_ground_or_after_access_has_ended(
    compartment: Compartment, service: str, basis: OtherBasis, state: str, hours: int
) -> None:
    release = Release(
        recipient=SHELTER,
        subject=SUBJECT,
        service_type=service,
        urgency=Urgency.URGENT,
        age_band=AgeBand.UNKNOWN,
        compartment=compartment,
        stage=Stage.ACCEPTED,
        state=next(one for one in ACCEPTED_STATES if one == state),
        basis=basis,
        blocked=False,
        basis_ends_at=NOON,
    )
    decision = decide_release(release, lineage=(), sop=SOP, at=NOON + timedelta(hours=hours))
    assert ("basis.unconfirmed" in {reason.code for reason in decision.reasons}) is (hours >= 0)
    if decision.permitted:
        assert hours < 0
        assert compartment in SOP.legal_bases[basis.kind].maximum
        assert basis.article.strip()
        assert basis.approver.strip()
