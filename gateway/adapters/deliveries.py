"""Deliveries that need somebody: given up, or tried in vain again and again; and another try at once.

One concept for every way of delivering, because the outbox alone decides: a message nobody took for a week, or whose
consent ended first, is given up, its text forgotten and its sender told. That is final: what is sent anew is decided
anew. What still waits may be tried at once, without the rest of its pause.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Engine, Select, and_, select

from gateway.adapters.broker_tables import BROKER_COPIES
from gateway.adapters.desk import SqlDesk
from gateway.adapters.rows import fetch
from gateway.adapters.tables import DELIVERY_ROUTES, GIVEN_UP, MESSAGES
from shared.kernel.errors import Conflict, NotFound
from shared.storage.engine import read

#: So many attempts take about an hour.
TRIED_OFTEN: Final = 12
_SHOWN_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that does not arrive: ids, codes and times, never a text."""

    message_id: str
    kind: str
    sender: str
    recipient: str
    attempts: int
    queued_at: str
    given_up_at: str | None


def dead_deliveries(rows_of: Callable[[Select[Any]], Sequence[Mapping[str, Any]]]) -> Sequence[Dead]:
    """Return what was given up, and what waits and was tried often; the newest first.

    Each of the two has an index of its own; both together would be looked for among everything ever delivered.
    """
    row = MESSAGES.c
    waits = and_(row.settled_at.is_(None), row.recipient.is_not(None), row.attempt >= TRIED_OFTEN)
    newest = select(MESSAGES).order_by(row.seq.desc()).limit(_SHOWN_MOST)
    both = [one for which in (GIVEN_UP, waits) for one in rows_of(newest.where(which))]
    found = sorted(both, key=itemgetter("seq"), reverse=True)[:_SHOWN_MOST]
    return [
        Dead(
            message_id=one["message_id"],
            kind=one["kind"],
            sender=one["sender"],
            recipient=one["recipient"],
            attempts=one["attempt"],
            queued_at=one["queued_at"],
            given_up_at=one["settled_at"],
        )
        for one in found
    ]


def read_dead(engine: Engine) -> Sequence[Dead]:
    """Return the same for a reader, who keeps nobody from writing."""
    with read(engine) as connection:
        return dead_deliveries(partial(fetch, connection))


def replay_delivery(desk: SqlDesk, message_id: str) -> None:
    """Have a message that waits tried at once.

    Raises `NotFound` (`message.unknown`), and `Conflict` (`delivery.settled`) for one that does not wait any more.
    """
    row = desk.book.get(MESSAGES, message_id)
    if row is None or row["recipient"] is None:
        raise NotFound("message.unknown", "The gateway has no message of this id to deliver.")
    if row["settled_at"] is not None:
        raise Conflict(
            "delivery.settled", "This message does not wait any more; its sender was told and may send anew."
        )
    desk.book.update(MESSAGES, message_id, due_at=None)
    if desk.book.get(BROKER_COPIES, message_id) is not None:
        desk.book.delete(BROKER_COPIES, message_id)  # published anew
    if desk.book.get(DELIVERY_ROUTES, row["recipient"]) is not None:
        desk.book.update(DELIVERY_ROUTES, row["recipient"], retry_at=None)
