"""Wire contract, section 7: partner systems use the services that run, in clear."""

import functools
import json
import time

import pytest

from tests.e2e.outside import ledger, messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import NAME, REASON, SOC_01, Mesh, Partner, some, until
from tests.e2e.outside.problems import problem
from tests.e2e.outside.receiver import Receiver, webhook_verified

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class TestTokens:
    """Credentials of partner systems."""

    def test_basic_credentials_give_a_token(self, mesh: Mesh) -> None:
        answer = mesh.health.token()
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "Bearer"
        found = mesh.health.http.get("/.well-known/oauth-authorization-server").json()
        assert {"client_secret_basic", "private_key_jwt"} <= set(found["token_endpoint_auth_methods_supported"])

    @pytest.mark.parametrize("secret", ["wrong", ""])
    def test_wrong_secret_gives_none(self, mesh: Mesh, secret: str) -> None:
        stranger = Partner(mesh.health.id, mesh.health.client_id, secret, mesh.health.http)
        assert "access_token" not in problem(stranger.token(), 401)

    def test_token_of_another_agency_is_none_here(self, mesh: Mesh) -> None:
        for stranger in (mesh.social.bearer, mesh.outside.bearer):
            problem(mesh.health.http.get("/v1/referrals", headers=stranger), 401)
        problem(mesh.health.http.get("/v1/referrals"), 401)


class TestReferring:
    """In clear in, sealed out."""

    def test_answer_says_what_was_sent_and_what_was_held_back_and_why(self, mesh: Mesh) -> None:
        contents = some(*SOC_01, "identity", "medical", "incident")
        contents["dependants"] = {"count": 1, "ages": [4], "remarks": "afraid of the dark"}
        answer = mesh.health.post("/v1/referrals", mesh.request(mesh.consent(), compartments=contents))
        assert answer.status_code == 202, answer.text
        body = answer.json()
        assert set(body["sent"]) == {*SOC_01, "identity"}
        held = {each["compartment"]: each for each in body["held_back"]}
        assert held.keys() == {"medical", "incident", "dependants"}
        assert held["medical"]["reason"] == "withheld"
        assert "afraid" not in answer.text
        identifier = body["referral"]["referral_id"]
        mesh.arrived(mesh.social, identifier)
        seen = {each["name"]: each for each in mesh.social.read(identifier)["compartments"]}
        assert seen["dependants"]["content"] == {"count": 1, "ages": [4]}

    def test_recipient_is_found_by_match(self, mesh: Mesh) -> None:
        body = mesh.request(mesh.consent(), match=True, area="38")
        del body["recipient"]
        answer = mesh.health.post("/v1/referrals", body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["referral"]["recipient"] == mesh.social.id

    def test_recipient_sees_triage_first_and_the_rest_on_acceptance(self, mesh: Mesh) -> None:
        identifier = mesh.referred()
        before = {each["name"]: each for each in mesh.social.read(identifier)["compartments"]}
        assert before["safety"]["content"] == messages.CONTENTS["safety"]
        assert before["identity"]["state"] == "sealed"
        assert before["identity"].get("content") is None
        assert mesh.social.step(identifier, "acknowledge").status_code == 202
        assert mesh.social.step(identifier, "accept", staff_gender="female").status_code == 202
        after = {each["name"]: each for each in mesh.social.read(identifier)["compartments"]}
        assert after["identity"]["content"] == messages.CONTENTS["identity"]

    def test_reading_needs_a_reason(self, mesh: Mesh) -> None:
        identifier = mesh.referred()
        answer = mesh.social.get(f"/v1/referrals/{identifier}")
        assert answer.status_code in {403, 422}, answer.text
        problem(answer, answer.status_code)

    def test_lists_hold_nothing_about_a_person(self, mesh: Mesh) -> None:
        identifier = mesh.accepted()
        for partner, box in ((mesh.social, "received"), (mesh.health, "sent")):
            mesh.listed(partner, identifier, box=box, state="accepted")
            answer = partner.get("/v1/referrals", box=box, state="accepted")
            assert NAME not in answer.text
            assert answer.json().keys() >= {"items", "next"}

    def test_stranger_knows_nothing_of_it(self, mesh: Mesh) -> None:
        identifier = mesh.referred()
        problem(mesh.police.get(f"/v1/referrals/{identifier}", headers=REASON), 404)
        problem(mesh.police.step(identifier, "acknowledge"), 404)

    def test_without_consent_it_is_refused(self, mesh: Mesh) -> None:
        answer = mesh.health.post("/v1/referrals", mesh.request(messages.new_id()))
        assert answer.status_code in {403, 404, 422}, answer.text
        problem(answer, answer.status_code)

    def test_legal_basis_instead_of_consent(self, mesh: Mesh) -> None:
        body = mesh.request("", recipient=mesh.police.id, service_type="POL-01", urgency="immediate", phoned_first=True)
        del body["consent_id"]
        body["basis"] = {"kind": "vital_interest", "article": "Art 19", "approver": "duty-1", "notify_unsafe": True}
        body["compartments"] = some("contact", "safety", "preferences")
        answer = mesh.health.post("/v1/referrals", body)
        assert answer.status_code == 202, answer.text
        identifier = answer.json()["referral"]["referral_id"]
        mesh.arrived(mesh.police, identifier)
        seen = {each["name"]: each for each in mesh.police.read(identifier)["compartments"]}
        assert seen["contact"]["content"] == messages.CONTENTS["contact"]

    @pytest.mark.parametrize(
        ("over", "pointer"),
        [
            ({"surprise": 1}, "/surprise"),
            ({"urgency": "asap"}, "/urgency"),
            ({"service_type": "SOC"}, "/service_type"),
            ({"compartments": {"secrets": {}}}, "/compartments"),
            ({"compartments": {}}, "/compartments"),
            ({"preferences": {"staff_gender": "someone"}}, "/preferences/staff_gender"),
        ],
        ids=str,
    )
    def test_malformed_request_is_pointed_at(self, mesh: Mesh, over: Json, pointer: str) -> None:
        document = problem(mesh.health.post("/v1/referrals", mesh.request(mesh.consent(), **over)), 422)
        assert any(fault["pointer"].startswith(pointer) for fault in document["errors"]), document

    def test_content_that_the_schema_does_not_know_is_pointed_at(self, mesh: Mesh) -> None:
        contents = {**some(*SOC_01), "safety": {"band": "R9", "story": "she said"}}
        document = problem(
            mesh.health.post("/v1/referrals", mesh.request(mesh.consent(), compartments=contents)),
            422,
            secrets=["she said"],
        )
        assert any(fault["pointer"].startswith("/compartments/safety") for fault in document["errors"]), document


class TestLifecycle:
    """The verbs."""

    def walk(self, mesh: Mesh, identifier: str, steps: list[tuple[str, str, Json, str]]) -> None:
        for who, verb, said, state in steps:
            partner: Partner = getattr(mesh, who)
            if who == "health":
                until(lambda: mesh.health.read(identifier)["state"] != "sent")
            answer = partner.step(identifier, verb, **said)
            assert answer.status_code == 202, (verb, answer.text)
            assert answer.json()["referral"]["state"] == state

    def is_in(self, partner: Partner, identifier: str, state: str) -> bool:
        return bool(partner.read(identifier)["state"] == state)

    def test_whole_road(self, mesh: Mesh) -> None:
        identifier = mesh.referred(urgency="prompt")
        tomorrow = messages.in_(days=1)
        self.walk(
            mesh,
            identifier,
            [
                ("social", "acknowledge", {}, "acknowledged"),
                ("social", "accept", {"staff_gender": "female"}, "accepted"),
                ("social", "schedule", {"scheduled_from": tomorrow}, "scheduled"),
                ("social", "start", {}, "in_progress"),
                ("social", "hold", {"reason": "survivor_asked", "review_on": tomorrow[:10]}, "on_hold"),
                ("social", "resume", {}, "in_progress"),
                ("social", "complete", {"outcome": "admitted", "survivor_told": True}, "completed"),
            ],
        )
        until(lambda: mesh.health.read(identifier)["state"] == "completed")
        self.walk(mesh, identifier, [("health", "close", {"survivor_told": True}, "closed")])

    @pytest.mark.parametrize(
        ("who", "verb", "said", "state"),
        [
            ("social", "decline", {"reason": "D11"}, "declined"),
            ("social", "request-info", {"question": "safe_contact"}, "info_requested"),
            ("social", "withdraw", {"reason": "survivor_wish"}, "withdrawn"),
            ("health", "withdraw", {"reason": "survivor_wish"}, "withdrawn"),
            ("health", "cancel", {"reason": "need_gone"}, "cancelled"),
        ],
    )
    def test_other_roads(self, mesh: Mesh, who: str, verb: str, said: Json, state: str) -> None:
        identifier = mesh.referred(urgency="prompt")
        assert mesh.social.step(identifier, "acknowledge").status_code == 202
        self.walk(mesh, identifier, [(who, verb, said, state)])
        for partner in (mesh.health, mesh.social):
            until(functools.partial(self.is_in, partner, identifier, state))

    def test_failing(self, mesh: Mesh) -> None:
        identifier = mesh.accepted()
        said = {"reason": "unable_to_contact"}
        self.walk(mesh, identifier, [("social", "start", {}, "in_progress"), ("social", "fail", said, "failed")])

    def test_illegal_step_is_refused(self, mesh: Mesh) -> None:
        identifier = mesh.referred()
        problem(mesh.social.step(identifier, "complete", outcome="admitted"), 409, "referral.transition")
        problem(mesh.health.step(identifier, "accept"), 409, "referral.transition")

    def test_forbidden_reason_to_decline_is_refused(self, mesh: Mesh) -> None:
        identifier = mesh.referred()
        answer = mesh.social.step(identifier, "decline", reason="no_police_report")
        assert answer.status_code in {403, 422}, answer.text

    def test_who_declines_never_sees_her_name(self, mesh: Mesh) -> None:
        identifier = mesh.referred(urgency="prompt")
        assert mesh.social.step(identifier, "acknowledge").status_code == 202
        assert mesh.social.step(identifier, "decline", reason="D11").status_code == 202
        assert NAME not in json.dumps(mesh.social.read(identifier), ensure_ascii=False)


class TestOnward:
    """From one agency to the next, and who sees it."""

    def test_chain_shows_what_each_may_see(self, mesh: Mesh) -> None:
        consent = mesh.consent()
        first = mesh.health.post("/v1/referrals", mesh.request(consent)).json()["referral"]["referral_id"]
        mesh.arrived(mesh.social, first)
        for verb, said in (("acknowledge", {}), ("accept", {"staff_gender": "female"})):
            assert mesh.social.step(first, verb, **said).status_code == 202
        body = mesh.request(consent, service_type="LEG-02", recipient=mesh.legal_aid.id, urgency="prompt")
        body["compartments"] = some("identity", "contact", "incident", "legal", "preferences")
        answer = mesh.social.post(f"/v1/referrals/{first}/onward", body)
        assert answer.status_code == 202, answer.text
        onward = answer.json()["referral"]
        assert (onward["chain_id"], onward["parent_id"]) == (first, first)
        mesh.arrived(mesh.legal_aid, onward["referral_id"])
        chain = mesh.social.get(f"/v1/referrals/{first}/chain")
        assert chain.status_code == 200, chain.text
        found = chain.json()
        assert onward["referral_id"] in chain.text
        for entry in found["entries"]:
            leaf = ledger.leaf_hash(entry["leaf"].encode())
            proof = [bytes.fromhex(each) for each in found["proofs"][str(entry["index"])]]
            root = ledger.root_from_inclusion(leaf, entry["index"], found["tree_size"], proof)
            assert root.hex() == found["root_hash"]
        problem(mesh.police.get(f"/v1/referrals/{first}/chain"), 404)

    def test_taken_back_consent_seals_off_everywhere(self, mesh: Mesh) -> None:
        consent = mesh.consent()
        first = mesh.health.post("/v1/referrals", mesh.request(consent)).json()["referral"]["referral_id"]
        mesh.arrived(mesh.social, first)
        answer = mesh.health.post(
            f"/v1/consents/{consent}/revocations", {"recipients": None, "compartments": None, "by": "survivor"}
        )
        assert answer.status_code == 202, answer.text
        assert answer.json()["notified"] == [mesh.social.id]
        until(lambda: mesh.social.read(first)["state"] == "revoked")
        until(lambda: {each["state"] for each in mesh.social.read(first)["compartments"]} == {"destroyed"})
        until(lambda: mesh.health.get(f"/v1/consents/{consent}/propagation").json()["complete"])


class TestIdempotency:
    """`Idempotency-Key` on what is not signed."""

    def test_same_key_and_same_body_are_answered_the_same(self, mesh: Mesh) -> None:
        body, key = mesh.request(mesh.consent()), {"Idempotency-Key": messages.new_id()}
        first, again = (mesh.health.post("/v1/referrals", body, **key) for _ in range(2))
        assert first.status_code == again.status_code == 202
        assert first.json() == again.json()
        assert again.headers["idempotent-replayed"] == "true"

    def test_same_key_with_another_body_is_refused(self, mesh: Mesh) -> None:
        consent, key = mesh.consent(), {"Idempotency-Key": messages.new_id()}
        assert mesh.health.post("/v1/referrals", mesh.request(consent), **key).status_code == 202
        answer = mesh.health.post("/v1/referrals", mesh.request(consent, urgency="prompt"), **key)
        problem(answer, 409)

    def test_step_counts_once(self, mesh: Mesh) -> None:
        identifier, key = mesh.referred(), {"Idempotency-Key": messages.new_id()}
        first, again = (mesh.social.post(f"/v1/referrals/{identifier}/acknowledge", {}, **key) for _ in range(2))
        assert first.status_code == again.status_code == 202
        assert first.json() == again.json()


class TestWebhooks:
    """What a partner's system is told."""

    def test_news_come_as_verified_cloud_events_with_ids_only(self, mesh: Mesh) -> None:
        receiver = Receiver()
        try:
            made = mesh.social.post("/v1/webhooks", {"url": f"{receiver.url}/news"})
            assert made.status_code == 201, made.text
            identifier = mesh.referred()
            call = receiver.wait_for_call(lambda call: identifier in call["raw"].decode())
        finally:
            receiver.close()
        headers = {name.lower(): value for name, value in call["headers"].items()}
        assert webhook_verified(made.json()["secret"], headers, call["raw"], at=time.time())
        event = json.loads(call["raw"])
        assert event["specversion"] == "1.0"
        assert {"id", "source", "type"} <= event.keys()
        assert NAME not in call["raw"].decode()
        assert made.json()["id"] in mesh.social.get("/v1/webhooks").text
        assert made.json()["secret"] not in mesh.social.get("/v1/webhooks").text

    def test_webhook_needs_an_address(self, mesh: Mesh) -> None:
        for body in ({}, {"url": "ftp://x"}, {"url": 1}):
            problem(mesh.social.post("/v1/webhooks", body), 422, pointer="/url")
