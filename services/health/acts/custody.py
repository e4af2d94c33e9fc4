"""Handing specimens over: a signed, linked statement for each hand-over, its digest in the ledger, and the proof."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.health.acts.forensic import FORENSIC, parts_of, shown_specimen
from services.health.messages.custody import HandOverRequest
from services.health.records import HandOver, SpecimenTaken
from services.health.rules.custody import (
    RECORD_KIND,
    Logged,
    Noted,
    Passing,
    holder_of,
    read_statement,
    statement_of,
    verify_custody,
)
from services.health.rules.forensic import may_go
from services.health.rules.windows import TIME_AHEAD
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.reading import Visitor
from shared.agency.records import Letter
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, file_to_read, open_file, record_of
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import PeerUnavailable
from shared.ledger.entry import read_leaf
from shared.referral.lifecycle import transition
from shared.sop.model import EventType, Party, ReferralState
from shared.web.listing import LIMIT_MOST


async def hand_over(practice: Practice, caller: Caller, referral_id: str, asked: HandOverRequest) -> Done:
    """Record a hand-over: signed, linked to the one before, its digest on the way to the ledger.

    Raises as `open_file`, `NotFound` for a specimen of another case, and `Conflict` for what the chain does not bear:
    a giver who holds it not, a time before the last one, an authority without her word or a decision (R-21).
    """
    hand_over_id, now, passing = practice.new_id(), practice.now(), asked.passing()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, FORENSIC, when=When.KEPT)
        state = ReferralState(file.referral.state)
        transition(practice.office.sop, state=state, event=EventType.RECORDED, by=Party.RECIPIENT)
        specimens = [record_of(desk, SpecimenTaken, one, referral_id) for one in passing.specimens]
        log = log_of(desk, referral_id)
        _check(practice, desk, file, passing, specimens=specimens, log=log, now=to_wire(now))
        statement = statement_of(
            passing,
            agency=practice.office.agency_id,
            referral_id=referral_id,
            hand_over_id=hand_over_id,
            sequence=len(log) + 1,
            previous=log[-1].sha256 if log else None,
        )
        record, letter = _sign(practice, desk, file, asked.actor, statement)
        desk.add(record)
        desk.add(letter)
        return Outcome(hand_over_id, [letter])

    return await practice.perform(
        caller, Act(name="health.hand-over", actor=asked.actor, referral_id=referral_id), work
    )


def log_of(look: Look, referral_id: str) -> Sequence[HandOver]:
    """Return the hand-overs of a case, in the order of their places."""
    return look.find(HandOver, referral_id=referral_id)


def statements_of(file: CaseFile, log: Sequence[HandOver]) -> list[dict[str, Any]]:
    """Return what the hand-overs of a case say."""
    return [read_statement(_record(file, one)) for one in log]


def _check(
    practice: Practice,
    look: Look,
    file: CaseFile,
    passing: Passing,
    *,
    specimens: Sequence[SpecimenTaken],
    log: Sequence[HandOver],
    now: str,
) -> None:
    at, said = to_wire(passing.handed_at), statements_of(file, log)
    if at > now:
        raise practice.rulebook.refused(TIME_AHEAD, pointer="/handed_at")
    if any(holder_of(one.specimen_id, one.actor, said) != passing.given_by for one in specimens):
        raise practice.rulebook.refused("health.custody-holder", pointer="/given_by")
    if at < max([*(one.collected_at for one in specimens), *(one["handed_at"] for one in said)]):
        raise practice.rulebook.refused("health.custody-order", pointer="/handed_at")
    if not may_go(passing.to, parts=parts_of(file, look), order_reference=passing.order_reference):
        raise practice.rulebook.refused("health.custody-authority", pointer="/to")


def _sign(
    practice: Practice, desk: Desk, file: CaseFile, actor: str, statement: Mapping[str, Any]
) -> tuple[HandOver, Letter]:
    """Return a hand-over signed, and the event that puts its digest into the ledger."""
    referral, sequence = file.referral, int(statement["sequence"])
    record, sha256 = practice.office.scribe.record(statement)
    letter = practice.office.scribe.event(
        EventType.RECORDED,
        referral_id=referral.referral_id,
        recipient=referral.sender,
        actor=actor,
        data={"record_kind": RECORD_KIND, "record_sha256": sha256},
    )
    place = f"{referral.referral_id}/{sequence:06d}"
    kept = HandOver(
        key=place,
        hand_over_id=str(statement["id"]),
        referral_id=referral.referral_id,
        sequence=sequence,
        handed_to=str(statement["to"]),
        sha256=sha256,
        event_id=letter.message_id,
        event=letter.body or "",
        content=file.lock(f"hand-over/{place}", record),
    )
    return kept, letter


async def shown_custody(practice: Practice, visitor: Visitor, referral_id: str) -> dict[str, Any]:
    """Return the chain of custody with its proof: specimens, hand-overs, what the ledger says, and every break."""
    file, specimens, log = await practice.visit(
        visitor, "custody", referral_id, lambda reading: _kept(practice, reading, referral_id)
    )
    records = [] if file is None else [_record(file, one) for one in log]
    noted = await _noted(practice, referral_id)
    said = [read_statement(one) for one in records]
    return {
        "specimens": [
            {**shown_specimen(file, one), "held_by": holder_of(one.specimen_id, one.actor, said)} for one in specimens
        ],
        "hand_overs": _shown(log, records, said, noted),
        "proof": _proof(practice, referral_id, log, records, noted),
    }


def _kept(
    practice: Practice, look: Look, referral_id: str
) -> tuple[CaseFile | None, Sequence[SpecimenTaken], Sequence[HandOver]]:
    file = file_to_read(practice.office, look, referral_id)
    return file, look.find(SpecimenTaken, referral_id=referral_id), log_of(look, referral_id)


async def _noted(practice: Practice, referral_id: str) -> Sequence[Noted] | None:
    """Return what the ledger says of recorded events of a case; None when the gateway cannot be asked now."""
    noted: list[Noted] = []
    after: str | None = None
    try:
        while True:
            asked: dict[str, str | int] = {"referral_id": referral_id, "limit": LIMIT_MOST}
            page = await practice.office.hub.get(
                "/v1/ledger/entries", asked if after is None else {**asked, "after": after}
            )
            entries = [read_leaf(str(item["leaf"])) for item in page["items"]]
            noted += [
                Noted(one.index, one.message_sha256 or "")
                for one in entries
                if one.kind == "event" and one.code == EventType.RECORDED
            ]
            after = page.get("next")
            if after is None:
                return noted
    except PeerUnavailable:
        return None


def _shown(
    log: Sequence[HandOver], records: Sequence[str], said: Sequence[Mapping[str, Any]], noted: Sequence[Noted] | None
) -> list[dict[str, Any]]:
    """Return hand-overs as the route shows them; once the referral was sealed off their digests alone are left."""
    places = {one.message_sha256: one.index for one in noted or ()}
    return [
        {
            "sequence": one.sequence,
            "id": one.hand_over_id,
            "sha256": one.sha256,
            "event_id": one.event_id,
            "event": one.event,
            "ledger_index": places.get(sha256_hex(one.event.encode())),
            "statement": said[place] if said else None,
            "record": records[place] if records else None,
        }
        for place, one in enumerate(log)
    ]


def _proof(
    practice: Practice,
    referral_id: str,
    log: Sequence[HandOver],
    records: Sequence[str],
    noted: Sequence[Noted] | None,
) -> dict[str, Any]:
    if log and not records:
        return {"holds": None, "ledger_asked": noted is not None, "breaks": []}
    office = practice.office
    logged = [
        Logged(sequence=one.sequence, record=record, event=one.event) for one, record in zip(log, records, strict=True)
    ]
    breaks = verify_custody(
        logged, agency=office.agency_id, referral_id=referral_id, ring=office.scribe.ring(), ledger=noted
    )
    told = [{"code": one.code, "sequence": one.sequence} for one in breaks]
    return {"holds": not breaks, "ledger_asked": noted is not None, "breaks": told}


def _record(file: CaseFile, one: HandOver) -> str:
    return str(file.unlock(f"hand-over/{one.key}", one.content))
