"""What the gateway's answer to a letter means here. Runs in the unit of work that records the answer.

A refused referral leaves no content behind; an admitted event moves the referral; released halves are used at
once and not kept; consent taken back is sealed off here before anybody is answered.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared.agency.notifying import Notifier
from shared.agency.opening import Opener
from shared.agency.ports import Desk, Expected
from shared.agency.records import REFUSED, Box, ConsentRecord, Happening, HoldingState, Letter, Note, Referral
from shared.agency.scribe import Scribe
from shared.agency.sealing_off import (
    WITHOUT_PURPOSE,
    Contents,
    contents_of,
    lost_names,
    seal_off,
    state_without,
)
from shared.agency.standing import standing_of
from shared.kernel.clock import to_wire
from shared.sop.model import EventType
from shared.wire.delivery import BatchResultV1

#: The actor of what this service does by itself.
SYSTEM: Final = "system"

_REFUSED_FROM: Final = 400
_Handler = Callable[[Desk, Letter, BatchResultV1], Sequence[Letter]]


class Settling:
    """Implements `shared.agency.outbound.outbox.Settle`."""

    def __init__(self, *, scribe: Scribe, opener: Opener, notifier: Notifier) -> None:
        self._scribe = scribe
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
            changed = desk.change(referral, **standing_of(result.body["referral"]))
            self._notifier.tell(desk, "referral.sent", referral_id=changed.referral_id, state=changed.state)
        return ()

    def _referral_refused(self, desk: Desk, letter: Letter, _result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is not None:
            contents = contents_of(desk, referral)
            seal_off(desk, contents, contents.names(), vault=self._opener.vault, at=self._now(), state=REFUSED)
            self._notifier.tell(desk, "referral.refused", referral_id=referral.referral_id, state=REFUSED)
        return ()

    def _event_admitted(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is None:
            return ()
        standing = standing_of(result.body["referral"])
        ends_purpose = referral.box == Box.RECEIVED and standing["state"] in WITHOUT_PURPOSE
        contents = contents_of(desk, referral) if ends_purpose else None
        desk.add(_happening(letter))
        changed = desk.change(referral, **standing)
        if contents is not None and referral.sealed_off_at is None:
            contents = Contents(changed, contents.holdings, contents.notes)
            seal_off(desk, contents, contents.names(), vault=self._opener.vault, at=self._now())
        self._notifier.tell(desk, "referral.changed", referral_id=referral.referral_id, state=standing["state"])
        return ()

    def _opening_answered(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        referral = desk.get(Referral, letter.lane)
        if referral is not None:
            self._opener.keep_released(
                desk,
                referral,
                desk.holdings(referral.referral_id),
                shares=result.body.get("shares") or {},
                refused=result.body.get("refused") or {},
            )
        return ()

    def _opening_refused(self, desk: Desk, letter: Letter, result: BatchResultV1) -> Sequence[Letter]:
        asked = json.loads(letter.body or "{}").get("compartments", ())
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
        """Seal off what this agency itself sent or received under the consent: nobody else tells it to."""
        asked = json.loads(letter.body or "{}")
        line = [letter.lane, *(record.consent_id for record in desk.derived(letter.lane))]
        hit = [
            contents_of(desk, referral)
            for referral in desk.referrals_under(line)
            if asked.get("recipients") is None or referral.recipient in asked["recipients"]
        ]
        record = desk.get(ConsentRecord, letter.lane)
        if record is not None:
            taking = {name: asked.get(name) for name in ("by", "recipients", "compartments")}
            takings = [*record.takings, {"at": asked["sent_at"], **taking}]
            desk.change(record, state=str(result.body["consent"]["state"]), takings=takings)
        answers = [self.take_back(desk, contents, asked.get("compartments")) for contents in hit]
        return [answer for answer in answers if answer is not None]

    def take_back(
        self, desk: Desk, contents: Contents, compartments: Sequence[str] | None, *, state: str | None = None
    ) -> Letter | None:
        """Seal off what was taken back of one referral; return the signed answer that a recipient owes."""
        referral = contents.referral
        lost = lost_names(contents, compartments)
        if not lost:
            return None
        opened = contents.were_opened(lost) or referral.sealed_off_at is not None
        after = state or state_without(contents, lost, self._opener.sop)
        seal_off(desk, contents, lost, vault=self._opener.vault, at=self._now(), state=after)
        self._notifier.tell(desk, "referral.sealed", referral_id=referral.referral_id, state=after)
        if referral.box != Box.RECEIVED:
            return None
        answer = self._scribe.event(
            EventType.SEALED,
            referral_id=referral.referral_id,
            recipient=referral.sender,
            actor=SYSTEM,
            data={"result": "sealed" if opened else "never_opened"},
        )
        desk.add(answer)
        return answer


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
