"""What the gateway's answer to a letter means here. Runs in the unit of work that records the answer.

A refused referral leaves no content behind; an admitted event moves the referral; released halves are used at
once and not kept; consent taken back is sealed off here before anybody is answered.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.agency.notifying import Notifier
from shared.agency.opening import Opener
from shared.agency.ports import Desk, Expected
from shared.agency.records import (
    REFUSED,
    Box,
    ConsentRecord,
    Happening,
    HoldingState,
    Letter,
    Note,
    Referral,
    Reroute,
    RerouteState,
)
from shared.agency.scribe import Scribe
from shared.agency.sealing_off import (
    WITHOUT_PURPOSE,
    Contents,
    contents_of,
    lost_names,
    seal_off,
    state_without,
)
from shared.agency.standing import standing_beside
from shared.agency.weighing import LEGAL_HOLD, UNDECIDED, held_of, settle_held, to_weigh
from shared.kernel.clock import to_wire
from shared.referral.conflict import CONFLICT_REASON
from shared.sop.model import EventType, Stopped
from shared.wire.delivery import BatchResultV1

#: The actor of what this service does by itself.
SYSTEM: Final = "system"

_REFUSED_FROM: Final = 400


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken back of one referral, as the gateway says it: by notice, or in its answer to a revocation.

    No `compartments` are all of them; without a `state` it is worked out here.
    """

    compartments: Sequence[str] | None
    state: str | None = None
    revocation_id: str | None = None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "TakenBack":
        """Read what the gateway said."""
        state, revocation_id = said.get("state"), said.get("revocation_id")
        return cls(
            compartments=said.get("compartments"),
            state=state if isinstance(state, str) else None,
            revocation_id=revocation_id if isinstance(revocation_id, str) else None,
        )

    def reference(self) -> dict[str, str]:
        """Return the fact by which an answer names the revocation it answers."""
        return {} if self.revocation_id is None else {"revocation_id": self.revocation_id}


_Handler = Callable[[Desk, Letter, BatchResultV1], Sequence[Letter]]


class Settling:
    """Implements `shared.agency.outbound.outbox.Settle`."""

    def __init__(self, *, scribe: Scribe, opener: Opener, notifier: Notifier, weighs_holds: bool = False) -> None:
        self._scribe = scribe
        self._weighs_holds = weighs_holds
        self._opener = opener
        self._notifier = notifier
        self._admitted: Mapping[str, _Handler] = {
            "referral": self._referral_admitted,
            "event": self._event_admitted,
            "opening": self._opening_answered,
            "consent": self._consent_recorded,
            "revocation": self._revoked,
        }
        self._refused: Mapping[str, _Handler] = {
            "referral": self._referral_refused,
            "note": self._note_refused,
            "consent": self._consent_refused,
            "opening": self._opening_refused,
        }

    def expects(self, letter: Letter) -> Sequence[Expected]:
        """Return the records that `apply` will read."""
        if letter.kind == "note":
            return [(Note, letter.message_id)]
        return [(ConsentRecord if letter.kind in {"consent", "revocation"} else Referral, letter.lane)]

    def apply(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        """Record what an answer means; return the letters that follow from it, already kept."""
        handlers = self._admitted if result.status < _REFUSED_FROM else self._refused
        handler = handlers.get(letter.kind)
        return handler(desk, letter, result) if handler is not None else ()

    def _now(self) -> str:
        return to_wire(self._scribe.now())

    def _referral_admitted(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is not None:
            changed = desk.change(referral, **standing_beside(result.body["referral"], here=referral.state))
            self._notifier.tell(desk, "referral.sent", referral_id=changed.referral_id, state=changed.state)
        return ()

    def _not_replaced(self, desk: Desk, refused: Referral, result: BatchResultV1) -> None:
        """Let nothing stand in the place of a referral that nobody took: what was sent instead was refused."""
        before = desk.get(Referral, refused.replaces) if refused.replaces else None
        if before is None or before.rerouted_to != refused.referral_id:
            return
        desk.change(before, rerouted_to=None)
        reroute = desk.get(Reroute, before.referral_id)
        if reroute is not None and reroute.replacement == refused.referral_id:
            why, refusal = Stopped.REFUSED.code, str(result.body.get("code"))
            desk.change(reroute, state=RerouteState.STOPPED.value, code=why, refusal=refusal, replacement=None)
            self._notifier.tell(desk, "referral.reroute-stopped", referral_id=before.referral_id, state=before.state)

    def _referral_refused(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is not None:
            contents = contents_of(desk, referral)
            seal_off(desk, contents, contents.names(), vault=self._opener.vault, at=self._now(), state=REFUSED)
            self._notifier.tell(desk, "referral.refused", referral_id=referral.referral_id, state=REFUSED)
            self._not_replaced(desk, referral, result)
        return ()

    def _event_admitted(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is None:
            return ()
        standing = standing_beside(result.body["referral"], here=referral.state)
        ends_purpose = referral.box == Box.RECEIVED and standing["state"] in WITHOUT_PURPOSE
        contents = contents_of(desk, referral) if ends_purpose else None
        happening = _happening(letter)
        kept = happening.type == EventType.SEALED and happening.data.get("result") == LEGAL_HOLD
        held = held_of(desk.holdings(referral.referral_id)) if kept else ()
        desk.add(happening)
        settle_held(desk, held)
        changed = desk.change(referral, **standing)
        if contents is not None and referral.sealed_off_at is None:
            contents = replace(contents, referral=changed)
            seal_off(desk, contents, contents.without_purpose(), vault=self._opener.vault, at=self._now())
        self._notifier.tell(desk, "referral.changed", referral_id=referral.referral_id, state=standing["state"])
        return ()

    def _opening_answered(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is not None and not _is_declaration(letter):
            self._opener.keep_released(
                desk,
                referral,
                desk.holdings(referral.referral_id),
                shares=result.body.get("shares") or {},
                refused=result.body.get("refused") or {},
            )
        return ()

    def _opening_refused(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        asked = () if _is_declaration(letter) else json.loads(letter.body or "{}").get("compartments", ())
        for holding in desk.holdings(letter.lane):
            if holding.name in asked and holding.state == HoldingState.SEALED:
                desk.change(holding, code=str(result.body.get("code")))
        return ()

    def _note_refused(self, desk: Desk, letter: Letter, _result: BatchResultV1) -> Sequence[Letter]:
        note = desk.get(Note, letter.message_id)
        if note is not None:
            desk.remove(note)
        return ()

    def _consent_recorded(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        return self._consent_stands(desk, letter, str(result.body["consent"]["state"]))

    def _consent_refused(self, desk: Desk, letter: Letter, _result: BatchResultV1) -> Sequence[Letter]:
        return self._consent_stands(desk, letter, REFUSED)

    def _consent_stands(self, desk: Desk, letter: Letter, state: str) -> Sequence[Letter]:
        record = desk.get(ConsentRecord, letter.lane)
        if record is not None:
            desk.change(record, state=state)
        return ()

    def _revoked(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        """Seal off what the gateway says is this agency's own to: it sends no notice to who reported the revocation."""
        asked = json.loads(letter.body or "{}")
        own = [
            (TakenBack.read(one), contents_of(desk, referral))
            for one in result.body.get("own") or ()
            if (referral := desk.get(Referral, one["referral_id"])) is not None
        ]
        record = desk.get(ConsentRecord, letter.lane)
        if record is not None:
            taking = {name: asked.get(name) for name in ("by", "recipients", "compartments")}
            takings = [*record.takings, {"at": asked["sent_at"], **taking}]
            desk.change(record, state=str(result.body["consent"]["state"]), takings=takings)
        answers = [self.take_back(desk, contents, taken) for taken, contents in own]
        return [answer for answer in answers if answer is not None]

    def take_back(self, desk: Desk, contents: Contents, taken: TakenBack) -> Letter | None:
        """Seal off what was taken back of one referral; return the signed answer that a recipient owes.

        None also while a person weighs whether a law makes this agency keep evidence: her answer is the letter then.
        """
        referral, sop = contents.referral, self._opener.sop
        lost = lost_names(contents, taken.compartments)
        if not lost:
            return None
        received = referral.box == Box.RECEIVED
        aside = to_weigh(contents, lost, sop=sop) if received and self._weighs_holds else frozenset[str]()
        opened = contents.were_opened(lost) or referral.sealed_off_at is not None
        after = taken.state or state_without(contents, lost, sop)
        seal_off(
            desk, contents, lost, vault=self._opener.vault, at=self._now(), state=after, aside=aside, code=UNDECIDED
        )
        told = "referral.seal-undecided" if aside else "referral.sealed"
        self._notifier.tell(desk, told, referral_id=referral.referral_id, state=after)
        if aside or not received:
            return None
        answer = self._scribe.event(
            EventType.SEALED,
            referral_id=referral.referral_id,
            recipient=referral.sender,
            actor=SYSTEM,
            data={"result": "sealed" if opened else "never_opened", **taken.reference()},
        )
        desk.add(answer)
        return answer


def _is_declaration(letter: Letter) -> bool:
    """Say whether an opening only declared a conflict: what it answers says nothing of what others may open."""
    return bool(json.loads(letter.body or "{}").get("reason") == CONFLICT_REASON)


def _happening(letter: Letter) -> Happening:
    event: Mapping[str, Any] = json.loads(letter.body or "{}")
    return Happening(
        message_id=letter.message_id,
        referral_id=letter.lane,
        type=event["type"],
        at=event["at"],
        by=event["sender"],
        actor=event["actor"],
        data=event["data"],
    )
