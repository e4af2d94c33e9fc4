"""Wire contract, section 6: inbox, receipts, push with Standard Webhooks, batches, as an agency sees them."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.conftest import World
from tests.e2e.outside import keys, launch, messages, sealing
from tests.e2e.outside.agency import Agency
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import SOC_01, some
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def state_of(world: World, identifier: str) -> str:
    return str(world.health.get(f"/v1/referrals/{identifier}").json()["state"])


def waiting(agency: Agency, identifier: str) -> list[Json]:
    return [item for item in agency.inbox(limit=100)["items"] if item["message_id"] == identifier]


class TestInbox:
    """Pull delivery, for an agency behind a firewall."""

    def test_item_stays_until_its_receipt(self, world: World) -> None:
        world.social.drain()
        referral, _ = world.sheltered()
        identifier = referral["referral_id"]
        first, again = waiting(world.social, identifier), waiting(world.social, identifier)
        assert [item["body"] for item in first] == [item["body"] for item in again]
        assert len(first) == 1
        assert state_of(world, identifier) == "sent"
        answer = world.social.settle(first)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"settled": [identifier]}
        assert waiting(world.social, identifier) == []
        assert state_of(world, identifier) == "delivered"

    def test_order_is_kept(self, world: World) -> None:
        world.social.drain()
        consent = world.wide_consent()
        sent = [world.sheltered(consent)[0]["referral_id"] for _ in range(5)]
        items = [item for item in world.social.inbox(limit=100)["items"] if item["message_id"] in sent]
        assert [item["message_id"] for item in items] == sent
        assert [item["seq"] for item in items] == sorted(item["seq"] for item in items)

    def test_pages_follow_one_another(self, world: World) -> None:
        world.social.drain()
        consent = world.wide_consent()
        sent = [world.sheltered(consent)[0]["referral_id"] for _ in range(3)]
        first = world.social.inbox(limit=2)
        rest = world.social.inbox(limit=2, after=first["next"])
        assert [item["message_id"] for item in first["items"] + rest["items"]] == sent
        world.social.drain()

    def test_long_poll_ends_when_something_comes(self, world: World) -> None:
        world.social.drain()
        consent = world.wide_consent()
        timer = threading.Timer(1, lambda: world.sheltered(consent))
        timer.start()
        start = time.monotonic()
        items = world.social.inbox(wait=20)["items"]
        took = time.monotonic() - start
        timer.join()
        assert items
        assert 0.5 < took < 10
        world.social.drain()

    def test_long_poll_ends_empty_after_its_time(self, world: World) -> None:
        world.social.drain()
        start = time.monotonic()
        assert world.social.inbox(wait=2)["items"] == []
        assert 1.5 < time.monotonic() - start < 8

    @pytest.mark.parametrize("wait", ["31", "-1", "long"])
    def test_wait_outside_its_bounds_is_refused(self, world: World, wait: str) -> None:
        problem(world.social.get("/v1/inbox", wait=wait), 422)

    def test_receipts_count_once(self, world: World) -> None:
        referral, _ = world.sheltered()
        items = waiting(world.social, referral["referral_id"]) or [world.social.collect(referral["referral_id"])]
        body = {"receipts": [world.social.receipt_for(items[0])]}
        first = world.social.post("/v1/inbox/receipts", body)
        again = world.social.post("/v1/inbox/receipts", body)
        assert first.status_code == again.status_code == 200
        history = world.health.get(f"/v1/referrals/{referral['referral_id']}").json()["history"]
        assert [each["type"] for each in history].count("delivered") == 1

    def test_receipt_for_other_bytes_settles_nothing(self, world: World) -> None:
        referral, _ = world.sheltered()
        identifier = referral["referral_id"]
        item = waiting(world.social, identifier)[0]
        self.settles_nothing(world, identifier, world.social.receipt_for({**item, "body": item["body"] + " "}))

    def test_receipt_signed_by_somebody_else_settles_nothing(self, world: World) -> None:
        referral, _ = world.sheltered()
        identifier = referral["referral_id"]
        item = waiting(world.social, identifier)[0]
        self.settles_nothing(world, identifier, world.police.receipt_for(item))

    @pytest.mark.parametrize("receipt", ["", "no-jws", "a.b.c", "a..c"])
    def test_receipt_that_is_none_settles_nothing(self, world: World, receipt: str) -> None:
        referral, _ = world.sheltered()
        self.settles_nothing(world, referral["referral_id"], receipt)

    def settles_nothing(self, world: World, identifier: str, receipt: str) -> None:
        answer = world.social.post("/v1/inbox/receipts", {"receipts": [receipt]})
        assert answer.status_code in {200, 401, 403, 422}, answer.text
        if answer.status_code == 200:
            assert answer.json() == {"settled": []}
        assert state_of(world, identifier) == "sent"
        world.social.drain()

    def test_receipt_of_a_stranger_settles_nothing(self, world: World) -> None:
        referral, _ = world.sheltered()
        item = waiting(world.social, referral["referral_id"])[0]
        answer = world.police.settle([item])
        assert answer.status_code in {200, 403, 404, 422}
        assert state_of(world, referral["referral_id"]) == "sent"
        world.social.drain()

    def test_rejection_is_told_to_the_sender(self, world: World) -> None:
        world.health.drain()
        referral, _ = world.sheltered()
        item = waiting(world.social, referral["referral_id"])[0]
        answer = world.social.settle([item], "rejected", "compartment.unreadable")
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"settled": [referral["referral_id"]]}
        told = [json.loads(item["body"]) for item in world.health.drain() if item["kind"] == "notice"]
        about = [each for each in told if each["referral_id"] == referral["referral_id"]]
        assert [each["type"] for each in about] == ["undeliverable"]

    def test_notice_is_signed_by_the_gateway(self, world: World) -> None:
        world.health.drain()
        referral, _ = world.sheltered()
        world.social.settle(waiting(world.social, referral["referral_id"]), "rejected", "compartment.unreadable")
        item = next(item for item in world.health.drain() if item["kind"] == "notice")
        jwks = world.health.http.get("/.well-known/jwks.json").json()
        keys.verify_jws(item["signature"], jwks, payload=item["body"].encode())
        notice = json.loads(item["body"])
        assert (notice["v"], notice["kind"], notice["sender"]) == (1, "notice", "gateway")
        assert notice["recipient"] == "out-health"


def test_trace_of_the_sender_travels_with_the_delivery(world: World) -> None:
    consent = world.wide_consent()
    basis = {"kind": "consent", "consent_id": consent["id"]}
    message, shares = world.health.sealed_referral("out-social", some(*SOC_01), basis=basis, subject=consent["subject"])
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    assert world.health.send("/v1/referrals", message, hub_shares=shares, headers=headers).status_code == 202
    assert world.social.collect(message["id"])["traceparent"].split("-")[1] == trace


class TestPush:
    """Deliveries to an agency that listens."""

    def refer(self, world: World) -> str:
        referral, _ = world.sheltered(to="out-shelter")
        return str(referral["referral_id"])

    def test_delivery_is_a_verified_webhook(self, world: World) -> None:
        identifier = self.refer(world)
        found = world.receiver.wait_for(lambda item: item["message_id"] == identifier)
        assert found["call"]["path"] == "/mesh/deliveries"
        assert found["call"]["verified"]
        assert found["call"]["headers"].get("content-type", found["call"]["headers"].get("Content-Type")) == (
            "application/json"
        )
        _, opened, _ = world.shelter.read(found["item"])
        assert opened == some("safety", "dependants", "preferences")
        self.becomes(world, identifier, "delivered")

    def becomes(self, world: World, identifier: str, state: str) -> None:
        deadline = time.monotonic() + 20
        while state_of(world, identifier) != state:
            assert time.monotonic() < deadline, state_of(world, identifier)
            time.sleep(0.1)

    @pytest.mark.parametrize("trouble", ["silent", "error"])
    def test_item_without_a_receipt_comes_again(self, world: World, trouble: str) -> None:
        world.receiver.plan[:] = [trouble]
        identifier = self.refer(world)
        world.receiver.wait_for(lambda item: item["message_id"] == identifier and item["attempt"] == 2)
        self.becomes(world, identifier, "delivered")
        same = [item for item in world.receiver.items() if item["message_id"] == identifier]
        assert len({item["body"] for item in same}) == 1

    def test_rejection_is_told_to_the_sender(self, world: World) -> None:
        world.health.drain()
        world.receiver.plan[:] = ["reject:compartment.unreadable"]
        identifier = self.refer(world)
        world.receiver.wait_for(lambda item: item["message_id"] == identifier)
        told: list[Json] = []
        deadline = time.monotonic() + 20
        while not told and time.monotonic() < deadline:
            told = [item for item in world.health.drain() if item["kind"] == "notice" and identifier in item["body"]]
        assert told

    def test_order_is_kept_through_trouble(self, world: World) -> None:
        world.receiver.plan[:] = ["error"]
        consent = world.wide_consent()
        sent = [world.sheltered(consent, to="out-shelter")[0]["referral_id"] for _ in range(4)]
        for identifier in sent:
            self.becomes(world, identifier, "delivered")
        settled = [
            item["message_id"] for call in world.receiver.calls if call["step"] == "store" for item in call["items"]
        ]
        assert [each for each in settled if each in sent] == sent

    def test_agency_that_listens_may_poll_as_well(self, world: World) -> None:
        assert world.shelter.get("/v1/inbox").status_code == 200


class TestBatch:
    """Many signed messages in one call."""

    def item(self, agency: Agency, kind: str, message: Json, shares: dict[str, str] | None = None) -> Json:
        body = json.dumps(message, ensure_ascii=False)
        found = {"kind": kind, "body": body, "signature": keys.detached(body.encode(), agency.signer)}
        return {**found, "hub_shares": shares} if shares is not None else found

    def referral(self, world: World, consent: Json, **over: Any) -> tuple[Json, dict[str, str]]:
        basis = {"kind": "consent", "consent_id": consent["id"]}
        return world.health.sealed_referral(
            "out-social", some(*SOC_01), basis=basis, subject=consent["subject"], **over
        )

    def test_each_is_admitted_or_refused_on_its_own(self, world: World) -> None:
        consent = messages.consent(
            "out-health", messages.new_subject(), [messages.grant(["out-social"], ["SOC-01"], SOC_01)]
        )
        good, shares = self.referral(world, consent)
        bad, bad_shares = self.referral(world, {**consent, "subject": messages.new_subject()})
        items = [
            self.item(world.health, "consent", consent),
            self.item(world.health, "referral", good, shares),
            self.item(world.health, "referral", bad, bad_shares),
            self.item(world.police, "referral", good, shares),
        ]
        answer = world.health.post("/v1/batches", {"items": items})
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert [result["status"] for result in results[:3]] == [201, 202, 403]
        assert results[3]["status"] in {401, 403, 422}
        assert results[0]["body"]["consent"]["id"] == consent["id"]
        assert results[1]["body"]["referral"]["referral_id"] == good["id"]
        assert results[1]["receipt"]
        assert results[2]["body"]["code"] == "consent.subject"
        _, opened, _ = world.social.read(world.social.collect(good["id"]))
        assert opened == some("safety", "dependants", "preferences")

    def test_lifecycle_goes_through_a_batch(self, world: World) -> None:
        referral, _ = world.sheltered()
        world.social.collect(referral["referral_id"])
        events = [
            {
                **messages.event("out-social", "out-health", type_, staff_gender="female"),
                "referral_id": referral["referral_id"],
            }
            for type_ in ("acknowledged", "accepted")
        ]
        opening = {**messages.opening("out-social", ["contact"]), "referral_id": referral["referral_id"]}
        items = [self.item(world.social, "event", each) for each in events]
        items.append(self.item(world.social, "opening", opening))
        results = world.social.post("/v1/batches", {"items": items}).json()["results"]
        assert [result["status"] for result in results] == [202, 202, 200]
        assert results[2]["body"]["shares"].keys() == {"contact"}

    def test_batch_again_is_answered_the_same(self, world: World) -> None:
        consent = messages.consent(
            "out-health", messages.new_subject(), [messages.grant(["out-social"], ["SOC-01"], SOC_01)]
        )
        body = {"items": [self.item(world.health, "consent", consent)]}
        first, again = (world.health.post("/v1/batches", body).json() for _ in range(2))
        assert first["results"][0]["body"] == again["results"][0]["body"]

    @pytest.mark.parametrize("body", [{}, {"items": "x"}, {"items": [1]}, {"items": [], "more": 1}, []], ids=str)
    def test_malformed_batch_is_refused(self, world: World, body: Any) -> None:
        problem(world.health.post("/v1/batches", body), 422)

    def test_more_than_a_hundred_are_refused(self, world: World) -> None:
        consent = messages.consent("out-health", messages.new_subject(), [])
        items = [self.item(world.health, "consent", consent)] * 101
        answer = world.health.post("/v1/batches", {"items": items})
        assert answer.status_code in {413, 422}, answer.text

    def test_more_than_two_mebibytes_are_refused(self, world: World) -> None:
        answer = world.health.http.post(
            "/v1/batches",
            content=b'{"items": ["' + b"x" * (2 << 20) + b'"]}',
            headers={**world.health.bearer, "Content-Type": "application/json"},
        )
        problem(answer, 413)


def test_disabled_agency_neither_sends_nor_receives(world: World) -> None:
    brief = world.enrolled(Agency("out-brief", world.url), sector="social")
    consent = world.consent(messages.grant([brief.id], ["SOC-01"], SOC_01))
    basis = {"kind": "consent", "consent_id": consent["id"]}
    over: Json = {"basis": basis, "subject": consent["subject"]}
    waiting_there = world.health.refer(brief.id, some(*SOC_01), **over)
    assert waiting_there.status_code == 202, waiting_there.text
    assert len(brief.inbox()["items"]) == 1
    launch.mesh("agencies", "disable", brief.id, "--home", str(world.running.home))
    refused_now = world.health.refer(brief.id, some(*SOC_01), **over)
    assert refused_now.status_code in {403, 404, 422}, refused_now.text
    answer = brief.get("/v1/inbox")
    assert answer.status_code in {401, 403} or answer.json()["items"] == [], answer.text
    assert brief.tell(waiting_there.json()["referral"], "acknowledged").status_code in {401, 403}


def test_half_that_was_swapped_is_refused(world: World) -> None:
    consent = world.wide_consent()
    basis = {"kind": "consent", "consent_id": consent["id"]}
    message, shares = world.health.sealed_referral("out-social", some(*SOC_01), basis=basis, subject=consent["subject"])
    for wrong in (
        {**shares, "contact": keys.b64(bytes(32))},
        {name: share for name, share in shares.items() if name != "contact"},
        {**shares, "identity": keys.b64(bytes(32))},
        {**shares, "contact": "short"},
    ):
        problem(world.health.send("/v1/referrals", message, hub_shares=wrong), 422, secrets=[keys.b64(bytes(32))])
    for header in ("", "%%%", keys.b64(b"[]"), keys.b64(b"{")):
        answer = world.health.send("/v1/referrals", message, headers={"Hub-Shares": header})
        problem(answer, 422)
    assert world.health.send("/v1/referrals", message, hub_shares=shares).status_code == 202


def test_same_message_many_times_at_once_counts_once(world: World) -> None:
    consent = world.wide_consent()
    basis = {"kind": "consent", "consent_id": consent["id"]}
    message, shares = world.health.sealed_referral("out-social", some(*SOC_01), basis=basis, subject=consent["subject"])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.health.send("/v1/referrals", message, hub_shares=shares), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert ["idempotent-replayed" in answer.headers for answer in answers].count(False) == 1
    taken = [item for item in world.social.drain() if item["message_id"] == message["id"]]
    assert len(taken) == 1


def test_hybrid_suite_carries_a_referral(world: World) -> None:
    far = world.enrolled(Agency("out-hybrid", world.url, encryption=keys.HybridKey()), sector="social")
    consent = world.consent(messages.grant([far.id], ["SOC-01"], SOC_01))
    basis = {"kind": "consent", "consent_id": consent["id"]}
    answer = world.health.refer(far.id, some(*SOC_01), basis=basis, subject=consent["subject"])
    assert answer.status_code == 202, answer.text
    message, opened, _ = far.read(far.collect(answer.json()["referral"]["referral_id"]))
    assert message["sealed"]["suite"] == sealing.HYBRID_SUITE
    assert opened == some("safety", "dependants", "preferences")


def test_second_signing_key_signs_as_well(world: World) -> None:
    newer, other = keys.EcSigner(), keys.EcSigner("ES384")
    turning = world.enrolled(Agency("out-turning", world.url, extra_signers=(newer, other)), sector="health")
    for signer in (turning.signer, newer):
        body = json.dumps(messages.consent(turning.id, messages.new_subject(), [])).encode()
        answer = turning.send("/v1/consents", body, signature=keys.detached(body, signer))
        assert answer.status_code == 201, answer.text
    body = json.dumps(messages.consent(turning.id, messages.new_subject(), [])).encode()
    answer = turning.send("/v1/consents", body, signature=keys.detached(body, other))
    assert answer.status_code in {401, 403, 422}, answer.text


def test_other_halves_for_the_same_referral_change_nothing(world: World) -> None:
    consent = world.wide_consent()
    basis = {"kind": "consent", "consent_id": consent["id"]}
    message, shares = world.health.sealed_referral("out-social", some(*SOC_01), basis=basis, subject=consent["subject"])
    first = world.health.send("/v1/referrals", message, hub_shares=shares)
    again = world.health.send("/v1/referrals", message, hub_shares=shares)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = world.health.send("/v1/referrals", message, hub_shares={**shares, "contact": keys.b64(bytes(32))})
    assert other.status_code in {202, 409, 422}, other.text
    _, opened, _ = world.social.read(world.social.collect(message["id"]))
    assert opened == some("safety", "dependants", "preferences")
