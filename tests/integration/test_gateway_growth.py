"""What the gateway asks its database does not cost more the more is stored: no act reads a table of history whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

from bench.grow import fill
from tests.support.agency import a_grant
from tests.support.mesh import HEALTH, SOCIAL, Enrolled, Mesh, running_mesh

#: Tables that grow with every referral.
HISTORY = {
    *("consents", "referrals", "referral_numbers", "messages", "holds", "overrides"),
    *("ledger_entries", "ledger_tiles", "ledger_groups"),
}


@contextmanager
def heard_statements() -> Iterator[set[str]]:
    """Hear every statement of every connection that is opened in this context."""
    heard: set[str] = set()

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(heard.add)

    event.listen(Engine, "connect", listen)
    try:
        yield heard
    finally:
        event.remove(Engine, "connect", listen)


def scans(database: Path, statement: str) -> list[str]:
    """Return the tables of history that a statement reads whole."""
    with closing(sqlite3.connect(database)) as connection:
        plan = [row[3].split() for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return [step[1] for step in plan if step[0] == "SCAN" and step[1] in HISTORY and "INDEX" not in step]


async def whole_story(mesh: Mesh) -> None:
    """Refer, deliver, answer, open, write, take back; then look at it as each party may."""
    health, social = mesh[HEALTH], mesh[SOCIAL]
    consent = await health.record_consent(a_grant(SOCIAL))
    sent = await health.refer(SOCIAL, consent)
    await social.take_in()
    await social.reported(sent, "acknowledged")
    await social.reported(sent, "accepted", staff_gender="female")
    await social.open(sent, "identity")
    await health.take_in()
    await health.revoke(consent)
    await social.take_in()
    await health.get(f"/v1/referrals/{sent.id}")
    await health.get("/v1/referrals")
    await mesh.oversight.get(f"/v1/chains/{sent.id}")
    mesh.provision(lambda desk: desk.dead_deliveries())


async def test_no_act_of_a_referrals_life_reads_a_table_of_history_whole(
    enrolled_file: Enrolled, tmp_path: Path
) -> None:
    database = tmp_path / "mesh.db"
    database.write_bytes(Path(enrolled_file.url.removeprefix("sqlite:///")).read_bytes())
    url = f"sqlite:///{database}"
    fill(url, 100)  # more than one tile of the ledger
    with heard_statements() as heard:
        async with running_mesh(url, tmp_path, secrets=enrolled_file.secrets) as mesh:
            await whole_story(mesh)
            asked = [text for text in heard if text.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(asked) > 30
    found = {text: tables for text in asked if (tables := scans(database, text))}
    assert not found


async def test_taking_back_asks_once_for_what_waits_however_many_referrals_it_hits(
    enrolled_file: Enrolled, tmp_path: Path
) -> None:
    database = tmp_path / "mesh.db"
    database.write_bytes(Path(enrolled_file.url.removeprefix("sqlite:///")).read_bytes())
    with heard_statements() as heard:
        async with running_mesh(f"sqlite:///{database}", tmp_path, secrets=enrolled_file.secrets) as mesh:
            consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
            for _ in range(3):
                await mesh[HEALTH].refer(SOCIAL, consent)
            heard.clear()
            assert len((await mesh[HEALTH].revoke(consent)).json()["own"]) == 3
            asked = [text for text in heard if "FROM messages" in text and "settled_at, '')" in text]
    assert len(asked) == 1
