"""Statements in the database: that one was taken, by whom, how often in a chain, and who asked for it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, func, or_, select

from gateway.adapters.rows import Row, fetch
from gateway.adapters.tables import STATEMENT_REQUESTS, STATEMENTS
from gateway.domain.statement import Statement, StatementRequest
from shared.sop.model import Compartment
from shared.storage.book import Book


class StatementShelf:
    """Statements within one unit of work. Implements `gateway.application.ports.Statements`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def told(self, chain_id: str, subject: str) -> Sequence[Statement]:
        """Return the statements of one person in a chain, oldest first."""
        hers = (STATEMENTS.c.chain_id == chain_id, STATEMENTS.c.subject == subject)
        found = self._book.find(STATEMENTS, *hers, order_by=(STATEMENTS.c.ordinal,))
        return [Statement(**row) for row in found]

    def add(self, statement: Statement) -> None:
        """Keep that a statement was taken."""
        self._book.insert(STATEMENTS, asdict(statement))

    def request(self, request_id: str) -> StatementRequest | None:
        """Return a request."""
        row = self._book.get(STATEMENT_REQUESTS, request_id)
        return None if row is None else _request(row)

    def request_for(self, referral_id: str) -> StatementRequest | None:
        """Return the request that was made for this referral."""
        found = self._book.find(STATEMENT_REQUESTS, STATEMENT_REQUESTS.c.referral_id == referral_id)
        return _request(found[0]) if found else None

    def ask(self, request: StatementRequest) -> None:
        """Keep a new request."""
        names = [name.value for name in request.compartments]
        self._book.insert(STATEMENT_REQUESTS, {**asdict(request), "compartments": names, "warn_at": request.warn_at})

    def answer(self, request: StatementRequest, *, by: str) -> None:
        """Keep which referral answers a request; the first one counts."""
        if request.answered_by is None:
            self._book.update(STATEMENT_REQUESTS, request.id, answered_by=by, warn_at=None)

    def warned(self, request: StatementRequest, *, at: str) -> None:
        """Keep that it was said that nobody answered in time."""
        self._book.update(STATEMENT_REQUESTS, request.id, warned_at=at, warn_at=None)


def count_statements(connection: Connection, chain_id: str, subjects: Collection[str]) -> int:
    """Return how many statements these persons made in a chain."""
    theirs = (STATEMENTS.c.chain_id == chain_id, STATEMENTS.c.subject.in_(sorted(subjects)))
    counted = select(func.count()).select_from(STATEMENTS).where(*theirs)
    return int(connection.execute(counted).scalar_one())


def read_requests(connection: Connection, referral_id: str) -> list[StatementRequest]:
    """Return the requests that were made for a referral, or for what was told under it, oldest first."""
    row = STATEMENT_REQUESTS.c
    concerned = or_(row.referral_id == referral_id, row.held == referral_id)
    found = fetch(connection, select(STATEMENT_REQUESTS).where(concerned).order_by(row.ledger_index))
    return [_request(row) for row in found]


def _request(row: Row) -> StatementRequest:
    facts = {name: value for name, value in row.items() if name != "warn_at"}
    return StatementRequest(**{**facts, "compartments": tuple(map(Compartment, row["compartments"]))})
