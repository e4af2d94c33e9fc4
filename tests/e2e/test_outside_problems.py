"""Wire contract, section 1: every bad input gets a problem document that says how to mend it, and leaks nothing."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import World
from tests.e2e.outside import keys, launch, messages
from tests.e2e.outside.agency import Agency
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import SOC_01, some
from tests.e2e.outside.problems import problem
from tests.support.ports import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECRET = "Nguyen-Thi-Secret"


def ready(world: World, **over: Any) -> tuple[Json, dict[str, str]]:
    """A referral that would be admitted, changed after sealing by `over`."""
    consent = world.wide_consent()
    basis = {"kind": "consent", "consent_id": consent["id"]}
    message, shares = world.health.sealed_referral("out-social", some(*SOC_01), basis=basis, subject=consent["subject"])
    return {**message, **over}, shares


def sent(world: World, **over: Any) -> httpx.Response:
    message, shares = ready(world, **over)
    return world.health.send("/v1/referrals", message, hub_shares=shares)


class TestMessage:
    """What is wrong with the message itself."""

    @pytest.mark.parametrize(
        ("over", "pointer"),
        [
            ({"surprise": SECRET}, "/surprise"),
            ({"v": 2}, "/v"),
            ({"kind": "consent"}, "/kind"),
            ({"kind": SECRET}, "/kind"),
            ({"id": SECRET}, "/id"),
            ({"sop": "vn-ces-1999.9"}, "/sop"),
            ({"urgency": "asap"}, "/urgency"),
            ({"area": "99"}, "/area"),
            ({"area": "99999"}, "/area"),
            ({"area": SECRET}, "/area"),
            ({"area": 38}, "/area"),
            ({"age_band": "forty"}, "/age_band"),
            ({"preferences": {"staff_gender": SECRET}}, "/preferences/staff_gender"),
            ({"preferences": {"staff_gender": "any", "name": SECRET}}, "/preferences/name"),
            ({"facts": {"story": f"{SECRET} was hit with a bottle"}}, "/facts/story"),
            ({"facts": {"made_up_fact": True}}, "/facts/made_up_fact"),
            ({"facts": {"pending_civil_case": "maybe"}}, "/facts/pending_civil_case"),
            ({"basis": {"kind": SECRET}}, "/basis"),
            ({"basis": None}, "/basis"),
            ({"incident_at": "last night"}, "/incident_at"),
            ({"sent_at": "2026-11-21 08:15"}, "/sent_at"),
            ({"blocked": [SECRET]}, "/blocked/0"),
            ({"compartments": []}, "/compartments"),
            ({"recipient": SECRET}, "/recipient"),
            ({"phoned_first": "yes"}, "/phoned_first"),
            ({"subject": "0901234567"}, "/subject"),
            ({"service_type": SECRET}, "/service_type"),
        ],
        ids=str,
    )
    def test_malformed_member_is_pointed_at(self, world: World, over: Json, pointer: str) -> None:
        document = problem(sent(world, **over), 422, secrets=[SECRET])
        assert any(fault["pointer"].startswith(pointer) for fault in document["errors"]), document

    @pytest.mark.parametrize(
        "name", ["id", "sender", "recipient", "basis", "sealed", "compartments", "sent_at", "area"]
    )
    def test_missing_member_is_pointed_at(self, world: World, name: str) -> None:
        message, shares = ready(world)
        del message[name]
        problem(world.health.send("/v1/referrals", message, hub_shares=shares), 422, pointer=f"/{name}")

    def test_several_faults_are_told_at_once(self, world: World) -> None:
        document = problem(sent(world, area="xx", urgency="asap", surprise=1), 422)
        assert {"/area", "/urgency", "/surprise"} <= {fault["pointer"] for fault in document["errors"]}

    def test_unknown_service_type(self, world: World) -> None:
        answer = sent(world, service_type="SOC-99")
        assert answer.status_code in {403, 422}, answer.text
        problem(answer, answer.status_code)

    @pytest.mark.parametrize("recipient", ["nobody-here", "out-gone"])
    def test_unknown_or_disabled_recipient(self, world: World, recipient: str) -> None:
        answer = sent(world, recipient=recipient)
        assert answer.status_code in {403, 404, 422}, answer.text
        problem(answer, answer.status_code, secrets=[recipient])

    def test_referral_to_oneself(self, world: World) -> None:
        answer = sent(world, recipient="out-health")
        assert answer.status_code in {403, 422}, answer.text

    def test_referral_id_is_the_message_id(self, world: World) -> None:
        problem(sent(world, referral_id=messages.new_id()), 422, pointer="/referral_id")

    def test_first_referral_begins_its_chain(self, world: World) -> None:
        answer = sent(world, chain_id=messages.new_id())
        assert answer.status_code in {403, 422}, answer.text

    @pytest.mark.parametrize("delta", [{"days": -8}, {"minutes": 30}])
    def test_stale_or_future_message(self, world: World, delta: dict[str, float]) -> None:
        problem(sent(world, sent_at=messages.in_(**delta)), 422, pointer="/sent_at")

    @pytest.mark.parametrize("delta", [{"days": -6}, {"minutes": 8}])
    def test_message_within_its_time(self, world: World, delta: dict[str, float]) -> None:
        answer = sent(world, sent_at=messages.in_(**delta))
        assert answer.status_code == 202, answer.text

    def test_stage_is_the_one_of_the_procedure(self, world: World) -> None:
        message, shares = ready(world)
        for compartment in message["compartments"]:
            compartment["stage"] = "triage"
        answer = world.health.send("/v1/referrals", message, hub_shares=shares)
        assert answer.status_code in {403, 422}, answer.text

    def test_compartment_twice(self, world: World) -> None:
        message, shares = ready(world)
        message["compartments"].append(message["compartments"][0])
        answer = world.health.send("/v1/referrals", message, hub_shares=shares)
        assert answer.status_code == 422, answer.text

    def test_sealed_for_a_key_of_somebody_else(self, world: World) -> None:
        message, shares = ready(world)
        message["sealed"] = {**message["sealed"], "kid": world.police.encryption.jwk["kid"]}
        answer = world.health.send("/v1/referrals", message, hub_shares=shares)
        assert answer.status_code in {403, 422}, answer.text

    def test_note_is_no_compartment_of_a_referral(self, world: World) -> None:
        message, shares = ready(world)
        message["compartments"][0]["name"] = "note"
        answer = world.health.send("/v1/referrals", message, hub_shares=shares)
        assert answer.status_code in {403, 422}, answer.text


class TestSignature:
    """Who signed, what, and how."""

    def test_without_a_signature(self, world: World) -> None:
        message, shares = ready(world)
        answer = world.health.send("/v1/referrals", message, hub_shares=shares, signature="")
        assert answer.status_code in {401, 422}, answer.text
        problem(answer, answer.status_code)

    def test_by_another_agency(self, world: World) -> None:
        message, shares = ready(world)
        body = json.dumps(message).encode()
        signature = keys.detached(body, world.social.signer)
        answer = world.health.send("/v1/referrals", body, hub_shares=shares, signature=signature)
        assert answer.status_code in {401, 403, 422}, answer.text
        problem(answer, answer.status_code)

    def test_in_the_name_of_another_agency(self, world: World) -> None:
        answer = sent(world, sender="out-clinic")
        assert answer.status_code in {401, 403, 422}, answer.text
        problem(answer, answer.status_code)

    @pytest.mark.parametrize("spoil", [b" ", b"\n"])
    def test_over_other_bytes(self, world: World, spoil: bytes) -> None:
        message, shares = ready(world)
        body = json.dumps(message).encode()
        signature = keys.detached(body, world.health.signer)
        answer = world.health.send("/v1/referrals", body + spoil, hub_shares=shares, signature=signature)
        assert answer.status_code in {401, 403, 422}, answer.text

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "HS256"},
            {"alg": "ES384"},
            {"typ": "JWT"},
            {"kid": "unknown"},
            {"crit": ["b64"], "b64": False},
            {"jwk": {"kty": "EC"}},
        ],
        ids=str,
    )
    def test_with_a_header_that_names_something_else(self, world: World, header: Json) -> None:
        message, shares = ready(world)
        body = json.dumps(message).encode()
        signature = keys.detached(body, world.health.signer, **header)
        answer = world.health.send("/v1/referrals", body, hub_shares=shares, signature=signature)
        assert answer.status_code in {401, 403, 422}, answer.text
        problem(answer, answer.status_code)

    @pytest.mark.parametrize("signature", ["x", "a..b", "a.b.c", "..", "é"])
    def test_that_is_none(self, world: World, signature: str) -> None:
        message, _ = ready(world)
        body = json.dumps(message).encode()
        headers: Any = {**world.health.bearer, "Content-Type": "application/json"}
        headers = [*headers.items(), ("Referral-Signature", signature.encode())]
        answer = world.health.http.post("/v1/referrals", content=body, headers=headers)
        assert answer.status_code in {400, 401, 403, 422}, answer.text

    def test_attached_payload(self, world: World) -> None:
        message, shares = ready(world)
        body = json.dumps(message).encode()
        attached = keys.jws(body, world.health.signer, keys.message_header(world.health.signer))
        answer = world.health.send("/v1/referrals", body, hub_shares=shares, signature=attached)
        assert answer.status_code in {401, 403, 422}, answer.text


class TestHttp:
    """Bytes, media types, methods, sizes."""

    def raw(
        self, world: World, content: bytes, *, media_type: str = "application/json", **headers: str
    ) -> httpx.Response:
        given = {**world.health.bearer, "Referral-Signature": keys.detached(content, world.health.signer), **headers}
        if media_type:
            given["Content-Type"] = media_type
        return world.health.http.post("/v1/consents", content=content, headers=given)

    @pytest.mark.parametrize(
        "content",
        [b"{", b"", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":1,}', b'{"v": NaN}', b"[" * 20_000, b'{"v":1,"v":1}'],
        ids=lambda content: str(content[:12]),
    )
    def test_broken_json(self, world: World, content: bytes) -> None:
        answer = self.raw(world, content)
        assert answer.status_code in {400, 422}, answer.text
        document = problem(answer, answer.status_code)
        assert answer.status_code == 422 or document

    @pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
    def test_wrong_media_type(self, world: World, media_type: str) -> None:
        problem(self.raw(world, b"{}", media_type=media_type), 415)

    def test_media_type_with_a_charset(self, world: World) -> None:
        message = messages.consent("out-health", messages.new_subject(), [])
        answer = self.raw(world, json.dumps(message).encode(), media_type="application/json; charset=utf-8")
        assert answer.status_code == 201, answer.text

    def test_body_over_the_cap(self, world: World) -> None:
        problem(self.raw(world, b'{"x": "' + b"y" * (512 * 1024) + b'"}'), 413)

    def test_body_over_the_cap_without_its_length(self, world: World) -> None:
        def pieces() -> Any:
            for _ in range(600):
                yield b"y" * 1024

        headers = {**world.health.bearer, "Content-Type": "application/json", "Referral-Signature": "a..b"}
        try:
            answer = world.health.http.post("/v1/consents", content=pieces(), headers=headers)
        except httpx.TransportError:
            return
        problem(answer, 413)

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("DELETE", "/v1/referrals"),
            ("PUT", "/v1/consents"),
            ("POST", "/v1/agencies"),
            ("GET", "/v1/batches"),
            ("GET", "/oauth/token"),
            ("POST", "/ledger/checkpoint"),
        ],
    )
    def test_wrong_method(self, world: World, method: str, path: str) -> None:
        answer = world.health.http.request(method, path, headers=world.health.bearer)
        problem(answer, 405)
        assert answer.headers["allow"]

    @pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v2/referrals", "/v1/referrals/x/y/z"])
    def test_unknown_path(self, world: World, path: str) -> None:
        problem(world.health.http.get(path, headers=world.health.bearer), 404)

    @pytest.mark.parametrize("identifier", ["not-an-id", "01936b7e-5d2c-7c1a-9c55-2f6f3c1f0a01"])
    def test_unknown_referral(self, world: World, identifier: str) -> None:
        answer = world.health.get(f"/v1/referrals/{identifier}")
        assert answer.status_code in {404, 422}
        problem(answer, answer.status_code, secrets=['not-an-id"'])

    def test_referral_of_others_does_not_exist(self, world: World) -> None:
        referral, _ = world.sheltered()
        known = world.police.get(f"/v1/referrals/{referral['referral_id']}")
        unknown = world.police.get(f"/v1/referrals/{messages.new_id()}")
        differing = {"instance", "trace_id"}
        left, right = (
            {name: value for name, value in problem(answer, 404).items() if name not in differing}
            for answer in (known, unknown)
        )
        assert left == right

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/v1/sop", "/ledger/checkpoint", "/openapi.json"])
    def test_head_is_get_without_a_body(self, world: World, path: str) -> None:
        answer = httpx.head(f"{world.url}{path}")
        assert answer.status_code == 200
        assert answer.content == b""

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/docs"])
    def test_what_every_service_serves(self, world: World, path: str) -> None:
        answer = httpx.get(f"{world.url}{path}")
        assert answer.status_code == 200
        if path == "/docs":
            assert "https://" not in answer.text
            assert "//cdn" not in answer.text
        if path == "/metrics":
            assert answer.headers["content-type"].startswith("text/plain")
        if path == "/openapi.json":
            assert answer.json()["openapi"].startswith("3.1")

    def test_too_many_calls_are_told_when_to_come_back(self, world: World) -> None:
        limits = {"MESH_RATE_PER_SECOND": "1", "MESH_RATE_BURST": "3"}
        running = launch.serve_gateway(world.running.home, port=free_ports(), extra=limits)
        eager = Agency("out-eager", running.url)
        world.enrolled(eager, sector="health")
        try:
            answers = [eager.get("/v1/agencies") for _ in range(8)]
        finally:
            running.stop()
        limited = [answer for answer in answers if answer.status_code == 429]
        assert limited
        problem(limited[0], 429)
        assert int(limited[0].headers["retry-after"]) >= 1
        assert "ratelimit" in limited[0].headers


class TestLists:
    """Filters and pages of referrals."""

    def listed(self, agency: Agency, **params: Any) -> list[str]:
        found: list[str] = []
        while True:
            answer = agency.get("/v1/referrals", **params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert page.keys() == {"items", "next"}
            found += [each["referral_id"] for each in page["items"]]
            if page["next"] is None:
                return found
            params["after"] = page["next"]

    def test_boxes(self, world: World) -> None:
        referral, _ = world.sheltered()
        identifier = referral["referral_id"]
        assert identifier in self.listed(world.health, box="sent", limit=200)
        assert identifier not in self.listed(world.health, box="received", limit=200)
        assert identifier in self.listed(world.social, box="received", limit=200)
        assert identifier not in self.listed(world.social, box="sent", limit=200)
        assert identifier not in self.listed(world.police, limit=200)
        world.social.drain()

    def test_state(self, world: World) -> None:
        referral, _ = world.accepted()
        assert referral["referral_id"] in self.listed(world.health, state="accepted", limit=200)
        assert referral["referral_id"] not in self.listed(world.health, state="sent", limit=200)

    def test_since_and_overdue(self, world: World) -> None:
        referral, _ = world.sheltered()
        identifier = referral["referral_id"]
        assert identifier in self.listed(world.health, since=messages.in_(minutes=-1), limit=200)
        assert identifier not in self.listed(world.health, since=messages.in_(minutes=5), limit=200)
        assert identifier not in self.listed(world.health, overdue="true", limit=200)
        assert identifier in self.listed(world.health, overdue="false", limit=200)
        world.social.drain()

    def test_pages_hold_each_once(self, world: World) -> None:
        whole = self.listed(world.health, box="sent", limit=200)
        assert self.listed(world.health, box="sent", limit=7) == whole
        assert len(whole) == len(set(whole))

    def test_default_page_has_fifty(self, world: World) -> None:
        consent = world.wide_consent()
        while len(self.listed(world.health, box="sent", limit=200)) <= 50:
            world.sheltered(consent)
        assert len(world.health.get("/v1/referrals", box="sent").json()["items"]) == 50
        world.social.drain()

    @pytest.mark.parametrize(
        "params",
        [
            {"box": "all"},
            {"state": "lost"},
            {"overdue": "maybe"},
            {"since": "yesterday"},
            {"limit": 201},
            {"after": "x!"},
        ],
        ids=str,
    )
    def test_malformed_filter_is_refused(self, world: World, params: Json) -> None:
        problem(world.health.get("/v1/referrals", **params), 422, secrets=["yesterday", "maybe"])
