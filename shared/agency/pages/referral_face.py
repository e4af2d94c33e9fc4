"""What the page of a referral shows, gathered from what this service and the gateway know; nothing here opens anything.

Promises that the page is there while the gateway is away: what only the gateway knows is left out then, and said so.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from shared.agency.directory import BRIEFLY
from shared.agency.office import Office
from shared.agency.pages.desk import PageDesk
from shared.agency.pages.referral_chain import Picture, agencies_of, picture_of
from shared.agency.pages.referral_values import Fact, Said, Speaker
from shared.agency.pages.referral_verbs import VerbLink, verbs_of
from shared.agency.pages.referral_words import DUTIES, HAPPENINGS, OWN_STATES
from shared.agency.records import Assignment, Box, Referral
from shared.agency.sector.clocks import clocks_of, shown_clocks
from shared.agency.sector.rulebook import Rulebook
from shared.agency.settling import SYSTEM
from shared.agency.standing import open_duties
from shared.consent.decision import ACCEPTED_STATES
from shared.kernel.errors import MeshError
from shared.kernel.identifiers import GATEWAY
from shared.pages.catalogue import N_
from shared.pages.code_words import code_word
from shared.people.records import Account, Person
from shared.referral.number import spoken
from shared.sop.model import Compartment, LegalBasisKind, Name, ReferralState, ServiceType, Sop, Urgency, UrgencyLevel

T = TypeVar("T")

_CONSENT: Final = "consent"
_AT_WORK: Final = ACCEPTED_STATES | {ReferralState.COMPLETED}
_UNHELPED: Final = frozenset({ReferralState.DECLINED, ReferralState.FAILED, ReferralState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Duty:
    """One of the four duties, with its limit and whether it is still open."""

    label: str
    due_at: str
    open: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the timeline."""

    at: str
    what: Said
    by: Said
    actor: Said | None
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Ground:
    """On what the disclosure rests: a consent with its last day, or a law."""

    name: Name | None
    article: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Everything that a page of a referral shows, but for what is closed."""

    referral: Referral
    shown: Mapping[str, Any]
    service: ServiceType
    level: UrgencyLevel
    state: Said
    sender: Said
    recipient: Said
    area: Said
    age: Name | str
    staff_gender: str
    tongue: Name | str
    facts: Sequence[Fact]
    ground: Ground
    duties: Sequence[Duty]
    clocks: Sequence[Mapping[str, Any]]
    timeline: Sequence[Moment]
    verbs: Sequence[VerbLink]
    chain: Picture | None
    waiting: int
    holder: str | None
    mine: bool
    here: frozenset[str]

    @property
    def own_consent(self) -> str | None:
        """The consent that this agency recorded for a referral that begins with it: to print, or to take back."""
        referral = self.referral
        return referral.consent_id if referral.box == Box.SENT and referral.parent_id is None else None

    @property
    def number(self) -> str:
        """The number that is read over the telephone."""
        return spoken(self.referral.number)

    @property
    def onward(self) -> bool:
        """Whether somebody may refer her onward from here: the case is being worked on."""
        return self.received and self.referral.state in _AT_WORK

    @property
    def again(self) -> bool:
        """Whether another agency may be asked in the place of one that did not help."""
        return not self.received and self.referral.state in _UNHELPED and self.referral.rerouted_to is None

    @property
    def received(self) -> bool:
        """Whether this agency is the one that is asked."""
        return self.referral.box == Box.RECEIVED


async def face_of(desk: PageDesk, person: Person, referral_id: str, *, with_chain: bool = False) -> Face:
    """Gather the face of a referral for a visitor. Raises `NotFound`."""
    office, visitor = desk.practice.office, desk.visitor(person)
    shown = await desk.practice.reader.outline(visitor, referral_id)
    referral = await office.referral(referral_id, visitor.actor, visitor.pseudonym)
    clocks, waiting, held, near = await office.store.read(
        lambda reading: (
            clocks_of(reading, referral_id),
            sum(one.lane == referral_id for one in reading.waiting_letters()),
            reading.get(Assignment, referral_id),
            reading.many(Referral, _linked(shown)),
        )
    )
    chain, valid_to = await asyncio.gather(
        _chain(office, referral.chain_id) if with_chain else _nothing(), _valid_to(office, referral)
    )
    speaker = await speaker_for(desk, _agencies(shown) | agencies_of(chain or ()))
    return Face(
        referral=referral,
        shown=shown,
        service=office.sop.services[referral.service_type],
        level=office.sop.urgencies[Urgency(referral.urgency)],
        state=state_said(referral.state, office.sop),
        sender=speaker.agency(referral.sender),
        recipient=speaker.agency(referral.recipient),
        area=_area(referral.area, office.sop),
        age=code_word("age_band", referral.age_band, {}),
        staff_gender=str(referral.preferences.get("staff_gender", "any")),
        tongue=_tongue(str(referral.preferences.get("language", "vi")), office.sop),
        facts=speaker.envelope(referral.facts),
        ground=_ground(referral, office.sop, valid_to),
        duties=_duties(referral),
        clocks=_named(shown_clocks(clocks, office.rulebook, at=office.clock.now()), office.rulebook),
        timeline=[_moment(one, speaker, office.agency_id) for one in shown["history"]],
        verbs=verbs_of(office.sop, referral, shown["compartments"]),
        chain=None if chain is None else picture_of(chain, speaker, office.sop, here=referral_id),
        waiting=waiting,
        holder=None if held is None else speaker.people.get(held.holder, held.holder),
        mine=held is not None and held.holder == person.pseudonym,
        here=frozenset(one.referral_id for one in near),
    )


async def speaker_for(desk: PageDesk, agencies: Iterable[str]) -> Speaker:
    """Return who says the facts of a referral: with the names of colleagues and of these agencies."""
    office = desk.practice.office
    wanted = sorted({*agencies} - {GATEWAY})
    names = await asyncio.gather(*[_briefly(_name(office, one)) for one in wanted])
    known = {one: name for one, name in zip(wanted, names, strict=True) if name is not None}
    return Speaker(office.sop, await colleagues(desk), known)


async def colleagues(desk: PageDesk) -> Mapping[str, str]:
    """Return the names of the people of this agency by pseudonym; those who left too, for the timeline."""
    accounts = await desk.front.people.read(lambda reading: reading.find(Account))
    return {one.pseudonym: one.name for one in accounts}


def state_said(state: str, sop: Sop) -> Said:
    """Return a state in words."""
    if state in OWN_STATES:
        return Said("text", OWN_STATES[state])
    return Said("name", sop.state_names[ReferralState(state)])


async def _chain(office: Office, chain_id: str) -> Sequence[Mapping[str, Any]] | None:
    answer = await _briefly(office.hub.get(f"/v1/chains/{chain_id}"))
    return None if answer is None else answer.get("referrals", ())


async def _nothing() -> None:
    return None


async def _valid_to(office: Office, referral: Referral) -> str | None:
    consent = None if referral.consent_id is None else await _briefly(office.grants.consent(referral.consent_id))
    return None if consent is None else consent.valid_to.isoformat()


async def _name(office: Office, agency_id: str) -> Name | None:
    name = (await office.directory.entry(agency_id)).document.get("name")
    return Name(vi=str(name["vi"]), en=str(name["en"])) if name else None


async def _briefly(asked: Awaitable[T]) -> T | None:
    """Return what was asked, or None when it cannot be told now."""
    try:
        async with asyncio.timeout(BRIEFLY):
            return await asked
    except (MeshError, TimeoutError):
        return None


def _agencies(shown: Mapping[str, Any]) -> set[str]:
    named = {str(one["data"]["alternative"]) for one in shown["history"] if "alternative" in one["data"]}
    return {shown["sender"], shown["recipient"], *(one["by"] for one in shown["history"]), *named}


def _linked(shown: Mapping[str, Any]) -> list[str]:
    """Return the referrals that a page might lead to: some of them may be between other agencies."""
    named = [shown[name] for name in ("parent_id", "linked_id", "replaces", "rerouted_to")]
    return [one for one in (*named, *shown["linked"]) if one is not None]


def _area(code: str, sop: Sop) -> Said:
    province = sop.provinces.get(code)
    return Said("raw", province.name if province else code)


def _tongue(tag: str, sop: Sop) -> Name | str:
    """Return the name of the language she speaks, as the form of her preferences calls it."""
    return code_word("language", tag, sop.schemas[Compartment.PREFERENCES]["properties"]["language"])


def _ground(referral: Referral, sop: Sop, valid_to: str | None) -> Ground:
    kind = str(referral.basis.get("kind"))
    if kind == _CONSENT:
        return Ground(None, valid_to=valid_to)
    return Ground(sop.legal_bases[LegalBasisKind(kind)].name, article=referral.basis.get("article"))


def _duties(referral: Referral) -> list[Duty]:
    still_open = {phase.value for phase in open_duties(referral.state)}
    due = referral.due
    return [Duty(says, due[phase], phase in still_open) for phase, says in DUTIES.items() if phase in due]


def _named(clocks: Sequence[Mapping[str, Any]], rulebook: Rulebook) -> list[Mapping[str, Any]]:
    return [{**one, "says": rulebook.name(one["rule"])} for one in clocks]


def _moment(one: Mapping[str, Any], speaker: Speaker, own: str) -> Moment:
    by, actor = one["by"], one["actor"]
    what = Said("text", HAPPENINGS[one["type"]]) if one["type"] in HAPPENINGS else Said("raw", one["type"])
    agency = Said("text", N_("The gateway")) if by == GATEWAY else speaker.agency(by)
    told = speaker if by == own else replace(speaker, people={})  # a colleague has a name here and nowhere else
    shown = None if actor in {None, SYSTEM} else told.actor(str(actor))
    return Moment(one["at"], what, agency, shown, told.events(one["data"]))
