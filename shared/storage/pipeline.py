"""Statements of one transaction over libpq, all of them in one round trip (PostgreSQL).

The driver's own pipeline turns to the network for every statement and every set of parameters: ten system calls per
referral in a transaction for 32 callers, and half of all the work in a transaction for one. Here everything is queued
first and sent together. Statements are prepared once per connection; values travel in the form that `encoder` gives.
What is sent ahead (`send`) is done by the database while its caller goes on computing; the next `run` hears of it.
Promises: failures are the driver's own errors, and what followed the failed statement was not done. The driver comes
with this module, which only a process on PostgreSQL imports.
"""

from collections.abc import Callable, Sequence
from select import POLLIN, POLLOUT, poll
from typing import Final

from psycopg import OperationalError, errors
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from shared.storage.orders import BEGIN, COMMIT, Order, Values

_BINARY: Final = Format.BINARY


class Pipeline:
    """Runs statements on one connection, whose prepared statements it remembers. Used by one thread.

    `in_doubt`: a commit was sent, and the connection was lost before the database said what became of it.
    `begins`: how a transaction begins, for who does not want what this connection's server does by itself.
    """

    def __init__(self, connection: PGconn) -> None:
        self.in_doubt = False
        self.begins = BEGIN
        self._connection = connection
        self._names: dict[str, bytes] = {}
        self._fresh: dict[str, bytes] = {}
        self._made = 0
        self._results_ahead = self._syncs_ahead = 0

    def run(self, orders: Sequence[Order], *, meanwhile: Callable[[], None] = lambda: None) -> list[list[Values]]:
        """Run statements in their order, in a transaction, and return the rows of each; do `meanwhile` before waiting.

        Raises the first failure, be it of what was sent ahead.
        """
        before = self._results_ahead + self._queue(orders)
        self.in_doubt = COMMIT in orders
        try:
            results = self._answered(before + len(orders), meanwhile)
        finally:
            fresh, self._fresh, self._results_ahead, self._syncs_ahead = self._fresh, {}, 0, 0
        self._connection.exit_pipeline_mode()
        self._names |= fresh
        return [_rows(result) if result.ntuples else [] for result in results[before:]]

    def send(self, orders: Sequence[Order]) -> None:
        """Send statements whose rows nobody wants, and do not wait for them: `run` is to be called afterwards.

        Each sending ends as a round trip does, so that the server counts how long it then hears nothing.
        """
        self._results_ahead += self._queue(orders) + len(orders)
        self._syncs_ahead += 1
        self._connection.flush()

    def settle(self) -> None:
        """Wait for what was sent ahead, if anything was: only then may others use the connection."""
        if self._syncs_ahead:
            self.run([])

    def _queue(self, orders: Sequence[Order]) -> int:
        """Queue statements, with what has to go before them; return how many results come before theirs."""
        begun = self._syncs_ahead or self._connection.transaction_status != TransactionStatus.IDLE
        first = [] if begun else [self.begins]
        self._connection.enter_pipeline_mode()
        made = self._made
        self._send(first)  # before anything is prepared: to prepare a query is to look, and then it is too late
        self._send(orders)
        self._connection.pipeline_sync()
        return self._made - made + len(first)

    def _send(self, orders: Sequence[Order]) -> None:
        names, fresh, send = self._names, self._fresh, self._connection.send_query_prepared
        for text, _, _ in orders:
            if text not in names and text not in fresh:
                self._prepare(text)
        for text, values, formats in orders:
            send(names.get(text) or fresh[text], values, formats, _BINARY)

    def _answered(self, expected: int, meanwhile: Callable[[], None]) -> list[PGresult]:
        """Send what is queued and return one result for each statement. Raises the first failure.

        Who failed before the commit has kept it from being done; so has a commit that was refused while the
        connection lives on.
        """
        results: list[PGresult] = []
        try:
            self._push()
            meanwhile()
            self._collect(results)
        except OperationalError:
            self._check(results, last=expected - 1)
            raise
        self.in_doubt = False
        self._check(results, last=expected)
        return results

    def _check(self, results: Sequence[PGresult], *, last: int) -> None:
        """Raise the first failure among the results before `last`."""
        for result in results[:last]:
            if result.status == ExecStatus.FATAL_ERROR:
                self.in_doubt = False
                if self._connection.status != ConnStatus.BAD:
                    self._connection.exit_pipeline_mode()
                raise errors.error_from_result(result)

    def _prepare(self, text: str) -> None:
        """Send a statement to be prepared; no name is ever used twice, because a failure leaves some prepared."""
        self._made += 1
        self._fresh[text] = name = b"mesh_%d" % self._made
        self._connection.send_prepare(name, text.encode())

    def _push(self) -> None:
        """Send all that is queued, reading along, so that neither side waits for the other to read."""
        while self._connection.flush():
            if self._wait(POLLIN | POLLOUT) & ~POLLOUT:
                self._connection.consume_input()

    def _collect(self, results: list[PGresult]) -> None:
        """Add one result for each statement, up to the end of the round trip, past the ends of what was sent ahead."""
        ends, is_over = self._syncs_ahead + 1, False
        while ends:
            while self._connection.is_busy():
                self._wait(POLLIN)
                self._connection.consume_input()
            result = self._connection.get_result()
            if (
                result is None
            ):  # the end of what one statement has to say; of a connection that is lost, again and again
                if is_over:
                    self._check_alive()
            elif result.status == ExecStatus.PIPELINE_SYNC:
                ends -= 1
            else:
                results.append(result)
            is_over = result is None

    def _wait(self, events: int) -> int:
        waiting = poll()
        waiting.register(self._connection.socket, events)
        return waiting.poll()[0][1]

    def _check_alive(self) -> None:
        if self._connection.status == ConnStatus.BAD:
            raise OperationalError(self._connection.get_error_message())


def _rows(result: PGresult) -> list[Values]:
    value, columns = result.get_value, range(result.nfields)
    return [[value(row, column) for column in columns] for row in range(result.ntuples)]
