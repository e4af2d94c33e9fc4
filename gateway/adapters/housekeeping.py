"""What is tidied up as time passes: consent that has ended, assertions nobody can replay, refusals too old to repeat.

What was destroyed since the last sweep is wiped from the database's journal as well.

Nothing depends on it being punctual: every release asks the consent itself. Any number of processes may run it.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from sqlalchemy import Engine, Select, Table, select

from gateway.adapters.bell import Bell
from gateway.adapters.desk import SqlDesk
from gateway.adapters.refused_messages import REFUSED_MESSAGES
from gateway.adapters.tables import REFERRALS, USED_ASSERTIONS
from gateway.application.end_lapsed import end_lapsed
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.storage.wiping import wipe_journal
from shared.telemetry.logs import get_logger
from shared.telemetry.tracing import Telemetry

SWEEP_SECONDS = 15.0
_PORTION = 200

_log = get_logger("housekeeping")


class Housekeeping:
    """Sweeps every `SWEEP_SECONDS`, in portions, so that nobody waits long behind it."""

    def __init__(
        self, engine: Engine, *, writer: GroupWriter[SqlDesk], clock: Clock, telemetry: Telemetry, bell: Bell
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._telemetry = telemetry
        self._bell = bell

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            with self._telemetry.span("housekeeping.sweep"):
                try:
                    await self.sweep()
                except MeshError as fault:
                    _log.warning("housekeeping.failed", code=fault.code)
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> None:
        """Tidy up everything that is due."""
        now = to_wire(self._clock.now())
        lapsed = select(REFERRALS.c.referral_id).where(REFERRALS.c.lapses_at <= now).order_by(REFERRALS.c.lapses_at)
        async for found in self._portions(lapsed):
            for referral_id in found:
                await self._writer.submit(
                    partial(end_lapsed, referral_id=referral_id), prefetch=[(REFERRALS, referral_id)]
                )
            self._bell.ring()
            _log.info("referrals.lapsed", count=len(found))
        spent = select(USED_ASSERTIONS.c.jti).where(USED_ASSERTIONS.c.expires_at < now)
        async for found in self._portions(spent):
            await self._writer.submit(partial(_forget, table=USED_ASSERTIONS, keys=found))
        answered = select(REFUSED_MESSAGES.c.sha256).where(REFUSED_MESSAGES.c.forget_at < now)
        async for found in self._portions(answered):
            await self._writer.submit(partial(_forget, table=REFUSED_MESSAGES, keys=found))
        await asyncio.to_thread(wipe_journal, self._engine)

    async def _portions(self, statement: Select[Any]) -> AsyncIterator[list[str]]:
        """Yield what a query finds, anew each time, until it finds less than a portion."""
        full = True
        while full:
            found = await asyncio.to_thread(self._keys, statement)
            full = len(found) == _PORTION
            if found:
                yield found

    def _keys(self, statement: Select[Any]) -> list[str]:
        with read(self._engine) as connection:
            return list(connection.execute(statement.limit(_PORTION)).scalars())


def _forget(desk: SqlDesk, *, table: Table, keys: list[str]) -> None:
    desk.book.prefetch(table, keys)
    for key in keys:
        if desk.book.get(table, key) is not None:
            desk.book.delete(table, key)
