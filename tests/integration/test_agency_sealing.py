"""Sealing off piece by piece: what is gone has no key, and with the last piece the notes go too."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.agency.adapters.store import SqlStore
from shared.agency.ports import Desk
from shared.agency.records import Holding, HoldingState, Note, Referral
from shared.agency.sealing_off import contents_of, seal_off
from shared.agency.vault import CaseVault, note_place
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from tests.support.agency_services import keys_of
from tests.support.casework import a_referral

IDS = Uuid7Factory(SystemClock())
AT = "2026-11-22T09:00:00.000Z"
ACCOUNT: Mapping[str, Any] = {"identity": {"name": "M."}, "incident": {"types": ["physical"]}, "needs": {"needs": []}}


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    store = SqlStore(database_url)
    yield store
    store.close()


@pytest.fixture
def vault() -> CaseVault:
    return CaseVault(keys_of("police").vault())


def opened(store: SqlStore, vault: CaseVault) -> str:
    """A case whose compartments were all opened here, with a note."""
    referral_id, note_id = IDS.new(), IDS.new()
    case, wrapped = vault.new_referral(referral_id)
    note = case.lock(note_place(note_id), {"text": "She has moved."})

    def work(desk: Desk) -> None:
        desk.add(a_referral(referral_id, wrapped_key=wrapped))
        desk.add(Note(message_id=note_id, referral_id=referral_id, by="health-test", at=AT, content=note))
        for name, content in ACCOUNT.items():
            holding = Holding(
                key=f"{referral_id}/{name}",
                referral_id=referral_id,
                name=name,
                stage="triage",
                state=HoldingState.OPENED.value,
                share_sha256="",
                content=case.lock(name, content),
            )
            desk.add(holding)

    store.write_blocking(work)
    return referral_id


def take_back(store: SqlStore, vault: CaseVault, referral_id: str, *names: str, aside: str = "") -> None:
    def work(desk: Desk) -> None:
        referral = desk.get(Referral, referral_id)
        assert referral is not None
        put_aside = frozenset({aside}) & frozenset(names)
        seal_off(desk, contents_of(desk, referral), frozenset(names), vault=vault, at=AT, aside=put_aside)

    store.write_blocking(work)


async def left(store: SqlStore, vault: CaseVault, referral_id: str) -> tuple[Referral, dict[str, Any], int]:
    """The referral, what its key opens, and how many notes there are."""
    referral = await store.read(lambda reading: reading.get(Referral, referral_id))
    assert referral is not None
    holdings = await store.read(lambda reading: reading.holdings(referral_id))
    kept = {one.name: one.content for one in holdings if one.content is not None}
    notes = await store.read(lambda reading: reading.notes(referral_id))
    if referral.wrapped_key is None:
        return referral, {}, len(notes)
    case = vault.open_referral(referral_id, referral.wrapped_key)
    return referral, {name: case.unlock(name, content) for name, content in kept.items()}, len(notes)


@pytest.mark.rule("R-16")
async def test_with_the_last_piece_the_key_and_the_notes_go(store: SqlStore, vault: CaseVault) -> None:
    referral_id = opened(store, vault)
    take_back(store, vault, referral_id, "identity")
    referral, readable, notes = await left(store, vault, referral_id)
    assert (set(readable), notes, referral.sealed_off_at) == ({"incident", "needs"}, 1, None)
    take_back(store, vault, referral_id, "incident", "needs")
    referral, _, notes = await left(store, vault, referral_id)
    assert (referral.wrapped_key, notes, referral.sealed_off_at) == (None, 0, AT)


@pytest.mark.rule("R-16")
async def test_what_was_put_aside_before_outlives_the_rest_under_a_key_of_its_own(
    store: SqlStore, vault: CaseVault
) -> None:
    referral_id = opened(store, vault)
    take_back(store, vault, referral_id, "incident", aside="incident")
    before, _, _ = await left(store, vault, referral_id)
    take_back(store, vault, referral_id, "identity", "needs")
    referral, readable, notes = await left(store, vault, referral_id)
    assert (readable, notes, referral.sealed_off_at) == ({"incident": ACCOUNT["incident"]}, 0, AT)
    assert referral.wrapped_key not in {None, before.wrapped_key}
    take_back(store, vault, referral_id, "incident")
    assert (await left(store, vault, referral_id))[0].wrapped_key is None
