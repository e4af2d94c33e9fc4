"""What of the outbox is in the broker: what is still to be published, what has to come out again, who is to be served.

The outbox is the truth; a copy is only believed in, for as long as the broker itself keeps anything, and as long as
the stream is the one it was put into. Whatever is not believed in any more is published again. Any number of processes
may do all this at once: publishing twice is harmless.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, func, or_, select

from gateway.adapters.broker_tables import BROKER_COPIES
from gateway.adapters.desk import SqlDesk
from gateway.adapters.rows import fetch
from gateway.adapters.tables import AGENCIES, DELIVERY_ROUTES, MESSAGES, is_unsettled
from gateway.domain.agency import AgencyStatus
from gateway.domain.receipt import STORED
from shared.kernel.clock import Clock, from_wire, to_wire
from shared.storage.engine import read
from shared.transport.parcels import ACK_WAIT, AHEAD, KEPT_SECONDS

_PORTION = 500
#: What could not go now and waits for nothing in particular is asked about again after so many seconds.
_SOON = 1.0


@dataclass(frozen=True, slots=True)
class Copy:
    """A message in the broker: in which stream, and at which place of it."""

    message_id: str
    agency_id: str
    stream: str
    place: int


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to do: messages to publish, copies to take out, agencies to shut off, and agencies to serve."""

    publish: Sequence[dict[str, Any]]
    take_out: Sequence[Copy]
    shut_off: Sequence[str]
    serve: Sequence[dict[str, Any]]


class BrokerCopies:
    """Reads what there is to do. `direct` names the agencies that take from the broker themselves."""

    def __init__(self, engine: Engine, clock: Clock, *, direct: Collection[str]) -> None:
        self._engine = engine
        self._clock = clock
        self._direct = frozenset(direct)

    def look(self, stream: str) -> Look:
        """Return what there is to do with this stream. Raises as `shared.storage.engine.read`."""
        at = self._clock.now()
        with read(self._engine) as connection:
            kept = self._kept(connection, stream, at)
            publish = [
                row
                for agency in self._behind(connection, stream, at)
                if (room := AHEAD - kept.get(agency, 0)) > 0
                for row in fetch(connection, _missing(agency, stream, at).limit(room))
            ]
            couriered = (kept.keys() | {row["recipient"] for row in publish}) - self._direct
            return Look(
                publish=publish,
                take_out=[_copy(row) for row in fetch(connection, self._settled(at))],
                shut_off=list(connection.execute(_shut_off()).scalars()),
                serve=fetch(connection, _routes(couriered)),
            )

    def standing(self, agency_id: str, message_ids: Sequence[str]) -> dict[str, float]:
        """Return in how many seconds each of these may leave for an agency; those that are settled are left out."""
        now = self._clock.now()
        statement = (
            select(MESSAGES.c.message_id, MESSAGES.c.due_at, DELIVERY_ROUTES.c.retry_at)
            .select_from(MESSAGES.outerjoin(DELIVERY_ROUTES, DELIVERY_ROUTES.c.agency_id == MESSAGES.c.recipient))
            .where(
                MESSAGES.c.message_id.in_(message_ids),
                MESSAGES.c.recipient == agency_id,
                is_unsettled(MESSAGES.c.settled_at),
            )
        )
        with read(self._engine) as connection:
            rows = fetch(connection, statement)
        return {row["message_id"]: _seconds(now, row["due_at"], row["retry_at"]) for row in rows}

    def count(self) -> int:
        """Return how many messages are believed to be in the broker."""
        with read(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(BROKER_COPIES)).scalar_one()

    def _kept(self, connection: Connection, stream: str, at: datetime) -> dict[str, int]:
        copies = BROKER_COPIES.c
        statement = (
            select(copies.agency_id, func.count().label("held")).where(_believed(stream, at)).group_by(copies.agency_id)
        )
        return {row["agency_id"]: row["held"] for row in fetch(connection, statement)}

    def _behind(self, connection: Connection, stream: str, at: datetime) -> list[str]:
        """Return the agencies that are served through the broker and have messages that are not in it."""
        served = or_(AGENCIES.c.base_url.is_not(None), AGENCIES.c.id.in_(self._direct))
        statement = select(AGENCIES.c.id).where(
            AGENCIES.c.status == AgencyStatus.ACTIVE.value, served, _missing(AGENCIES.c.id, stream, at).exists()
        )
        return list(connection.execute(statement).scalars())

    def _settled(self, at: datetime) -> Select[Any]:
        """Select the copies of what does not wait any more.

        What a courier has delivered is left to it, for as long as it may take to acknowledge that.
        """
        recent = BROKER_COPIES.c.published_at > to_wire(at - timedelta(seconds=ACK_WAIT))
        couriered = and_(MESSAGES.c.settled_code == STORED, recent, BROKER_COPIES.c.agency_id.not_in(self._direct))
        gone = or_(MESSAGES.c.message_id.is_(None), and_(MESSAGES.c.settled_at.is_not(None), ~couriered))
        joined = BROKER_COPIES.outerjoin(MESSAGES, MESSAGES.c.message_id == BROKER_COPIES.c.message_id)
        return select(BROKER_COPIES).select_from(joined).where(gone).limit(_PORTION)


def keep_copies(desk: SqlDesk, copies: Sequence[Copy]) -> None:
    """Write down what was published."""
    desk.book.prefetch(BROKER_COPIES, [copy.message_id for copy in copies])
    for copy in copies:
        facts = {"stream": copy.stream, "place": copy.place, "published_at": to_wire(desk.at)}
        if desk.book.get(BROKER_COPIES, copy.message_id) is None:
            desk.book.insert(BROKER_COPIES, {"message_id": copy.message_id, "agency_id": copy.agency_id, **facts})
        else:
            desk.book.update(BROKER_COPIES, copy.message_id, **facts)


def drop_copies(desk: SqlDesk, message_ids: Sequence[str]) -> None:
    """Write down that these are not in the broker any more."""
    desk.book.prefetch(BROKER_COPIES, message_ids)
    for message_id in message_ids:
        if desk.book.get(BROKER_COPIES, message_id) is not None:
            desk.book.delete(BROKER_COPIES, message_id)


def drop_copies_of(desk: SqlDesk, agency_id: str) -> None:
    """Write down that nothing of an agency is in the broker any more."""
    for row in desk.book.find(BROKER_COPIES, BROKER_COPIES.c.agency_id == agency_id):
        desk.book.delete(BROKER_COPIES, row["message_id"])


def _believed(stream: str, at: datetime) -> ColumnElement[bool]:
    since = to_wire(at - timedelta(seconds=KEPT_SECONDS))
    return and_(BROKER_COPIES.c.stream == stream, BROKER_COPIES.c.published_at > since)


def _missing(agency: Any, stream: str, at: datetime) -> Select[Any]:
    """Select the messages for an agency that wait and are not in the broker, in their order."""
    copied = and_(BROKER_COPIES.c.message_id == MESSAGES.c.message_id, _believed(stream, at))
    return (
        select(MESSAGES)
        .select_from(MESSAGES.outerjoin(BROKER_COPIES, copied))
        .where(MESSAGES.c.recipient == agency, MESSAGES.c.settled_at.is_(None), BROKER_COPIES.c.message_id.is_(None))
        .order_by(MESSAGES.c.seq)
    )


def _shut_off() -> Select[Any]:
    copies = select(BROKER_COPIES.c.message_id).where(BROKER_COPIES.c.agency_id == AGENCIES.c.id)
    return select(AGENCIES.c.id).where(AGENCIES.c.status != AgencyStatus.ACTIVE.value, copies.exists())


def _routes(agencies: Collection[str]) -> Select[Any]:
    return select(AGENCIES.c.id, AGENCIES.c.base_url, AGENCIES.c.webhook_secret).where(
        AGENCIES.c.id.in_(agencies),
        AGENCIES.c.base_url.is_not(None),
        AGENCIES.c.status == AgencyStatus.ACTIVE.value,
    )


def _seconds(now: datetime, *until: str | None) -> float:
    waits = [(from_wire(one) - now).total_seconds() for one in until if one is not None]
    return max([_SOON, *waits])


def _copy(row: dict[str, Any]) -> Copy:
    return Copy(row["message_id"], row["agency_id"], row["stream"], row["place"])
