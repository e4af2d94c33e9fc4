"""What is read of disclosures without consent: the queue, and how many there were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select

from gateway.adapters.overrides import override_from
from gateway.adapters.rows import fetch
from gateway.adapters.tables import OVERRIDES
from gateway.domain.counting import Cell
from gateway.domain.override import Override, OverrideState
from shared.kernel.clock import to_wire
from shared.kernel.errors import NotFound
from shared.storage.engine import read

_ROW = OVERRIDES.c
_WAITING = and_(_ROW.confirm_due_at.is_not(None), _ROW.confirmed_at.is_(None))


@dataclass(frozen=True, slots=True)
class OverrideFilter:
    """What is asked of the queue. `sender` None is oversight; `overdue_at` asks for what was overdue then."""

    sender: str | None
    state: OverrideState | None = None
    overdue_at: str | None = None
    after: str | None = None
    limit: int = 50


class OverrideReadings:
    """Read models over disclosures without consent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queue(self, wanted: OverrideFilter) -> list[Override]:
        """Return overrides, oldest first."""
        statement = select(OVERRIDES).where(*_criteria(wanted)).order_by(_ROW.referral_id).limit(wanted.limit)
        with read(self._engine) as connection:
            return [override_from(row) for row in fetch(connection, statement)]

    def unreviewed(self, *, limit: int) -> list[Override]:
        """Return overrides that nobody has reviewed, the one whose limit comes first at the head."""
        statement = select(OVERRIDES).where(_ROW.reviewed_at.is_(None)).order_by(_ROW.review_due_at).limit(limit)
        with read(self._engine) as connection:
            return [override_from(row) for row in fetch(connection, statement)]

    def one(self, referral_id: str) -> Override:
        """Return one override. Raises `NotFound` (`override.unknown`)."""
        with read(self._engine) as connection:
            found = fetch(connection, select(OVERRIDES).where(_ROW.referral_id == referral_id))
        if not found:
            raise NotFound("override.unknown", "No referral of this id rests on a ground other than consent.")
        return override_from(found[0])

    def counts(self, begin: datetime, end: datetime) -> dict[tuple[str, str], Cell]:
        """Count what was admitted from `begin` until before `end`, by ground and sector.

        Also what was entered in error: a disclosure that was made was made.
        """
        in_time = func.sum(case((_ROW.reviewed_at <= _ROW.review_due_at, 1), else_=0))
        senders = func.count(_ROW.sender.distinct())
        statement = (
            select(
                _ROW.kind, _ROW.sector, func.count().label("count"), in_time.label("in_time"), senders.label("senders")
            )
            .where(_ROW.made_at >= to_wire(begin), _ROW.made_at < to_wire(end))
            .group_by(_ROW.kind, _ROW.sector)
        )
        with read(self._engine) as connection:
            found = fetch(connection, statement)
        return {
            (row["kind"], row["sector"]): Cell(
                row["kind"], row["sector"], int(row["count"]), int(row["in_time"]), int(row["senders"])
            )
            for row in found
        }


def _criteria(wanted: OverrideFilter) -> Sequence[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = []
    if wanted.sender is not None:
        criteria.append(_ROW.sender == wanted.sender)
    if wanted.state is not None:
        criteria.append(_in_state(wanted.state))
    if wanted.overdue_at is not None:
        criteria.append(_overdue(wanted.overdue_at))
    if wanted.after is not None:
        criteria.append(_ROW.referral_id > wanted.after)
    return criteria


def _in_state(state: OverrideState) -> ColumnElement[bool]:
    """Say in SQL what `Override.state` says."""
    if state is OverrideState.REVIEWED:
        return _ROW.reviewed_at.is_not(None)
    if state is OverrideState.ENDED:
        return and_(_ROW.reviewed_at.is_(None), _ROW.ended_at.is_not(None))
    standing = and_(_ROW.reviewed_at.is_(None), _ROW.ended_at.is_(None))
    confirmed = or_(_ROW.confirm_due_at.is_(None), _ROW.confirmed_at.is_not(None))
    return and_(standing, _WAITING if state is OverrideState.UNCONFIRMED else confirmed)


def _overdue(at: str) -> ColumnElement[bool]:
    """Say in SQL what `Override.overdue` says."""
    return or_(
        and_(_ROW.confirm_due_at < at, _WAITING, _ROW.ended_at.is_(None)),
        and_(_ROW.tell_due_at < at, _ROW.told_at.is_(None)),
        and_(_ROW.review_due_at < at, _ROW.reviewed_at.is_(None)),
    )
