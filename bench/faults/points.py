"""The named points at which a process can be killed, put around the product's own functions from outside.

Nothing of this is in the product: `name_points` wraps its functions in a process that the harness starts. Wherever
something becomes durable, and wherever something durable is not yet known to the other side, there is a point.
"""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench.faults.page import Page
from gateway.adapters.dispatcher import Dispatcher
from gateway.adapters.receipts import ReceiptDesk
from gateway.web.inbox import Inbox
from gateway.web.intake import Intake
from shared.agency.hub import GatewayHub
from shared.agency.inbound.deliveries import Deliveries
from shared.agency.outbound.outbox import Outbox
from shared.storage import transactor
from shared.storage.book import Book
from shared.storage.group_commit import GroupWriter
from shared.storage.transactor import Transactor

GATEWAY: Final = "gateway"
AGENCY: Final = "agency"
BOTH: Final = frozenset({GATEWAY, AGENCY})


@dataclass(frozen=True, slots=True)
class Point:
    """A moment just before or just after one function of the product, in one kind of process."""

    name: str
    says: str
    owner: Any
    function: str
    is_after: bool
    where: frozenset[str]


def _around(stem: str, owner: Any, function: str, before: str, after: str, *where: str) -> tuple[Point, Point]:
    kinds = frozenset(where) or BOTH
    return (
        Point(f"{stem}.before", before, owner, function, is_after=False, where=kinds),
        Point(f"{stem}.after", after, owner, function, is_after=True, where=kinds),
    )


_COMMIT: Any = transactor._Commit

POINTS: Final[tuple[Point, ...]] = (
    *_around("begin", Transactor, "_begin", "before a transaction begins", "after it began and took its locks"),
    *_around("flush", Book, "flush", "before the rows are sent", "after they are sent (and committed, at the end)"),
    *_around("commit", _COMMIT, "__call__", "rows sent, not committed", "right after the commit was sent"),
    *_around("answer", GroupWriter, "_settle", "durable, no caller told", "callers told, no answer sent"),
    *_around("admit", Intake, "admit", "message read, nothing done", "message admitted, answer not sent", GATEWAY),
    *_around("claim", Dispatcher, "_claim", "before messages are claimed", "claimed, not posted", GATEWAY),
    *_around("post", Dispatcher, "_post", "about to be posted", "posted and receipts here, not settled", GATEWAY),
    *_around("settle", ReceiptDesk, "_settle", "receipts verified, not settled", "receipts settled", GATEWAY),
    *_around("inbox", Inbox, "read", "inbox asked for", "messages claimed, inbox not answered", GATEWAY),
    *_around("announce", Outbox, "announce", "letter kept, not on its way", "letter on its way", AGENCY),
    *_around("batch", Outbox, "_exchange", "batch not sent", "gateway answered, nothing recorded", AGENCY),
    *_around("record", Outbox, "_record", "one answer not recorded", "one answer recorded", AGENCY),
    *_around("take", Deliveries, "take", "delivery read, nothing kept", "kept, receipts not answered", AGENCY),
    *_around("keep", Deliveries, "_settle", "one message judged, not kept", "one message kept", AGENCY),
    *_around("receipts", GatewayHub, "post_receipts", "kept, receipts not posted", "receipts posted", AGENCY),
)
NUMBER: Final = {point.name: number for number, point in enumerate(POINTS)}


def points_of(kind: str, *, polls: bool) -> list[str]:
    """Return the points that a process of a kind passes; `polls`: it polls its inbox, or serves somebody who does.

    A gateway that serves somebody who polls pushes to the others all the same.
    """
    not_passed = set() if polls else {"inbox", "receipts"}
    return [point.name for point in POINTS if kind in point.where and point.name.split(".")[0] not in not_passed]


def name_points(kind: str, page: Page) -> None:
    """Wrap the product's functions in this process, so that each point is noted, and deadly when it is armed."""
    for number, point in enumerate(POINTS):
        if kind in point.where:
            original = getattr(point.owner, point.function)
            setattr(point.owner, point.function, _wrapped(original, functools.partial(page.reach, number), point))


def _wrapped(original: Any, reach: Callable[[], None], point: Point) -> Any:
    wrap = _wrap_async if asyncio.iscoroutinefunction(original) else _wrap
    return wrap(original, *((_nothing, reach) if point.is_after else (reach, _nothing)))


def _nothing() -> None:
    return


def _wrap(original: Any, before: Callable[[], None], after: Callable[[], None]) -> Any:
    @functools.wraps(original)
    def wrapped(*given: Any, **named: Any) -> Any:
        before()
        answer = original(*given, **named)
        after()
        return answer

    return wrapped


def _wrap_async(original: Any, before: Callable[[], None], after: Callable[[], None]) -> Any:
    @functools.wraps(original)
    async def wrapped(*given: Any, **named: Any) -> Any:
        before()
        answer = await original(*given, **named)
        after()
        return answer

    return wrapped
