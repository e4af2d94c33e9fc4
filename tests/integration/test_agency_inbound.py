"""Deliveries: the recipient does not simply believe the hub. Each test names the attack, or the accident."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.agency.records import Letter
from shared.agency.scribe import Route, Scribe, sealed_compartments
from shared.kernel.clock import SystemClock, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.jws import verify_compact
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, EventType
from shared.transport.webhooks import Webhooks
from tests.support.agency_services import CASE, Client, World, a_grant, agency_id, consented, contents, keys_of, world

SOP = load_sop()
CLOCK = SystemClock()
IDS = Uuid7Factory(CLOCK)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Hop:
    """The gateway's side of the hop to the social service, in the hands of the test."""

    client: Client
    webhooks: Webhooks
    seq: int = 0

    async def post(self, *letters: Letter, **changes: Any) -> httpx.Response:
        """Deliver letters, with changed item fields."""
        items = [self._item(letter) | changes for letter in letters]
        body = json.dumps({"items": items}).encode()
        headers = self.webhooks.sign(body, webhook_id=IDS.new(), at=CLOCK.now())
        return await self.client.http.post(
            "/mesh/deliveries", content=body, headers={**headers, "content-type": "application/json"}
        )

    async def deliver(self, *letters: Letter, **changes: Any) -> list[dict[str, Any]]:
        """Deliver letters and return the receipts, verified."""
        response = await self.post(*letters, **changes)
        assert response.status_code == 200, response.text
        ring = keys_of("social").ring()
        return [json.loads(verify_compact(receipt, ring)) for receipt in response.json()["receipts"]]

    def _item(self, letter: Letter) -> dict[str, Any]:
        self.seq += 1
        shares = letter.hub_shares or {}
        triage = {name: share for name, share in shares.items() if name not in {"identity", "contact"}}
        return {
            "seq": self.seq,
            "kind": letter.kind,
            "message_id": letter.message_id,
            "body": letter.body,
            "signature": letter.signature,
            "hub_shares": triage,
            "attempt": 1,
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social", enrolled=["legal_aid"]) as made:
        yield made


@pytest.fixture
def mesh(shared: World) -> Iterator[World]:
    yield shared
    shared.wire.mend()


@pytest.fixture
def hop(mesh: World) -> Hop:
    service = mesh.services["social"]
    return Hop(service.client, Webhooks((service.settings.webhook_secret.get_secret_value(),)))


@pytest_asyncio.fixture(loop_scope="module")
async def consent(mesh: World) -> dict[str, Any]:
    return await consented(mesh["health"])


def scribe(kind: str = "health", *, name: str | None = None) -> Scribe:
    return Scribe(agency_id(name or kind), keys_of(kind), clock=CLOCK, ids=IDS)


def a_letter(
    consent: Mapping[str, Any],
    *,
    by: Scribe | None = None,
    case: Mapping[str, Any] = CASE,
    sealed_to: str = "social",
    **facts: Any,
) -> Letter:
    """Write a referral from health to social as health's service would, with changed facts."""
    by = by or scribe()
    message_id, at = by.new_id(), CLOCK.now()
    basis = {"kind": "consent", "consent_id": consent["id"]}
    service = SOP.services[facts.get("service_type", "SOC-01")]
    plaintexts = {Compartment(name): content for name, content in case.items()}
    bundle = by.seal(plaintexts, message_id=message_id, basis=basis, recipient=keys_of(sealed_to).encryption.public)
    stages = {name.value: service.stage(name, service.urgency) for name in plaintexts}
    envelope = {
        "recipient": agency_id("social"),
        "sop": SOP.version,
        "chain_id": message_id,
        "subject": consent["subject"],
        "service_type": service.code,
        "urgency": service.urgency,
        "area": "38",
        "age_band": "adult",
        "basis": basis,
        "sealed": bundle.sealed,
        "compartments": sealed_compartments(bundle, stages),
    }
    route = Route(lane=message_id, hub_shares=bundle.hub_shares)
    return by.referral({**envelope, **facts}, message_id=message_id, at=at, route=route)


async def test_a_referral_that_holds_is_stored_and_signed_for(hop: Hop, consent: dict[str, Any]) -> None:
    letter = a_letter(consent)
    (receipt,) = await hop.deliver(letter)
    assert (receipt["message_id"], receipt["sha256"]) == (letter.message_id, letter.sha256)
    assert (receipt["result"], receipt["code"], receipt["recipient"]) == ("stored", None, "gateway")
    seen = await hop.client.seen(letter.message_id, query="?compartments=safety,preferences")
    assert contents(seen) == {"safety": CASE["safety"], "preferences": CASE["preferences"]}


async def test_the_same_message_again_gets_the_same_receipt_and_does_nothing(hop: Hop, consent: dict[str, Any]) -> None:
    letter = a_letter(consent)
    first = (await hop.post(letter)).json()
    again = (await hop.post(letter, attempt=2)).json()
    twice = (await hop.post(letter, letter)).json()
    assert again == first
    assert set(twice["receipts"]) == set(first["receipts"])
    listed = (await hop.client.get("/v1/referrals?box=received")).json()["items"]
    assert [one["referral_id"] for one in listed].count(letter.message_id) == 1


async def test_deliveries_at_the_same_time_store_once(hop: Hop, consent: dict[str, Any]) -> None:
    letter = a_letter(consent)
    answers = await asyncio.gather(*(hop.post(letter) for _ in range(5)))
    assert len({json.dumps(answer.json()) for answer in answers}) == 1


async def test_a_hop_without_the_secret_is_turned_away(hop: Hop, consent: dict[str, Any]) -> None:
    stranger = Hop(hop.client, Webhooks(("whsec_" + "A" * 43 + "=",)))
    response = await stranger.post(a_letter(consent))
    assert (response.status_code, response.json()["code"]) == (401, "webhook.invalid")


async def rejected(hop: Hop, letter: Letter, **changes: Any) -> str:
    (receipt,) = await hop.deliver(letter, **changes)
    assert receipt["result"] == "rejected"
    assert (await hop.client.get(f"/v1/referrals/{letter.message_id}")).status_code == 404
    return str(receipt["code"])


async def test_a_message_signed_by_another_agency_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    forged = a_letter(consent, by=scribe("social", name="health"))
    assert await rejected(hop, forged) == "signature.invalid"


async def test_a_body_changed_on_the_way_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    letter = a_letter(consent)
    assert await rejected(hop, letter, body=(letter.body or "").replace('"adult"', '"16_17"')) == "signature.invalid"


async def test_a_referral_to_another_agency_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    assert await rejected(hop, a_letter(consent, recipient=agency_id("health"))) == "message.recipient"


async def test_a_compartment_sealed_for_another_agency_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    assert await rejected(hop, a_letter(consent, sealed_to="health")) == "seal.broken"


async def test_a_half_that_was_swapped_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    letter, other = a_letter(consent), a_letter(consent)
    shares = {"safety": (other.hub_shares or {})["safety"]}
    assert await rejected(hop, letter, hub_shares=shares) == "seal.broken"


async def test_content_that_does_not_fit_its_schema_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    case = {**CASE, "safety": {"invented": True}}
    assert await rejected(hop, a_letter(consent, case=case)) == "compartment.invalid"


async def test_what_consent_does_not_carry_is_rejected_though_the_hub_delivered_it(mesh: World, hop: Hop) -> None:
    for_counselling = await consented(mesh["health"], a_grant("social", "SOC-03"))
    assert await rejected(hop, a_letter(for_counselling)) == "consent.service"


@pytest.mark.parametrize("whose", ["another agency's", "nobody's"])
async def test_what_rests_on_a_consent_that_does_not_name_this_agency_is_rejected(
    mesh: World, hop: Hop, whose: str
) -> None:
    elsewhere = await consented(mesh["health"], a_grant("legal_aid", "LEG-01", names=["contact"]))
    named = elsewhere if whose == "another agency's" else {**elsewhere, "id": IDS.new()}
    assert await rejected(hop, a_letter(named)) == "consent.missing"


async def test_another_persons_consent_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    assert await rejected(hop, a_letter({**consent, "subject": "another-person-1"})) == "consent.subject"


async def test_a_compartment_the_service_forbids_is_rejected(mesh: World, hop: Hop) -> None:
    consent = await consented(mesh["health"], a_grant("social", names=[*CASE, "forensic"]))
    case = {**CASE, "forensic": {}}
    assert await rejected(hop, a_letter(consent, case=case)) == "sop.compartment-forbidden"


async def test_a_message_under_a_known_id_with_other_bytes_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    letter, other = a_letter(consent), a_letter(consent)
    await hop.deliver(letter)
    reused = replace(other, message_id=letter.message_id)
    (receipt,) = await hop.deliver(reused)
    assert (receipt["result"], receipt["code"]) == ("rejected", "message.id-reused")
    assert receipt["sha256"] == other.sha256


async def test_a_kind_that_is_not_for_agencies_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    revocation = scribe().revocation({"consent_id": consent["id"], "by": "survivor"}, route=Route(lane=consent["id"]))
    assert await rejected(hop, revocation) == "message.recipient"


async def test_a_notice_that_the_gateway_did_not_sign_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    letter = a_letter(consent)
    await hop.deliver(letter)
    event = scribe().event(
        EventType.CANCELLED,
        referral_id=letter.message_id,
        recipient=agency_id("social"),
        actor="staff",
        data={},
    )
    (receipt,) = await hop.deliver(event, kind="notice")
    assert receipt["result"] == "rejected"
    assert (await hop.client.seen(letter.message_id))["state"] == "delivered"


async def test_an_event_about_a_referral_nobody_has_here_is_rejected(hop: Hop) -> None:
    event = scribe().event(
        EventType.CANCELLED, referral_id=IDS.new(), recipient=agency_id("social"), actor="staff", data={}
    )
    assert await rejected(hop, event) == "referral.unknown"


async def test_an_event_of_a_third_agency_about_our_referral_is_rejected(hop: Hop, consent: dict[str, Any]) -> None:
    letter = a_letter(consent)
    await hop.deliver(letter)
    event = scribe("legal_aid").event(
        EventType.CANCELLED, referral_id=letter.message_id, recipient=agency_id("social"), actor="staff", data={}
    )
    (receipt,) = await hop.deliver(event)
    assert (receipt["result"], receipt["code"]) == ("rejected", "message.sender")
    assert (await hop.client.seen(letter.message_id, query="?compartments=safety"))["state"] == "delivered"


async def test_a_referral_and_its_cancellation_in_one_delivery_are_taken_in_order(
    hop: Hop, consent: dict[str, Any]
) -> None:
    letter = a_letter(consent)
    cancelled = scribe().event(
        EventType.CANCELLED,
        referral_id=letter.message_id,
        recipient=agency_id("social"),
        actor="staff",
        data={"reason": "need_gone"},
    )
    receipts = await hop.deliver(letter, cancelled, hub_shares={})
    assert [receipt["result"] for receipt in receipts] == ["stored", "stored"]
    seen = await hop.client.seen(letter.message_id)
    assert seen["state"] == "cancelled"
    assert {part["state"] for part in seen["compartments"]} == {"destroyed"}


async def test_a_message_that_cannot_be_judged_now_gets_no_receipt_and_comes_again(
    mesh: World, hop: Hop, consent: dict[str, Any]
) -> None:
    letter = a_letter(consent)
    mesh.wire.cut = True
    assert await hop.deliver(letter) == []
    mesh.wire.cut = False
    (receipt,) = await hop.deliver(letter, attempt=2)
    assert receipt["result"] == "stored"


async def test_under_a_consent_that_has_not_begun_by_this_clock_a_referral_is_neither_taken_nor_lost(
    mesh: World, hop: Hop
) -> None:
    later = await consented(mesh["health"], valid_from=to_wire(CLOCK.now() + timedelta(hours=1)))
    letter = a_letter(later)
    assert await hop.deliver(letter) == []
    assert (await hop.client.get(f"/v1/referrals/{letter.message_id}")).status_code == 404


async def test_what_follows_a_referral_that_has_to_come_again_comes_again_with_it(
    mesh: World, hop: Hop, consent: dict[str, Any]
) -> None:
    await hop.deliver(a_letter(consent))  # from now on the sender's keys are known here
    letter = a_letter(await consented(mesh["health"]))
    event = scribe().event(
        EventType.CANCELLED,
        referral_id=letter.message_id,
        recipient=agency_id("social"),
        actor="staff",
        data={"reason": "need_gone"},
    )
    mesh.wire.cut = True
    assert await hop.deliver(letter, event, hub_shares={}, referral_id=letter.message_id) == []
    mesh.wire.cut = False
    receipts = await hop.deliver(letter, event, hub_shares={}, referral_id=letter.message_id)
    assert [receipt["result"] for receipt in receipts] == ["stored", "stored"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"items": 1}', b'{"items": [{}]}', b'{"items": [], "more": 1}', b"\xff"]
)
async def test_what_is_no_delivery_is_refused_with_a_problem(hop: Hop, body: bytes) -> None:
    headers = hop.webhooks.sign(body, webhook_id="1", at=CLOCK.now()) if body != b"\xff" else {}
    response = await hop.client.http.post(
        "/mesh/deliveries", content=body, headers={**headers, "content-type": "application/json"}
    )
    assert response.status_code in {401, 422}
    assert response.headers["content-type"] == "application/problem+json"
