"""An engine whose statements are seen on their way to the database, below every layer that could be gone round."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Self

import psycopg
from sqlalchemy import Engine, event

from shared.storage.driver import PIPELINE
from shared.storage.orders import COMMIT, Order, Values
from shared.storage.pipeline import Pipeline

#: Is told each statement's text, before it runs or after; what it raises comes from the database, as it were.
Watcher = Callable[[str], None]


def _nothing(_statement: str) -> None:
    return


def watch(engine: Engine, *, before: Watcher = _nothing, after: Watcher = _nothing) -> None:
    """Tell `before` and `after` of every statement on connections that `engine` opens from now on."""

    def told(base: Any) -> Any:
        class Watched(base):  # type: ignore[misc]  # the base is the driver's cursor
            def execute(self, statement: str, *rest: Any, **options: Any) -> Self:
                before(statement)
                super().execute(statement, *rest, **options)
                after(statement)
                return self

            def executemany(self, statement: str, *rest: Any, **options: Any) -> Self:
                before(statement)
                super().executemany(statement, *rest, **options)
                after(statement)
                return self

        return Watched

    cursor = told(sqlite3.Cursor if engine.dialect.name == "sqlite" else psycopg.Cursor)

    class Connection(sqlite3.Connection):
        def cursor(self, *_factory: Any) -> Any:
            return super().cursor(cursor)

    def connecting(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> None:
        options |= {"factory": Connection} if engine.dialect.name == "sqlite" else {"cursor_factory": cursor}

    def connected(driver_connection: Any, record: Any) -> None:
        if engine.dialect.name != "sqlite":
            record.info[PIPELINE] = _WatchedPipeline(driver_connection.pgconn, before, after)

    event.listen(engine, "do_connect", connecting)
    event.listen(engine, "connect", connected)
    engine.dispose()


class _WatchedPipeline(Pipeline):
    """Sends one statement at a time: what follows one that failed does not reach the database, as it were."""

    def __init__(self, connection: Any, before: Watcher, after: Watcher) -> None:
        super().__init__(connection)
        self._before, self._after = before, after

    def send(self, orders: Sequence[Order]) -> None:
        self.run(orders)

    def run(self, orders: Sequence[Order], *, meanwhile: Callable[[], None] = lambda: None) -> list[list[Values]]:
        answers = []
        for order in orders:
            self._before(order[0])
            answers += super().run([order], meanwhile=meanwhile if order == COMMIT else lambda: None)
            self.in_doubt = order == COMMIT
            self._after(order[0])
            self.in_doubt = False
        return answers
