"""What must hold of every consent and every disclosure (fact sheet section 11.2: INV-01, 02, 03, 10)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import event, given
from hypothesis import strategies as st

from shared.consent.decision import decide, decide_release
from shared.consent.grant import SERVICE, STATISTICS, Consent, Grant, Taking
from shared.consent.minimum import held_back
from shared.consent.narrowing import check_narrower, with_takings_above
from shared.consent.request import ConsentBasis, Disclosure, OtherBasis, Release
from shared.sop.model import (
    AgeBand,
    Compartment,
    LegalBasisKind,
    ReferralState,
    Stage,
    Urgency,
)
from tests.support.builders import (
    CONSENT_ID,
    DERIVED_ID,
    HOSPITAL,
    LEGAL_CENTRE,
    NOON,
    POLICE,
    REQUIRED,
    SHELTER,
    SUBJECT,
    a_disclosure,
    a_grant,
    a_release,
    a_service,
    a_sop,
    a_taking,
)

SERVICES = ("SOC-01", "LEG-02")
SOP = a_sop(
    services=tuple(
        a_service(code=code, required=frozenset({Compartment.SAFETY}), optional=REQUIRED) for code in SERVICES
    )
)
AGENCIES = (HOSPITAL, SHELTER, LEGAL_CENTRE, POLICE)
DATA = (*sorted(REQUIRED), Compartment.MEDICAL, Compartment.NOTE)

Value = TypeVar("Value")


def mostly(lawful: Value, anything: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """Draw the lawful value three times of four, so that enough examples are permitted."""
    return st.one_of(st.just(lawful), st.just(lawful), st.just(lawful), anything)


agencies = mostly(SHELTER, st.sampled_from(AGENCIES))
recipients = mostly(frozenset({SHELTER}), st.frozensets(st.sampled_from(AGENCIES)))
services = mostly(frozenset({"SOC-01"}), st.frozensets(st.sampled_from(SERVICES)))
compartments = st.frozensets(st.sampled_from(DATA))
granted = mostly(REQUIRED, compartments)
moments = mostly(NOON, st.integers(-3, 3).map(lambda days: NOON + timedelta(days=days)))
purposes = mostly(
    frozenset({SERVICE}), st.sampled_from((frozenset({SERVICE, STATISTICS}), frozenset({STATISTICS}), frozenset[str]()))
)
grants = st.builds(Grant, recipients=recipients, service_types=services, compartments=granted, onward=st.booleans())
takings = st.builds(
    Taking,
    at=moments,
    by=st.just("survivor"),
    recipients=st.none() | recipients,
    compartments=st.none() | compartments,
)


def consents_of(consent_id: str, *, recorder: str, derived_from: str | None) -> st.SearchStrategy[Consent]:
    """Draw any consent with this id and parent."""
    return st.builds(
        Consent,
        id=st.just(consent_id),
        subject=mostly(SUBJECT, st.just("s-other")),
        recorder=mostly(recorder, st.sampled_from(AGENCIES)),
        recorded_at=moments,
        valid_from=moments,
        valid_to=mostly(NOON + timedelta(days=2), moments),
        purposes=purposes,
        grants=mostly((a_grant(onward=True),), st.lists(grants, max_size=4).map(tuple)),
        withheld=mostly(frozenset(), compartments),
        derived_from=st.just(derived_from),
        takings=mostly((), st.lists(takings, max_size=2).map(tuple)),
    )


roots = consents_of(CONSENT_ID, recorder=HOSPITAL, derived_from=None)
children = consents_of(DERIVED_ID, recorder=SHELTER, derived_from=CONSENT_ID)
bases = st.just(ConsentBasis(CONSENT_ID))
others = st.builds(
    OtherBasis,
    kind=st.sampled_from(LegalBasisKind),
    article=mostly("Art 20", st.sampled_from(("", " "))),
    approver=mostly("duty-officer-7", st.just("")),
    notify_unsafe=st.booleans(),
)


def disclosures_on(basis: st.SearchStrategy[ConsentBasis | OtherBasis]) -> st.SearchStrategy[Disclosure]:
    """Draw any disclosure that rests on `basis`, lawful in what does not matter here."""
    return st.builds(
        replace,
        st.just(a_disclosure(recipient_services=frozenset(SERVICES))),
        sender=mostly(HOSPITAL, st.sampled_from(AGENCIES)),
        recipient=agencies,
        service_type=mostly("SOC-01", st.sampled_from(SERVICES)),
        age_band=st.sampled_from(AgeBand),
        compartments=compartments.map(lambda drawn: drawn | {Compartment.SAFETY}) | compartments,
        basis=basis,
        holds_parent=st.booleans(),
    )


releases = st.builds(
    replace,
    st.just(a_release()),
    recipient=agencies,
    service_type=mostly("SOC-01", st.sampled_from(SERVICES)),
    urgency=st.sampled_from(Urgency),
    compartment=st.sampled_from(DATA),
    stage=st.sampled_from(Stage),
    state=mostly(ReferralState.ACCEPTED, st.sampled_from(ReferralState)),
)


def may(question: Disclosure | Release, lineage: Iterable[Consent], at: datetime) -> bool:
    """Ask either question."""
    if isinstance(question, Disclosure):
        return decide(question, lineage=tuple(lineage), sop=SOP, at=at).permitted
    return decide_release(question, lineage=tuple(lineage), sop=SOP, at=at).permitted


def permits(question: Disclosure | Release, lineage: Iterable[Consent], at: datetime) -> bool:
    """Ask, and count the answer, so that the statistics show both kinds."""
    permitted = may(question, lineage, at)
    event("permitted" if permitted else "refused")
    return permitted


questions = disclosures_on(bases) | releases


def asked_for(question: Disclosure | Release) -> frozenset[Compartment]:
    """Return the compartments in question; a note is none of the case."""
    if isinstance(question, Disclosure):
        return question.compartments
    return frozenset({question.compartment}) - {Compartment.NOTE}


@given(questions, roots, moments)
def test_what_is_permitted_was_granted_to_this_recipient_and_not_withheld(
    question: Disclosure | Release, consent: Consent, at: datetime
) -> None:
    """INV-01 and INV-02, against a plain reading of the grants."""
    if not permits(question, (consent,), at):
        return
    for compartment in asked_for(question):
        assert compartment in SOP.services[question.service_type].allowed
        assert compartment not in consent.withheld
        assert any(
            question.recipient in grant.recipients
            and question.service_type in grant.service_types
            and compartment in grant.compartments
            for grant in consent.grants
        )


@given(questions, roots, moments)
def test_what_is_permitted_is_for_this_subject_and_purpose_and_in_its_period(
    question: Disclosure | Release, consent: Consent, at: datetime
) -> None:
    if not permits(question, (consent,), at):
        return
    assert consent.subject == question.subject
    assert SERVICE in consent.purposes
    assert consent.valid_from <= at < consent.valid_to


@given(questions, roots, moments, moments)
def test_nothing_is_read_after_consent_was_revoked(
    question: Disclosure | Release, consent: Consent, taken_at: datetime, at: datetime
) -> None:
    """INV-03: for all, and for the one recipient."""
    for scope in (None, frozenset({question.recipient})):
        revoked = replace(consent, takings=(*consent.takings, a_taking(at=taken_at, recipients=scope)))
        assert not may(question, (revoked,), at)


@given(questions, roots, takings, moments)
def test_taking_back_never_permits_more(
    question: Disclosure | Release, consent: Consent, taking: Taking, at: datetime
) -> None:
    less = replace(consent, takings=(*consent.takings, taking))
    assert may(question, (consent,), at) or not may(question, (less,), at)


@given(questions, roots, compartments, st.data(), moments)
def test_narrowing_never_permits_more(
    question: Disclosure | Release,
    consent: Consent,
    withheld: frozenset[Compartment],
    data: st.DataObject,
    at: datetime,
) -> None:
    kept = tuple(
        replace(
            grant,
            recipients=grant.recipients & data.draw(recipients),
            service_types=grant.service_types & data.draw(services),
            compartments=grant.compartments & data.draw(compartments),
            onward=grant.onward and data.draw(st.booleans()),
        )
        for grant in consent.grants[: data.draw(st.integers(0, 4))]
    )
    narrower = replace(
        consent,
        grants=kept,
        withheld=consent.withheld | withheld,
        valid_from=max(consent.valid_from, data.draw(moments)),
        valid_to=min(consent.valid_to, data.draw(moments)),
    )
    assert may(question, (consent,), at) or not may(question, (narrower,), at)


@given(questions, roots, moments, st.sampled_from(("grants", "recipients", "service_types", "compartments")))
def test_an_empty_grant_permits_nothing(
    question: Disclosure | Release, consent: Consent, at: datetime, emptied: str
) -> None:
    nothing: dict[str, Any] = {emptied: frozenset()}
    kept = () if emptied == "grants" else tuple(replace(grant, **nothing) for grant in consent.grants)
    assert not may(question, (replace(consent, grants=kept),), at)


@given(disclosures_on(bases), st.lists(children | roots, max_size=3), moments)
def test_nothing_at_all_is_never_permitted(disclosure: Disclosure, lineage: list[Consent], at: datetime) -> None:
    assert not may(replace(disclosure, compartments=frozenset()), lineage, at)
    assert not may(disclosure, (), at)


@given(questions, roots, st.data(), moments)
def test_the_order_of_grants_and_takings_does_not_matter(
    question: Disclosure | Release, consent: Consent, data: st.DataObject, at: datetime
) -> None:
    shuffled = replace(
        consent,
        grants=tuple(data.draw(st.permutations(consent.grants))),
        takings=tuple(data.draw(st.permutations(consent.takings))),
    )
    assert may(question, (consent,), at) == may(question, (shuffled,), at)


@given(questions, children, roots, moments)
def test_a_derived_consent_never_permits_what_the_root_does_not(
    question: Disclosure | Release, child: Consent, root: Consent, at: datetime
) -> None:
    derived = replace(question, basis=ConsentBasis(DERIVED_ID))
    assert may(question, (root,), at) or not may(derived, (child, root), at)


@given(children, roots, agencies)
def test_a_consent_that_passed_as_narrower_grants_nobody_more(child: Consent, root: Consent, deriver: str) -> None:
    passed = not check_narrower(child, root, deriver=deriver, sop=SOP)
    event("passed" if passed else "refused")
    no_more = all(
        child.allowed(agency, service) <= root.allowed(agency, service) for agency in AGENCIES for service in SERVICES
    )
    no_further = all(root.may_pass_on(agency) or not child.may_pass_on(agency) for agency in AGENCIES)
    no_longer = root.valid_from <= child.valid_from and child.valid_to <= root.valid_to
    assert not passed or (no_more and no_further and no_longer)


@given(children, roots, takings)
def test_what_is_taken_back_above_a_narrower_consent_leaves_of_it_what_both_allow(
    child: Consent, root: Consent, taking: Taking
) -> None:
    passed = not check_narrower(child, root, deriver=child.recorder, sop=SOP)
    event("passed" if passed else "refused")
    after = replace(root, takings=(*root.takings, taking))
    stands = with_takings_above(child, [after])
    assert not passed or all(
        stands.allowed(agency, service) == child.allowed(agency, service) & after.allowed(agency, service)
        for agency in AGENCIES
        for service in SERVICES
    )


@given(roots, moments)
def test_a_consent_never_widens_itself_by_being_its_own_parent(consent: Consent, at: datetime) -> None:
    circle = replace(consent, derived_from=consent.id)
    assert not may(a_disclosure(), (circle,), at)
    assert not may(a_disclosure(), (circle, circle), at)


@given(disclosures_on(others), moments)
def test_every_disclosure_without_consent_has_a_ground_an_article_and_an_approver(
    disclosure: Disclosure, at: datetime
) -> None:
    """INV-10."""
    permitted = permits(disclosure, (), at)
    basis = disclosure.basis
    assert isinstance(basis, OtherBasis)
    lawful = (
        basis.kind is not LegalBasisKind.CONSENT
        and bool(basis.article.strip() and basis.approver.strip())
        and disclosure.compartments <= SOP.legal_bases[basis.kind].maximum
    )
    assert lawful or not permitted


@given(disclosures_on(bases) | disclosures_on(others), roots)
def test_what_is_not_held_back_has_no_fault_in_its_data(disclosure: Disclosure, consent: Consent) -> None:
    held = held_back(
        disclosure.compartments,
        recipient=disclosure.recipient,
        service=SOP.services[disclosure.service_type],
        basis=disclosure.basis,
        lineage=(consent,),
        sop=SOP,
    )
    rest = replace(disclosure, compartments=disclosure.compartments - held.keys())
    codes = {reason.code for reason in decide(rest, lineage=(consent,), sop=SOP, at=NOON).reasons}
    assert "sop.compartment-forbidden" not in codes
    assert "basis.maximum" not in codes
    if rest.compartments:
        assert not codes & {"consent.compartment", "consent.revoked", "consent.recipient", "consent.service"}
