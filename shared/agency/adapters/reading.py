"""Looking at the records: one connection, one snapshot, no writing."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, func, null, select

from shared.agency.adapters.places import Places, to_record
from shared.agency.adapters.texts import Texts
from shared.agency.adapters.work import SqlWork
from shared.agency.ports import Label, ReferralFilter, Traffic, Waiting
from shared.agency.records import (
    DELIVERED,
    UNWANTED,
    ConflictRecord,
    Happening,
    Holding,
    Letter,
    Note,
    Notification,
    Referral,
    Reroute,
    SectorClock,
    Visit,
    Webhook,
)
from shared.agency.tables import (
    ARRIVALS,
    CONFLICTS,
    HAPPENINGS,
    HOLDINGS,
    LETTERS,
    NOTES,
    NOTIFICATIONS,
    REFERRALS,
    REROUTES,
    SECTOR_CLOCKS,
    VISITS,
    WEBHOOKS,
)
from shared.storage.driver import Driver
from shared.storage.shape import Lock, in_portions

R = TypeVar("R")

_GIVEN_UP = and_(NOTIFICATIONS.c.settled_at.is_not(None), NOTIFICATIONS.c.code.not_in([DELIVERED, UNWANTED]))
_WAITING_NOTIFICATIONS = (
    select(
        NOTIFICATIONS.c.webhook_id,
        func.count().label("count"),
        func.min(NOTIFICATIONS.c.due_at).label("due_at"),
        func.max(NOTIFICATIONS.c.attempts).label("attempts"),
    )
    .where(NOTIFICATIONS.c.settled_at.is_(None))
    .group_by(NOTIFICATIONS.c.webhook_id)
    .order_by(NOTIFICATIONS.c.webhook_id)
)
_LABEL = tuple(REFERRALS.c[name] for name in Label._fields)
_TEXTS = frozenset({"body", "signature", "hub_shares", "answer", "receipt"})


class SqlReading:
    """Implements `shared.agency.ports.Reading`."""

    def __init__(self, connection: Connection, places: Places, texts: Texts) -> None:
        self._connection = connection
        self._places = places
        self._texts = texts
        self._driver = Driver(connection)

    @property
    def work(self) -> SqlWork:
        """The referrals as lists of work."""
        return SqlWork(self._connection)

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        found = self.many(kind, [key])
        return found[0] if found else None

    def many(self, kind: type[R], keys: Sequence[str]) -> Sequence[R]:
        """Return the records of these keys that exist, in the order of their keys."""
        shape = self._texts.shapes[self._places.table_of(kind)]
        found = self._driver.ask(
            [shape.load(portion, lock=Lock.NONE) for portion in in_portions(list(dict.fromkeys(keys)))]
        )
        rows = [shape.reader.row(values) for portion in found for values in portion]
        return [to_record(kind, row) for row in sorted(rows, key=shape.key_of)]

    def find(self, kind: type[R], **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields, in the order of their keys."""
        question = self._texts.equal(self._places.table_of(kind), equal)
        (found,) = self._driver.ask([question.asked(equal)])
        return [to_record(kind, question.reader.row(values)) for values in found]

    def clocks_over(self, *, before: str, limit: int) -> Sequence[SectorClock]:
        """Return running clocks of the sector that were due before a time and that nobody was told of."""
        table = SECTOR_CLOCKS
        running = select(table).where(table.c.stopped_at.is_(None), table.c.told_at.is_(None), table.c.due_at < before)
        return self._records(SectorClock, running.order_by(table.c.due_at, table.c.key).limit(limit))

    def referrals(self, wanted: ReferralFilter) -> Sequence[Referral]:
        """Return referrals, the newest first."""
        return self._records(Referral, _wanted(wanted, *REFERRALS.columns))

    def labels(self, wanted: ReferralFilter) -> Sequence[Label]:
        """Return what lists show of referrals, in the order of `referrals`."""
        return [Label._make(row) for row in self._connection.execute(_wanted(wanted, *_LABEL)).all()]

    def holdings(self, referral_id: str) -> Sequence[Holding]:
        """Return the compartments of a referral."""
        return self._records(
            Holding, select(HOLDINGS).where(HOLDINGS.c.referral_id == referral_id).order_by(HOLDINGS.c.key)
        )

    def happenings(self, referral_id: str) -> Sequence[Happening]:
        """Return the events of a referral, oldest first."""
        table = HAPPENINGS
        found = select(table).where(table.c.referral_id == referral_id).order_by(table.c.at, table.c.message_id)
        return self._records(Happening, found)

    def notes(self, referral_id: str) -> Sequence[Note]:
        """Return the notes of a referral, oldest first."""
        found = select(NOTES).where(NOTES.c.referral_id == referral_id).order_by(NOTES.c.at, NOTES.c.message_id)
        return self._records(Note, found)

    def visits(self, target: str) -> Sequence[Visit]:
        """Return who has read a referral or a consent, oldest first."""
        return self._records(Visit, select(VISITS).where(VISITS.c.target == target).order_by(VISITS.c.visit_id))

    def declared_by(self, who: Sequence[str]) -> frozenset[str]:
        """Return the chains that are kept from any of these persons since they declared a conflict."""
        if not who:
            return frozenset()
        question = self._texts.among(CONFLICTS.c.chain_id, by=CONFLICTS.c.actor, count=len(who))
        (found,) = self._driver.ask([question.asked(dict(enumerate(who)))])
        return frozenset(question.reader.row(values)["chain_id"] for values in found)

    def conflicts(
        self, *, kept_from: Sequence[str], after: str | None, limit: int
    ) -> Sequence[tuple[ConflictRecord, Referral]]:
        """Return declared conflicts with their referrals, oldest first, but none in a chain kept from the reader."""
        wanted = select(CONFLICTS).where(CONFLICTS.c.chain_id.not_in(_chains_kept_from(kept_from)))
        if after is not None:
            wanted = wanted.where(CONFLICTS.c.conflict_id > after)
        found = self._records(ConflictRecord, wanted.order_by(CONFLICTS.c.conflict_id).limit(limit))
        referrals = {one.referral_id: one for one in self.many(Referral, [record.referral_id for record in found])}
        return [(record, referrals[record.referral_id]) for record in found]

    def waiting_letters(self) -> Sequence[Letter]:
        """Return the letters without an answer, oldest first, without their text."""
        columns = [null().label(c.key) if c.key in _TEXTS else c for c in LETTERS.columns]
        found = select(*columns).where(LETTERS.c.settled_at.is_(None)).order_by(LETTERS.c.message_id)
        return self._records(Letter, found)

    def waiting_reroutes(self, *, limit: int) -> Sequence[Reroute]:
        """Return what waits to go on to the next agency, longest waiting first."""
        waiting = select(REROUTES).where(REROUTES.c.settled_at.is_(None))
        return self._records(Reroute, waiting.order_by(REROUTES.c.noticed_at, REROUTES.c.referral_id).limit(limit))

    def waiting_notifications(
        self, *, due_before: str, limit: int, webhook_id: str | None = None
    ) -> Sequence[Notification]:
        """Return notifications that should be tried now, of one webhook or of all, longest waiting first."""
        waiting = select(NOTIFICATIONS).where(*_due(due_before))
        if webhook_id is not None:
            waiting = waiting.where(NOTIFICATIONS.c.webhook_id == webhook_id)
        return self._records(Notification, waiting.order_by(NOTIFICATIONS.c.due_at).limit(limit))

    def given_up_notifications(self, webhook_id: str, *, after: str | None, limit: int) -> Sequence[Notification]:
        """Return what a webhook did not take until it was given up, oldest first."""
        given_up = select(NOTIFICATIONS).where(NOTIFICATIONS.c.webhook_id == webhook_id, _GIVEN_UP)
        if after is not None:
            given_up = given_up.where(NOTIFICATIONS.c.notification_id > after)
        return self._records(Notification, given_up.order_by(NOTIFICATIONS.c.notification_id).limit(limit))

    def webhooks(self) -> Sequence[Webhook]:
        """Return the webhooks that are not disabled."""
        return self._records(Webhook, select(WEBHOOKS).where(WEBHOOKS.c.disabled_at.is_(None)))

    def webhooks_due(self, *, before: str) -> Sequence[str]:
        """Return the webhooks that should be told something now, also those that are disabled."""
        return self._connection.scalars(select(NOTIFICATIONS.c.webhook_id).where(*_due(before)).distinct()).all()

    def traffic(self) -> Traffic:
        """Return how sending and receiving stand."""
        waiting = select(func.count(), func.min(LETTERS.c.created_at)).where(LETTERS.c.settled_at.is_(None))
        letters, oldest = self._connection.execute(waiting).one()
        given_up = select(func.count()).select_from(NOTIFICATIONS).where(_GIVEN_UP)
        return Traffic(
            letters_waiting=letters,
            oldest_letter_at=oldest,
            last_answer_at=self._connection.execute(select(func.max(LETTERS.c.settled_at))).scalar(),
            last_arrival_at=self._connection.execute(select(func.max(ARRIVALS.c.received_at))).scalar(),
            notifications=[Waiting(**row) for row in self._connection.execute(_WAITING_NOTIFICATIONS).mappings()],
            given_up=self._connection.execute(given_up).scalar_one(),
        )

    def _records(self, kind: type[R], statement: Select[Any]) -> list[R]:
        found = self._connection.execute(statement)
        names = tuple(found.keys())
        return [to_record(kind, dict(zip(names, row, strict=True))) for row in found.all()]


def _due(before: str) -> Sequence[ColumnElement[bool]]:
    return NOTIFICATIONS.c.settled_at.is_(None), NOTIFICATIONS.c.due_at <= before


def _wanted(wanted: ReferralFilter, *columns: ColumnElement[Any]) -> Select[Any]:
    table = REFERRALS.c
    found = select(*columns)
    if wanted.box is not None:
        found = found.where(table.box == wanted.box)
    if wanted.state is not None:
        found = found.where(table.state == wanted.state)
    if wanted.due_before is not None:
        found = found.where(table.next_due_at < wanted.due_before)
    if wanted.consent_id is not None:
        found = found.where(table.consent_id == wanted.consent_id)
    if wanted.linked_id is not None:
        found = found.where(table.linked_id == wanted.linked_id)
    if wanted.after is not None:
        found = found.where(table.referral_id < wanted.after)
    return found.order_by(table.referral_id.desc()).limit(wanted.limit)


def _chains_kept_from(who: Sequence[str]) -> Select[Any]:
    return select(CONFLICTS.c.chain_id).where(CONFLICTS.c.actor.in_(list(who)))
