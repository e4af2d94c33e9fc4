"""Wire contract, sections 3, 6 and 8: consents are recorded, read, narrowed and taken back."""

import time
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import World
from tests.e2e.outside import keys, messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import SOC_01, some
from tests.e2e.outside.problems import problem, refused

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def basis(consent: Json) -> Json:
    return {"kind": "consent", "consent_id": consent["id"]}


def shelter_grant(**over: Any) -> Json:
    return {**messages.grant(["out-social"], ["SOC-01"], [*SOC_01, "identity"]), **over}


def send(world: World, message: Json, *, by: str = "health") -> httpx.Response:
    return world.agencies[f"out-{by}"].send("/v1/consents", message)


def revoke(world: World, consent: Json, *, at: str = "health", **over: Any) -> httpx.Response:
    message = messages.revocation(f"out-{at}", consent["id"], **over)
    return world.agencies[f"out-{at}"].send(f"/v1/consents/{consent['id']}/revocations", message)


def test_recording_answers_as_section_8_has_it(world: World) -> None:
    message = messages.consent("out-health", messages.new_subject(), [shelter_grant()])
    answer = send(world, message)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["consent"] == {"id": message["id"], "state": "active", "valid_to": message["valid_to"]}
    receipt = body["receipt"]
    assert receipt.keys() >= {"message_id", "sha256", "received_at", "ledger_index", "leaf_hash"}
    assert receipt["message_id"] == message["id"]
    jwks = httpx.get(f"{world.url}/.well-known/jwks.json").json()
    _, payload = keys.verify_jws(answer.headers["mesh-receipt"], jwks)
    for name, value in receipt.items():
        assert httpx.Response(200, content=payload).json()[name] == value


def test_her_consent_is_read_by_who_recorded_it_and_by_who_is_named(world: World) -> None:
    consent = world.consent(shelter_grant())
    for reader in (world.health, world.social):
        found = reader.get(f"/v1/consents/{consent['id']}")
        assert found.status_code == 200
        assert consent["id"] in found.text
        assert "active" in found.text
    problem(world.legal.get(f"/v1/consents/{consent['id']}"), 404)
    problem(world.health.get(f"/v1/consents/{messages.new_id()}"), 404)


def test_same_bytes_again_are_answered_the_same(world: World) -> None:
    message = keys.compact_json(messages.consent("out-health", messages.new_subject(), [shelter_grant()]))
    first = world.health.send("/v1/consents", message)
    again = world.health.send("/v1/consents", message)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_same_id_with_other_bytes_is_refused(world: World) -> None:
    message = messages.consent("out-health", messages.new_subject(), [shelter_grant()])
    assert send(world, message).status_code == 201
    problem(send(world, {**message, "language": "en"}), 409, "message.id-reused")


def test_same_id_from_another_sender_is_refused(world: World) -> None:
    message = messages.consent("out-health", messages.new_subject(), [shelter_grant()])
    assert send(world, message).status_code == 201
    problem(send(world, {**message, "sender": "out-clinic"}, by="clinic"), 409, "message.id-reused")


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"valid_to": "2020-01-01T00:00:00.000Z"}, "/valid_to"),
        ({"valid_from": "yesterday"}, "/valid_from"),
        ({"grantor": "husband"}, "/grantor"),
        ({"purposes": ["marketing"]}, "/purposes/0"),
        ({"surprise": 1}, "/surprise"),
        ({"subject": "x"}, "/subject"),
        ({"evidence_sha256": "AB"}, "/evidence_sha256"),
        ({"kind": "referral"}, "/kind"),
        ({"v": 2}, "/v"),
        ({"id": "11111111-1111-4111-8111-111111111111"}, "/id"),
        ({"grants": [shelter_grant(recipients=["Not An Id"])]}, "/grants/0/recipients/0"),
        ({"grants": [shelter_grant(service_types=["SOC-99"])]}, "/grants/0/service_types"),
        ({"grants": [shelter_grant(compartments=["secrets"])]}, "/grants/0/compartments/0"),
    ],
)
def test_malformed_consent_is_refused_with_a_pointer(world: World, over: Json, pointer: str) -> None:
    message = {**messages.consent("out-health", messages.new_subject(), [shelter_grant()]), **over}
    problem(send(world, message), 422, pointer=pointer, secrets=["marketing", "husband", "Not An Id", "yesterday"])


def test_missing_member_is_refused_with_a_pointer(world: World) -> None:
    message = messages.consent("out-health", messages.new_subject(), [shelter_grant()])
    del message["valid_to"]
    problem(send(world, message), 422, pointer="/valid_to")


def test_empty_grants_permit_nothing(world: World) -> None:
    consent = world.consent()
    refused(world.health.refer("out-social", some(*SOC_01), basis=basis(consent), subject=consent["subject"]))


def onward(parent: Json, sender: str) -> Json:
    over = {"derived_from": parent["id"], "valid_to": parent["valid_to"]}
    return messages.consent(sender, parent["subject"], [shelter_grant(compartments=["contact"])], **over)


class TestDerived:
    """A consent that another agency derives from one that may be passed on."""

    def test_narrower_one_carries_an_onward_referral(self, world: World) -> None:
        wide = world.wide_consent()
        narrow = messages.grant(["out-legal"], ["LEG-02"], ["identity", "contact", "incident", "legal", "preferences"])
        derived = world.derived(wide, narrow)
        assert world.social.get(f"/v1/consents/{derived['id']}").status_code == 200

    @pytest.mark.parametrize(
        "over",
        [
            {"grants": [messages.grant(["out-police"], ["SOC-01"], ["contact"])]},
            {"grants": [messages.grant(["out-social"], ["SOC-03"], ["contact"])]},
            {"grants": [messages.grant(["out-social"], ["SOC-01"], ["medical"])]},
            {"valid_to": messages.in_(days=200)},
            {"subject": messages.new_subject()},
            {"purposes": ["service", "statistics"]},
        ],
        ids=["recipient", "service", "compartment", "time", "subject", "purpose"],
    )
    def test_wider_one_is_refused(self, world: World, over: Json) -> None:
        wide = world.consent(shelter_grant(onward=True))
        message = onward(wide, "out-social")
        answer = send(world, {**message, **over}, by="social")
        assert answer.status_code in {403, 422}, answer.text
        problem(answer, answer.status_code)

    def test_without_her_leave_to_pass_it_on_it_is_refused(self, world: World) -> None:
        wide = world.consent(shelter_grant(onward=False))
        refused(send(world, onward(wide, "out-social"), by="social"), "consent.onward")

    def test_stranger_to_the_consent_derives_nothing(self, world: World) -> None:
        wide = world.consent(shelter_grant(onward=True))
        answer = send(world, onward(wide, "out-police"), by="police")
        assert answer.status_code in {403, 404}, answer.text


class TestTakenBack:
    """Revocation: at once, for whom it names, down the chain."""

    def test_whole_consent(self, world: World) -> None:
        referral, consent = world.sheltered()
        world.social.collect(referral["referral_id"])
        answer = revoke(world, consent)
        assert answer.status_code == 202, answer.text
        body = answer.json()
        assert body["consent"]["state"] == "revoked"
        assert body["notified"] == ["out-social"]
        assert body["receipt"]["message_id"]
        assert world.health.get(f"/v1/referrals/{referral['referral_id']}").json()["state"] == "revoked"

    def test_what_was_not_opened_can_never_be_opened(self, world: World) -> None:
        consent = world.wide_consent()
        referral, _ = world.accepted(consent)
        assert revoke(world, consent).status_code == 202
        answer = world.social.open(referral["referral_id"], ["contact"])
        if answer.status_code == 200:
            assert answer.json()["shares"] == {}
            assert answer.json()["refused"]["contact"] in {"consent.revoked", "referral.ended"}
        else:
            refused(answer, "consent.revoked")
        seen = world.health.get(f"/v1/referrals/{referral['referral_id']}").json()["compartments"]
        assert {each["name"]: each["state"] for each in seen}["contact"] == "destroyed"

    def test_queued_delivery_stops_at_once(self, world: World) -> None:
        referral, consent = world.sheltered(to="out-social")
        assert revoke(world, consent).status_code == 202
        waiting = world.social.drain()
        assert referral["referral_id"] not in [item["message_id"] for item in waiting]

    def test_holder_is_told_and_says_that_it_sealed(self, world: World) -> None:
        consent = world.wide_consent()
        referral, _ = world.accepted(consent)
        assert world.social.open(referral["referral_id"], ["contact"]).json()["shares"].keys() == {"contact"}
        world.social.drain()
        told = revoke(world, consent)
        assert told.status_code == 202
        notices = [item for item in world.social.drain() if item["kind"] in {"notice", "revocation"}]
        assert notices
        before = world.health.get(f"/v1/consents/{consent['id']}/propagation").json()
        assert before["consent_id"] == consent["id"]
        assert before["complete"] is False
        holder = next(each for each in before["holders"] if each["agency"] == "out-social")
        assert holder["referral_id"] == referral["referral_id"]
        assert holder["result"] == "pending"
        assert holder.keys() >= {"agency", "referral_id", "via", "due_at", "result", "answered_at", "ledger_index"}
        assert world.social.tell(referral, "sealed", result="sealed").status_code == 202
        after = world.health.get(f"/v1/consents/{consent['id']}/propagation").json()
        holder = next(each for each in after["holders"] if each["agency"] == "out-social")
        assert holder["result"] == "sealed"
        assert holder["answered_at"]
        assert after["complete"] is True
        assert after["revoked_at"]

    def test_one_recipient_only(self, world: World) -> None:
        consent = world.consent(messages.grant(["out-social", "out-shelter"], ["SOC-01"], SOC_01))
        first, _ = world.sheltered(consent)
        world.social.collect(first["referral_id"])
        answer = revoke(world, consent, recipients=["out-social"])
        assert answer.status_code == 202, answer.text
        assert answer.json()["consent"]["state"] == "narrowed"
        assert answer.json()["notified"] == ["out-social"]
        refused(world.health.refer("out-social", some(*SOC_01), basis=basis(consent), subject=consent["subject"]))
        again = world.health.refer("out-shelter", some(*SOC_01), basis=basis(consent), subject=consent["subject"])
        assert again.status_code == 202, again.text

    def test_one_compartment_only(self, world: World) -> None:
        consent = world.wide_consent()
        referral, _ = world.accepted(consent, names=("identity",))
        assert revoke(world, consent, compartments=["identity"]).status_code == 202
        answer = world.social.open(referral["referral_id"], ["identity", "contact"])
        assert answer.status_code == 200, answer.text
        assert answer.json()["shares"].keys() == {"contact"}
        assert answer.json()["refused"].keys() == {"identity"}

    def test_it_reaches_who_holds_it_by_a_derived_consent(self, world: World) -> None:
        wide = world.wide_consent()
        parent, _ = world.accepted(wide)
        names = ["identity", "contact", "incident", "legal", "preferences"]
        narrow = messages.grant(["out-legal"], ["LEG-02"], names)
        derived = world.derived(wide, narrow)
        answer = world.social.refer(
            "out-legal",
            some(*names),
            basis=basis(derived),
            subject=wide["subject"],
            service_type="LEG-02",
            urgency="prompt",
            chain_id=parent["chain_id"],
            parent_id=parent["referral_id"],
        )
        assert answer.status_code == 202, answer.text
        onward = answer.json()["referral"]
        world.legal.collect(onward["referral_id"])
        told = revoke(world, wide)
        assert set(told.json()["notified"]) == {"out-social", "out-legal"}
        holders = world.health.get(f"/v1/consents/{wide['id']}/propagation").json()["holders"]
        assert {each["agency"] for each in holders} == {"out-social", "out-legal"}
        refused(
            world.social.refer(
                "out-legal", some(*names), basis=basis(derived), subject=wide["subject"], service_type="LEG-02"
            )
        )

    def test_survivor_may_take_it_back_at_any_party(self, world: World) -> None:
        consent = world.wide_consent()
        referral, _ = world.accepted(consent)
        assert referral["recipient"] == "out-social"
        assert revoke(world, consent, at="social").status_code in {202, 403, 404}

    def test_stranger_cannot_take_it_back(self, world: World) -> None:
        consent = world.consent(shelter_grant())
        answer = revoke(world, consent, at="police")
        assert answer.status_code in {403, 404}, answer.text

    def test_path_and_body_name_the_same_consent(self, world: World) -> None:
        one, other = world.consent(shelter_grant()), world.consent(shelter_grant())
        message = messages.revocation("out-health", other["id"])
        answer = world.health.send(f"/v1/consents/{one['id']}/revocations", message)
        problem(answer, 422, pointer="/consent_id")
        assert world.health.get(f"/v1/consents/{other['id']}").json()["consent"]["state"] == "active"

    @pytest.mark.parametrize(
        "over", [{"by": "husband"}, {"recipients": "out-social"}, {"compartments": ["x"]}, {"y": 1}]
    )
    def test_malformed_revocation_is_refused(self, world: World, over: Json) -> None:
        consent = world.consent(shelter_grant())
        document = problem(revoke(world, consent, **over), 422, secrets=["husband"])
        assert document["errors"][0]["pointer"].startswith(f"/{next(iter(over))}")

    def test_propagation_is_not_for_strangers(self, world: World) -> None:
        consent = world.consent(shelter_grant())
        problem(world.police.get(f"/v1/consents/{consent['id']}/propagation"), 404)


def test_consent_ends_by_itself(world: World) -> None:
    consent = world.consent(messages.grant(["out-social"], ["SOC-01"], SOC_01), valid_to=messages.in_(seconds=2))
    time.sleep(2.2)
    refused(
        world.health.refer("out-social", some(*SOC_01), basis=basis(consent), subject=consent["subject"]),
        "consent.expired",
    )
    assert world.health.get(f"/v1/consents/{consent['id']}").json()["consent"]["state"] == "expired"
