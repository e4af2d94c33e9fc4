"""Whatever is declared in whatever order: nobody sees a case of a chain they declared, everybody sees the rest."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.counting import Least, Tally, published_tallies
from shared.agency.adapters.store import SqlStore
from shared.agency.ports import Desk, ReferralFilter
from shared.agency.reading import Visitor, seen_by
from shared.agency.records import ConflictRecord, Referral
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.referral.blocked import blocked_hash
from shared.referral.conflict import conflict_key
from shared.referral.number import number_of

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=3, max_size=12).filter(lambda name: name[0].isalnum())
#: An agency, a chain, a pseudonym.
WHO = st.tuples(NAMES, NAMES, NAMES)
CASES = 9
K = 11


@dataclass
class Records:
    """A store with some chains in it, and people who have not been there before."""

    store: SqlStore
    chains: Sequence[str]
    referrals: Sequence[str]
    people: Iterator[str] = field(default_factory=lambda: (f"person-{number}" for number in range(10**6)))


def a_referral(referral_id: str, chain_id: str) -> Referral:
    nothing: dict[str, Any] = {}
    return Referral(
        referral_id=referral_id, box="received", chain_id=chain_id, parent_id=None, sender="health-a",
        recipient="social-a", subject="s", service_type="SOC-01", urgency="urgent", area="38", age_band="adult",
        incident_at=None, preferences=nothing, facts=nothing, basis=nothing, consent_id=None, phoned_first=False,
        blocked=[], sealed=None, state="delivered", due=nothing, next_due_at=None, sent_at="", wrapped_key=None,
        number=number_of(referral_id),
    )  # fmt: skip


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    folder: Path = tmp_path_factory.mktemp("conflicts")
    store, ids = SqlStore(f"sqlite:///{folder / 'agency.db'}"), Uuid7Factory(SystemClock())
    chains = [ids.new() for _ in range(CASES // 2)]
    referrals = [a_referral(ids.new(), chains[number % len(chains)]) for number in range(CASES)]

    def work(desk: Desk) -> None:
        for one in referrals:
            desk.add(one)

    store.write_blocking(work)
    yield Records(store, chains, [one.referral_id for one in referrals])
    store.close()


def declare(records: Records, person: str, chains: Sequence[str]) -> None:
    ids = Uuid7Factory(SystemClock())

    def work(desk: Desk) -> None:
        for chain in chains:
            referral_id = records.referrals[records.chains.index(chain)]
            desk.add(
                ConflictRecord(
                    conflict_id=ids.new(), referral_id=referral_id, chain_id=chain, actor=person, declared_at=""
                )
            )

    records.store.write_blocking(work)


def listed(records: Records, person: str, limit: int) -> list[list[str]]:
    """Every page that a person is shown."""
    visitor = Visitor("client", person, "client-x")

    async def page(after: str | None) -> list[str]:
        wanted = ReferralFilter(after=after, limit=limit)
        found = await records.store.read(lambda reading: seen_by(reading, visitor, wanted))
        return [one.referral_id for one in found]

    async def pages() -> list[list[str]]:
        read = [await page(None)]
        while len(read[-1]) == limit:
            read.append(await page(read[-1][-1]))
        return read

    return asyncio.run(pages())


@given(st.data(), st.integers(1, CASES + 1))
@settings(deadline=None)
def test_pages_are_those_of_a_world_without_the_case(records: Records, data: st.DataObject, limit: int) -> None:
    hidden = data.draw(st.lists(st.sampled_from(records.chains), unique=True))
    person = next(records.people)
    declare(records, person, hidden)
    chain_of = {one: records.chains[number % len(records.chains)] for number, one in enumerate(records.referrals)}
    expected = [one for one in sorted(records.referrals, reverse=True) if chain_of[one] not in hidden]
    pages = listed(records, person, limit)
    assert [one for page in pages for one in page] == expected
    assert [len(page) for page in pages] == [limit] * (len(expected) // limit) + [len(expected) % limit]
    assert [one for page in listed(records, next(records.people), limit) for one in page] == sorted(
        records.referrals, reverse=True
    )


@given(WHO, WHO)
def test_a_declaration_is_of_one_person_at_one_agency_in_one_case(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (key_of(*one) == key_of(*other)) is (one == other)
    _, chain, actor = one
    assert key_of(*one).endswith(blocked_hash(chain, actor))


def key_of(agency: str, chain: str, actor: str) -> str:
    return conflict_key(agency, chain_id=chain, actor=actor)


@given(st.lists(st.integers(0, 40), max_size=12), st.booleans())
def test_no_small_tally_is_published(counts: list[int], final: bool) -> None:
    least = Least(smallest=K, agencies=3, rounded_to=5)
    tallies = [Tally("declared", "police", count, agencies=place % 5) for place, count in enumerate(counts)]
    shown = published_tallies(tallies, least=least, final=final)
    for before, after in zip(tallies, shown, strict=True):
        may_be_seen = final and before.count is not None and before.count >= K and before.agencies >= 3
        assert after.count == (least.rounded(before.count or 0) if may_be_seen else None)
