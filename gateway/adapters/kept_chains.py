"""Chains that an operator keeps from being forgotten, and lets go again. Each is recorded; why, only as a code."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, select

from gateway.adapters.desk import SqlDesk
from gateway.adapters.found_by import of_chain
from gateway.adapters.kept_tables import KEPT_CHAINS
from gateway.adapters.tables import REFERRALS
from gateway.domain.retention import KeptChain
from shared.kernel.clock import to_wire
from shared.kernel.errors import InputRejected, NotFound
from shared.kernel.identifiers import GATEWAY
from shared.sop.calendar import day_in_viet_nam

_CODE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,62}")


def keep_chain(desk: SqlDesk, chain_id: str, *, reason: str, review_on: date) -> None:
    """Keep a chain, or state anew why and until when.

    Raises `NotFound` (`chain.unknown`), `InputRejected` (`chain.kept`) for a reason that is no code or a day that is
    past.
    """
    if not _CODE.fullmatch(reason):
        raise InputRejected("chain.kept", "Give the reason as a code in small letters, such as court.order; no names.")
    if review_on <= day_in_viet_nam(desk.at):
        raise InputRejected("chain.kept", "Name a day in the future on which somebody looks again.")
    if not desk.book.find(REFERRALS, of_chain(chain_id), limit=1):
        raise NotFound("chain.unknown", "The gateway has no chain of this id.")
    facts = {"reason": reason, "review_on": review_on.isoformat(), "kept_at": to_wire(desk.at)}
    if desk.book.get(KEPT_CHAINS, chain_id) is None:
        desk.book.insert(KEPT_CHAINS, {"chain_id": chain_id, **facts})
    else:
        desk.book.update(KEPT_CHAINS, chain_id, **facts)
    desk.record("directory", GATEWAY, chain_id=chain_id, code="chain-kept")


def let_chain_go(desk: SqlDesk, chain_id: str) -> None:
    """Keep a chain no longer than others. Raises `NotFound` (`chain.unknown`)."""
    if desk.book.get(KEPT_CHAINS, chain_id) is None:
        raise NotFound("chain.unknown", "No chain of this id is kept.")
    desk.book.delete(KEPT_CHAINS, chain_id)
    desk.record("directory", GATEWAY, chain_id=chain_id, code="chain-let-go")


def kept_chains(rows_of: Callable[[Select[Any]], Sequence[Mapping[str, Any]]]) -> Sequence[KeptChain]:
    """Return every chain that is kept, by the day on which somebody looks again."""
    found = rows_of(select(KEPT_CHAINS).order_by(KEPT_CHAINS.c.review_on, KEPT_CHAINS.c.chain_id))
    return [KeptChain(**{**row, "review_on": date.fromisoformat(row["review_on"])}) for row in found]
