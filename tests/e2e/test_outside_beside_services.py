"""Wire contract, sections 4 and 7: an outside agency beside the services; what one seals the other opens.

They share no code. What lies on disk names nobody.
"""

import json

import pytest
from cryptography.exceptions import InvalidTag

from tests.e2e.outside import messages, sealing
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import NAME, REASON, SOC_01, Mesh, some, until
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class TestOutsideAgency:
    """An agency with its own code, over the same gateway."""

    def sent(self, mesh: Mesh) -> tuple[Json, Json]:
        """A referral of the outside agency to the social service, accepted there; its summary, its basis."""
        consent = messages.consent(
            mesh.outside.id,
            messages.new_subject(),
            [messages.grant([mesh.social.id], ["SOC-01"], [*SOC_01, "identity"], onward=True)],
        )
        assert mesh.outside.send("/v1/consents", consent).status_code == 201
        basis = {"kind": "consent", "consent_id": consent["id"]}
        contents = some(*SOC_01, "identity")
        answer = mesh.outside.refer(mesh.social.id, contents, basis=basis, subject=consent["subject"])
        assert answer.status_code == 202, answer.text
        referral = answer.json()["referral"]
        mesh.arrived(mesh.social, referral["referral_id"])
        for verb, said in (("acknowledge", {}), ("accept", {"staff_gender": "female"})):
            assert mesh.social.step(referral["referral_id"], verb, **said).status_code == 202
        return referral, basis

    def test_what_it_seals_is_opened_by_the_service(self, mesh: Mesh) -> None:
        referral, _ = self.sent(mesh)
        seen = {each["name"]: each for each in mesh.social.read(referral["referral_id"])["compartments"]}
        for name in (*SOC_01, "identity"):
            assert seen[name]["content"] == messages.CONTENTS[name]
        types = [json.loads(item["body"]).get("type") for item in mesh.outside.drain() if item["kind"] == "event"]
        assert types[-2:] == ["acknowledged", "accepted"]

    def test_what_the_service_seals_it_opens(self, mesh: Mesh) -> None:
        contents = some("contact", "demographics", "incident", "preferences", "identity")
        over = {"service_type": "HEA-02", "recipient": mesh.outside.id, "compartments": contents}
        answer = mesh.health.post("/v1/referrals", mesh.request(mesh.consent(), **over))
        assert answer.status_code == 202, answer.text
        referral = answer.json()["referral"]
        item = mesh.outside.collect(referral["referral_id"])
        message, opened, mine = mesh.outside.read(item)
        assert opened == {
            **some("demographics", "preferences"),
            "incident": {"injuries": True, "type": "sexual_violence"},
        }
        held = {each["compartment"]: each["fields"] for each in answer.json()["held_back"]}
        assert held == {"incident": ["relation"]}
        for type_ in ("acknowledged", "accepted"):
            assert mesh.outside.tell(referral, type_, staff_gender="female").status_code == 202
        shares = mesh.outside.open(message["id"], ["contact", "identity"]).json()["shares"]
        for name, share in shares.items():
            assert sealing.open_compartment(message, name, mine=mine[name], hub_share=share) == contents[name]
        until(lambda: mesh.health.read(message["id"])["state"] == "accepted")

    def test_notes_go_both_ways(self, mesh: Mesh) -> None:
        referral, basis = self.sent(mesh)
        path = f"/v1/referrals/{referral['referral_id']}/notes"
        _, answer = mesh.outside.note(referral, "Chị ấy đến lúc chín giờ.", basis=basis)
        assert answer.status_code == 202, answer.text
        until(lambda: "chín giờ" in mesh.social.get(path, headers=REASON).text)
        answer = mesh.social.post(path, {"text": "Đã chuẩn bị phòng."})
        assert answer.status_code == 202, answer.text
        item = next(item for item in mesh.outside.drain() if item["kind"] == "note")
        _, opened, _ = mesh.outside.read(item, basis=basis)
        assert opened == {"note": {"text": "Đã chuẩn bị phòng."}}

    def test_compartment_that_does_not_open_is_rejected(self, mesh: Mesh) -> None:
        grants = [messages.grant([mesh.social.id], ["SOC-01"], SOC_01)]
        consent = messages.consent(mesh.outside.id, messages.new_subject(), grants)
        assert mesh.outside.send("/v1/consents", consent).status_code == 201
        basis = {"kind": "consent", "consent_id": consent["id"]}
        over: Json = {"basis": basis, "subject": consent["subject"]}
        message, shares = mesh.outside.sealed_referral(mesh.social.id, some(*SOC_01), **over)
        safety = next(each for each in message["compartments"] if each["name"] == "safety")
        other = next(each for each in message["compartments"] if each["name"] == "dependants")
        safety["ciphertext"] = other["ciphertext"]
        assert mesh.outside.send("/v1/referrals", message, hub_shares=shares).status_code == 202
        self.rejected(mesh, message)

    def test_content_outside_its_schema_is_rejected(self, mesh: Mesh) -> None:
        grants = [messages.grant([mesh.social.id], ["SOC-01"], SOC_01)]
        consent = messages.consent(mesh.outside.id, messages.new_subject(), grants)
        assert mesh.outside.send("/v1/consents", consent).status_code == 201
        basis = {"kind": "consent", "consent_id": consent["id"]}
        contents = {**some(*SOC_01), "safety": {"unheard_of": True}}
        message, shares = mesh.outside.sealed_referral(
            mesh.social.id, contents, basis=basis, subject=consent["subject"]
        )
        assert mesh.outside.send("/v1/referrals", message, hub_shares=shares).status_code == 202
        self.rejected(mesh, message)

    def rejected(self, mesh: Mesh, message: Json) -> None:
        """The sender is told by a notice of the gateway."""
        found: list[Json] = []

        def told() -> bool:
            found.extend(json.loads(item["body"]) for item in mesh.outside.drain() if item["kind"] == "notice")
            return any(each["type"] == "undeliverable" and each["referral_id"] == message["id"] for each in found)

        until(told)

    def test_delivery_without_a_webhook_signature_is_refused(self, mesh: Mesh) -> None:
        answer = mesh.social.http.post("/mesh/deliveries", json={"items": []})
        problem(answer, 401)


class TestSecrecy:
    """What lies on disk."""

    @pytest.mark.parametrize("service", ["gateway", "social", "health"])
    def test_no_name_and_no_telephone_lies_in_clear(self, mesh: Mesh, service: str) -> None:
        identifier = mesh.accepted()
        assert NAME in json.dumps(mesh.social.read(identifier), ensure_ascii=False)
        phone = messages.CONTENTS["contact"]["phone"]
        for file in (mesh.running.home / service).rglob("*"):
            if file.is_file():
                raw = file.read_bytes()
                assert NAME.encode() not in raw, file.name
                assert phone.encode() not in raw, file.name

    def test_logs_name_nobody(self, mesh: Mesh) -> None:
        mesh.accepted()
        for file in (mesh.running.home / "logs").iterdir():
            text = file.read_text()
            assert NAME not in text
            assert messages.CONTENTS["contact"]["phone"] not in text


def test_half_of_another_message_opens_nothing(mesh: Mesh) -> None:
    contents = some("contact", "demographics", "incident", "preferences")
    over = {"service_type": "HEA-02", "recipient": mesh.outside.id, "compartments": contents}
    items = []
    for _ in range(2):
        answer = mesh.health.post("/v1/referrals", mesh.request(mesh.consent(), **over))
        items.append(mesh.outside.collect(answer.json()["referral"]["referral_id"]))
    message, _, mine = mesh.outside.read(items[0])
    with pytest.raises((InvalidTag, ValueError)):
        sealing.open_compartment(
            message, "incident", mine=mine["incident"], hub_share=items[1]["hub_shares"]["incident"]
        )
