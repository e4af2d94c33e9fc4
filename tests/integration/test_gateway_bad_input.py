"""Bad input gets a problem that says how to mend it, an entry in the ledger, and nothing else happens."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.adapters.tables import CONSENTS, MESSAGES, REFERRALS
from shared.kernel.clock import to_wire
from shared.wire.codes import CODES
from tests.support.agency import SHELTER, Message, Sent, a_grant, to_body
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, LEGAL, ROLL, SHELTER_HOUSE, SOCIAL, Mesh, enrolment, keys_of

CANARY = "nguyen-thi-canary"
EVERYTHING = (*SHELTER, "medical", "forensic")


@dataclass
class Case:
    """A lawful consent and a lawful referral from health to social, from which each test strays in one point."""

    mesh: Mesh
    consent: Message
    referred: Sent

    async def send(self, **changes: Any) -> httpx.Response:
        """Refer, with something changed."""
        return (await self.mesh[HEALTH].refer(changes.pop("to", SOCIAL), self.consent, **changes)).answer

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        """Post bytes as a referral, well signed."""
        return await self.mesh[HEALTH].post("/v1/referrals", body, headers=headers)

    def message(self, **changes: Any) -> tuple[Message, Any]:
        """A lawful message and its halves, changed before it is signed."""
        basis = {"kind": "consent", "consent_id": self.consent["id"]}
        return self.mesh[HEALTH].referral_message(SOCIAL, basis, **{"subject": self.consent["subject"], **changes})


Attempt = Callable[[Case], Awaitable[httpx.Response]]


@dataclass
class Bad:
    """One line of the list: what is tried, and what it must get."""

    name: str
    attempt: Attempt
    status: int
    code: str
    pointers: set[str] = field(default_factory=set)


LIST: list[Bad] = []


@contextmanager
def disabled(mesh: Mesh, agency_id: str) -> Iterator[None]:
    """Disable an agency within this context."""
    mesh.provision(lambda desk: desk.disable(agency_id))
    yield
    row = next(row for row in ROLL if row[0] == agency_id)
    mesh.provision(lambda desk: desk.enroll(enrolment(*row)))


def gets(status: int, code: str, *pointers: str) -> Callable[[Attempt], Attempt]:
    def put_on_the_list(attempt: Attempt) -> Attempt:
        LIST.append(Bad(attempt.__name__.replace("_", "-"), attempt, status, code, set(pointers)))
        return attempt

    return put_on_the_list


@gets(413, "message.too-large")
async def body_over_the_cap(case: Case) -> httpx.Response:
    return await case.post(b" " * (512 * 1024 + 1))


@gets(413, "message.too-large")
async def body_over_the_cap_of_untold_length(case: Case) -> httpx.Response:
    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 65_536

    headers = {"Referral-Signature": "a..b", "Content-Type": "application/json"}
    return await case.mesh[HEALTH].call("POST", "/v1/referrals", content=chunks(), headers=headers)


@gets(422, "message.not-json")
async def broken_json(case: Case) -> httpx.Response:
    return await case.post(f'{{"id": "{CANARY}", '.encode())


@gets(415, "message.media-type")
async def wrong_content_type(case: Case) -> httpx.Response:
    return await case.post(to_body(case.message()[0]), **{"Content-Type": "text/plain"})


@gets(422, "message.invalid", "/victim_name")
async def unknown_field(case: Case) -> httpx.Response:
    return await case.send(victim_name=CANARY)


@gets(422, "sop.service-unknown", "/service_type")
async def unknown_service_type(case: Case) -> httpx.Response:
    return await case.send(service_type="SOC-99")


@gets(403, "sop.compartment-forbidden")
async def forbidden_compartment(case: Case) -> httpx.Response:
    return await case.send(plaintexts={**SHELTER, "forensic": {}})


@gets(403, "sop.compartment-missing")
async def missing_required_compartment(case: Case) -> httpx.Response:
    return await case.send(plaintexts={name: {} for name in SHELTER if name != "safety"})


@gets(403, "consent.compartment")
async def compartment_beyond_consent(case: Case) -> httpx.Response:
    return await case.send(plaintexts={**SHELTER, "needs": {}})


@gets(403, "consent.subject")
async def consent_of_another_subject(case: Case) -> httpx.Response:
    return await case.send(subject=case.mesh[HEALTH].ids.new())


@gets(403, "consent.missing")
async def consent_that_is_not_registered(case: Case) -> httpx.Response:
    case.consent = {**case.consent, "id": case.mesh[HEALTH].ids.new()}
    return await case.send()


@gets(403, "consent.missing", "/derived_from")
async def consent_derived_from_one_that_is_not_registered(case: Case) -> httpx.Response:
    health = case.mesh[HEALTH]
    answer = await health.post("/v1/consents", health.consent_message(a_grant(SOCIAL), derived_from=health.ids.new()))
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["consent.missing"]
    return answer


@gets(403, "consent.recipient")
async def wrong_recipient(case: Case) -> httpx.Response:
    return await case.send(to=SHELTER_HOUSE)


@gets(422, "agency.unknown", "/recipient")
async def unknown_agency(case: Case) -> httpx.Response:
    return await case.send(to=f"{CANARY}-house", sealed_for=SOCIAL)


@gets(403, "agency.disabled")
async def disabled_recipient(case: Case) -> httpx.Response:
    with disabled(case.mesh, SOCIAL):
        return await case.send()


@gets(403, "agency.disabled")
async def disabled_sender(case: Case) -> httpx.Response:
    await case.mesh[HEALTH].token()
    with disabled(case.mesh, HEALTH):
        return await case.send()


@gets(422, "signature.invalid")
async def signature_by_another_agency(case: Case) -> httpx.Response:
    message, shares = case.message()
    return await case.mesh[HEALTH].post("/v1/referrals", message, hub_shares=shares, signer=keys_of(SOCIAL))


@gets(422, "message.invalid", "/header/Referral-Signature")
async def two_signatures(case: Case) -> httpx.Response:
    headers = [("Content-Type", "application/json"), ("Referral-Signature", "a..b"), ("Referral-Signature", "c..d")]
    bearer = ("Authorization", f"Bearer {await case.mesh[HEALTH].token()}")
    return await case.mesh[HEALTH].http.post("/v1/referrals", content=b"{}", headers=[*headers, bearer])


@gets(422, "message.recipient", "/recipient")
async def referral_to_oneself(case: Case) -> httpx.Response:
    return await case.send(to=HEALTH)


@gets(403, "message.sender")
async def message_in_anothers_name(case: Case) -> httpx.Response:
    return await case.send(sender=SOCIAL)


@gets(422, "message.stale", "/sent_at")
async def stale_sent_at(case: Case) -> httpx.Response:
    return await case.send(sent_at=to_wire(case.mesh.clock.now() - timedelta(days=7, seconds=1)))


@gets(422, "message.stale", "/sent_at")
async def sent_at_in_the_future(case: Case) -> httpx.Response:
    return await case.send(sent_at=to_wire(case.mesh.clock.now() + timedelta(minutes=10, seconds=1)))


@gets(409, "message.id-reused")
async def reused_id(case: Case) -> httpx.Response:
    return await case.send(id=case.referred.id)


@gets(409, "referral.transition")
async def illegal_transition(case: Case) -> httpx.Response:
    return await case.mesh[SOCIAL].report(case.referred, "started")


@gets(403, "sop.phoned-first")
async def immediate_without_phoned_first(case: Case) -> httpx.Response:
    return await case.send(urgency="immediate", phoned_first=False)


@gets(403, "sop.decline-forbidden")
async def forbidden_decline_reason(case: Case) -> httpx.Response:
    return await case.mesh[SOCIAL].report(case.referred, "declined", reason="no_police_report")


@gets(422, "area.unknown", "/area")
async def area_that_does_not_exist(case: Case) -> httpx.Response:
    return await case.send(area="99")


@gets(422, "seal.shares", "/compartments/0/share_sha256")
async def half_that_was_not_signed_for(case: Case) -> httpx.Response:
    message, shares = case.message()
    _, others = case.message()
    swapped = {**shares, next(iter(shares)): next(iter(others.values()))}
    return await case.mesh[HEALTH].post("/v1/referrals", message, hub_shares=swapped)


@gets(422, "seal.shares")
async def no_halves_at_all(case: Case) -> httpx.Response:
    return await case.post(to_body(case.message()[0]))


@gets(422, "seal.key", "/sealed/kid")
async def sealed_for_somebody_else(case: Case) -> httpx.Response:
    return await case.send(sealed_for=LEGAL)


@gets(422, "seal.suite", "/sealed/suite")
async def sealed_under_another_suite_than_that_of_the_key(case: Case) -> httpx.Response:
    message, shares = case.message()
    sealed = {**message["sealed"], "suite": "mlkem768x25519-hkdf-sha256-aes256gcm"}
    return await case.mesh[HEALTH].post("/v1/referrals", {**message, "sealed": sealed}, hub_shares=shares)


@gets(422, "sop.stage")
async def identity_at_stage_triage(case: Case) -> httpx.Response:
    message, shares = case.message()
    labels = [{**label, "stage": "triage"} for label in message["compartments"]]
    return await case.mesh[HEALTH].post("/v1/referrals", {**message, "compartments": labels}, hub_shares=shares)


@gets(422, "message.repeated-name")
async def name_given_twice(case: Case) -> httpx.Response:
    body = to_body(case.message()[0]).decode()
    return await case.post(body.replace('"v": 1', '"v": 1, "v": 1').encode())


@gets(422, "message.about", "/referral_id")
async def event_about_another_referral_than_its_address(case: Case) -> httpx.Response:
    message = case.mesh[SOCIAL].event_message(case.referred, "acknowledged")
    return await case.mesh[SOCIAL].post(f"/v1/referrals/{case.mesh[SOCIAL].ids.new()}/events", message)


@gets(404, "referral.unknown")
async def event_on_a_referral_of_others(case: Case) -> httpx.Response:
    stranger = case.mesh[LEGAL]
    message = {**stranger.event_message(case.referred, "acknowledged"), "recipient": HEALTH}
    return await stranger.post(f"/v1/referrals/{case.referred.id}/events", message)


@gets(422, "message.invalid", "/data/nickname")
async def fact_that_the_procedure_does_not_name(case: Case) -> httpx.Response:
    return await case.mesh[SOCIAL].report(case.referred, "accepted", nickname=CANARY)


async def lawful(mesh: Mesh) -> Case:
    health = mesh[HEALTH]
    consent = await health.record_consent(a_grant(SOCIAL, compartments=EVERYTHING))
    sent = await health.refer(SOCIAL, consent)
    assert sent.answer.status_code == 202
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged")
    return Case(mesh, consent, sent)


@pytest.fixture
async def case(shared_mesh: Mesh) -> Case:
    return await lawful(shared_mesh)


@pytest.mark.parametrize("bad", LIST, ids=lambda bad: bad.name)
async def test_bad_input_is_refused_on_the_record(case: Case, bad: Bad) -> None:
    await assert_refused(case, bad)


async def test_referral_on_a_consent_that_ran_out_is_refused_on_the_record(own_mesh: Mesh) -> None:
    async def a_month_later(case: Case) -> httpx.Response:
        case.mesh.advance(timedelta(days=31))
        return await case.send()

    await assert_refused(await lawful(own_mesh), Bad("a month later", a_month_later, 403, "consent.expired"))


async def assert_refused(case: Case, bad: Bad) -> None:
    """Hold that an attempt gets the problem it must get, is on the record, and changed nothing."""
    before = _contents(case.mesh)
    answer = await bad.attempt(case)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (bad.status, bad.code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["mend"] == CODES[bad.code].mend
    assert bad.pointers <= {fault["pointer"] for fault in problem.get("errors", ())}
    assert CANARY not in answer.text
    entry = await _entry(case.mesh, problem["ledger_index"])
    assert (entry["kind"], entry["code"]) == ("refusal", bad.code)
    assert entry["trace_id"] == problem["trace_id"]
    assert CANARY not in json.dumps(entry)
    assert _contents(case.mesh) == before


async def test_completing_without_an_outcome_is_input_to_complete_and_no_refusal_by_the_procedure(case: Case) -> None:
    await case.mesh[SOCIAL].reported(case.referred, "accepted", "started")

    async def without(case: Case) -> httpx.Response:
        return await case.mesh[SOCIAL].report(case.referred, "completed")

    await assert_refused(case, Bad("no outcome", without, 422, "event.fact-missing", {"/data/outcome"}))


async def test_refusal_by_the_procedure_is_named_by_what_cannot_be_mended_with_a_fact(case: Case) -> None:
    at_once = await case.send(urgency="immediate", phoned_first=True)
    sent = Sent({**case.referred.message, "id": at_once.json()["referral"]["referral_id"]}, {}, at_once, SHELTER)
    await case.mesh[SOCIAL].reported(sent, "acknowledged", "accepted", "started")
    held = await case.mesh[SOCIAL].report(sent, "on_hold")
    assert (held.status_code, held.json()["code"]) == (403, "sop.no-pause")
    assert {reason["code"] for reason in held.json()["reasons"]} == {"event.fact-missing", "sop.no-pause"}


async def test_schema_of_no_compartment_is_not_found(shared_mesh: Mesh) -> None:
    answer = await shared_mesh[HEALTH].http.get("/v1/sop/compartments/diary")
    assert (answer.status_code, answer.json()["code"]) == (404, "sop.compartment-unknown")


async def test_stranger_without_token_is_refused_off_the_record(case: Case) -> None:
    before = len(await _entries(case.mesh))
    headers = {"Content-Type": "application/json"}
    for body in (b" " * (512 * 1024 + 1), b"{}"):
        answer = await case.mesh[HEALTH].http.post("/v1/referrals", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token.missing")
        assert "ledger_index" not in answer.json()
    assert len(await _entries(case.mesh)) == before


async def test_every_reason_cites_its_rule_and_basis(case: Case) -> None:
    answer = await case.send(plaintexts={"forensic": {}, "needs": {}}, urgency="immediate", area="01")
    codes = {reason["code"] for reason in answer.json()["reasons"]}
    assert {"sop.compartment-forbidden", "sop.compartment-missing", "consent.compartment", "sop.phoned-first"} <= codes
    assert all(reason["rule"] and reason["basis"] for reason in answer.json()["reasons"])


def _contents(mesh: Mesh) -> dict[str, list[Any]]:
    """Everything that admitting something would change."""
    return {
        "messages": sorted(row["message_id"] for row in mesh.rows(MESSAGES)),
        "consents": sorted(row["id"] for row in mesh.rows(CONSENTS)),
        "referrals": sorted(
            (row["referral_id"], row["state"], json.dumps(row["halves"])) for row in mesh.rows(REFERRALS)
        ),
    }


async def _entries(mesh: Mesh) -> list[dict[str, Any]]:
    return [json.loads(entry.leaf) for entry in await all_entries(mesh.oversight)]


async def _entry(mesh: Mesh, index: int) -> dict[str, Any]:
    return next(entry for entry in await _entries(mesh) if entry["index"] == index)
