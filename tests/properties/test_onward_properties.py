"""Random chains of referrals under one root consent: whatever is derived from it and referred on, it stays inside it.

The model admits exactly as the gateway does, by `decide` and `check_narrower`; the properties are said apart from them,
over the root consent alone (fact sheet section 11.2: INV-01, INV-02).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from hypothesis import event, given, settings
from hypothesis import strategies as st

from shared.consent.decision import decide
from shared.consent.grant import SERVICE, Consent, Grant, Taking
from shared.consent.narrowing import check_narrower
from shared.consent.request import ConsentBasis, Disclosure
from shared.sop.model import AgeBand, Compartment, Urgency
from tests.support.builders import NOON, a_service, a_sop

DEPTH = BREADTH = 10
AGENCIES = tuple(f"agency-{number}" for number in range(DEPTH + 1))
SERVICES = ("SOC-01", "LEG-02")
DATA = (Compartment.SAFETY, Compartment.CONTACT, Compartment.IDENTITY, Compartment.INCIDENT, Compartment.LEGAL)
EVERYTHING = frozenset(DATA)
SOP = a_sop(
    services=tuple(
        a_service(code=code, required=frozenset({Compartment.SAFETY}), optional=EVERYTHING - {Compartment.SAFETY})
        for code in SERVICES
    )
)
SUBJECT = "her-case"

Value = TypeVar("Value")

some_data = st.frozensets(st.sampled_from(DATA))
some_agencies = st.frozensets(st.sampled_from(AGENCIES), min_size=1)
some_services = st.frozensets(st.sampled_from(SERVICES), min_size=1)
grants = st.builds(
    Grant,
    recipients=st.just(frozenset(AGENCIES)) | some_agencies,
    service_types=st.just(frozenset(SERVICES)) | some_services,
    compartments=st.just(EVERYTHING) | some_data,
    onward=st.sampled_from((True, True, False)),
)


@dataclass(frozen=True)
class Sent:
    """A referral that was admitted."""

    sender: str
    recipient: str
    service: str
    data: frozenset[Compartment]
    consent_id: str
    depth: int


@dataclass
class Case:
    """Her case: the consents in the order of their recording, the root first, and what was referred under them."""

    consents: dict[str, Consent]
    sent: list[Sent] = field(default_factory=list)

    @property
    def root(self) -> Consent:
        return next(iter(self.consents.values()))

    def lineage(self, consent_id: str | None) -> tuple[Consent, ...]:
        line: list[Consent] = []
        while consent_id is not None:
            line.append(self.consents[consent_id])
            consent_id = line[-1].derived_from
        return tuple(line)

    def derive(self, deriver: str, parent: Consent, narrower: tuple[Grant, ...]) -> bool:
        """Record a derived consent if that is lawful."""
        child = replace(
            parent, id=f"c{len(self.consents)}", recorder=deriver, grants=narrower, derived_from=parent.id, takings=()
        )
        lawful = not check_narrower(child, parent, deriver=deriver, sop=SOP)
        if lawful:
            self.consents[child.id] = child
        return lawful

    def refer(
        self,
        sender: str,
        recipient: str,
        *,
        service: str,
        data: frozenset[Compartment],
        consent_id: str,
        parent: Sent | None,
    ) -> bool:
        """Refer her if that is permitted."""
        disclosure = Disclosure(
            sender=sender,
            sender_sectors=frozenset({"health"}),
            recipient=recipient,
            recipient_services=frozenset(SERVICES),
            recipient_areas=frozenset({"38"}),
            subject=SUBJECT,
            service_type=service,
            urgency=Urgency.PROMPT,
            phoned_first=False,
            age_band=AgeBand.ADULT,
            area="38",
            area_province=None,
            facts={},
            compartments=data,
            basis=ConsentBasis(consent_id),
            holds_parent=parent is not None and parent.recipient == sender,
            blocked=False,
        )
        permitted = decide(disclosure, lineage=self.lineage(consent_id), sop=SOP, at=NOON).permitted
        if permitted:
            depth = parent.depth + 1 if parent else 1
            self.sent.append(Sent(sender, recipient, service, data, consent_id, depth))
        return permitted


def a_case(root_grants: tuple[Grant, ...], withheld: frozenset[Compartment] = frozenset()) -> Case:
    """A case with its root consent."""
    root = Consent(
        id="c0",
        subject=SUBJECT,
        recorder=AGENCIES[0],
        recorded_at=NOON,
        valid_from=NOON - timedelta(days=1),
        valid_to=NOON + timedelta(days=1),
        purposes=frozenset({SERVICE}),
        grants=root_grants,
        withheld=withheld,
        derived_from=None,
        takings=(),
    )
    return Case({root.id: root})


def granted_by_hand(consent: Consent, recipient: str, service: str) -> set[Compartment]:
    """What a consent gives, worked out compartment by compartment and grant by grant."""
    return {
        name
        for grant in consent.grants
        for name in grant.compartments
        if recipient in grant.recipients and service in grant.service_types and name not in consent.withheld
    } - {
        name
        for taking in consent.takings
        if not taking.recipients or recipient in taking.recipients
        for name in (taking.compartments or EVERYTHING)
    }


def may_speak_for(root: Consent, agency: str) -> bool:
    """Say whether an agency recorded the root, or was given it with leave to refer on."""
    return agency == root.recorder or any(agency in grant.recipients and grant.onward for grant in root.grants)


WIDE = Grant(frozenset(AGENCIES), frozenset(SERVICES), EVERYTHING, onward=True)
roots = st.just([WIDE]) | st.lists(grants, min_size=1, max_size=3)


@given(data=st.data(), root=roots, withheld=st.just(frozenset()) | some_data)
@settings(max_examples=2 * settings.default.max_examples)
def test_nothing_referred_on_carries_what_the_root_did_not_allow(
    data: st.DataObject, root: list[Grant], withheld: frozenset[Compartment]
) -> None:
    case = a_case(tuple(root), withheld)
    for _ in range(data.draw(st.integers(5, 25), label="steps")):
        act = data.draw(st.sampled_from((*["refer"] * 8, "derive", "derive", "take")), label="act")
        consent = data.draw(st.sampled_from(sorted(case.consents)), label="consent")
        if act == "derive":
            derive_something(case, data, case.consents[consent])
        elif act == "take":
            take_something(case, data, consent)
        else:
            refer_somewhere(case, data, consent)
    event(f"deepest chain {max((sent.depth for sent in case.sent), default=0)}")
    event(f"derived consents {min(len(case.consents) - 1, 5)}")


def refer_somewhere(case: Case, data: st.DataObject, consent_id: str) -> None:
    """Refer on from a referral, most often as is lawful, so that chains grow deep; and often not, to try the fence."""
    last = case.sent[-1] if case.sent else None
    parent = data.draw(mostly(last, [None, *case.sent[-5:]]), label="parent")
    speaker = parent.recipient if parent else case.consents[consent_id].recorder
    sender = data.draw(mostly(speaker, AGENCIES), label="sender")
    service = data.draw(st.sampled_from(SERVICES), label="service")
    wanted = [one for one in AGENCIES if allowed_by_all(case, consent_id, one, service)]
    recipient = data.draw(st.sampled_from(wanted or AGENCIES) | st.sampled_from(AGENCIES), label="recipient")
    allowed = allowed_by_all(case, consent_id, recipient, service)
    parts = data.draw(mostly(allowed, [EVERYTHING]) | some_data, label="data")
    if case.refer(sender, recipient, service=service, data=parts, consent_id=consent_id, parent=parent):
        assert parts <= granted_by_hand(case.root, recipient, service)
        assert parts <= allowed
        assert may_speak_for(case.root, sender)


def mostly(lawful: Value, anything: Sequence[Value]) -> st.SearchStrategy[Value]:
    """Draw the lawful value three times of four."""
    return st.one_of(*[st.just(lawful)] * 3, st.sampled_from(anything))


def allowed_by_all(case: Case, consent_id: str, recipient: str, service: str) -> frozenset[Compartment]:
    """What every member of a line of consents gives."""
    given = [granted_by_hand(member, recipient, service) for member in case.lineage(consent_id)]
    return frozenset(set[Compartment](DATA).intersection(*given))


def derive_something(case: Case, data: st.DataObject, parent: Consent) -> None:
    deriver = data.draw(mostly(case.sent[-1].recipient if case.sent else parent.recorder, AGENCIES), label="deriver")
    narrower = data.draw(st.just(parent.grants) | st.lists(grants, min_size=1, max_size=2).map(tuple), label="grants")
    untouched = replace(case.root, takings=())  # what is taken back of an ancestor stops the use, not the recording
    if case.derive(deriver, parent, narrower):
        assert may_speak_for(case.root, deriver)
        for grant in narrower:
            for recipient in grant.recipients:
                for service in grant.service_types:
                    left = grant.compartments - parent.withheld
                    assert left <= granted_by_hand(parent, recipient, service)
                    assert left <= granted_by_hand(untouched, recipient, service)


def take_something(case: Case, data: st.DataObject, consent_id: str) -> None:
    taking = Taking(
        at=NOON,
        by="survivor",
        recipients=data.draw(st.none() | some_agencies, label="taken from"),
        compartments=data.draw(st.none() | some_data, label="taken"),
    )
    known = case.consents[consent_id]
    case.consents[consent_id] = replace(known, takings=(*known.takings, taking))


def test_ten_hops_by_ten_wide_stay_inside_the_root_and_end_with_it() -> None:
    everybody = Grant(frozenset(AGENCIES), frozenset(SERVICES), EVERYTHING - {Compartment.LEGAL}, onward=True)
    case = a_case((everybody,))
    parent: Sent | None = None
    consent_id = case.root.id
    for depth in range(1, DEPTH + 1):
        sender = AGENCIES[depth - 1]
        for recipient in (*AGENCIES[depth + 1 :], *AGENCIES[: depth - 1], AGENCIES[depth]):
            permitted = case.refer(
                sender,
                recipient,
                service=SERVICES[0],
                data=EVERYTHING - {Compartment.LEGAL},
                consent_id=consent_id,
                parent=parent,
            )
            assert permitted, (depth, recipient)
        parent = case.sent[-1]
        assert not case.refer(
            parent.recipient, AGENCIES[0], service=SERVICES[0], data=EVERYTHING, consent_id=consent_id, parent=parent
        )
        assert case.derive(parent.recipient, case.consents[consent_id], (everybody,))
        consent_id = f"c{depth}"
    assert {sent.depth for sent in case.sent} == set(range(1, DEPTH + 1))
    assert len(case.sent) == DEPTH * BREADTH
    case.consents["c0"] = replace(case.root, takings=(Taking(NOON, "survivor", None, None),))
    for sent in case.sent:
        again = case.refer(
            sent.sender, sent.recipient, service=sent.service, data=sent.data, consent_id=sent.consent_id, parent=None
        )
        assert not again
