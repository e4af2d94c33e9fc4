"""The directory as an agency keeps it: rotated keys are found, withdrawn ones forgotten, an absent hub survived."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.agency.adapters.store import SqlStore
from shared.agency.directory import ASK_AGAIN, FRESH, UNKNOWN_MOST, Directory
from shared.kernel.clock import ManualClock
from shared.kernel.errors import InputRejected, NotFound, PeerUnavailable
from shared.seal.jws import sign_detached
from shared.seal.keys import AgencyKeys

BODY = b'{"v":1}'
MINUTE = timedelta(minutes=1)


class Hub:
    """A gateway's directory that can be changed, and be away."""

    def __init__(self) -> None:
        self.entries: dict[str, Mapping[str, Any]] = {}
        self.away = False
        self.asked = 0

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        assert params is None
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise PeerUnavailable("peer.unreachable", "Away.")
        name = path.rpartition("/")[2]
        if name not in self.entries:
            raise NotFound("agency.unknown", "Nobody.")
        return self.entries[name]


@pytest.fixture(scope="module")
def keys() -> AgencyKeys:
    return AgencyKeys.generate()


@pytest.fixture
def hub(keys: AgencyKeys) -> Hub:
    made = Hub()
    made.entries["health"] = {"id": "health", "jwks": keys.public_jwks(), "areas": ["38"]}
    return made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 8, tzinfo=UTC))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    made = SqlStore(f"sqlite:///{tmp_path / 'agency.db'}")
    yield made
    made.close()


@pytest.fixture
def directory(store: SqlStore, hub: Hub, clock: ManualClock) -> Directory:
    return Directory(store, hub, clock)  # type: ignore[arg-type]  # only reading is asked of this hub


async def test_an_entry_is_asked_for_once_by_many(directory: Directory, hub: Hub) -> None:
    entries = await asyncio.gather(*(directory.entry("health") for _ in range(8)))
    assert hub.asked == 1
    assert {entry.names("areas") for entry in entries} == {frozenset({"38"})}


async def test_a_rotated_key_is_found(directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys) -> None:
    await directory.check_signature("health", BODY, sign_detached(BODY, keys.signing))
    rotated = keys.new_signing_key()
    hub.entries["health"] = {"id": "health", "jwks": rotated.public_jwks()}
    await directory.check_signature("health", BODY, sign_detached(BODY, rotated.signing))
    assert hub.asked == 2


async def test_a_message_under_a_key_that_cannot_be_looked_up_now_waits_and_is_not_refused(
    directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys
) -> None:
    await directory.check_signature("health", BODY, sign_detached(BODY, keys.signing))
    rotated = keys.new_signing_key()
    hub.entries["health"] = {"id": "health", "jwks": rotated.public_jwks()}
    hub.away = True
    with pytest.raises(PeerUnavailable):
        await directory.check_signature("health", BODY, sign_detached(BODY, rotated.signing))
    hub.away = False
    await directory.check_signature("health", BODY, sign_detached(BODY, rotated.signing))


async def test_a_flood_of_unknown_keys_makes_it_ask_a_few_times_in_a_minute(
    directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys
) -> None:
    await directory.check_signature("health", BODY, sign_detached(BODY, keys.signing))
    for _ in range(UNKNOWN_MOST * 3):
        with pytest.raises(InputRejected, match=r"signature\.invalid"):
            await directory.check_signature("health", BODY, sign_detached(BODY, AgencyKeys.generate().signing))
    assert hub.asked == 1 + UNKNOWN_MOST


async def test_forged_signatures_do_not_make_it_ask_more_than_once_a_minute(
    directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys
) -> None:
    forged = sign_detached(BODY, AgencyKeys.generate().signing)
    await directory.check_signature("health", BODY, sign_detached(BODY, keys.signing))
    for _ in range(5):
        with pytest.raises(InputRejected, match=r"signature\.invalid"):
            await directory.check_signature("health", BODY, forged)
    assert hub.asked == 2
    clock.advance(ASK_AGAIN)
    for _ in range(5):
        with pytest.raises(InputRejected, match=r"signature\.invalid"):
            await directory.check_signature("health", BODY, forged)
    assert hub.asked == 3


async def test_a_withdrawn_key_is_forgotten_within_ten_minutes(
    directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys
) -> None:
    signature = sign_detached(BODY, keys.signing)
    await directory.check_signature("health", BODY, signature)
    hub.entries["health"] = {"id": "health", "jwks": AgencyKeys.generate().public_jwks()}
    clock.advance(FRESH)
    with pytest.raises(InputRejected, match=r"signature\.invalid"):
        await directory.check_signature("health", BODY, signature)


async def test_old_keys_are_not_believed_while_the_hub_is_away(
    directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys
) -> None:
    signature = sign_detached(BODY, keys.signing)
    await directory.check_signature("health", BODY, signature)
    hub.away = True
    clock.advance(FRESH + MINUTE)
    with pytest.raises(PeerUnavailable):
        await directory.check_signature("health", BODY, signature)


async def test_sealing_works_while_the_hub_is_away_even_after_a_restart(
    store: SqlStore, directory: Directory, hub: Hub, clock: ManualClock, keys: AgencyKeys
) -> None:
    await directory.encryption_key("health")
    hub.away = True
    clock.advance(FRESH * 100)
    again = Directory(store, hub, clock)  # type: ignore[arg-type]  # as above
    assert (await again.encryption_key("health")).kid == keys.encryption.kid
    asked = hub.asked
    await again.encryption_key("health")
    assert hub.asked == asked


async def test_an_agency_never_met_cannot_be_had_while_the_hub_is_away(directory: Directory, hub: Hub) -> None:
    hub.away = True
    with pytest.raises(PeerUnavailable):
        await directory.entry("social")


async def test_an_agency_that_is_not_there_or_shows_no_keys_is_unknown(directory: Directory, hub: Hub) -> None:
    hub.entries["odd"] = {"id": "odd", "jwks": {"keys": []}}
    for agency_id in ("nobody", "odd"):
        with pytest.raises(NotFound, match=r"agency\.unknown"):
            await directory.entry(agency_id)
