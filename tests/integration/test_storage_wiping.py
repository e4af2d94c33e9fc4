"""What was destroyed is wiped: from the database's file and from its journal, while nobody is kept waiting."""

import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select, text

from shared.storage.engine import open_engine, read
from shared.storage.wiping import wipe_journal
from tests.support.small_bank import ACCOUNT, amounts, open_bank


def kept_in(url: str) -> bytes:
    """Return all that the files of an SQLite database hold."""
    database = Path(str(make_url(url).database))
    return b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))


@pytest.fixture
def engine(sqlite_url: str) -> Engine:
    return open_bank(sqlite_url, "a")


def test_what_was_deleted_is_in_no_file_once_the_journal_is_wiped(engine: Engine, sqlite_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(ACCOUNT.insert().values(id="an invented secret", amount=1))
    with engine.begin() as connection:
        connection.execute(ACCOUNT.delete().where(ACCOUNT.c.id == "an invented secret"))
    assert b"an invented secret" in kept_in(sqlite_url)
    wipe_journal(engine)
    assert b"an invented secret" not in kept_in(sqlite_url)


def test_wiping_waits_for_nobody_and_spoils_no_connection(engine: Engine) -> None:
    with read(engine) as reader:
        reader.execute(select(ACCOUNT)).all()
        with engine.begin() as writer:
            writer.execute(ACCOUNT.update().values(amount=7))
            begun = time.monotonic()
            wipe_journal(engine)
            assert time.monotonic() - begun < 1
    assert amounts(engine) == {"a": 7}
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() > 0


def test_every_connection_overwrites_what_it_deletes(sqlite_url: str) -> None:
    with open_engine(sqlite_url).connect() as connection:
        assert connection.execute(text("PRAGMA secure_delete")).scalar_one() == 1
