"""Wiping what was overwritten: a half or a wrapped key that was destroyed is not to be found in a file any more.

SQLite overwrites what is deleted within its file (`secure_delete`, see `shared.storage.engine`), but its journal keeps
the pages of earlier commits until later ones are written over them, which on a quiet machine takes days. Owns cutting
the journal off. Promises to keep nobody waiting: where somebody is reading or writing, it is done another time.
Refuses nothing: PostgreSQL keeps dead rows until it vacuums, and does that by itself.
"""

import sqlite3
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Engine

_SQLITE: Final = "sqlite"


def wipe_journal(engine: Engine) -> None:
    """Write the journal of an SQLite database into its file and cut it off, unless somebody is at it."""
    if engine.dialect.name != _SQLITE:
        return
    connection = engine.raw_connection()
    try:
        _cut_off(connection.driver_connection)
    finally:
        connection.close()


def _cut_off(driver: Any) -> None:
    ((patience,),) = driver.execute("PRAGMA busy_timeout").fetchall()
    driver.execute("PRAGMA busy_timeout=0")
    try:
        with suppress(sqlite3.OperationalError):  # locked: another time
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        driver.execute(f"PRAGMA busy_timeout={patience}")
