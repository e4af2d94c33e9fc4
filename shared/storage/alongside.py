"""A second thread beside a first, for work that hardly needs the interpreter: signatures, and waiting for a disk.

One interpreter does one thing at a time, but a library that computes a signature leaves it to others meanwhile, and so
does a database that commits. Two threads that do nothing else get through a list of signatures in half the time; what
computes in Python gains nothing here, and is held up by passing the interpreter to and fro.
Promises: whoever asks goes on only when the second thread has done its share, and gets what was raised there.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

_Call = Callable[[], None]


class Alongside:
    """The second thread of one first thread, begun when it is needed first."""

    def __init__(self, name: str) -> None:
        """Take the name that the thread is to have."""
        self._name = name
        self._asked: SimpleQueue[_Call | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @contextmanager
    def doing(self, call: _Call) -> Iterator[None]:
        """Have `call` done while the body of the `with` statement is, and wait for both.

        Raises what `call` raised, unless the body raises.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._asked.put(call)
        try:
            yield
        except BaseException:
            self._done.get()
            raise
        fault = self._done.get()
        if fault is not None:
            raise fault

    def each(self, calls: Iterable[_Call]) -> None:
        """Make all these calls, two at a time. Raises what one raised."""
        left = deque(calls)
        if len(left) > 1:
            with self.doing(lambda: _take(left)):
                _take(left)
        else:
            _take(left)

    def close(self) -> None:
        """End the thread, if it was begun."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (call := self._asked.get()) is not None:
            try:
                call()
            except BaseException as fault:  # noqa: BLE001 - who asked is told
                self._done.put(fault)
            else:
                self._done.put(None)


def _take(calls: deque[_Call]) -> None:
    """Make calls until none is left; another thread may be taking some."""
    while True:
        try:
            call = calls.popleft()
        except IndexError:
            return
        call()
