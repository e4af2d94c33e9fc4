"""What becomes of each delivered message, once its sender's signature holds.

`prepare` does everything that needs the network or costs time, outside the database; it returns what to do in the
unit of work that also keeps the receipt. A message that cannot be taken is rejected with a code, and the gateway
tells its sender.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.agency.conference.minutes import keep_what_a_note_says
from shared.agency.going_on import NEXT_AGENCY, ends_unheard, reroute_after_event, reroute_after_notice
from shared.agency.grants import Grants, keep_renewed
from shared.agency.inbound.checking import Checker
from shared.agency.notifying import Notifier
from shared.agency.opening import Opener
from shared.agency.ports import Desk, Expected
from shared.agency.records import (
    QUEUED,
    Box,
    ConsentRecord,
    Happening,
    Holding,
    HoldingState,
    Letter,
    Note,
    Referral,
    Reroute,
    RerouteState,
)
from shared.agency.scribe import Scribe
from shared.agency.sealing_off import WITHOUT_PURPOSE, Contents, contents_of, seal_off
from shared.agency.settling import Settling, TakenBack
from shared.agency.standing import due_here, next_due
from shared.agency.vault import OpenCase, note_place
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, InputRejected
from shared.kernel.identifiers import GATEWAY
from shared.referral.lifecycle import state_after, transition
from shared.referral.number import number_of
from shared.sop.model import Compartment, EventType, Party, ReferralState
from shared.wire.delivery import DeliveryItemV1
from shared.wire.messages import EventV1, Message, NoteV1, NoticeV1, ReferralV1

#: What a notice of the gateway is called when a partner system is told of it.
_TOLD: Final = {
    "clock_warning": "clock.warning",
    "clock_missed": "clock.missed",
    "undeliverable": "message.undeliverable",
    "expired": "referral.changed",
    "override_review": "referral.changed",
    "statement_requested": "statement.requested",
    "next_agency": "referral.changed",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a message does here: letters that follow from it, or the code it is rejected with.

    `goes_on`: a referral waits to be sent to the next agency.
    """

    code: str | None = None
    letters: Sequence[Letter] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked message: which records its unit of work reads, and the unit itself."""

    expects: Sequence[Expected]
    apply: Callable[[Desk], Taken]


class Receiving:
    """Takes in referrals, events, notes and notices."""

    def __init__(
        self,
        agency_id: str,
        *,
        scribe: Scribe,
        opener: Opener,
        checker: Checker,
        grants: Grants,
        settling: Settling,
        notifier: Notifier,
    ) -> None:
        self._agency_id = agency_id
        self._scribe = scribe
        self._opener = opener
        self._checker = checker
        self._grants = grants
        self._settling = settling
        self._notifier = notifier

    async def prepare(self, item: DeliveryItemV1, message: Message) -> Prepared:
        """Check one message, as read from the item's text.

        Raises the `MeshError` it is rejected with, or `PeerUnavailable` to try again later.
        """
        if message.id != item.message_id or getattr(message, "recipient", None) != self._agency_id:
            raise InputRejected("message.recipient", "This message is not for this agency.")
        if isinstance(message, ReferralV1):
            return await self._referral(message, item)
        if isinstance(message, EventV1):
            return self._about(message.referral_id or item.referral_id, lambda d, r: self._event(d, r, message))
        if isinstance(message, NoteV1):
            return self._about(message.referral_id or item.referral_id, lambda d, r: self._note(d, r, message, item))
        if isinstance(message, NoticeV1):
            consent = await self._taken_back(message)
            return self._about(message.referral_id, lambda d, r: self._notice(d, r, message, consent))
        raise InputRejected("message.kind", "Messages of this kind are not delivered to agencies.")

    def _about(self, referral_id: str | None, take: Callable[[Desk, Referral], Taken]) -> Prepared:
        """Prepare a message about a referral; it is rejected when this agency has no such referral."""
        if referral_id is None:
            raise InputRejected("message.about", "The message does not say which referral it is about.")

        def apply(desk: Desk) -> Taken:
            referral = desk.get(Referral, referral_id)
            return Taken("referral.unknown") if referral is None else take(desk, referral)

        return Prepared([(Referral, referral_id)], apply)

    async def _referral(self, message: ReferralV1, item: DeliveryItemV1) -> Prepared:
        await self._checker.check(message)
        document = json.loads(item.body)
        case, wrapped = self._opener.vault.new_referral(message.referral_id)
        holdings = self._holdings(message, document, item.hub_shares, case)
        referral = self._record(message, document, wrapped)

        def apply(desk: Desk) -> Taken:
            if desk.get(Referral, referral.referral_id) is not None:
                return Taken("message.recipient")  # this agency's own referral, come back to it
            desk.add(referral)
            for holding in holdings:
                desk.add(holding)
            self._notifier.tell(desk, "referral.received", referral_id=referral.referral_id, state=referral.state)
            return Taken()

        return Prepared([(Referral, referral.referral_id)], apply)

    def _holdings(
        self, message: ReferralV1, document: Mapping[str, Any], hub_shares: Mapping[str, str], case: OpenCase
    ) -> list[Holding]:
        """Open what came with both halves, and keep the rest sealed. Raises `InputRejected` for what does not open."""
        own = self._opener.own_halves(document["sealed"], message_id=message.id, basis=document["basis"])
        holdings = []
        for one in message.compartments:
            name = one.name.value
            holding = Holding(
                key=f"{message.referral_id}/{name}",
                referral_id=message.referral_id,
                name=name,
                stage=one.stage.value,
                state=HoldingState.SEALED.value,
                share_sha256=one.share_sha256,
                ciphertext=one.ciphertext,
            )
            if name not in own:
                raise InputRejected("seal.broken", "A compartment came without the recipient's half of its key.")
            if name in hub_shares:
                content = self._opener.content(
                    name,
                    message_id=message.id,
                    ciphertext=one.ciphertext,
                    share_sha256=one.share_sha256,
                    halves=(own[name], hub_shares[name]),
                )
                holding = _opened(holding, case.lock(name, content))
            holdings.append(holding)
        return holdings

    def _record(self, message: ReferralV1, document: dict[str, Any], wrapped: bytes) -> Referral:
        state = ReferralState.DELIVERED.value
        due = due_here(
            self._opener.sop,
            message.service_type,
            urgency=message.urgency,
            sent_at=message.sent_at,
            incident_at=message.incident_at,
        )
        return Referral(
            referral_id=message.referral_id,
            box=Box.RECEIVED.value,
            chain_id=message.chain_id,
            parent_id=message.parent_id,
            sender=message.sender,
            recipient=message.recipient,
            subject=message.subject,
            service_type=message.service_type,
            urgency=message.urgency.value,
            area=message.area,
            age_band=message.age_band.value,
            incident_at=to_wire(message.incident_at) if message.incident_at else None,
            preferences=message.preferences.model_dump(mode="json"),
            facts=dict(message.facts),
            basis=document["basis"],
            consent_id=document["basis"].get("consent_id"),
            phoned_first=message.phoned_first,
            blocked=list(message.blocked),
            sealed=document["sealed"],
            state=state,
            due=due,
            next_due_at=next_due(state, due),
            sent_at=to_wire(message.sent_at),
            wrapped_key=wrapped,
            linked_id=message.linked_id,
            number=number_of(message.referral_id),
            replaces=message.replaces,
        )

    def _event(self, desk: Desk, referral: Referral, message: EventV1) -> Taken:
        by = _party(referral, message.sender)
        if by is None:
            return Taken("message.sender")
        state = self._state_after(referral, message.type, by)
        purposeless = referral.box == Box.RECEIVED and state in WITHOUT_PURPOSE and referral.sealed_off_at is None
        contents = contents_of(desk, referral) if purposeless else None
        desk.add(
            Happening(
                message_id=message.id,
                referral_id=referral.referral_id,
                type=message.type.value,
                at=to_wire(message.at),
                by=message.sender,
                actor=message.actor,
                data=dict(message.data),
            )
        )
        moved = desk.change(referral, state=state, next_due_at=next_due(state, referral.due))
        sop, at = self._opener.sop, self._scribe.stamp()
        self._goes_on(desk, reroute_after_event(referral, message.type, message.data, rules=sop.reroutes, at=at))
        if contents is not None:
            left = replace(contents, referral=moved)
            seal_off(desk, left, left.without_purpose(), vault=self._opener.vault, at=self._scribe.stamp())
        self._notifier.tell(desk, "referral.changed", referral_id=referral.referral_id, state=state)
        return Taken()

    def _state_after(self, referral: Referral, event: EventType, by: Party) -> str:
        """Return where an event of the other side leads; one that crossed ours changes nothing more.

        That the other side has an own referral is proof enough that it was sent, though no answer has said so yet.
        """
        try:
            state = ReferralState.SENT if referral.state == QUEUED else ReferralState(referral.state)
            return state_after(transition(self._opener.sop, state=state, event=event, by=by), state).value
        except (Conflict, ValueError):
            return referral.state

    def _note(self, desk: Desk, referral: Referral, message: NoteV1, item: DeliveryItemV1) -> Taken:
        if _party(referral, message.sender) is None:
            return Taken("message.sender")
        if referral.wrapped_key is None:
            return Taken("referral.ended")
        document = json.loads(item.body)
        name = Compartment.NOTE.value
        try:
            basis = document.get("basis") or referral.basis
            own = self._opener.own_halves(document["sealed"], message_id=message.id, basis=basis)
            content = self._opener.content(
                name,
                message_id=message.id,
                ciphertext=message.compartments[0].ciphertext,
                share_sha256=message.compartments[0].share_sha256,
                halves=(own.get(name), item.hub_shares.get(name, "")),
            )
        except InputRejected as fault:
            return Taken(fault.code)
        case = self._opener.vault.open_referral(referral.referral_id, referral.wrapped_key)
        keep_what_a_note_says(desk, referral, content, by=message.sender, at=self._scribe.stamp())
        desk.add(
            Note(
                message_id=message.id,
                referral_id=referral.referral_id,
                by=message.sender,
                at=to_wire(message.sent_at),
                content=case.lock(note_place(message.id), content),
            )
        )
        self._notifier.tell(desk, "note.received", referral_id=referral.referral_id, state=referral.state)
        return Taken()

    async def _taken_back(self, message: NoticeV1) -> ConsentRecord | None:
        """Return the consent of which a notice says that some was taken back, as it stands now; None of another's."""
        consent_id = message.data.get("consent_id") if message.type == "revoked" else None
        record = await self._grants.recorded(consent_id) if isinstance(consent_id, str) else None
        return None if record is None else await self._grants.renewed(record)

    def _notice(self, desk: Desk, referral: Referral, message: NoticeV1, consent: ConsentRecord | None) -> Taken:
        ended = ends_unheard(message.type, message.data)
        contents = contents_of(desk, referral) if ended or message.type == "revoked" else None
        desk.add(
            Happening(
                message_id=message.id,
                referral_id=referral.referral_id,
                type=message.type,
                at=to_wire(message.sent_at),
                by=GATEWAY,
                actor=None,
                data=dict(message.data),
            )
        )
        if consent is not None:
            keep_renewed(desk, consent)
        if message.type == "revoked" and contents is not None:
            return self._revoked(desk, contents, message)
        if ended and contents is not None:
            state = str(message.data.get("state", ReferralState.EXPIRED.value))
            lost = contents.without_purpose() if referral.box == Box.RECEIVED else frozenset[str]()
            seal_off(desk, contents, lost, vault=self._opener.vault, at=self._scribe.stamp(), state=state)
        self._notifier.tell(desk, _TOLD[message.type], referral_id=referral.referral_id, state=referral.state)
        if not ended and message.type != NEXT_AGENCY:
            return Taken()
        following = reroute_after_notice(referral, message.type, message.data, at=self._scribe.stamp())
        return Taken(goes_on=self._goes_on(desk, following))

    def _goes_on(self, desk: Desk, reroute: Reroute | None) -> bool:
        """Keep that a referral is to go on, or why it does not; once for each, whatever comes again."""
        if reroute is None or desk.get(Reroute, reroute.referral_id) is not None:
            return False
        desk.add(reroute)
        if reroute.state == RerouteState.STOPPED:
            self._notifier.tell(desk, "referral.reroute-stopped", referral_id=reroute.referral_id)
        return reroute.state == RerouteState.WAITING

    def _revoked(self, desk: Desk, contents: Contents, message: NoticeV1) -> Taken:
        said = {**message.data, "compartments": compartments_of(message)}
        answer = self._settling.take_back(desk, contents, TakenBack.read(said))
        return Taken(letters=() if answer is None else (answer,))


def compartments_of(message: NoticeV1) -> Sequence[str] | None:
    """Return which compartments a notice is about; None when it names none, which means all."""
    named: Any = message.data.get("compartments")
    if named is None:
        return None
    return named.split("+") if isinstance(named, str) else list(named)


def _opened(holding: Holding, content: bytes) -> Holding:
    return replace(holding, state=HoldingState.OPENED.value, ciphertext=None, content=content)


def _party(referral: Referral, agency_id: str) -> Party | None:
    if agency_id == referral.sender:
        return Party.SENDER
    return Party.RECIPIENT if agency_id == referral.recipient else None
