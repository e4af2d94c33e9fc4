"""What an operator watches at the gateway: what waits, how long, and what is late. Numbers only, from indexes."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from gateway.adapters.broker_copies import BrokerCopies
from gateway.adapters.kept_tables import KEPT_CHAINS
from gateway.adapters.tables import AGENCIES, HOLDS, LEDGER_ENTRIES, LEDGER_HEAD, MESSAGES, REFERRALS
from gateway.adapters.witness_tables import witnessed_size
from gateway.domain.agency import AgencyStatus
from shared.kernel.clock import Clock, from_wire, to_wire
from shared.sop.calendar import day_in_viet_nam
from shared.storage.engine import read

if TYPE_CHECKING:
    from shared.transport.jetstream import Broker

SAYS: Final[Mapping[str, str]] = {
    "mesh_messages_waiting": "Messages that their recipients have not signed for.",
    "mesh_message_oldest_waiting_seconds": "How long the oldest of them has waited.",
    "mesh_referrals_overdue": "Referrals with a duty whose time is past.",
    "mesh_withdrawals_overdue": "Holders that owe an answer to a withdrawal, and are past their limit.",
    "mesh_agencies_active": "Agencies that may send and receive.",
    "mesh_ledger_entries": "Entries in the ledger.",
    "mesh_chains_kept_to_review": "Chains kept from being forgotten at which somebody has to look again.",
}


#: Shown where messages are delivered through a broker.
BROKER_SAYS: Final[Mapping[str, str]] = {
    "mesh_broker_connected": "Whether the broker does its work; while it does not, messages are admitted and wait.",
    "mesh_broker_copies": "Messages that are in the broker.",
}

#: Shown where witnesses are asked to cosign the ledger.
WITNESSES_SAY: Final[Mapping[str, str]] = {
    "mesh_ledger_witnessed_entries": "Entries in the largest head that a quorum of witnesses has cosigned.",
    "mesh_ledger_unwitnessed_seconds": "How long the oldest entry has waited that is in no such head.",
}


class Gauges:
    """Reads the present values."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def read(self) -> Mapping[str, float]:
        """Return each gauge by its name. Raises as `shared.storage.engine.read`."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Mapping[str, float]:
        now = self._clock.now()
        today = day_in_viet_nam(now).isoformat()
        with read(self._engine) as connection:
            waiting, oldest = connection.execute(
                select(func.count(), func.min(MESSAGES.c.queued_at)).where(
                    MESSAGES.c.settled_at.is_(None), MESSAGES.c.recipient.is_not(None)
                )
            ).one()
            since = 0.0 if oldest is None else (now - from_wire(oldest)).total_seconds()
            return {
                "mesh_messages_waiting": waiting,
                "mesh_message_oldest_waiting_seconds": max(since, 0.0),
                "mesh_referrals_overdue": _count(connection, REFERRALS.c.next_due_at < to_wire(now)),
                "mesh_withdrawals_overdue": _count(
                    connection, HOLDS.c.next_limit_at.is_not(None), HOLDS.c.due_at < to_wire(now)
                ),
                "mesh_agencies_active": _count(connection, AGENCIES.c.status == AgencyStatus.ACTIVE.value),
                "mesh_ledger_entries": connection.execute(select(LEDGER_HEAD.c.size)).scalar() or 0,
                "mesh_chains_kept_to_review": _count(connection, KEPT_CHAINS.c.review_on <= today),
            }


def _count(connection: Connection, *criteria: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(*criteria)).scalar_one()


class WitnessGauges:
    """Reads how far the witnesses are behind."""

    def __init__(self, engine: Engine, clock: Clock, *, origin: str) -> None:
        self._engine = engine
        self._clock = clock
        self._origin = origin

    async def read(self) -> Mapping[str, float]:
        """Return each gauge by its name. Raises as `shared.storage.engine.read`."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Mapping[str, float]:
        with read(self._engine) as connection:
            size = witnessed_size(connection, self._origin)
            next_at = connection.execute(select(LEDGER_ENTRIES.c.at).where(LEDGER_ENTRIES.c.idx == size)).scalar()
        waited = 0.0 if next_at is None else (self._clock.now() - from_wire(next_at)).total_seconds()
        return {"mesh_ledger_witnessed_entries": size, "mesh_ledger_unwitnessed_seconds": max(waited, 0.0)}


class BrokerGauges:
    """Reads how it stands with the broker."""

    def __init__(self, broker: "Broker", copies: BrokerCopies) -> None:
        self._broker = broker
        self._copies = copies

    async def read(self) -> Mapping[str, float]:
        """Return each gauge by its name. Raises as `shared.storage.engine.read`."""
        copies = await asyncio.to_thread(self._copies.count)
        return {"mesh_broker_connected": float(self._broker.serves), "mesh_broker_copies": copies}
