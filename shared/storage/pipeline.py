"""Statements of one transaction over libpq, all of them in one round trip (PostgreSQL).

The driver's own pipeline turns to the network for every statement and every set of parameters: ten system calls per
referral in a transaction for 32 callers, and half of all the work in a transaction for one. Here everything is queued
first and sent together. Statements are prepared once per connection; values travel in the form that `encoder` gives.
Promises: failures are the driver's own errors, and what followed the failed statement was not done. The driver comes
with this module, which only a process on PostgreSQL imports.
"""

from collections.abc import Sequence
from select import POLLIN, POLLOUT, poll

from psycopg import OperationalError, errors
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from shared.storage.orders import BEGIN, COMMIT, Order, Values


class Pipeline:
    """Runs statements on one connection, whose prepared statements it remembers. Used by one thread.

    `in_doubt`: a commit was sent, and the connection was lost before the database said what became of it.
    """

    def __init__(self, connection: PGconn) -> None:
        self.in_doubt = False
        self._connection = connection
        self._names: dict[str, bytes] = {}
        self._made = 0

    def run(self, orders: Sequence[Order]) -> list[list[Values]]:
        """Run statements in their order, in a transaction, and return the rows of each."""
        if self._connection.transaction_status == TransactionStatus.IDLE:
            return self._run([BEGIN, *orders])[1:]
        return self._run(orders)

    def _run(self, orders: Sequence[Order]) -> list[list[Values]]:
        self._connection.enter_pipeline_mode()
        fresh = self._prepare({order.text for order in orders} - self._names.keys())
        names = self._names | fresh
        for order in orders:
            self._connection.send_query_prepared(names[order.text], order.values, order.formats, Format.BINARY)
        self._connection.pipeline_sync()
        self.in_doubt = COMMIT in orders
        results = self._answered(len(fresh) + len(orders))
        self._connection.exit_pipeline_mode()
        self._names = names
        return [_rows(result) for result in results[len(fresh) :]]

    def _answered(self, expected: int) -> list[PGresult]:
        """Send what is queued and return one result for each statement. Raises the first failure.

        Who failed before the commit has kept it from being done; so has a commit that was refused while the
        connection lives on.
        """
        results: list[PGresult] = []
        try:
            self._push()
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

    def _prepare(self, texts: set[str]) -> dict[str, bytes]:
        """Send statements to be prepared; no name is ever used twice, because a failure leaves some prepared."""
        fresh = {}
        for text in texts:
            self._made += 1
            fresh[text] = name = b"mesh_%d" % self._made
            self._connection.send_prepare(name, text.encode())
        return fresh

    def _push(self) -> None:
        """Send all that is queued, reading along, so that neither side waits for the other to read."""
        while self._connection.flush():
            if self._wait(POLLIN | POLLOUT) & ~POLLOUT:
                self._connection.consume_input()

    def _collect(self, results: list[PGresult]) -> None:
        """Add one result for each statement, up to the end of the round trip."""
        while True:
            while self._connection.is_busy():
                self._wait(POLLIN)
                self._connection.consume_input()
            result = self._connection.get_result()
            if result is None:  # the end of what one statement has to say
                self._check_alive()
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return
            else:
                results.append(result)

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
