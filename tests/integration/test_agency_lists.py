"""Lists of work stay quick: they are read from indexes, whatever lies in the book, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from shared.agency.adapters.store import SqlStore
from shared.agency.lists import inbox
from shared.agency.ports import Desk, Reading
from shared.agency.records import Assignment, ConflictRecord
from shared.agency.working import Place, Tab, of_tab, open_here
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.referral.blocked import blocked_hash
from shared.sop.model import ClockPhase
from tests.support.casework import a_referral

IDS = Uuid7Factory(SystemClock())
AT = "2026-11-22T08:00:00.000Z"
#: What SQLite calls a look at what it has just found.
FOUND = {"SCAN anon_1", "SCAN CONSTANT ROW", "SCAN (subquery-1)"}
DUE = ("2026-11-22T07:00:00.000Z", "2026-11-22T09:00:00.000Z", None)


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    store = SqlStore(database_url)
    yield store
    store.close()


def put(store: SqlStore, *records: Any) -> None:
    def work(desk: Desk) -> None:
        for one in records:
            desk.add(one)

    store.write_blocking(work)


async def test_what_is_due_first_is_first_and_what_is_never_due_is_last(store: SqlStore) -> None:
    cases = [a_referral(IDS.new(), next_due_at=due) for due in reversed(DUE)]
    put(store, *cases)
    ids = await store.read(lambda reading: reading.work.ids(of_tab(Tab.TEAM, me="lan", unseen=[])))
    assert ids == [one.referral_id for one in reversed(cases)]


def an_hour(hour: int) -> str:
    return f"2026-11-22T{hour:02}:00:00.000Z"


async def by_contact(store: SqlStore, limit: int, after: Place | None = None) -> list[Place]:
    """A page of what is open here, by the duty to contact her."""
    wanted = replace(open_here(unseen=[]), limit=limit)
    return list(await store.read(lambda reading: reading.work.by_duty(wanted, ClockPhase.CONTACT, after=after)))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
async def test_what_is_due_first_by_a_duty_is_first_of_all_pages(store: SqlStore, limit: int) -> None:
    hours = [3, 5, 1, 5, 2]
    cases = [a_referral(IDS.new(), due={"contact": an_hour(one)}, next_due_at=an_hour(23)) for one in hours]
    put(store, *cases)
    found: list[Place] = []
    pages = [await by_contact(store, limit)]
    while len(pages[-1]) == limit:
        pages.append(await by_contact(store, limit, pages[-1][-1]))
    found = [one for page in pages for one in page]
    assert found == sorted(Place(one.due["contact"], one.referral_id) for one in cases)


async def test_where_a_duty_is_done_or_has_no_clock_what_is_due_next_counts(store: SqlStore) -> None:
    late = {"contact": an_hour(1), "complete": an_hour(9)}
    done = a_referral(IDS.new(), state="in_progress", due=late, next_due_at=an_hour(9))
    never = a_referral(IDS.new(), state="on_hold", next_due_at=None)
    clockless = a_referral(IDS.new(), due={"complete": an_hour(8)}, next_due_at=an_hour(8))
    owed = a_referral(IDS.new(), due={"contact": an_hour(7), "decide": an_hour(0)}, next_due_at=an_hour(0))
    over = a_referral(IDS.new(), state="completed", due=late)
    put(store, done, never, clockless, owed, over)
    ids = [one.referral_id for one in await by_contact(store, 9)]
    assert ids == [one.referral_id for one in (owed, clockless, done, never)]


async def test_what_is_over_is_listed_the_newest_first(store: SqlStore) -> None:
    cases = [a_referral(IDS.new(), state="closed") for _ in range(3)]
    put(store, *cases)
    ids = await store.read(lambda reading: reading.work.ids(of_tab(Tab.CLOSED, me="lan", unseen=[])))
    assert ids == [one.referral_id for one in reversed(cases)]


@pytest.mark.rule("R-11")
async def test_what_is_kept_from_somebody_is_found_by_name_and_by_declaration(store: SqlStore) -> None:
    named, declared, seen = (IDS.new() for _ in range(3))
    put(
        store,
        a_referral(named, blocked=[blocked_hash(named, "kin")]),
        a_referral(declared),
        a_referral(seen, blocked=[blocked_hash(seen, "somebody-else")]),
        ConflictRecord(conflict_id=IDS.new(), referral_id=declared, chain_id=declared, actor="kin", declared_at=AT),
    )
    assert await store.read(lambda reading: reading.work.unseen(["kin"])) == sorted([named, declared])
    counted = await store.read(lambda r: r.work.count(open_here(unseen=r.work.unseen(["kin"])), most=10))
    assert counted == 1


async def test_counts_go_no_further_than_they_must(store: SqlStore) -> None:
    put(store, *(a_referral(IDS.new()) for _ in range(7)))
    assert await store.read(lambda reading: reading.work.count(open_here(unseen=[]), most=5)) == 5


async def test_nothing_of_the_inbox_reads_a_whole_table(store: SqlStore, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        return  # PostgreSQL chooses by what lies in the book; SQLite chooses by the indexes alone, and says so
    case = a_referral(IDS.new(), next_due_at=DUE[0])
    put(store, case, Assignment(referral_id=case.referral_id, holder="lan", at=AT, by="lan"))
    asked: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    def look(reading: Reading) -> None:
        unseen = reading.work.unseen(["lan"])
        for tab in Tab:
            inbox(reading, of_tab(tab, me="lan", unseen=unseen), tab=tab, me="lan", at=AT)
        reading.work.numbered(case.number, unseen=unseen)
        reading.work.by_duty(open_here(unseen=unseen), ClockPhase.CONTACT, after=Place(AT, case.referral_id))

    event.listen(store._engine, "before_cursor_execute", remember)
    await store.read(look)
    event.remove(store._engine, "before_cursor_execute", remember)
    with store._engine.connect() as connection:
        plans = [
            str(row[3])
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert len(asked) > 20
    scans = {one for one in plans if one.startswith("SCAN")}
    assert scans <= FOUND | {"SCAN referrals USING INDEX ix_referrals_blocked"}, scans
