"""Bugs planted on purpose, to show that the oracle can fail: each makes the product break one of its promises.

They are wrapped around the product's functions in a process that the harness starts, never written into the product.
Each names the verdict that must turn red, and the point at which a kill brings it to light.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gateway.adapters import outbox as gateway_outbox
from gateway.adapters.desk import SqlDesk
from gateway.application import ask_opening, revoke_consent
from shared.agency.inbound.deliveries import Deliveries
from shared.agency.routes import callers
from shared.consent.decision import Decision
from shared.kernel.encoding import sha256_hex
from shared.storage import transactor
from shared.storage.group_commit import GroupWriter

_COMMIT: Any = transactor._Commit
#: How long a promise that a planted bug has broken stays broken.
_MOMENT: Final = 0.15


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug, where it is put, the verdict that must notice, and the points to kill at while it is in."""

    name: str
    says: str
    where: str
    caught_by: str
    put: Callable[[], None]
    kill_at: tuple[str, ...] = ()


def plant(name: str, process: str) -> None:
    """Put a bug into this process, where it belongs here."""
    if PLANTS[name].where == process:
        PLANTS[name].put()


def _answer_before_commit() -> None:
    """Answer every caller a moment before the transaction is committed."""
    settle, waiting = GroupWriter._settle, []

    def not_yet(commit: Any) -> None:
        commit.is_begun = True
        waiting.append(commit._driver)

    def answered_first(self: Any, outcomes: Any) -> None:
        settle(self, outcomes)
        time.sleep(_MOMENT)
        while waiting:
            waiting.pop().commit()

    _replace(_COMMIT, "__call__", not_yet)
    _replace(GroupWriter, "_settle", answered_first)


def _forget_idempotency_keys() -> None:
    """Take every repeated call for a new one."""
    _replace(callers, "read_key", lambda _header: None)


def _release_unchecked() -> None:
    """Keep the halves after a revocation, and release them without a look at consent or state."""
    _replace(ask_opening, "decide_release", lambda *_given, **_named: Decision(permitted=True, reasons=()))
    _replace(revoke_consent, "destroy", lambda halves, _lost: halves)


def _receipt_before_storing() -> None:
    """Sign for a delivery first, and store it a moment later."""
    keep = Deliveries._settle
    late: set[asyncio.Task[Any]] = set()

    async def later(self: Any, item: Any, judged: Any) -> None:
        await asyncio.sleep(2 * _MOMENT)
        await keep(self, item, judged)

    async def signed_first(self: Any, item: Any, judged: Any) -> Any:
        if judged is None or judged.prepared is None:
            return await keep(self, item, judged)
        task = asyncio.create_task(later(self, item, judged))
        late.add(task)
        task.add_done_callback(late.discard)
        return self._arrival(item, sha256_hex(item.body.encode()), judged.code).receipt

    _replace(Deliveries, "_settle", signed_first)


def _youngest_first() -> None:
    """Let what was queued last leave first."""
    bounds = gateway_outbox._within_bounds

    def backwards(*given: Any, **named: Any) -> Any:
        return list(reversed(bounds(*given, **named)))

    _replace(gateway_outbox, "_within_bounds", backwards)


def _ledger_in_another_transaction() -> None:
    """Settle a delivery in one transaction, and append its ledger entry in the next one."""
    record = SqlDesk.record
    owed: list[tuple[Any, str, str, Any]] = []

    def recorded_later(self: Any, kind: str, actor: str, **facts: Any) -> Any:
        if kind == "delivery":
            owed.append((self, kind, actor, facts))
            return None
        for one in [one for one in owed if one[0] is not self]:
            owed.remove(one)
            record(self, one[1], one[2], **one[3])
        return record(self, kind, actor, **facts)

    _replace(SqlDesk, "record", recorded_later)


def _replace(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


PLANTS: Final = {
    one.name: one
    for one in (
        Plant(
            "answer-before-commit",
            "the gateway answers a moment before it commits",
            "gateway",
            "lost",
            _answer_before_commit,
            ("claim.before",),
        ),
        Plant(
            "no-idempotency",
            "an agency service takes every repeated call for a new one",
            "health",
            "duplicated",
            _forget_idempotency_keys,
        ),
        Plant(
            "release-unchecked",
            "the gateway keeps halves after a revocation and releases them without a look at consent or state",
            "gateway",
            "disclosed",
            _release_unchecked,
        ),
        Plant(
            "receipt-before-storing",
            "an agency service signs for a delivery a moment before it stores it",
            "social",
            "lost",
            _receipt_before_storing,
            ("keep.before",),
        ),
        Plant(
            "youngest-first",
            "the gateway lets what was queued last leave first",
            "gateway",
            "misordered",
            _youngest_first,
        ),
        Plant(
            "ledger-later",
            "the gateway appends the entry of a delivery in another transaction than the one that settles it",
            "gateway",
            "ledger",
            _ledger_in_another_transaction,
            ("settle.after",),
        ),
    )
}
