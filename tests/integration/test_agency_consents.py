"""Her word is enough wherever she gives it: who recorded her consent learns what she took back elsewhere."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from shared.agency.records import ConsentRecord
from tests.support.agency_services import (
    CASE,
    World,
    a_grant,
    a_referral,
    agency_id,
    consented,
    referred,
    shared_databases,
    states,
    world,
)

__all__ = ["shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT: Mapping[str, Any] = {**CASE, "needs": {"needs": ["a lawyer"]}}
#: What the lawyer asks for.
SHARED = ["identity", "contact", "needs", "preferences"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[World]:
    """A hospital that records consents, and a centre and a lawyer who hear her word later."""
    folder = tmp_path_factory.mktemp("world")
    async with world(folder, "health", "social", "legal_aid", database_url=shared_databases) as running:
        yield running


@pytest.fixture
def mesh(made: World) -> Iterator[World]:
    yield made
    made.wire.mend()


async def accepted(mesh: World, kind: str, referral_id: str) -> None:
    await mesh[kind].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh[kind].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await mesh[kind].done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})


async def at_the_centre(mesh: World) -> tuple[dict[str, Any], str]:
    """Her case is at the centre, which may pass it on to the lawyer."""
    lawyer = a_grant("legal_aid", "LEG-01", names=SHARED)
    consent = await consented(mesh["health"], a_grant("social", names=list(ACCOUNT), onward=True), lawyer)
    referral_id = await referred(mesh["health"], consent, area="38", age_band="adult", compartments=ACCOUNT)
    await accepted(mesh, "social", referral_id)
    return consent, referral_id


async def taken_back(mesh: World, kind: str, consent: dict[str, Any], **part: Any) -> None:
    await mesh[kind].done(f"/v1/consents/{consent['id']}/revocations", {"by": "survivor", **part})


async def recorded(mesh: World, consent: dict[str, Any]) -> ConsentRecord:
    """The record at the hospital, at which nobody there has looked."""
    office = mesh.services["health"].practice.office
    record = await office.store.read(lambda reading: reading.get(ConsentRecord, consent["id"]))
    assert record is not None
    return record


async def shown(mesh: World, consent: dict[str, Any]) -> tuple[str, list[Any]]:
    """The state at the hospital and what was taken back, as its API shows them."""
    answer = (await mesh["health"].get(f"/v1/consents/{consent['id']}")).json()
    return answer["consent"]["state"], [(one["recipients"], one["compartments"]) for one in answer["takings"]]


@pytest.mark.rule("R-16")
async def test_a_notice_of_her_word_brings_the_record_to_where_it_stands(mesh: World) -> None:
    consent, referral_id = await at_the_centre(mesh)
    await taken_back(mesh, "social", consent)
    await mesh["health"].until(referral_id, lambda seen: seen["state"] == "revoked")
    record = await recorded(mesh, consent)
    assert (record.state, [one["by"] for one in record.takings]) == ("revoked", ["survivor"])
    assert await shown(mesh, consent) == ("revoked", [(None, None)])


async def test_what_she_took_back_elsewhere_is_held_back_here_before_anything_is_sent(mesh: World) -> None:
    consent, referral_id = await at_the_centre(mesh)
    await taken_back(mesh, "social", consent, compartments=["needs"])
    await mesh["health"].until(referral_id, lambda seen: states(seen)["needs"] == "destroyed", query="")
    sent = await mesh["health"].done("/v1/referrals", a_referral(consent, compartments=ACCOUNT))
    assert sent["sent"] == sorted(CASE)
    assert [one["compartment"] for one in sent["held_back"]] == ["needs"]


@pytest.mark.rule("R-16")
async def test_what_no_notice_told_of_is_asked_for_when_the_consent_is_read(mesh: World) -> None:
    consent, parent = await at_the_centre(mesh)
    parts = {name: ACCOUNT[name] for name in SHARED}
    request = a_referral(consent, service_type="LEG-01", recipient=agency_id("legal_aid"), compartments=parts)
    child = (await mesh["social"].done(f"/v1/referrals/{parent}/onward", request))["referral"]["referral_id"]
    await accepted(mesh, "legal_aid", child)
    await taken_back(mesh, "legal_aid", consent, recipients=[agency_id("legal_aid")])
    assert (await recorded(mesh, consent)).takings == []
    assert await shown(mesh, consent) == ("narrowed", [([agency_id("legal_aid")], None)])
    assert len((await recorded(mesh, consent)).takings) == 1


async def test_a_consent_is_read_as_it_was_known_last_while_the_gateway_is_away(mesh: World) -> None:
    consent, _ = await at_the_centre(mesh)
    mesh.wire.cut = True
    assert await shown(mesh, consent) == ("active", [])


async def test_a_notice_seals_off_even_where_the_consent_cannot_be_asked_for(mesh: World) -> None:
    consent, referral_id = await at_the_centre(mesh)
    mesh.wire.deaf_to = {"/v1/consents"}
    await taken_back(mesh, "social", consent)
    gone = await mesh["health"].until(referral_id, lambda seen: seen["state"] == "revoked", query="")
    assert set(states(gone).values()) == {"destroyed"}
    assert await shown(mesh, consent) == ("active", [])
    mesh.wire.mend()
    assert await shown(mesh, consent) == ("revoked", [(None, None)])
