"""Referrals that somebody is still writing: kept encrypted, each for one person, for some days, until sent or dropped.

Promises that a lost connection loses nothing (every step is kept as it was typed), that nobody but its writer opens
one, that what is listed says nothing about a person, and that it is forgotten by itself. One that goes on from a case
is forgotten as soon as anything of that case is taken back (`shared.agency.sealing_off`), or the case is kept from its
writer (R-11). One that was sent keeps the id of its referral alone, so that a second press of the button finds what
the first one did.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from shared.agency.office import Office, is_kept_from, unknown_referral
from shared.agency.ports import Desk
from shared.agency.records import ConflictRecord, Referral, Unsent
from shared.kernel.clock import to_wire
from shared.kernel.errors import InputRejected, NotFound
from shared.people.records import Person

#: Policy: long enough for a weekend and a holiday, no longer.
KEPT: Final = timedelta(days=7)
#: More than anybody writes at the same time.
UNSENT_MOST: Final = 20

_CONTENT: Final = "draft"


@dataclass(frozen=True, slots=True)
class Opened:
    """A referral in the making, open before its writer. `steps` are the fields of each step as they were typed."""

    record: Unsent
    steps: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def draft_id(self) -> str:
        """What it is found by."""
        return self.record.draft_id


async def begin(office: Office, person: Person, *, known: Mapping[str, Any]) -> Opened:
    """Begin a referral; `known` is what is not asked: the referral it continues, the consent it rests on.

    Raises `InputRejected` (`draft.too-many`), `NotFound` (`referral.unknown`) where what it continues was sealed off or
    is kept from her (R-11).
    """
    draft_id, at = office.scribe.new_id(), office.clock.now()
    case, wrapped = office.vault.new_draft(draft_id)
    record = Unsent(
        draft_id=draft_id,
        account_id=person.account.account_id,
        actor=person.pseudonym,
        begun_at=to_wire(at),
        kept_at=to_wire(at),
        expires_at=to_wire(at + KEPT),
        before_id=known.get("parent_id") or known.get("replaces"),
        wrapped_key=wrapped,
        content=case.lock(_CONTENT, {"steps": {}, "known": dict(known)}),
    )

    def work(desk: Desk) -> None:
        if len(desk.find(Unsent, account_id=record.account_id)) >= UNSENT_MOST:
            raise InputRejected("draft.too-many", "You have many unfinished referrals. Finish or delete one first.")
        _check_before(desk, record)
        desk.add(record)

    await office.store.write(work)
    return Opened(record, {}, dict(known))


async def reopen(office: Office, account_id: str, draft_id: str) -> Opened:
    """Open what somebody is writing. Raises `NotFound` (`draft.unknown`), also where it is another's."""
    record = await office.store.read(lambda reading: reading.get(Unsent, draft_id))
    if record is None or record.account_id != account_id or not _is_kept(record, to_wire(office.clock.now())):
        raise _unknown()
    return _opened(office, record)


async def keep(
    office: Office,
    opened: Opened,
    *,
    step: str | None = None,
    typed: Mapping[str, Sequence[str]] | None = None,
    known: Mapping[str, Any] | None = None,
) -> Opened:
    """Keep what was typed in a step, and what was found out meanwhile. Raises `NotFound` (`draft.unknown`)."""
    steps = dict(opened.steps) if step is None else {**opened.steps, step: dict(typed or {})}
    found = {**opened.known, **(known or {})}
    at = office.clock.now()

    def work(desk: Desk) -> Unsent:
        record = desk.get(Unsent, opened.draft_id)
        if record is None or record.wrapped_key is None:
            raise NotFound("draft.unknown", "This unfinished referral is no longer here: it was sent or deleted.")
        case = office.vault.open_draft(opened.draft_id, record.wrapped_key)
        locked = case.lock(_CONTENT, {"steps": steps, "known": found})
        return desk.change(record, content=locked, kept_at=to_wire(at), expires_at=to_wire(at + KEPT))

    return Opened(await office.store.write(work, expects=[(Unsent, opened.draft_id)]), steps, found)


async def written_by(office: Office, account_id: str) -> Sequence[Opened]:
    """Return what somebody is still writing, newest first."""
    now = to_wire(office.clock.now())
    found = await office.store.read(lambda reading: reading.find(Unsent, account_id=account_id))
    return [_opened(office, one) for one in reversed(found) if one.content is not None and _is_kept(one, now)]


async def was_sent(office: Office, opened: Opened, referral_id: str) -> None:
    """Forget what was written, and remember which referral it became."""

    def work(desk: Desk) -> None:
        record = desk.get(Unsent, opened.draft_id)
        if record is not None:
            desk.change(record, referral_id=referral_id, before_id=None, wrapped_key=None, content=None)

    await office.store.write(work, expects=[(Unsent, opened.draft_id)])


async def drop(office: Office, opened: Opened) -> None:
    """Forget what was written."""

    def work(desk: Desk) -> None:
        record = desk.get(Unsent, opened.draft_id)
        if record is not None:
            desk.remove(record)

    await office.store.write(work, expects=[(Unsent, opened.draft_id)])


def is_nobodys(record: Unsent) -> bool:
    """Say whether something unfinished names no writer: a release of before made it, beside this one.

    What it goes on from stands only inside it, so it would outlive a case that is sealed off or kept from its writer.
    """
    return record.wrapped_key is not None and not record.actor


def drop_going_on(desk: Desk, referrals: Collection[str], *, actor: str) -> None:
    """Forget what somebody is writing that goes on from any of these referrals: they are kept from her (R-11)."""
    for one in desk.find(Unsent, actor=actor):
        if one.before_id in referrals:
            desk.remove(one)


def _is_kept(record: Unsent, now: str) -> bool:
    return record.expires_at > now and not is_nobodys(record)


def _check_before(desk: Desk, record: Unsent) -> None:
    """Check what it goes on from once more: since that was looked at, it may be sealed off or kept from her."""
    before = None if record.before_id is None else desk.get(Referral, record.before_id)
    if before is None:
        return
    declared = {one.chain_id for one in desk.find(ConflictRecord, actor=record.actor)}
    if before.sealed_off_at is not None or is_kept_from(before, [record.actor], declared=declared):
        raise unknown_referral()


def _unknown() -> NotFound:
    return NotFound("draft.unknown", "This unfinished referral is no longer here: it was sent, deleted or too old.")


def _opened(office: Office, record: Unsent) -> Opened:
    if record.wrapped_key is None or record.content is None:
        return Opened(record)
    content = office.vault.open_draft(record.draft_id, record.wrapped_key).unlock(_CONTENT, record.content)
    return Opened(record, content["steps"], content["known"])
