"""A process that is told to end: red at once, still serving for a while, then handed to its server."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from shared.web.drain import Drain
from tests.support.web_app import client_of, sample_app


@pytest.fixture
def told() -> Iterator[asyncio.Event]:
    """Set when the server that runs us hears of the signal."""
    heard = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: heard.set())
    yield heard
    signal.signal(signal.SIGTERM, before)


class First:
    """What is done as a drain begins."""

    def __init__(self) -> None:
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        self.done.set()


async def test_readiness_is_red_and_connections_are_closed_before_the_server_hears(told: asyncio.Event) -> None:
    first = First()
    drain = Drain(seconds=300, first=first)
    async with client_of(sample_app(drain=drain)) as client, drain.upon_signal():
        before = await client.get("/readyz")
        assert (before.status_code, before.headers.get("connection")) == (200, None)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(first.done.wait(), 30)
        ready, alive = await client.get("/readyz"), await client.get("/livez")
        assert (ready.status_code, ready.json()["code"]) == (503, "service.not-ready")
        assert (alive.status_code, alive.headers["connection"]) == (200, "close")
        assert not told.is_set()


async def test_server_hears_when_the_time_is_over(told: asyncio.Event) -> None:
    async with Drain().upon_signal():
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(told.wait(), 30)


async def test_second_signal_skips_the_wait(told: asyncio.Event) -> None:
    first = First()
    async with Drain(seconds=300, first=first).upon_signal():
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(first.done.wait(), 30)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(told.wait(), 30)


async def test_signal_keeps_its_meaning_where_no_server_handles_it() -> None:
    async with Drain(seconds=300).upon_signal():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
