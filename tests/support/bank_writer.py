"""A writer of the small bank, and a gate that keeps it busy while others come."""

import asyncio
import threading

from sqlalchemy import Engine

from shared.storage.book import Book
from shared.storage.group_commit import GroupWriter
from tests.support.small_bank import lock_account

Writer = GroupWriter[Book]


def open_writer(engine: Engine, **limits: float) -> Writer:
    return GroupWriter(engine, open_desk=lambda book: book, on_begin=lock_account, **limits)


class Gate:
    """A unit that keeps the writer busy until it is told to go on."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.leave = threading.Event()

    def __call__(self, _book: Book) -> None:
        self.entered.set()
        assert self.leave.wait(30)

    def close_behind(self, writer: GroupWriter[Book]) -> asyncio.Task[None]:
        """Occupy the writer; what is submitted afterwards goes into one transaction together."""
        return asyncio.create_task(writer.submit(self))
