"""The directory in memory: who was let in a moment ago is found, whatever is being read meanwhile."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from gateway.adapters.roster import Roster
from gateway.bootstrap import open_provisioning
from shared.storage.engine import open_engine
from tests.support.mesh import Enrolled, enrolment, keys_of, settings_for

NEWCOMER = "clinic-th"


@contextmanager
def held_reading(engine: Engine) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Stop the first reading after it has seen the agencies; yields that it has, and what lets it go on."""
    seen, goes_on = threading.Event(), threading.Event()

    def hold(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM agencies" in statement and not seen.is_set():
            seen.set()
            assert goes_on.wait(30)

    event.listen(engine, "after_cursor_execute", hold)
    try:
        yield seen, goes_on
    finally:
        goes_on.set()
        event.remove(engine, "after_cursor_execute", hold)


async def test_who_was_enrolled_while_the_directory_was_being_read_is_looked_up_again(
    enrolled: Enrolled, tmp_path: Path
) -> None:
    engine = open_engine(enrolled.url)
    roster = Roster(engine)
    with held_reading(engine) as (seen, goes_on):
        early = asyncio.create_task(roster.client(NEWCOMER))
        assert await asyncio.to_thread(seen.wait, 30)
        desk = open_provisioning(settings_for(enrolled.url, tmp_path), keys=keys_of("gateway"))
        await asyncio.to_thread(desk.enroll, enrolment(NEWCOMER, "health", "HEA-"))
        desk.close()
        asked = asyncio.create_task(roster.client(NEWCOMER))
        await asyncio.sleep(0)  # it has asked, and waits for the reading
        goes_on.set()
        assert await early is None
        found = await asked
    engine.dispose()
    assert found is not None
    assert found.is_active
