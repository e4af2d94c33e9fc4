"""A gateway's database that has grown: what many referrals left, written in bulk, and how many it holds.

The ledger goes on from where it stands, with every hash and tile, in one transaction with the rows; so a verifier finds
it whole. On PostgreSQL by COPY, on SQLite by statements for many rows; a million referrals are seven million rows and
take some minutes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, func, select, text, update

from bench.history import TABLES, History, Rows
from gateway.adapters.ledger import HEAD_ID, read_head
from gateway.adapters.schema import METADATA
from gateway.adapters.tables import LEDGER_HEAD, REFERRALS
from shared.storage.append_only import append_only
from shared.storage.engine import open_engine, read

_PORTION = 5_000
_TABLES = {table.name: table for table in TABLES}


def stored(database_url: str) -> int:
    """Return how many referrals a gateway's database holds."""
    engine = open_engine(database_url)
    try:
        with read(engine) as connection:
            return int(connection.execute(select(func.count()).select_from(REFERRALS)).scalar_one())
    finally:
        engine.dispose()


def some_chains(database_url: str, count: int) -> list[str]:
    """Return chains from all over a gateway's database, as many as there are up to `count`."""
    engine = open_engine(database_url)
    try:
        with read(engine) as connection:
            ids = select(REFERRALS.c.chain_id).order_by(REFERRALS.c.referral_id)
            every = max(1, connection.execute(select(func.count()).select_from(REFERRALS)).scalar_one() // count)
            rows = connection.execution_options(yield_per=10_000).execute(ids)
            return [row[0] for place, row in enumerate(rows) if place % every == 0][:count]
    finally:
        engine.dispose()


def fill(database_url: str, count: int, *, said: Callable[[str], None] = lambda _text: None) -> None:
    """Write what `count` referrals left into the database of a gateway that stands still."""
    engine = open_engine(database_url)
    try:
        with read(engine) as connection:
            head = read_head(connection)
        history = History(count, size=head.size, frontier=head.to_list())
        for number, rows in enumerate(history.portions(_PORTION), start=1):
            _write(engine, rows, size=history.frontier.size, frontier=history.frontier.to_list())
            if number % 20 == 0:
                said(f"{number * _PORTION} of {count} referrals written")
        _settle(engine)
    finally:
        engine.dispose()


def _write(engine: Engine, rows: Rows, *, size: int, frontier: Sequence[str]) -> None:
    with engine.begin() as connection:
        for name, listed in rows.items():
            if listed:
                _insert(connection, name, listed)
        connection.execute(
            update(LEDGER_HEAD).where(LEDGER_HEAD.c.id == HEAD_ID).values(size=size, frontier=list(frontier))
        )


def _insert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = [column.name for column in _TABLES[name].columns]
    values = ([_plain(row[column]) for column in columns] for row in rows)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", values)
    else:
        _copy(driver, f"COPY {name} ({', '.join(columns)}) FROM STDIN", values)


def _copy(driver: Any, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    with driver.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _plain(value: Any) -> Any:
    return to_json(value).decode() if isinstance(value, dict | list) else value


def _settle(engine: Engine) -> None:
    """Let PostgreSQL know what it holds now, as its own housekeeping would in the course of weeks.

    It leaves tables alone to which rows are only added. SQLite has none, and the gateway keeps no statistics in it.
    """
    if engine.dialect.name == "sqlite":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for name in _TABLES:
            only_looks = name in append_only(METADATA)
            connection.execute(text(f"{'ANALYZE' if only_looks else 'VACUUM (ANALYZE, FREEZE)'} {name}"))
