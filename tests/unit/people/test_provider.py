"""A provider that cannot be reached lets nobody in, and is not called again and again in vain."""

from datetime import timedelta

import pytest

from shared.kernel.clock import ManualClock
from shared.kernel.errors import NotAuthenticated
from shared.people.provider import Provider
from shared.people.registration import Registration
from shared.transport.peer import Peer
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, identity_provider
from tests.support.people import START


def registration(issuer: str) -> Registration:
    return Registration(
        issuer=issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uri="http://pages.test/back"
    )


async def test_a_provider_that_is_away_is_left_alone_for_a_moment_and_then_asked_again() -> None:
    clock, called = ManualClock(START), list[str]()

    def peer(origin: str) -> Peer:
        called.append(origin)
        return Peer(origin)

    async with identity_provider(clock=clock) as there:
        issuer, there.names_itself = there.issuer, "https://another.example"
        provider = Provider(registration(issuer), clock=clock, peer=peer)
        with pytest.raises(NotAuthenticated):
            await provider.begin(wanted="")
        there.mend()
        with pytest.raises(NotAuthenticated):
            await provider.begin(wanted="")
        clock.advance(timedelta(seconds=5))
        address, _ = await provider.begin(wanted="")
        await provider.close()
    assert address.startswith(f"{issuer}/authorize?")
    assert called == [issuer]


async def test_a_provider_that_nobody_runs_is_told_as_away() -> None:
    provider = Provider(registration("http://127.0.0.1:1"), clock=ManualClock(START))
    with pytest.raises(NotAuthenticated) as caught:
        await provider.begin(wanted="")
    await provider.close()
    assert (caught.value.code, "cannot be reached" in caught.value.message) == ("sign-in.provider", True)
