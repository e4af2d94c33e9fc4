"""What the gateway forgets in the end: chains over for `MESH_RETENTION_MONTHS`, consents that ended as long ago.

Forgotten are referral, override, hold with its signed answer, statement, conflict, consent: every row that has a
subject reference, a service or an age beside an agency. There stay the ledger, in which it is recorded, and of each
message its id, its digest and the receipt, so that the same bytes are never admitted a second time. A chain is over
when all its referrals have ended, nothing waits, no answer and no review is owed, and the ledger has heard nothing of
it since. What was not counted yet stays, and what an operator keeps (`gateway.adapters.kept_chains`). Each is decided
in the transaction that forgets it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Engine, Table, func, select, tuple_

from gateway.adapters.desk import SqlDesk
from gateway.adapters.found_by import entries_of_consents, messages_of, of_chain
from gateway.adapters.kept_tables import KEPT_CHAINS
from gateway.adapters.number_tables import REFERRAL_NUMBERS, number_row
from gateway.adapters.rows import Row, fetch
from gateway.adapters.tables import (
    CONFLICTS,
    CONSENTS,
    HOLDS,
    LEDGER_ENTRIES,
    MESSAGES,
    OVERRIDES,
    REFERRALS,
    STATEMENT_REQUESTS,
    STATEMENTS,
)
from gateway.domain.retention import forgotten_before
from gateway.domain.withdrawal import HoldResult
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.kernel.identifiers import GATEWAY
from shared.kernel.json_text import write_json
from shared.sop.model import ENDS
from shared.storage.book import Book
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

LOOK_SECONDS: Final = 3600.0
#: How the ledger says that something was forgotten.
FORGOTTEN: Final = "retention.ended"
_PORTION: Final = 200
_ENDS: Final = sorted(state.value for state in ENDS)
_NOT_SEALED: Final = frozenset({HoldResult.PENDING.value, HoldResult.LEGAL_HOLD.value})
_BEGIN: Final = ("", "")

_log = get_logger("retention")


class Retention:
    """Looks every hour for what is over. Any number of processes may run this."""

    def __init__(
        self,
        engine: Engine,
        *,
        writer: GroupWriter[SqlDesk],
        clock: Clock,
        months: int,
        first: Callable[[], Awaitable[bool]],
    ) -> None:
        """Take what it works with; `first` counts what has to be counted before it is forgotten, and says if all is."""
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._months = months
        self._first = first

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.sweep()
            except MeshError as fault:
                _log.warning("retention.failed", code=fault.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def sweep(self) -> None:
        """Forget everything that is due, unless something is still being counted."""
        if not await self._first():
            return
        before = to_wire(forgotten_before(self._clock.now(), months=self._months))
        row = REFERRALS.c
        async for found in self._portions(row.received_at, row.referral_id, row.chain_id, before=before):
            await self._forget_each(sorted(set(found)), partial(forget_chain, before=before))
        row = CONSENTS.c
        async for found in self._portions(row.valid_to, row.id, row.id, before=before):
            await self._forget_each(found, partial(forget_consent, before=before))

    async def _forget_each(self, keys: Sequence[str], forget: Callable[..., bool]) -> None:
        """Forget one after the other, so that nobody waits long behind it."""
        done = [await self._writer.submit(partial(forget, key=key)) for key in keys]
        if any(done):
            _log.info("records.forgotten", count=sum(done))

    async def _portions(
        self, moment: Column[Any], key: Column[Any], wanted: Column[Any], *, before: str
    ) -> AsyncIterator[list[str]]:
        """Yield what is old enough, the oldest first; what has to stay is passed over, and looked at another time."""
        place = _BEGIN
        while True:
            statement = (
                select(moment, key, wanted.label("wanted"))
                .where(moment <= before, tuple_(moment, key) > tuple_(*place))
                .order_by(moment, key)
                .limit(_PORTION)
            )
            found = await asyncio.to_thread(self._read, statement)
            if not found:
                return
            place = tuple(found[-1].values())[:2]
            yield [row["wanted"] for row in found]

    def _read(self, statement: Any) -> list[dict[str, Any]]:
        with read(self._engine) as connection:
            return fetch(connection, statement)


def forget_chain(desk: SqlDesk, key: str, *, before: str) -> bool:
    """Forget a chain, by its id, that has been over since then; say whether it was."""
    book, chain_id = desk.book, key
    referrals = book.find(REFERRALS, of_chain(chain_id))
    if not referrals or not all(row["state"] in _ENDS for row in referrals) or book.get(KEPT_CHAINS, chain_id):
        return False
    ids = [row["referral_id"] for row in referrals]
    messages = book.find(MESSAGES, messages_of(ids))
    rest = _beside(book, chain_id, ids)
    if _is_owed(messages, rest) or _last_heard(book, LEDGER_ENTRIES.c.chain_id == chain_id) > before:
        return False
    _drop(book, {REFERRALS: referrals, REFERRAL_NUMBERS: _numbers(book, referrals), **rest})
    _reduce(book, messages)
    desk.record("expiry", GATEWAY, chain_id=chain_id, code=FORGOTTEN)
    return True


def forget_consent(desk: SqlDesk, key: str, *, before: str) -> bool:
    """Forget a consent, by its id, that ended before then and that nothing rests on; say whether it was one."""
    book, consent_id = desk.book, key
    rests = book.find(REFERRALS, REFERRALS.c.consent_id == consent_id, limit=1)
    derived = book.find(CONSENTS, CONSENTS.c.derived_from == consent_id, limit=1)
    row = book.get(CONSENTS, consent_id)
    if row is None or rests or derived or row["valid_to"] > before:
        return False
    if _last_heard(book, entries_of_consents([consent_id])) > before:  # a referral under it came before it ended
        return False
    messages = _messages_about(book, consent_id)
    book.delete(CONSENTS, consent_id)
    _reduce(book, messages)
    desk.record("expiry", GATEWAY, consent_id=consent_id, code=FORGOTTEN)
    return True


def _beside(book: Book, chain_id: str, referral_ids: Collection[str]) -> dict[Table, list[dict[str, Any]]]:
    """Return what is kept of a chain beside its referrals."""
    return {
        HOLDS: book.find(HOLDS, HOLDS.c.referral_id.in_(referral_ids)),
        OVERRIDES: book.find(OVERRIDES, OVERRIDES.c.referral_id.in_(referral_ids)),
        STATEMENT_REQUESTS: book.find(STATEMENT_REQUESTS, STATEMENT_REQUESTS.c.referral_id.in_(referral_ids)),
        STATEMENTS: book.find(STATEMENTS, STATEMENTS.c.chain_id == chain_id),
        CONFLICTS: book.find(CONFLICTS, CONFLICTS.c.chain_id == chain_id),
    }


def _numbers(book: Book, referrals: Sequence[Row]) -> list[dict[str, Any]]:
    keys = [tuple(number_row(row).values()) for row in referrals]
    return [row for key in keys if (row := book.get(REFERRAL_NUMBERS, key))]


def _is_owed(messages: Sequence[Row], rest: Mapping[Table, Sequence[Row]]) -> bool:
    """Say whether anything waits: a delivery, a holder's answer, a review of access without consent.

    A holder that keeps something by law has answered, and owes that it is sealed off in the end.
    """
    waits = any(row["settled_at"] is None for row in messages)
    held = any(row["result"] in _NOT_SEALED for row in rest[HOLDS])
    return waits or held or any(row["reviewed_at"] is None for row in rest[OVERRIDES])


def _last_heard(book: Book, about: ColumnElement[bool]) -> str:
    (row,) = book.select(select(func.max(LEDGER_ENTRIES.c.at).label("at")).where(about))
    return str(row["at"] or "")


def _messages_about(book: Book, consent_id: str) -> list[dict[str, Any]]:
    """Return the messages that recorded a consent and took it back; the ledger alone knows them."""
    entries = LEDGER_ENTRIES.c
    leaves = book.select(
        select(entries.leaf).where(entries_of_consents([consent_id]), entries.kind.in_(("consent", "revocation")))
    )
    ids = [json.loads(row["leaf"])["message_id"] for row in leaves]
    return book.find(MESSAGES, MESSAGES.c.message_id.in_(ids))


def _drop(book: Book, found: Mapping[Table, Sequence[Row]]) -> None:
    for table, rows in found.items():
        key_of = itemgetter(*(column.key for column in table.primary_key))
        for row in rows:
            book.delete(table, key_of(row))


def _reduce(book: Book, messages: Sequence[Row]) -> None:
    """Leave of messages what answers the same bytes: id, digest, sender, and the receipt out of the first answer."""
    for row in messages:
        answer = json.loads(row["answer"])
        kept = {"receipt": answer["receipt"]} if "receipt" in answer else {}
        facts = {"recipient": None, "traceparent": "", "settled_code": FORGOTTEN}
        book.update(MESSAGES, row["message_id"], answer=write_json(kept), **facts)
