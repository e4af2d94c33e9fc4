"""What the gateway shows of a consent recorded here is kept, and never in the place of something newer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shared.agency.adapters.store import SqlStore
from shared.agency.grants import keep_renewed
from shared.agency.records import ConsentRecord

EARLIER, LATER = "2026-11-22T09:00:00.000Z", "2026-11-22T09:00:00.400Z"
STANDING = ConsentRecord(
    consent_id="c", subject="s", state="active", valid_to=LATER, statement={}, takings=[], derived_from=None,
    recorded_at=EARLIER,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = SqlStore(f"sqlite:///{tmp_path / 'agency.db'}")
    yield store
    store.close()


def a_record(state: str, *taken_at: str) -> ConsentRecord:
    return replace(STANDING, state=state, takings=[{"at": at, "by": "survivor"} for at in taken_at])


async def kept(store: SqlStore, known: ConsentRecord, shown: ConsentRecord) -> tuple[str, Sequence[str]]:
    """What is on record once something is shown beside what is known."""
    await store.write(lambda desk: desk.add(known))
    await store.write(lambda desk: keep_renewed(desk, shown))
    record = await store.read(lambda reading: reading.get(ConsentRecord, "c"))
    assert record is not None
    return record.state, [one["at"] for one in record.takings]


async def test_what_was_taken_back_elsewhere_is_kept(store: SqlStore) -> None:
    assert await kept(store, a_record("active"), a_record("revoked", LATER)) == ("revoked", [LATER])


async def test_what_was_taken_back_here_while_the_gateway_was_asked_stays(store: SqlStore) -> None:
    assert await kept(store, a_record("revoked", EARLIER), a_record("active")) == ("revoked", [EARLIER])


async def test_what_was_written_down_here_and_is_shown_too_stands_once(store: SqlStore) -> None:
    twice = a_record("revoked", LATER, EARLIER)
    assert await kept(store, twice, a_record("revoked", LATER)) == ("revoked", [LATER])
