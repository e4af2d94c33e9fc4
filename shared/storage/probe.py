"""Whether a database can be written to, asked in a transaction of whoever writes.

On SQLite a number in the file's head is counted up, which has to reach the disk like anything else. On PostgreSQL a
session and an account say what they may; whether there is room, only the next real write says.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, text

from shared.storage.append_only import append_only
from shared.storage.engine import read
from shared.storage.faults import not_writable
from shared.storage.history import Tables

_POSTGRES: Final = "postgresql"
_MOST: Final = 1 << 30
_NOW: Final = text("SELECT clock_timestamp()")
_IS_READ_ONLY: Final = text("SELECT current_setting('transaction_read_only') = 'on'")
_MISSING: Final = text(
    "SELECT count(*) FROM unnest(CAST(:names AS text[]), CAST(:rights AS text[])) AS wanted(name, privilege)"
    " WHERE NOT has_table_privilege(wanted.name, wanted.privilege)"
)


def check_writable(connection: Connection, rooms: Iterable[Tables]) -> None:
    """Raise `PeerUnavailable` (`storage.not-writable`) where a service cannot write; on SQLite the commit may too."""
    if connection.dialect.name != _POSTGRES:
        counted = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
        connection.exec_driver_sql(f"PRAGMA user_version={(int(counted) + 1) % _MOST}")
        return
    wanted = [pair for metadata in rooms for pair in _rights(metadata)]
    names, rights = [name for name, _ in wanted], [right for _, right in wanted]
    if (
        connection.execute(_IS_READ_ONLY).scalar_one()
        or connection.execute(_MISSING, {"names": names, "rights": rights}).scalar_one()
    ):
        raise not_writable()


def server_clock(engine: Engine) -> datetime | None:
    """Return what the clock of the database's server says, or None where the database is a file of this machine."""
    if engine.dialect.name != _POSTGRES:
        return None
    with read(engine) as connection:
        said: datetime = connection.execute(_NOW).scalar_one()
        return said


def _rights(metadata: Tables) -> Iterable[tuple[str, str]]:
    for table in metadata.tables:
        yield table, "INSERT"
        if table not in append_only(metadata):
            yield from ((table, right) for right in ("UPDATE", "DELETE"))
