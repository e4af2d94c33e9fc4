"""She tells her story once: the gateway counts, warns, and passes on the request for what was told, if she agreed."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.adapters import duties
from gateway.adapters.bell import Bell
from gateway.adapters.tables import STATEMENT_REQUESTS, STATEMENTS
from gateway.bootstrap import open_watch
from shared.kernel.clock import from_wire, to_wire
from shared.sop.calendar import due_at as due
from shared.sop.loader import load_sop
from shared.sop.model import ClockUnit
from tests.support.agency import Agency, Message, Sent, a_grant
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, LEGAL, POLICE, SOCIAL, Mesh, enrolment, keys_of
from tests.support.places import refusal
from tests.support.ticking import beside, notices

PROVINCE = "police-province"
OFFICER = "officer-3"
STORY: Message = {"identity": {}, "contact": {}, "preferences": {}, "incident": {"summary": "An invented story."}}
CHECKED = {"needs_check_done": True}
ASKED_AGAIN = {"taken": True, "count": 1}


@pytest.fixture(scope="module")
def province(mesh: Mesh) -> Agency:
    """A second police agency, which would ask her again."""
    return joined_by_province(mesh)


@pytest.fixture
def own_province(own_mesh: Mesh) -> Agency:
    """The same at a gateway that nobody else asks anything."""
    return joined_by_province(own_mesh)


def joined_by_province(mesh: Mesh) -> Agency:
    mesh.provision(lambda desk: desk.enroll(enrolment(PROVINCE, "police", "POL-")))
    agency = replace(mesh[POLICE], id=PROVINCE, keys=keys_of(PROVINCE), _tokens={})
    mesh.agencies[PROVINCE] = agency  # type: ignore[index]  # a dict
    return agency


async def agreed(mesh: Mesh, *, onward: bool = True, names: tuple[str, ...] = tuple(STORY)) -> Message:
    """She agrees that the commune's police and the province's may have her story; the first may pass it on."""
    return await mesh[SOCIAL].record_consent(
        a_grant(POLICE, services=["POL-06", "POL-03"], compartments=list(STORY), onward=onward),
        a_grant(PROVINCE, services=["POL-03", "POL-06"], compartments=list(names)),
    )


async def referred(mesh: Mesh, to: str, consent: Message, service: str, **changes: Any) -> Sent:
    given = {"service_type": service, "urgency": "prompt", "plaintexts": STORY, "facts": CHECKED, **changes}
    sent = await mesh[SOCIAL].refer(to, consent, **given)
    assert sent.answer.status_code == 202, sent.answer.text
    return sent


def statements(mesh: Mesh, sent: Sent) -> list[dict[str, Any]]:
    """What the gateway keeps of statements that were taken in the work on a referral."""
    return [row for row in mesh.rows(STATEMENTS) if row["referral_id"] == sent.id]


async def at_work(agency: Agency, sent: Sent) -> None:
    await agency.take_in()
    await agency.reported(sent, "acknowledged", "accepted", "started")


async def told(mesh: Mesh, consent: Message) -> Sent:
    """A statement was taken by the commune's police."""
    sent = await referred(mesh, POLICE, consent, "POL-06")
    await at_work(mesh[POLICE], sent)
    await mesh[POLICE].reported(sent, "completed", outcome="statement_taken")
    return sent


async def would_ask(mesh: Mesh, consent: Message, first: Sent, **changes: Any) -> Sent:
    """The province's police would ask her again."""
    return await referred(mesh, PROVINCE, consent, "POL-03", chain_id=first.id, parent_id=first.id, **changes)


async def ask(agency: Agency, sent: Sent, actor: str = OFFICER) -> httpx.Response:
    return await agency.call("POST", f"/v1/referrals/{sent.id}/statement-requests", json={"actor": actor})


# The flag, the count, the warning.


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


@pytest.mark.rule("R-02")
async def test_whoever_would_ask_again_is_warned_when_it_is_sent_and_when_it_is_accepted(
    mesh: Mesh, province: Agency
) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    assert "warning" not in first.answer.json()["referral"]
    again = await would_ask(mesh, consent, first)
    await province.take_in()
    await province.reported(again, "acknowledged")
    accepted = await province.report(again, "accepted")
    for answer in (again.answer, accepted):
        shown = answer.json()["referral"]
        assert shown["statements"] == ASKED_AGAIN
        assert shown["warning"]["code"] == "statement.exists"
        assert shown["warning"]["vi"]
        assert "Do not ask again" in shown["warning"]["en"]


async def test_holders_see_the_flag_and_the_count_and_no_more(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    detail = (await province.get(f"/v1/referrals/{again.id}")).json()
    chain = (await province.get(f"/v1/chains/{first.id}")).json()
    assert detail["statements"] == chain["statements"] == ASKED_AGAIN
    assert POLICE not in json.dumps([detail, chain]), "who took it is not said"
    assert refusal(await mesh[LEGAL].get(f"/v1/referrals/{again.id}")) == (404, "referral.unknown")


async def test_a_service_that_does_not_ask_is_not_warned(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    needs = {"contact": {}, "preferences": {}, "needs": {"needs": ["a lawyer"]}}
    fresh = await mesh[SOCIAL].record_consent(
        a_grant(LEGAL, services=["LEG-01"], compartments=list(needs)), subject=consent["subject"]
    )
    facts = {"service_type": "LEG-01", "urgency": "standard", "plaintexts": needs}
    sent = await mesh[SOCIAL].refer(LEGAL, fresh, chain_id=first.id, parent_id=first.id, **facts)
    assert sent.answer.status_code == 202, sent.answer.text
    assert "warning" not in sent.answer.json()["referral"]


async def test_one_service_counts_once_however_often_it_says_so(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    sent = await referred(mesh, POLICE, consent, "POL-06")
    await mesh[POLICE].take_in()
    await mesh[POLICE].reported(sent, "acknowledged", "accepted")
    await mesh[POLICE].reported(sent, "started", statement_taken=True)
    await mesh[POLICE].reported(sent, "completed", outcome="joint_interview_done", statement_taken=True)
    assert [row["ordinal"] for row in statements(mesh, sent)] == [1]


async def test_an_interview_that_was_put_off_is_no_statement(mesh: Mesh) -> None:
    consent = await agreed(mesh)
    sent = await referred(mesh, POLICE, consent, "POL-06")
    await at_work(mesh[POLICE], sent)
    await mesh[POLICE].reported(sent, "completed", outcome="postponed_by_survivor", statement_taken=False)
    assert statements(mesh, sent) == []


async def test_only_the_work_itself_says_that_a_statement_was_taken(mesh: Mesh) -> None:
    consent = await agreed(mesh)
    sent = await referred(mesh, POLICE, consent, "POL-06")
    await mesh[POLICE].take_in()
    refused = await mesh[POLICE].report(sent, "acknowledged", statement_taken=True)
    assert refusal(refused) == (403, "sop.statement")
    assert refused.json()["reasons"][0]["rule"] == "R-02"
    assert refusal(await mesh[SOCIAL].report(sent, "cancelled", statement_taken=True)) == (403, "sop.statement")
    assert statements(mesh, sent) == []


async def test_another_person_of_the_same_chain_tells_her_own_story(mesh: Mesh, province: Agency) -> None:
    first = await told(mesh, await agreed(mesh))
    of_her_child = await agreed(mesh)
    sent = await would_ask(mesh, of_her_child, first)
    assert "statements" not in sent.answer.json()["referral"]
    assert (await province.get(f"/v1/referrals/{sent.id}")).json()["statements"] == {"taken": False, "count": 0}
    assert refusal(await ask(province, sent)) == (409, "statement.none")


async def test_how_often_she_was_asked_is_an_indicator(mesh: Mesh, province: Agency) -> None:
    before = await how_often(mesh)
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    await at_work(province, again)
    await province.reported(again, "completed", outcome="case_opened", statement_taken=True)
    assert await how_often(mesh) - before == {("first", "police"): 1, ("second", "police"): 1}


async def how_often(mesh: Mesh) -> Counter[tuple[str, str]]:
    """How often somebody was asked for the first and for the second time, by sector, as oversight counts."""
    answer = (await mesh.oversight.get("/v1/indicators")).json()
    (found,) = [one for one in answer["indicators"] if one["id"] == "I26"]
    return Counter({(cell["what"], cell["sector"]): cell["count"] or 0 for cell in found["cells"]})


# The request for the existing one.


async def test_the_holder_is_asked_and_what_it_sends_travels_like_every_referral(
    own_mesh: Mesh, own_province: Agency
) -> None:
    consent = await agreed(own_mesh)
    first = await told(own_mesh, consent)
    again = await would_ask(own_mesh, consent, first)
    await at_work(own_province, again)
    asked = await ask(own_province, again)
    assert asked.status_code == 202, asked.text
    assert asked.json()["compartments"] == ["incident"]
    assert POLICE not in asked.text
    (notice,) = await notices(own_mesh[POLICE], "statement_requested")
    assert notice["referral_id"] == first.id
    assert notice["data"] == {
        "request_id": asked.json()["id"],
        "agency": PROVINCE,
        "service_type": "POL-03",
        "compartments": ["incident"],
        "due_at": asked.json()["due_at"],
    }
    facts = {"facts": {"statement_request": asked.json()["id"]}, "chain_id": first.id, "parent_id": first.id}
    sent = await own_mesh[POLICE].refer(
        PROVINCE, consent, service_type="POL-03", urgency="prompt", plaintexts=STORY, **facts
    )
    assert sent.answer.status_code == 202, sent.answer.text
    (item,) = [one for one in await own_province.take_in() if one["kind"] == "referral"]
    await own_province.reported(sent, "acknowledged", "accepted")
    share = (await own_province.open(sent, "incident")).json()["shares"].get("incident") or item["hub_shares"][
        "incident"
    ]
    assert own_province.unseal(item, "incident", share) == STORY["incident"]
    entries = [json.loads(one.leaf) for one in await all_entries(own_mesh.oversight)]
    assert [leaf.get("code") for leaf in entries if leaf["kind"] == "statement"] == ["requested", "provided"]
    (row,) = own_mesh.rows(STATEMENT_REQUESTS)
    assert row["answered_by"] == sent.id


async def warned(mesh: Mesh) -> int:
    """Look once for requests that nobody answered in time, as a process of its own."""
    core = beside(mesh)
    try:
        return await open_watch(core, duties.statements(core.sop), Bell()).look()
    finally:
        core.close()


async def test_a_request_that_nobody_answers_is_overdue_for_both_and_said_once(
    own_mesh: Mesh, own_province: Agency
) -> None:
    consent = await agreed(own_mesh)
    first = await told(own_mesh, consent)
    again = await would_ask(own_mesh, consent, first)
    due_at = (await ask(own_province, again)).json()["due_at"]
    assert due_at == to_wire(due(own_mesh.clock.now(), 2, ClockUnit.WORKING_DAYS))
    assert await warned(own_mesh) == 0
    own_mesh.advance(from_wire(due_at) - own_mesh.clock.now() + timedelta(seconds=1))
    assert [await warned(own_mesh), await warned(own_mesh)] == [1, 0]
    for agency, sent in ((own_mesh[POLICE], first), (own_province, again)):
        said = [one for one in await notices(agency, "clock_missed") if one["data"]["phase"] == "statement"]
        assert [(one["referral_id"], one["data"]["due_at"]) for one in said] == [(sent.id, due_at)]
        assert POLICE not in json.dumps([one["data"] for one in said])
        (shown,) = (await agency.get(f"/v1/referrals/{sent.id}")).json()["statement_requests"]
        assert (shown["by"], shown["due_at"], shown["overdue"], shown["answered"]) == (PROVINCE, due_at, True, False)
    assert (await own_mesh[SOCIAL].get(f"/v1/referrals/{again.id}")).json()["statement_requests"] == []


async def test_nobody_is_warned_of_a_request_that_was_answered_or_is_needed_no_more(
    own_mesh: Mesh, own_province: Agency
) -> None:
    consent = await agreed(own_mesh)
    first = await told(own_mesh, consent)
    answered, dropped = [await would_ask(own_mesh, consent, first) for _ in range(2)]
    request_id = (await ask(own_province, answered)).json()["id"]
    assert (await ask(own_province, dropped)).status_code == 202
    facts = {"facts": {"statement_request": request_id}, "chain_id": first.id, "parent_id": first.id}
    await own_mesh[POLICE].refer(PROVINCE, consent, service_type="POL-03", urgency="prompt", plaintexts=STORY, **facts)
    assert (await own_mesh[SOCIAL].report(dropped, "cancelled")).status_code == 202
    own_mesh.advance(timedelta(days=9))
    assert await warned(own_mesh) == 0
    assert {row["warn_at"] for row in own_mesh.rows(STATEMENT_REQUESTS)} == {None}


async def test_asking_twice_asks_once(own_mesh: Mesh, own_province: Agency) -> None:
    consent = await agreed(own_mesh)
    first = await told(own_mesh, consent)
    again = await would_ask(own_mesh, consent, first)
    assert (await ask(own_province, again)).json() == (await ask(own_province, again)).json()
    assert len(await notices(own_mesh[POLICE], "statement_requested")) == 1


@pytest.mark.rule("R-02")
async def test_without_her_consent_the_statement_is_not_asked_for_and_that_is_on_record(
    mesh: Mesh, province: Agency
) -> None:
    consent = await agreed(mesh, onward=False)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    refused = await ask(province, again)
    assert refusal(refused) == (403, "consent.onward")
    leaf = json.loads((await all_entries(mesh.oversight))[refused.json()["ledger_index"]].leaf)
    assert (leaf["kind"], leaf["code"], leaf["actor"], leaf["referral_id"]) == (
        "refusal",
        "consent.onward",
        PROVINCE,
        again.id,
    )
    assert POLICE not in refused.text
    assert await notices(mesh[POLICE], "statement_requested") == []


async def test_consent_that_has_ended_carries_no_statement(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    await at_work(province, again)
    mesh.advance(timedelta(days=31))
    assert refusal(await ask(province, again)) == (403, "consent.expired")


async def test_what_she_took_back_from_the_holder_is_not_asked_of_it(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    await at_work(province, again)
    await mesh[SOCIAL].revoke(consent, recipients=[POLICE])
    assert refusal(await ask(province, again)) == (403, "consent.onward")


async def test_only_who_would_ask_her_asks_for_it(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    assert refusal(await ask(mesh[SOCIAL], again)) == (403, "referral.not-recipient")
    assert refusal(await ask(mesh[HEALTH], again)) == (404, "referral.unknown")
    assert refusal(await ask(mesh[POLICE], first)) == (409, "referral.ended")
    await province.take_in()
    await province.reported(again, "acknowledged")
    await province.reported(again, "declined", reason="D05")
    assert refusal(await ask(province, again)) == (409, "referral.ended")


async def test_who_declared_a_conflict_asks_for_nothing(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    await province.take_in()
    message = province.head("opening", compartments=["incident"], actor=OFFICER, reason="conflict_of_interest")
    await province.post(f"/v1/referrals/{again.id}/openings", message)
    assert refusal(await ask(province, again)) == (403, "referral.blocked")


async def test_nobody_answers_a_request_that_was_made_to_another(mesh: Mesh, province: Agency) -> None:
    consent = await agreed(mesh)
    first = await told(mesh, consent)
    again = await would_ask(mesh, consent, first)
    request = (await ask(province, again)).json()["id"]
    facts = {"facts": {"statement_request": request}, "service_type": "POL-03", "urgency": "prompt"}
    forged = await mesh[SOCIAL].refer(
        PROVINCE, consent, plaintexts=STORY, chain_id=first.id, parent_id=first.id, **facts
    )
    assert refusal(forged.answer) == (422, "statement.request")


def test_every_service_that_asks_can_be_sent_what_was_told() -> None:
    sop = load_sop()
    for code in sop.statements.services:
        assert not sop.services[code].allowed.isdisjoint(sop.statements.carried_in)
