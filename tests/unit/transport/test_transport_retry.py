"""Only what may be repeated is repeated, and not too soon."""

import pytest

from shared.kernel.backoff import LONGEST_WAIT
from shared.kernel.errors import Conflict, MeshError, PeerUnavailable
from shared.transport.retry import persist


class Flaky:
    """Fails as told, then succeeds; remembers the waits."""

    def __init__(self, *failures: MeshError) -> None:
        self.failures = list(failures)
        self.waits: list[float] = []

    async def work(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def away(retry_after: int | None = None) -> PeerUnavailable:
    return PeerUnavailable("peer.unreachable", "Later.", retry_after=retry_after)


async def test_work_that_fails_twice_is_done_the_third_time() -> None:
    flaky = Flaky(away(), away())
    assert await persist(flaky.work, attempts=3, wait=flaky.wait) == "done"
    assert len(flaky.waits) == 2


async def test_last_failure_is_raised() -> None:
    flaky = Flaky(away(), away(), away())
    with pytest.raises(PeerUnavailable):
        await persist(flaky.work, attempts=2, wait=flaky.wait)
    assert len(flaky.failures) == 1


async def test_refusal_is_not_tried_again() -> None:
    flaky = Flaky(Conflict("message.id-reused", "No."))
    with pytest.raises(Conflict):
        await persist(flaky.work, attempts=5, wait=flaky.wait)
    assert flaky.waits == []


async def test_time_the_peer_asks_for_is_honoured_within_reason() -> None:
    flaky = Flaky(away(3), away(100_000))
    await persist(flaky.work, attempts=3, wait=flaky.wait)
    assert flaky.waits[0] == 3
    assert flaky.waits[1] <= LONGEST_WAIT
