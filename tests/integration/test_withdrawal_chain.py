"""Ten agencies in a row: the root consent is taken back, everybody answers, and the certificate proves it.

The times of the repeated runs are printed (`-s` shows them) and not judged here: a loaded machine is no fault. For a
figure that means something, ask for more of them with the environment variable WITHDRAWAL_RUNS.
"""

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from shared.seal.certificates import verify_certificate
from tests.support.agency_services import contents, keys_of, shared_databases, states
from tests.support.chains import Chain, a_chain, hop_id

__all__ = ["shared_databases"]

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

HOPS = 10
RUNS = int(os.environ.get("WITHDRAWAL_RUNS", "1"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[Chain]:
    async with a_chain(tmp_path_factory.mktemp("chain"), HOPS, database_url=shared_databases) as running:
        yield running


async def certified(chain: Chain, consent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fetch the certificate through the agency that recorded the consent, and verify it as an outsider would."""
    response = await chain[0].get(f"/v1/consents/{consent['id']}/certificate")
    assert response.status_code == 200, response.text
    verdict = verify_certificate(response.content, jwks=keys_of("gateway").public_jwks())
    assert verdict.findings == []
    return verdict.document


def in_a_row(document: Mapping[str, Any]) -> list[str]:
    """The agencies of a certificate from the root down, each the only one below the other."""
    row, holders = [], document["holders"]
    while holders:
        (hop,) = holders
        row.append(hop["agency"])
        holders = hop["onward"]
    return row


def tell(took: list[float]) -> None:
    """Print how long it took from her word to a certificate that is complete and verified."""
    took.sort()
    p99 = took[min(len(took) - 1, round(0.99 * len(took)))]
    told = {"runs": RUNS, "hops": HOPS, "p50_s": round(took[len(took) // 2], 3), "p99_s": round(p99, 3)}
    print(json.dumps(told))  # noqa: T201


@pytest.mark.timeout(600)
async def test_ten_hops_answer_and_the_certificate_is_complete(chain: Chain) -> None:
    took = []
    for _ in range(RUNS):
        consent, referrals = await chain.referred()
        began = await chain.taken_back(consent)
        found = await chain.outstanding(consent, until=set())
        document = await certified(chain, consent)
        took.append(time.perf_counter() - began)
        assert (found["complete"], {one["result"] for one in found["holders"]}) == (True, {"sealed"})
        assert in_a_row(document) == [hop_id(place) for place in range(1, HOPS + 1)]
        assert (document["complete"], document["outstanding"]) == (True, [])
        for place, referral_id in enumerate(referrals, start=1):
            seen = await chain[place].seen(referral_id)
            assert (seen["state"], contents(seen)) == ("revoked", {})
            assert set(states(seen).values()) == {"destroyed"}
    tell(took)


async def test_two_that_are_down_are_named_and_settle_when_they_return(chain: Chain) -> None:
    consent, _ = await chain.referred()
    down = (4, 8)
    for place in down:
        await chain.stop(place)
    await chain.taken_back(consent, at=HOPS)  # her word, at the far end of the chain
    absent = {hop_id(place) for place in down}
    found = await chain.outstanding(consent, until=absent)
    assert found["complete"] is False
    document = await certified(chain, consent)
    assert {one["agency"] for one in document["outstanding"]} == absent
    for place in down:
        await chain.start(place)
    found = await chain.outstanding(consent, until=set())
    assert found["complete"] is True
    assert (await certified(chain, consent))["outstanding"] == []
