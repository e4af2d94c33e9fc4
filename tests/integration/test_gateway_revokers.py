"""Who may take consent back, on whose word, at which agency: every row of the table, and those it leaves out."""

import pytest

from tests.support.agency import a_grant
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, Mesh
from tests.support.withdrawals import a_line, propagation, taken_back, taken_in


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


@pytest.mark.parametrize("at", [HEALTH, SOCIAL, SHELTER_HOUSE])
async def test_her_word_takes_the_root_back_wherever_her_case_is_held(mesh: Mesh, at: str) -> None:
    consent, _, _, _ = await a_line(mesh)
    answer = await taken_back(mesh[at], consent)
    assert (answer.status_code, answer.json()["consent"]["state"]) == (202, "revoked")
    told = {HEALTH, SOCIAL, SHELTER_HOUSE} - {at} - {HEALTH}
    assert set(answer.json()["notified"]) == told
    seen = await propagation(mesh[HEALTH], consent)
    assert {holder["agency"] for holder in seen["holders"]} == {SOCIAL, SHELTER_HOUSE}


@pytest.mark.parametrize("at", [HEALTH, SOCIAL, SHELTER_HOUSE])
async def test_her_word_takes_the_derived_one_back_wherever_her_case_is_held(mesh: Mesh, at: str) -> None:
    consent, derived, first, _ = await a_line(mesh)
    answer = await taken_back(mesh[at], derived)
    assert answer.status_code == 202, answer.text
    assert (await mesh[HEALTH].get(f"/v1/consents/{consent['id']}")).json()["consent"]["state"] == "active"
    assert (await mesh[HEALTH].get(f"/v1/referrals/{first.id}")).json()["state"] == "accepted"


async def test_holder_that_reports_her_word_is_told_what_itself_must_seal_off(mesh: Mesh) -> None:
    consent, _, first, second = await a_line(mesh)
    answer = (await taken_back(mesh[SOCIAL], consent)).json()
    own = {one["referral_id"]: one for one in answer["own"]}
    assert own.keys() == {first.id, second.id}
    assert set(own[first.id]["compartments"]) == set(first.plaintexts)
    assert own[first.id]["state"] == "revoked"
    assert own[first.id]["revocation_id"] == answer["receipt"]["message_id"]


async def test_recorder_without_her_word_takes_back_only_what_it_recorded(mesh: Mesh) -> None:
    consent, derived, _, _ = await a_line(mesh)
    refused = await taken_back(mesh[SOCIAL], consent, word="recorder")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent.revoker")
    assert (await taken_back(mesh[SOCIAL], derived, word="recorder")).status_code == 202
    assert (await taken_back(mesh[HEALTH], consent, word="recorder")).status_code == 202


async def test_guardian_does_not_take_back_what_she_agreed_to_herself(mesh: Mesh) -> None:
    consent, _, first, _ = await a_line(mesh)
    for at in (HEALTH, SOCIAL):
        refused = await taken_back(mesh[at], consent, word="guardian")
        assert (refused.status_code, refused.json()["code"]) == (403, "consent.revoker")
        assert refused.json()["ledger_index"] > 0
    assert (await mesh[HEALTH].get(f"/v1/referrals/{first.id}")).json()["state"] == "accepted"


@pytest.mark.parametrize("word", ["guardian", "survivor"])
async def test_what_a_guardian_gave_is_taken_back_by_the_guardian_or_by_herself(mesh: Mesh, word: str) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL), grantor="guardian")
    await taken_in(mesh, await mesh[HEALTH].refer(SOCIAL, consent, age_band="under_6"))
    assert (await taken_back(mesh[SOCIAL], consent, word=word)).status_code == 202


@pytest.mark.parametrize("word", ["survivor", "guardian", "recorder"])
async def test_agency_without_the_case_takes_nothing_back_and_learns_nothing(mesh: Mesh, word: str) -> None:
    consent, derived, first, _ = await a_line(mesh)
    for one in (consent, derived):
        refused = await taken_back(mesh[LEGAL], one, word=word)
        assert (refused.status_code, refused.json()["code"]) == (404, "consent.unknown")
        assert (await mesh[LEGAL].get(f"/v1/consents/{one['id']}/propagation")).status_code == 404
        assert (await mesh[LEGAL].get(f"/v1/consents/{one['id']}/certificate")).status_code == 404
    assert (await mesh[HEALTH].get(f"/v1/referrals/{first.id}")).json()["state"] == "accepted"
