"""Wire contract, sections 3, 4 and 8: a referral is sealed, admitted, delivered and opened, in every urgency."""

import hashlib
import json
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidTag

from tests.e2e.conftest import World
from tests.e2e.outside import keys, messages, sealing
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import SOC_01, some
from tests.e2e.outside.problems import problem, refused

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def basis(consent: Json) -> Json:
    return {"kind": "consent", "consent_id": consent["id"]}


def refer(world: World, consent: Json, contents: Json | None = None, **over: Any) -> httpx.Response:
    to = over.pop("to", "out-social")
    over = {"basis": basis(consent), "subject": consent["subject"], **over}
    return world.health.refer(to, contents or some(*SOC_01), **over)


def ready(world: World, consent: Json, **over: Any) -> tuple[Json, dict[str, str]]:
    return world.health.sealed_referral(
        "out-social", some(*SOC_01), basis=basis(consent), subject=consent["subject"], **over
    )


def test_admission_answers_as_section_8_has_it(world: World) -> None:
    consent = world.wide_consent()
    message, shares = ready(world, consent)
    answer = world.health.send("/v1/referrals", message, hub_shares=shares)
    assert answer.status_code == 202, answer.text
    told, receipt = answer.json()["referral"], answer.json()["receipt"]
    assert told["referral_id"] == told["chain_id"] == message["id"]
    assert told["parent_id"] is None
    assert (told["state"], told["sender"], told["recipient"]) == ("sent", "out-health", "out-social")
    assert (told["service_type"], told["urgency"]) == ("SOC-01", "urgent")
    assert told["due"].keys() == {"acknowledge", "decide", "contact", "complete"}
    assert told["sent_at"]
    assert receipt["message_id"] == message["id"]
    assert isinstance(receipt["ledger_index"], int)


def test_receipt_is_signed_by_the_gateway_over_the_exact_bytes(world: World) -> None:
    message, shares = ready(world, world.wide_consent())
    body = json.dumps(message, indent=2, ensure_ascii=True).encode() + b"\n"
    answer = world.health.send("/v1/referrals", body, hub_shares=shares)
    assert answer.status_code == 202, answer.text
    assert answer.json()["receipt"]["sha256"] == hashlib.sha256(body).hexdigest()
    jwks = httpx.get(f"{world.url}/.well-known/jwks.json").json()
    _, payload = keys.verify_jws(answer.headers["mesh-receipt"], jwks)
    for name, value in answer.json()["receipt"].items():
        assert json.loads(payload)[name] == value
    item = world.social.collect(message["id"])
    assert item["body"].encode() == body


def test_delivery_item_has_the_members_of_section_6(world: World) -> None:
    referral, _ = world.sheltered()
    item = world.social.collect(referral["referral_id"])
    wanted = {"seq", "kind", "message_id", "body", "signature", "hub_shares", "attempt", "traceparent"}
    assert wanted <= item.keys()
    assert item["kind"] == "referral"
    assert item["attempt"] == 1
    assert item["signature"].split(".")[1] == ""


def test_triage_opens_on_delivery_and_the_rest_on_acceptance(world: World) -> None:
    referral, _ = world.sheltered(names=("identity",))
    identifier = referral["referral_id"]
    item = world.social.collect(identifier)
    message, opened, mine = world.social.read(item)
    assert opened == some("safety", "dependants", "preferences")
    early = world.social.open(identifier, ["identity", "contact"])
    if early.status_code == 200:
        assert early.json()["shares"] == {}
        assert early.json()["refused"].keys() == {"identity", "contact"}
    else:
        problem(early, 403)
    world.social.tell(referral, "acknowledged")
    assert world.social.tell(referral, "accepted", staff_gender="female").status_code == 202
    answer = world.social.open(identifier, ["identity", "contact"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["refused"] == {}
    assert answer.json()["receipt"]["ledger_index"] > 0
    for name, share in answer.json()["shares"].items():
        assert sealing.open_compartment(message, name, mine=mine[name], hub_share=share) == messages.CONTENTS[name]


def test_half_alone_opens_nothing(world: World) -> None:
    referral, _ = world.sheltered()
    message, _, mine = world.social.read(world.social.collect(referral["referral_id"]))
    with pytest.raises((InvalidTag, ValueError)):
        sealing.open_compartment(message, "contact", mine=mine["contact"], hub_share=keys.b64(bytes(32)))


def test_opening_that_was_signed_for_one_referral_opens_no_other(world: World) -> None:
    consent = world.wide_consent()
    one, _ = world.accepted(consent)
    other, _ = world.accepted(consent)
    body = json.dumps(messages.opening("out-social", ["contact"])).encode()
    first = world.social.send(f"/v1/referrals/{one['referral_id']}/openings", body)
    assert first.status_code == 200, first.text
    again = world.social.send(f"/v1/referrals/{other['referral_id']}/openings", body)
    assert again.status_code in {403, 404, 409, 422} or again.json() == first.json(), again.text


def test_compartments_say_in_which_state_they_are(world: World) -> None:
    referral, _ = world.accepted()
    world.social.open(referral["referral_id"], ["contact"])
    found = world.social.get(f"/v1/referrals/{referral['referral_id']}").json()
    states = {each["name"]: (each["stage"], each["state"]) for each in found["compartments"]}
    assert states["contact"] == ("accepted", "opened")
    assert set(states) == set(SOC_01)
    assert {state for _, state in states.values()} <= {"sealed", "opened", "destroyed"}


def test_opening_what_is_not_there_is_told_apart(world: World) -> None:
    referral, _ = world.accepted()
    answer = world.social.open(referral["referral_id"], ["contact", "medical"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["shares"].keys() == {"contact"}
    assert answer.json()["refused"].keys() == {"medical"}


def test_nobody_but_the_recipient_opens(world: World) -> None:
    referral, _ = world.accepted()
    for stranger, statuses in ((world.health, {403, 404}), (world.police, {404})):
        answer = stranger.open(referral["referral_id"], ["contact"])
        assert answer.status_code in statuses, answer.text


@pytest.mark.parametrize("urgency", ["urgent", "prompt", "standard", "planned"])
def test_every_urgency_is_carried(world: World, urgency: str) -> None:
    answer = refer(world, world.wide_consent(), urgency=urgency)
    assert answer.status_code == 202, answer.text
    assert answer.json()["referral"]["urgency"] == urgency


def test_immediate_opens_all_at_once(world: World) -> None:
    contents = some("contact", "safety", "preferences", "identity")
    consent = world.wide_consent()
    over = {"service_type": "POL-01", "urgency": "immediate", "phoned_first": True, "to": "out-police"}
    answer = refer(world, consent, contents, **over)
    assert answer.status_code == 202, answer.text
    item = world.police.collect(answer.json()["referral"]["referral_id"])
    _, opened, _ = world.police.read(item)
    assert opened == contents


def test_immediate_level_says_whom_to_phone(world: World) -> None:
    levels = {each["urgency"]: each for each in world.health.http.get("/v1/sop").json()["urgencies"]}
    for language in ("vi", "en"):
        assert {"113", "115"} <= set(levels["immediate"]["instruction"][language].split())


def test_immediate_without_having_phoned_is_refused(world: World) -> None:
    contents = some("contact", "safety", "preferences")
    over = {"service_type": "POL-01", "urgency": "immediate", "phoned_first": False, "to": "out-police"}
    answer = refer(world, world.wide_consent(), contents, **over)
    assert answer.status_code in {403, 422}, answer.text
    problem(answer, answer.status_code)
    assert "phoned_first" in answer.text or "113" in answer.text


def test_vital_interest_carries_without_consent(world: World) -> None:
    other = {"kind": "vital_interest", "article": "Law 13/2022 Art 19", "approver": "duty-1", "notify_unsafe": True}
    answer = world.health.refer(
        "out-police",
        some("contact", "safety", "preferences"),
        basis=other,
        service_type="POL-01",
        urgency="immediate",
        phoned_first=True,
    )
    assert answer.status_code == 202, answer.text


def test_legal_basis_has_a_maximum(world: World) -> None:
    other = {"kind": "vital_interest", "article": "Law 13/2022 Art 19", "approver": "duty-1", "notify_unsafe": False}
    answer = world.health.refer(
        "out-police",
        some("contact", "safety", "preferences", "perpetrator"),
        basis=other,
        service_type="POL-01",
        urgency="immediate",
        phoned_first=True,
    )
    refused(answer, "basis.maximum")


@pytest.mark.parametrize("missing", ["article", "approver"])
def test_legal_basis_names_its_article_and_approver(world: World, missing: str) -> None:
    other = {"kind": "vital_interest", "article": "Art 19", "approver": "duty-1", "notify_unsafe": False}
    del other[missing]
    answer = world.health.refer(
        "out-police", some("contact", "safety", "preferences"), basis=other, service_type="POL-01"
    )
    problem(answer, 422, pointer=f"/basis/{missing}")


class TestRefused:
    """What consent, procedure and directory do not allow. Each refusal has reasons and its own ledger entry."""

    def test_compartment_beyond_consent(self, world: World) -> None:
        consent = world.consent(messages.grant(["out-social"], ["SOC-01"], SOC_01))
        refused(refer(world, consent, some(*SOC_01, "identity")), "consent.compartment")

    def test_withheld_compartment(self, world: World) -> None:
        withheld = [{"compartment": "identity", "reason": "survivor_wish"}]
        grant = messages.grant(["out-social"], ["SOC-01"], [*SOC_01, "identity"])
        consent = world.consent(grant, withheld=withheld)
        refused(refer(world, consent, some(*SOC_01, "identity")), "consent.compartment")

    def test_wrong_recipient(self, world: World) -> None:
        consent = world.consent(messages.grant(["out-social"], ["SOC-01"], SOC_01))
        refused(refer(world, consent, to="out-shelter"), "consent.recipient")

    def test_wrong_service(self, world: World) -> None:
        consent = world.consent(messages.grant(["out-social"], ["SOC-03"], SOC_01))
        refused(refer(world, consent), "consent.service")

    def test_another_subject(self, world: World) -> None:
        refused(refer(world, world.wide_consent(), subject=messages.new_subject()), "consent.subject")

    def test_unknown_consent(self, world: World) -> None:
        refused(refer(world, {"id": messages.new_id(), "subject": messages.new_subject()}), "consent.missing")

    def test_consent_that_is_not_valid_yet(self, world: World) -> None:
        grant = messages.grant(["out-social"], ["SOC-01"], SOC_01)
        refused(refer(world, world.consent(grant, valid_from=messages.in_(days=1))))

    def test_revoked_consent(self, world: World) -> None:
        consent = world.wide_consent()
        message = messages.revocation("out-health", consent["id"])
        assert world.health.send(f"/v1/consents/{consent['id']}/revocations", message).status_code == 202
        refused(refer(world, consent), "consent.revoked")

    def test_statistics_are_no_service(self, world: World) -> None:
        grant = messages.grant(["out-social"], ["SOC-01"], SOC_01)
        refused(refer(world, world.consent(grant, purposes=["statistics"])))

    def test_forbidden_compartment(self, world: World) -> None:
        document = refused(refer(world, world.wide_consent(), some(*SOC_01, "legal")), "sop.compartment-forbidden")
        assert "lawyer" not in json.dumps(document)

    def test_missing_required_compartment(self, world: World) -> None:
        answer = refer(world, world.wide_consent(), some("contact", "preferences"))
        assert answer.status_code in {403, 422}
        problem(answer, answer.status_code)

    def test_sender_who_may_not_ask_for_this_service(self, world: World) -> None:
        contents = some("identity", "contact", "safety", "legal", "preferences", "perpetrator")
        grant = messages.grant(["out-police"], ["POL-05"], list(contents))
        consent = world.consent(grant)
        over = {"service_type": "POL-05", "urgency": "urgent", "to": "out-police"}
        facts = {"order_reference": "12/QD-UBND", "order_valid_to": "2026-12-30"}
        refused(refer(world, consent, contents, facts=facts, **over), "sop.sender")

    def test_precondition_that_is_not_met(self, world: World) -> None:
        contents = some("identity", "contact", "incident", "legal", "preferences")
        consent = world.wide_consent()
        over = {"service_type": "LEG-02", "urgency": "prompt", "to": "out-legal"}
        refused(refer(world, consent, contents, facts={"domestic_violence": True}, **over))
        facts = {"domestic_violence": True, "financial_hardship": True}
        assert refer(world, consent, contents, facts=facts, **over).status_code == 202

    def test_agency_that_does_not_give_this_service(self, world: World) -> None:
        grant = messages.grant(["out-clinic"], ["SOC-01"], SOC_01)
        answer = refer(world, world.consent(grant), to="out-clinic")
        assert answer.status_code in {403, 422}, answer.text

    def test_blocked_agency(self, world: World) -> None:
        consent = world.wide_consent()
        message, shares = ready(world, consent)
        message["blocked"] = [sealing.blocked(message["chain_id"], "out-social")]
        refused(world.health.send("/v1/referrals", message, hub_shares=shares), "referral.blocked")

    def test_refusal_is_in_the_ledger_and_nothing_else_is(self, world: World) -> None:
        consent = world.consent(messages.grant(["out-social"], ["SOC-01"], SOC_01))
        message, shares = world.health.sealed_referral(
            "out-social", some(*SOC_01, "identity"), basis=basis(consent), subject=consent["subject"]
        )
        document = refused(world.health.send("/v1/referrals", message, hub_shares=shares))
        entries = world.health.get("/v1/ledger/entries", referral_id=message["id"]).json()["items"]
        leaves = [json.loads(entry["leaf"]) for entry in entries]
        assert [leaf["index"] for leaf in leaves] == [document["ledger_index"]]
        assert leaves[0]["code"] == document["code"]
        assert leaves[0]["trace_id"] == document["trace_id"]
        problem(world.health.get(f"/v1/referrals/{message['id']}"), 404)
        assert message["id"] not in [item["message_id"] for item in world.social.drain()]


class TestBlockedPerson:
    """The officer who is the perpetrator's brother."""

    def test_blocked_person_opens_nothing(self, world: World) -> None:
        consent = world.wide_consent()
        message, shares = ready(world, consent)
        message["blocked"] = [sealing.blocked(message["chain_id"], "staff-brother")]
        answer = world.health.send("/v1/referrals", message, hub_shares=shares)
        assert answer.status_code == 202, answer.text
        referral = answer.json()["referral"]
        world.social.collect(message["id"])
        for type_ in ("acknowledged", "accepted"):
            world.social.tell(referral, type_, staff_gender="female")
        answer = world.social.open(message["id"], ["contact"], actor="staff-brother")
        if answer.status_code == 200:
            assert answer.json()["shares"] == {}
            assert answer.json()["refused"] == {"contact": "referral.blocked"}
        else:
            refused(answer, "referral.blocked")
        assert world.social.open(message["id"], ["contact"]).json()["shares"].keys() == {"contact"}

    def test_whoever_was_blocked_stays_blocked_down_the_chain(self, world: World) -> None:
        wide = world.wide_consent()
        message, shares = ready(world, wide)
        message["blocked"] = [sealing.blocked(message["chain_id"], "out-police")]
        assert world.health.send("/v1/referrals", message, hub_shares=shares).status_code == 202
        parent = message["id"]
        world.social.collect(parent)
        names = ["identity", "contact", "safety", "incident", "perpetrator", "preferences"]
        narrow = messages.grant(["out-police"], ["POL-04"], names)
        derived = world.derived(wide, narrow)
        answer = world.social.refer(
            "out-police",
            some(*names),
            basis=basis(derived),
            subject=wide["subject"],
            service_type="POL-04",
            chain_id=parent,
            parent_id=parent,
        )
        refused(answer, "referral.blocked")


class TestOnward:
    """A referral that another follows."""

    def test_onward_referral_stays_in_its_chain(self, world: World) -> None:
        wide = world.wide_consent()
        parent, _ = world.accepted(wide)
        names = ["identity", "contact", "incident", "legal", "preferences"]
        narrow = messages.grant(["out-legal"], ["LEG-02"], names)
        derived = world.derived(wide, narrow)
        over: Json = {"subject": wide["subject"], "service_type": "LEG-02", "urgency": "prompt"}
        over |= {"chain_id": parent["chain_id"], "parent_id": parent["referral_id"]}
        answer = world.social.refer("out-legal", some(*names), basis=basis(derived), **over)
        assert answer.status_code == 202, answer.text
        assert answer.json()["referral"]["chain_id"] == parent["chain_id"]
        assert answer.json()["referral"]["parent_id"] == parent["referral_id"]

    def test_without_leave_to_pass_on_it_is_refused(self, world: World) -> None:
        grants = [messages.grant(["out-social", "out-shelter"], ["SOC-01"], SOC_01, onward=False)]
        consent = world.consent(*grants)
        parent, _ = world.accepted(consent)
        over: Json = {"subject": consent["subject"], "chain_id": parent["chain_id"], "parent_id": parent["referral_id"]}
        refused(world.social.refer("out-shelter", some(*SOC_01), basis=basis(consent), **over), "consent.onward")

    @pytest.mark.parametrize("which", ["unknown", "foreign"])
    def test_chain_needs_a_parent_of_ones_own(self, world: World, which: str) -> None:
        referral, consent = world.sheltered()
        parent = messages.new_id() if which == "unknown" else referral["referral_id"]
        answer = world.police.refer(
            "out-social",
            some(*SOC_01),
            basis=basis(consent),
            subject=consent["subject"],
            chain_id=parent,
            parent_id=parent,
        )
        assert answer.status_code in {403, 404, 422}, answer.text
        problem(answer, answer.status_code)
