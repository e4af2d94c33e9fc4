"""Words between the processes that share a database: told by one, heard by all others within milliseconds.

Owns one connection and one thread, beside the pool (PostgreSQL: `LISTEN`, `NOTIFY`). Promises: to tell costs the caller
an append and never waits; a process does not hear itself; a connection that is lost is made anew. Does not promise that
a word is heard: one that is told while the connection is away is lost, so whoever is told must also look by itself.
Refuses SQLite, which is for one process (`has_signals`).
"""

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared.storage.driver import translated
from shared.telemetry.logs import get_logger

#: The longest word that may be told, in bytes, as PostgreSQL has it.
WORD_MOST: Final = 7_999
_TOLD_MOST: Final = 256
_AGAIN_SECONDS: Final = 1.0
_TELL: Final = "SELECT pg_notify(%s, %s)"

_log = get_logger("storage")


def has_signals(engine: Engine) -> bool:
    """Say whether processes on this database can tell one another anything."""
    return engine.dialect.name == "postgresql"


class Signals:
    """One process's end of a channel. `hear` is called on a thread of its own with what others told."""

    def __init__(self, engine: Engine, channel: str, hear: Callable[[str], None]) -> None:
        self._engine = engine
        self._channel = channel
        self._hear = hear
        self._told: deque[str] = deque(maxlen=_TOLD_MOST)
        self._closing = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="signals", daemon=True)
        self._thread.start()

    def tell(self, word: str) -> None:
        """Have a word told to all others. It may be called on any thread."""
        self._told.append(word)
        self._wake()

    def close(self, *, timeout_seconds: float = 5.0) -> None:
        """Tell what is left, and let go of the connection."""
        self._closing.set()
        self._wake()
        self._thread.join(timeout_seconds)

    def _wake(self) -> None:
        with suppress(OSError):  # so many wake-ups wait that one more is not needed, or nobody is left to be woken
            self._waker.send(b"\0")

    def _run(self) -> None:
        with self._woken, self._waker:
            while not self._closing.is_set():
                try:
                    with self._line() as line:
                        self._serve(line)
                except SQLAlchemyError:
                    _log.warning("signals.lost")
                    self._closing.wait(_AGAIN_SECONDS)

    @contextmanager
    def _line(self) -> Iterator[Any]:
        """Give out a connection of its own that listens."""
        lent = self._engine.raw_connection()
        lent.rollback()
        line: Any = lent.driver_connection
        lent.detach()
        try:
            with translated(self._engine.dialect, line):
                line.autocommit = True
                line.add_notify_handler(lambda word: self._heard(line, word.pid, word.payload))
                line.execute("SET synchronous_commit = off")  # a word is worth no wait for the disk
                line.execute(f"LISTEN {self._channel}")
                yield line
        finally:
            line.close()

    def _serve(self, line: Any) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(line.fileno(), selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                self._tell_all(line)
                if self._closing.is_set():
                    return
                selector.select()
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
                self._listen(line)

    def _tell_all(self, line: Any) -> None:
        while self._told:
            line.execute(_TELL, (self._channel, self._told.popleft()))

    def _listen(self, line: Any) -> None:
        line.pgconn.consume_input()
        while (word := line.pgconn.notifies()) is not None:
            self._heard(line, word.be_pid, word.extra.decode())

    def _heard(self, line: Any, by: int, word: str) -> None:
        if by != line.info.backend_pid:
            self._hear(word)
