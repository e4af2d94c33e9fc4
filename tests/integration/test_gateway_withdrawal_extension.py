"""The law's one extension for answering a withdrawal: once, at most 15 days, in time, with a reason, and on record."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.tables import LEDGER_ENTRIES
from shared.seal.certificates import sign_certificate, verify_certificate
from shared.sop.loader import load_sop
from shared.web.withdrawal_page import render
from tests.support.agency import Message, Sent
from tests.support.mesh import HEALTH, SHELTER_HOUSE, SOCIAL, Mesh, keys_of
from tests.support.withdrawals import a_line, certificate, chased, propagation, taken_back

RULES = load_sop().withdrawal
DAY = timedelta(days=1)
MORE = {"result": "extended", "extension_days": 15, "reason": "many_records"}


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def a_withdrawal(mesh: Mesh) -> tuple[Message, Sent, Sent]:
    """Consent was taken back from two holders; both have the notice."""
    consent, _, first, second = await a_line(mesh)
    await taken_back(mesh[HEALTH], consent)
    for agency in (HEALTH, SOCIAL, SHELTER_HOUSE):
        await mesh[agency].take_in()
    return consent, first, second


async def holder(mesh: Mesh, consent: Message, agency: str = SOCIAL) -> dict[str, Any]:
    (found,) = [one for one in (await propagation(mesh[HEALTH], consent))["holders"] if one["agency"] == agency]
    shown: dict[str, Any] = found
    return shown


def said_of(mesh: Mesh, sent: Sent) -> list[str]:
    entries = [row for row in mesh.rows(LEDGER_ENTRIES) if row["referral_id"] == sent.id]
    return [row["code"] for row in entries if row["code"].startswith("withdrawal.")]


async def test_it_moves_the_laws_last_limit_and_leaves_the_house_rule_where_it_is(own_mesh: Mesh) -> None:
    consent, first, second = await a_withdrawal(own_mesh)
    await own_mesh[SOCIAL].reported(first, "sealed", **MORE)
    seen = await holder(own_mesh, consent)
    assert (seen["result"], seen["extension"]["days"], seen["extension"]["reason"]) == ("pending", 15, "many_records")
    own_mesh.advance(25 * timedelta(hours=1))
    assert await chased(own_mesh) == 2
    assert (await holder(own_mesh, consent))["late"] is True
    own_mesh.advance(26 * DAY)
    await chased(own_mesh)
    assert said_of(own_mesh, first) == [RULES.answer.id, RULES.statute.id]
    assert said_of(own_mesh, second) == [RULES.answer.id, RULES.statute.id, RULES.third_party.id]
    own_mesh.advance(8 * DAY)
    await chased(own_mesh)
    assert said_of(own_mesh, first) == [RULES.answer.id, RULES.statute.id, RULES.stop.id]


@pytest.mark.parametrize(
    ("changes", "status", "rule"),
    [
        ({"extension_days": 16}, 403, "withdrawal.extension.days"),
        ({"extension_days": 0}, 403, "withdrawal.extension.days"),
        ({"extension_days": None}, 422, "withdrawal.extension.extension_days"),
        ({"reason": None}, 422, "withdrawal.extension.reason"),
        ({"reason": "D05"}, 403, "withdrawal.extension.reason"),
    ],
)
async def test_longer_or_without_a_listed_reason_is_refused(
    mesh: Mesh, changes: dict[str, Any], status: int, rule: str
) -> None:
    consent, first, _ = await a_withdrawal(mesh)
    said = {name: value for name, value in {**MORE, **changes}.items() if value is not None}
    refused = await mesh[SOCIAL].report(first, "sealed", **said)
    assert refused.status_code == status, refused.text
    if status == 403:
        (reason,) = refused.json()["reasons"]
        assert (reason["code"], reason["rule"]) == ("sop.extension", rule)
        assert "356/2025" in reason["basis"]
        assert mesh.rows(LEDGER_ENTRIES)[refused.json()["ledger_index"]]["kind"] == "refusal"
    assert (await holder(mesh, consent))["extension"] is None


async def test_a_second_one_is_refused_and_the_first_stands(mesh: Mesh) -> None:
    consent, first, _ = await a_withdrawal(mesh)
    await mesh[SOCIAL].reported(first, "sealed", **{**MORE, "extension_days": 5})
    before = (await holder(mesh, consent))["extension"]
    refused = await mesh[SOCIAL].report(first, "sealed", **MORE)
    assert (refused.status_code, refused.json()["reasons"][0]["rule"]) == (403, "withdrawal.extension.once")
    assert (await holder(mesh, consent))["extension"] == before


async def test_one_declared_after_the_limit_is_refused(mesh: Mesh) -> None:
    _, first, second = await a_withdrawal(mesh)
    mesh.advance(18 * DAY)
    refused = await mesh[SOCIAL].report(first, "sealed", **MORE)
    assert (refused.status_code, refused.json()["reasons"][0]["rule"]) == (403, "withdrawal.extension.late")
    await mesh[SHELTER_HOUSE].reported(second, "sealed", **MORE)  # twenty days, for whom it was passed on to


async def test_nobody_puts_off_what_is_answered_or_was_never_asked(mesh: Mesh) -> None:
    consent, first, second = await a_withdrawal(mesh)
    await mesh[SOCIAL].reported(first, "sealed", result="sealed")
    refused = await mesh[SOCIAL].report(first, "sealed", **MORE)
    assert (refused.status_code, refused.json()["reasons"][0]["rule"]) == (403, "withdrawal.extension.nothing-owed")
    assert (await holder(mesh, consent))["result"] == "sealed"
    assert (await mesh[SOCIAL].report(second, "sealed", **MORE)).status_code in {403, 409}


async def test_oversight_sees_it_with_what_is_late(mesh: Mesh) -> None:
    _, first, _ = await a_withdrawal(mesh)
    await mesh[SOCIAL].reported(first, "sealed", **MORE)
    mesh.advance(25 * timedelta(hours=1))
    await chased(mesh)
    items = (await mesh.oversight.get("/v1/withdrawals?late=true")).json()["items"]
    shown = {one["agency"]: one["extension"] for one in items}
    assert shown[SOCIAL]["days"] == MORE["extension_days"]
    assert shown[SHELTER_HOUSE] is None


async def test_the_certificate_proves_it_and_its_page_says_it(mesh: Mesh) -> None:
    consent, first, second = await a_withdrawal(mesh)
    await mesh[SOCIAL].reported(first, "sealed", **MORE)
    await mesh[SOCIAL].reported(first, "sealed", result="sealed")
    await mesh[SHELTER_HOUSE].reported(second, "sealed", result="sealed")
    signed = await certificate(mesh[HEALTH], consent)
    extension = extension_of(signed["certificate"])
    assert json.loads(extension["answer"]["body"])["data"] == MORE
    assert findings(signed) == []
    assert "extended once, by law until" in render(signed["certificate"], lang="en", sop=load_sop())
    assert "đã gia hạn một lần" in render(signed["certificate"], lang="vi", sop=load_sop())
    for lie in ({"days": 14}, {"reason": "other"}, {"declared_at": "2026-01-01T00:00:00.000Z"}, {"ledger_index": 0}):
        forged = copy.deepcopy(signed["certificate"])
        extension_of(forged).update(lie)
        assert findings(sign_certificate(forged, keys_of("gateway").signing)) == ["certificate.extension"]
    forged = copy.deepcopy(signed["certificate"])
    extension_of(forged)["answer"]["signature"] = forged["holders"][0]["withdrawals"][0]["answer"]["signature"]
    assert findings(sign_certificate(forged, keys_of("gateway").signing)) == ["certificate.signature"]


def extension_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["holders"][0]["withdrawals"][0]["extension"]
    return found


def findings(signed: dict[str, Any]) -> list[str]:
    verdict = verify_certificate(json.dumps(signed).encode(), jwks=keys_of("gateway").public_jwks())
    return [finding.code for finding in verdict.findings]
