"""What the gateway refused: a list that follows its own index through the ledger, newest first."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from gateway.adapters.rows import fetch
from gateway.adapters.tables import LEDGER_ENTRIES, REFUSED
from shared.storage.engine import read

_ROW = LEDGER_ENTRIES.c


@dataclass(frozen=True, slots=True)
class RefusalFilter:
    """What is asked of the list. `before` is the place of the last entry of the page before."""

    agency: str | None = None
    code: str | None = None
    since: str | None = None
    until: str | None = None
    before: int | None = None
    limit: int = 50


class Refusals:
    """Read model over refusals."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, wanted: RefusalFilter) -> list[dict[str, Any]]:
        """Return the entries of refusals, newest first."""
        statement = select(LEDGER_ENTRIES).where(REFUSED).order_by(_ROW.idx.desc()).limit(wanted.limit)
        for column, value in ((_ROW.actor, wanted.agency), (_ROW.code, wanted.code)):
            if value is not None:
                statement = statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(_ROW.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(_ROW.at < wanted.until)
        if wanted.before is not None:
            statement = statement.where(_ROW.idx < wanted.before)
        with read(self._engine) as connection:
            return fetch(connection, statement)
