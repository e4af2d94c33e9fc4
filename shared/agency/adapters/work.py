"""Lists of work and their counts, from indexes: a hundred thousand referrals of before cost them nothing.

What a tab needs is in `ix_referrals_work`; only the rows of one page are read. A count looks at `most` entries at the
most, so that it takes no longer for an agency of many years.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select
from sqlalchemy import tuple_ as sql_tuple

from shared.agency.records import Box
from shared.agency.standing import open_in
from shared.agency.tables import ASSIGNMENTS, CONFLICTS, NAMES_SOMEBODY, REFERRALS, SECTOR_CLOCKS
from shared.agency.working import Load, Occurring, Place, WorkFilter
from shared.referral.blocked import is_blocked
from shared.sop.model import ENDS, ClockPhase

_ENDED: Final = sorted(state.value for state in ENDS)
#: When it is due what is never due: after everything else.
_NEVER: Final = "9999-12-31T23:59:59.999Z"


class SqlWork:
    """The lists of one agency, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unseen(self, who: Sequence[str]) -> Sequence[str]:
        """Return the referrals kept from any of these persons, by a declaration or by name (R-11)."""
        table = REFERRALS.c
        declared = select(CONFLICTS.c.chain_id).where(CONFLICTS.c.actor.in_(list(who)))
        kept = set(self._column(select(table.referral_id).where(table.chain_id.in_(declared))))
        named = select(table.referral_id, table.chain_id, table.blocked).where(NAMES_SOMEBODY)
        for referral_id, chain_id, blocked in self._connection.execute(named):
            if is_blocked(frozenset(blocked), chain_id=chain_id, who=who):
                kept.add(referral_id)
        return sorted(kept)

    def ids(self, wanted: WorkFilter) -> Sequence[str]:
        """Return one page of referrals, in the order of the list."""
        key, due = REFERRALS.c.referral_id, REFERRALS.c.next_due_at
        order = [key.desc()] if wanted.newest else [due.asc().nulls_last(), key]
        return self._column(_found(wanted, key).order_by(*order).limit(wanted.limit).offset(wanted.offset))

    def by_duty(self, wanted: WorkFilter, by: ClockPhase, *, after: Place | None) -> Sequence[Place]:
        """Return one page of referrals from behind a place on, what is due first by a duty first.

        Where that duty is done, or has no clock, it is what is due next that counts.
        """
        due, key = _due(by), REFERRALS.c.referral_id
        found = _found(wanted, due, key).order_by(due, key).limit(wanted.limit)
        if after is not None:
            found = found.where(sql_tuple(due, key) > sql_tuple(*after))
        return [Place._make(row) for row in self._connection.execute(found)]

    def count(self, wanted: WorkFilter, *, most: int) -> int:
        """Return how many referrals a list has, counted no further than `most`."""
        some = _found(wanted, REFERRALS.c.referral_id).limit(most).subquery()
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())

    def occurring(self, wanted: WorkFilter, *, most: int) -> Occurring:
        """Return the services and states among the first `most` entries of a list."""
        table = REFERRALS.c
        some = _found(wanted, table.service_type, table.state).limit(most).subquery()
        rows = self._connection.execute(select(some).distinct()).all()
        return Occurring(services=sorted({one[0] for one in rows}), states=sorted({one[1] for one in rows}))

    def numbered(self, number: str, *, unseen: Sequence[str]) -> Sequence[str]:
        """Return the referrals with a number, newest first: hardly ever more than one."""
        table = REFERRALS.c
        found = select(table.referral_id).where(table.number == number, *_seen(unseen))
        return self._column(found.order_by(table.referral_id.desc()))

    def loads(self, *, at: str, unseen: Sequence[str]) -> Mapping[str, Load]:
        """Return how much everybody has who has something."""
        table, holder = REFERRALS.c, ASSIGNMENTS.c.holder
        late = func.count().filter(table.next_due_at < at)
        joined = ASSIGNMENTS.join(REFERRALS, ASSIGNMENTS.c.referral_id == table.referral_id)
        found = select(holder, func.count(), late).select_from(joined).where(table.state.not_in(_ENDED), *_seen(unseen))
        return {one: Load(open, behind) for one, open, behind in self._connection.execute(found.group_by(holder))}

    def missed_clocks(self, *, at: str, unseen: Sequence[str], limit: int) -> Sequence[str]:
        """Return the clocks of the sector that ran out and that nobody stopped, longest over first."""
        clock, referral = SECTOR_CLOCKS.c, REFERRALS.c
        joined = SECTOR_CLOCKS.join(REFERRALS, clock.referral_id == referral.referral_id)
        running = (clock.stopped_at.is_(None), clock.due_at < at, referral.sealed_off_at.is_(None), *_seen(unseen))
        found = select(clock.key).select_from(joined).where(*running).order_by(clock.due_at, clock.key)
        return self._column(found.limit(limit))

    def _column(self, statement: Select[Any]) -> Sequence[str]:
        return list(self._connection.execute(statement).scalars())


def _found(wanted: WorkFilter, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the rows of a list, without an order."""
    table = REFERRALS.c
    found = select(*columns).where(_on(wanted), *_seen(wanted.unseen))
    if wanted.holder is not None:
        joined = ASSIGNMENTS.join(REFERRALS, ASSIGNMENTS.c.referral_id == table.referral_id)
        found = found.select_from(joined).where(ASSIGNMENTS.c.holder == wanted.holder)
    if wanted.nobodys:
        found = found.where(~exists().where(ASSIGNMENTS.c.referral_id == table.referral_id))
    if wanted.services is not None:
        found = found.where(table.service_type.in_(sorted(wanted.services)))
    if wanted.urgency is not None:
        found = found.where(table.urgency == wanted.urgency)
    if wanted.due_from is not None:
        found = found.where(table.next_due_at >= wanted.due_from)
    if wanted.due_before is not None:
        found = found.where(table.next_due_at < wanted.due_before)
    return found


def _due(by: ClockPhase) -> ColumnElement[str]:
    table = REFERRALS.c
    its_own = case((table.state.in_(sorted(open_in(by))), table.due[by.value].as_string()))
    return func.coalesce(its_own, table.next_due_at, _NEVER)


def _on(wanted: WorkFilter) -> ColumnElement[bool]:
    """Return where a referral is on the list, by box and state; one state where only that is asked for."""
    table = REFERRALS.c
    asked = {box: states & {wanted.state} if wanted.state else states for box, states in wanted.parts.items()}
    return or_(*(and_(table.box == box, table.state.in_(sorted(asked[box]))) for box in (Box.RECEIVED, Box.SENT)
                 if box in asked))  # fmt: skip


def _seen(unseen: Sequence[str]) -> list[ColumnElement[bool]]:
    return [REFERRALS.c.referral_id.not_in(list(unseen))] if unseen else []
