"""A member of staff declares a conflict of interest, and the case disappears for that person (rule R-11).

Owns the declaration: in one unit of work the case is kept from whoever declares, a signed opening with the coded reason
`conflict_of_interest` goes to the gateway, and the case goes to a colleague, to the supervisor, or back to its sender.
From then on every use case here answers that person as if the case were not there. Nobody is asked why.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from shared.agency.acting import ACCEPTED, Answer, Caller, post, replay
from shared.agency.assigning import check_colleague, give_up
from shared.agency.giving_back import another_agency, give_back
from shared.agency.office import Office
from shared.agency.ports import Desk
from shared.agency.reading import Visitor
from shared.agency.records import Box, ConflictRecord, Happening, Letter, Referral
from shared.agency.requests import ConflictRequest
from shared.agency.unsent import drop_going_on
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotPermitted
from shared.referral.conflict import CONFLICT_DECLINE, CONFLICT_REASON

#: How a case that was handed over stands in its history, and what partner systems are told.
HANDED_OVER: Final = "handed_over"
TOLD: Final = "referral.handed-over"


async def declare_conflict(office: Office, caller: Caller, referral_id: str, request: ConflictRequest) -> Answer:
    """Keep a received case from the person who declares, and hand it on. Raises `NotFound`, `Conflict`, `NotPermitted`.

    The answer says that it was declared and nothing of the case, which that person may no longer see.
    """
    done = await replay(office, caller)
    if done is not None:
        return _without_case(done)
    if request.actor == caller.pseudonym:
        message = "Name the person who declares; this is the pseudonym of the whole partner system."
        raise InputRejected("message.invalid", message, faults=(FieldFault("/actor", "field.choice", message),))
    referral = await office.referral(referral_id, request.actor, caller.pseudonym)
    if referral.box != Box.RECEIVED:
        raise NotPermitted("referral.not-recipient", "Only people of the recipient declare a conflict and hand over.")
    if (colleague := request.hand_over_to) is not None:
        await office.store.read(lambda reading: check_colleague(office, reading, referral, colleague))
    back = await _giving_back(office, referral, request) if request.nobody_else else ()
    record, letter = await _written(office, referral, request)
    chain = await office.store.read(lambda reading: _ids(reading.find(Referral, chain_id=referral.chain_id)))

    def also(desk: Desk) -> None:
        drop_going_on(desk, chain, actor=record.actor)
        give_up(desk, record, chain)
        desk.add(record)
        desk.add(_handed_over(office, record))
        office.notifier.tell(desk, TOLD, referral_id=referral_id, state=referral.state)
        for one in back:
            desk.add(one)

    answer = await post(office, caller, letter, also=also)
    if not answer.replayed:
        office.outbox.announce(back)
    return _without_case(answer)


async def list_conflicts(office: Office, visitor: Visitor, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Return who declared a conflict, oldest first; whoever did so themselves does not see that case here either."""
    who = (visitor.actor, visitor.pseudonym)
    found = await office.store.read(lambda reading: reading.conflicts(kept_from=who, after=after, limit=limit))
    return [{**asdict(record), "state": referral.state} for record, referral in found]


async def _written(office: Office, referral: Referral, request: ConflictRequest) -> tuple[ConflictRecord, Letter]:
    holdings = await office.store.read(lambda reading: reading.holdings(referral.referral_id))
    letter = office.scribe.opening(
        referral.referral_id,
        [one.name for one in holdings],
        actor=request.actor,
        reason=CONFLICT_REASON,
    )
    record = ConflictRecord(
        conflict_id=letter.message_id,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        actor=request.actor,
        declared_at=office.scribe.stamp(),
        handed_to=request.hand_over_to,
        given_back=request.nobody_else,
    )
    return record, replace(letter, presented={"conflict": _shown(record)})


async def _giving_back(office: Office, referral: Referral, request: ConflictRequest) -> Sequence[Letter]:
    """Write that nobody here can take the case; its sender hears a code and where to ask next, and no name."""
    alternative = request.alternative or await another_agency(office, referral)
    back = give_back(office, referral, reason=CONFLICT_DECLINE, alternative=alternative)
    if not back:
        message = "This case cannot be given back as it stands. Declare without nobody_else; a supervisor hears of it."
        raise Conflict("referral.transition", message)
    return back


def _ids(referrals: Sequence[Referral]) -> list[str]:
    return [one.referral_id for one in referrals]


def _handed_over(office: Office, record: ConflictRecord) -> Happening:
    return Happening(
        message_id=office.scribe.new_id(),
        referral_id=record.referral_id,
        type=HANDED_OVER,
        at=record.declared_at,
        by=office.agency_id,
        actor=None,
        data={} if record.handed_to is None else {"assigned": record.handed_to},
    )


def _shown(record: ConflictRecord) -> dict[str, Any]:
    return {
        "id": record.conflict_id,
        "referral_id": record.referral_id,
        "declared_at": record.declared_at,
        "handed_to": record.handed_to,
        "given_back": record.given_back,
    }


def _without_case(answer: Answer) -> Answer:
    return replace(
        answer, status=ACCEPTED, body={"conflict": answer.body["conflict"], "receipt": answer.body.get("receipt")}
    )
