"""Who does not answer a withdrawal: shown, escalated once for each limit, named to oversight, and settled on return."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.tables import LEDGER_ENTRIES
from shared.sop.loader import load_sop
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh, enrolment
from tests.support.withdrawals import (
    EVIDENCE,
    a_line,
    certificate,
    chased,
    notices_of,
    propagation,
    results,
    taken_back,
    taken_in,
)

RULES = load_sop().withdrawal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POLICE_SERVICE = "POL-01"


def limits(onward: bool) -> list[str]:
    """The ids of the limits that speak of a holder whose notice has arrived."""
    last = RULES.third_party if onward else RULES.stop
    return [RULES.answer.id, RULES.statute.id, last.id]


def said_of(mesh: Mesh, sent: Sent) -> list[str]:
    entries = [row for row in mesh.rows(LEDGER_ENTRIES) if row["referral_id"] == sent.id]
    return [row["code"] for row in entries if row["code"].startswith("withdrawal.")]


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def test_each_limit_is_escalated_once_to_the_holder_and_to_the_recorder(own_mesh: Mesh) -> None:
    consent, _, first, second = await a_line(own_mesh)
    await taken_back(own_mesh[HEALTH], consent)
    for agency in (HEALTH, SOCIAL, SHELTER_HOUSE):
        await own_mesh[agency].take_in()
    assert await chased(own_mesh) == 0
    own_mesh.advance(timedelta(hours=24, seconds=1))
    assert sum(await asyncio.gather(chased(own_mesh), chased(own_mesh))) == 2  # two processes look at once
    assert await chased(own_mesh) == 0
    (notice,) = notices_of(await own_mesh[SHELTER_HOUSE].take_in(), "clock_missed")
    assert (
        notice["data"].items()
        >= {
            "phase": "withdrawal",
            "rule": RULES.answer.id,
            "agency": SHELTER_HOUSE,
            "about": second.id,
            "level": "supervisor",
        }.items()
    )
    told = notices_of(await own_mesh[HEALTH].take_in(), "clock_missed")
    assert {(one["data"]["agency"], one["referral_id"]) for one in told} == {
        (SOCIAL, first.id),
        (SHELTER_HOUSE, first.id),
    }
    own_mesh.advance(30 * DAY)
    await chased(own_mesh)
    assert said_of(own_mesh, first) == limits(onward=False)
    assert said_of(own_mesh, second) == limits(onward=True)
    assert await chased(own_mesh) == 0


async def test_answer_in_time_is_never_escalated(own_mesh: Mesh) -> None:
    consent, _, first, second = await a_line(own_mesh)
    await taken_back(own_mesh[HEALTH], consent)
    await own_mesh[SOCIAL].reported(first, "sealed", result="sealed")
    await own_mesh[SHELTER_HOUSE].reported(second, "sealed", result="sealed")
    own_mesh.advance(40 * DAY)
    assert await chased(own_mesh) == 0
    seen = await propagation(own_mesh[HEALTH], consent)
    assert seen["complete"] is True
    assert not any(holder["late"] for holder in seen["holders"])


async def test_late_answer_stays_marked_as_late(mesh: Mesh) -> None:
    consent, _, first, _ = await a_line(mesh)
    await taken_back(mesh[HEALTH], consent)
    mesh.advance(25 * HOUR)
    await mesh[SOCIAL].reported(first, "sealed", result="sealed")
    late = {holder["agency"]: holder["late"] for holder in (await propagation(mesh[HEALTH], consent))["holders"]}
    assert late == {SOCIAL: True, SHELTER_HOUSE: True}
    signed = await certificate(mesh[HEALTH], consent)
    assert [one["agency"] for one in signed["certificate"]["outstanding"]] == [SHELTER_HOUSE]


async def test_disabled_holder_is_unreachable_escalated_and_settles_when_it_returns(own_mesh: Mesh) -> None:
    consent, _, first, second = await a_line(own_mesh)
    own_mesh.provision(lambda desk: desk.disable(SHELTER_HOUSE))
    await taken_back(own_mesh[HEALTH], consent)
    await own_mesh[SOCIAL].reported(first, "sealed", result="sealed")
    assert await results(own_mesh[HEALTH], consent) == {SOCIAL: "sealed", SHELTER_HOUSE: "unreachable"}
    await own_mesh[HEALTH].take_in()
    own_mesh.advance(61 * timedelta(minutes=1))
    assert await chased(own_mesh) == 1
    (told,) = notices_of(await own_mesh[HEALTH].take_in(), "clock_missed")
    assert told["data"].items() >= {"agency": SHELTER_HOUSE, "reason": "agency.disabled"}.items()
    own_mesh.advance(12 * DAY)  # longer than any other message is kept
    await chased(own_mesh)
    assert (await results(own_mesh[HEALTH], consent))[SHELTER_HOUSE] == "unreachable"
    own_mesh.provision(lambda desk: desk.enroll(enrolment(SHELTER_HOUSE, "social", "SOC-")))
    revoked = notices_of(await own_mesh[SHELTER_HOUSE].take_in(), "revoked")
    assert [notice["referral_id"] for notice in revoked] == [second.id]
    await own_mesh[SHELTER_HOUSE].reported(second, "sealed", result="sealed")
    seen = await propagation(own_mesh[HEALTH], consent)
    assert (seen["complete"], {one["result"] for one in seen["holders"]}) == (True, {"sealed"})


async def test_notice_nobody_fetches_makes_its_holder_unreachable_after_an_hour(mesh: Mesh) -> None:
    consent, _, _, _ = await a_line(mesh)
    await taken_back(mesh[HEALTH], consent)
    await mesh[SOCIAL].take_in()
    assert (await results(mesh[HEALTH], consent))[SHELTER_HOUSE] == "pending"
    mesh.advance(61 * timedelta(minutes=1))
    assert await results(mesh[HEALTH], consent) == {SOCIAL: "pending", SHELTER_HOUSE: "unreachable"}
    (holder,) = (one for one in (await propagation(mesh[HEALTH], consent))["holders"] if one["agency"] == SHELTER_HOUSE)
    assert holder["reason"] == "notice.undelivered"
    await mesh[SHELTER_HOUSE].take_in()
    assert (await results(mesh[HEALTH], consent))[SHELTER_HOUSE] == "pending"


async def test_holder_that_refuses_the_notice_is_sent_it_anew(mesh: Mesh) -> None:
    consent, _, _, second = await a_line(mesh)
    await taken_back(mesh[HEALTH], consent)
    items = await mesh[SHELTER_HOUSE].inbox()
    await mesh[SHELTER_HOUSE].settle(*items, result="rejected", code="referral.unknown")
    assert (await results(mesh[HEALTH], consent))[SHELTER_HOUSE] == "unreachable"
    mesh.advance(61 * timedelta(minutes=1))
    await chased(mesh)
    (again,) = notices_of(await mesh[SHELTER_HOUSE].take_in(), "revoked")
    assert (again["referral_id"], set(again["data"]["compartments"])) == (second.id, set(second.plaintexts))
    assert (await results(mesh[HEALTH], consent))[SHELTER_HOUSE] == "pending"


async def test_oversight_alone_lists_what_is_late(own_mesh: Mesh) -> None:
    consent, _, first, second = await a_line(own_mesh)
    await taken_back(own_mesh[HEALTH], consent)
    await own_mesh[SOCIAL].reported(first, "sealed", result="sealed")
    assert (await own_mesh.oversight.get("/v1/withdrawals", late=True)).json()["items"] == []
    own_mesh.advance(25 * HOUR)
    await chased(own_mesh)
    (one,) = (await own_mesh.oversight.get("/v1/withdrawals", late=True)).json()["items"]
    assert (one["agency"], one["referral_id"], one["late"]) == (SHELTER_HOUSE, second.id, True)
    assert RULES.answer.id in [limit["rule"] for limit in one["passed"]]
    assert one["next"]["rule"] == RULES.statute.id
    assert (await own_mesh.oversight.get("/v1/withdrawals", late=False)).json()["items"] == []
    for agency in (HEALTH, SOCIAL, LEGAL):
        assert (await own_mesh[agency].get("/v1/withdrawals")).status_code == 403


async def test_pages_of_open_withdrawals_lose_and_repeat_nothing(own_mesh: Mesh) -> None:
    consent = await own_mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    for _ in range(3):
        for holder in (SOCIAL, SHELTER_HOUSE):
            await taken_in(own_mesh, await own_mesh[HEALTH].refer(holder, consent))
    await taken_back(own_mesh[HEALTH], consent)
    seen: Counter[str] = Counter()
    params: dict[str, Any] = {"limit": 4}
    while True:
        page = (await own_mesh.oversight.get("/v1/withdrawals", **params)).json()
        seen.update(one["referral_id"] for one in page["items"])
        if page["next"] is None:
            break
        params["after"] = page["next"]
    assert (len(seen), set(seen.values())) == (6, {1})


async def test_answer_to_one_taking_back_does_not_answer_the_next(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    await taken_in(mesh, sent)
    one = (await taken_back(mesh[HEALTH], consent, compartments=["identity"])).json()["receipt"]["message_id"]
    two = (await taken_back(mesh[HEALTH], consent)).json()["receipt"]["message_id"]
    await mesh[SOCIAL].reported(sent, "sealed", result="sealed", revocation_id=one)
    seen = await propagation(mesh[HEALTH], consent)
    assert {holder["revocation_id"]: holder["result"] for holder in seen["holders"]} == {one: "sealed", two: "pending"}
    assert seen["complete"] is False
    await mesh[SOCIAL].reported(sent, "sealed", result="sealed", revocation_id=two)
    assert (await propagation(mesh[HEALTH], consent))["complete"] is True


# What a law may make a holder keep.


async def at_the_police(mesh: Mesh) -> tuple[Message, Sent]:
    """A report to the police with an account of what happened, accepted and opened."""
    grant = a_grant(POLICE, services=[POLICE_SERVICE], compartments=list(EVIDENCE))
    consent = await mesh[HEALTH].record_consent(grant)
    sent = await mesh[HEALTH].refer(POLICE, consent, service_type=POLICE_SERVICE, plaintexts=EVIDENCE)
    await taken_in(mesh, sent)
    return consent, sent


async def test_law_keeps_evidence_by_its_article_and_nothing_else(mesh: Mesh) -> None:
    consent, sent = await at_the_police(mesh)
    await mesh[POLICE].open(sent, *EVIDENCE)
    await taken_back(mesh[HEALTH], consent)
    await mesh[POLICE].reported(sent, "sealed", result="legal_hold", article="CPC-2015/99")
    (holder,) = (await propagation(mesh[HEALTH], consent))["holders"]
    assert (holder["result"], holder["article"], holder["kept"]) == ("legal_hold", "CPC-2015/99", ["incident"])
    assert (await propagation(mesh[HEALTH], consent))["complete"] is True


async def test_hold_without_an_article_is_refused(mesh: Mesh) -> None:
    consent, sent = await at_the_police(mesh)
    await taken_back(mesh[HEALTH], consent)
    refused = await mesh[POLICE].report(sent, "sealed", result="legal_hold")
    assert (refused.status_code, refused.json()["code"]) == (422, "event.fact-missing")
    assert (await results(mesh[HEALTH], consent))[POLICE] == "pending"


async def test_shelter_cannot_keep_anything_by_law(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    await taken_in(mesh, sent)
    await taken_back(mesh[HEALTH], consent)
    refused = await mesh[SOCIAL].report(sent, "sealed", result="legal_hold", article="CPC-2015/99")
    assert (refused.status_code, refused.json()["code"]) == (403, "sop.legal-hold")
    assert refused.json()["reasons"][0]["basis"]


async def test_what_was_never_opened_is_not_kept_by_law(mesh: Mesh) -> None:
    consent, sent = await at_the_police(mesh)
    await taken_back(mesh[HEALTH], consent, compartments=["identity"])
    refused = await mesh[POLICE].report(sent, "sealed", result="legal_hold", article="CPC-2015/99")
    assert refused.json()["code"] == "sop.legal-hold"


@pytest.mark.parametrize("later", ["legal_hold", "sealed"])
async def test_hold_by_law_ends_only_by_sealing_off(mesh: Mesh, later: str) -> None:
    consent, sent = await at_the_police(mesh)
    await taken_back(mesh[HEALTH], consent)
    await mesh[POLICE].reported(sent, "sealed", result="legal_hold", article="CPC-2015/99")
    answer = await mesh[POLICE].report(sent, "sealed", result=later, article="CPC-2015/1")
    (holder,) = (await propagation(mesh[HEALTH], consent))["holders"]
    if later == "sealed":
        assert (answer.status_code, holder["result"], holder["article"], holder["kept"]) == (202, "sealed", None, [])
    else:
        assert (answer.status_code, holder["result"], holder["article"]) == (403, "legal_hold", "CPC-2015/99")
