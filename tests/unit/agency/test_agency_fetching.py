"""Fetching goes on whatever one try comes to."""

import asyncio
import logging

import pytest

from shared.agency.inbound.fetching import fetch_on
from shared.kernel.errors import PeerUnavailable


class Source:
    """Fails in these ways, one after the other, and then gives something."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.fetched = asyncio.Event()

    async def once(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.fetched.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (PeerUnavailable("broker.unreachable", "Not now."), "broker.unavailable"),
        (KeyError("a name that must not be in the log"), "inbound.failed"),
    ],
)
async def test_what_fails_once_is_tried_again_and_logged_by_its_type_alone(
    failure: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(failure)
    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(fetch_on(source.once, unavailable="broker.unavailable"))
        async with asyncio.timeout(30):
            await source.fetched.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [record.getMessage() for record in caplog.records if record.name == "mesh.inbound"] == [said]
    assert "a name" not in caplog.text
