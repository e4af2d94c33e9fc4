"""Children at the agency services: recorded, referred and read through the API that partner systems use."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from shared.agency.tables import REFERRALS
from shared.storage.engine import open_engine, read
from tests.support.agency_services import (
    CANARY,
    CASE,
    World,
    a_consent,
    a_referral,
    agency_id,
    consented,
    contents,
    referred,
    shared_databases,
    world,
)

__all__ = ["shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORKERS = [{"actor": "social-4", "sector": "social"}, {"actor": "nurse-2", "sector": "health"}]
DECISION = {"workers": WORKERS, "reason": "guardian_unsafe", "at": "2026-11-20T08:00:00Z"}
BY_TWO = {
    "grantor": "best_interest_decision",
    "age_band": "6_11",
    "assent": "verbal",
    "caregiver": "unsafe",
    "decision": DECISION,
}
BY_MOTHER = {"grantor": "parent", "age_band": "6_11", "assent": "verbal", "caregiver": "another_unsafe"}
FATHER = {"name": "Hà Văn Mẫu", "relation": "father", "phone": "0900 000 011"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social", database_url=shared_databases) as made:
        yield made


def with_(**compartments: Any) -> dict[str, Any]:
    """The case, with some of its compartments written differently."""
    return {**CASE, **compartments}


def faults(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, code, and the places that are wrong."""
    problem = answer.json()
    return answer.status_code, problem["code"], [fault["pointer"] for fault in problem.get("errors", ())]


async def delivered(mesh: World, referral_id: str) -> Mapping[str, Any]:
    """What the social service has of a referral, once it is there."""
    return await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered", query="")


def subjects_of(mesh: World, kind: str, referral_ids: Sequence[str]) -> set[str]:
    """Whose cases these are at a service, read from beside it."""
    engine = open_engine(mesh.database_url(kind))
    try:
        with read(engine) as connection:
            found = select(REFERRALS.c.subject).where(REFERRALS.c.referral_id.in_(referral_ids))
            return set(connection.execute(found).scalars())
    finally:
        engine.dispose()


# Who consents.


async def test_whoever_records_a_guardians_consent_says_whether_the_caregivers_are_safe(mesh: World) -> None:
    answer = await mesh["health"].post("/v1/consents", a_consent(grantor="guardian", age_band="under_6"))
    assert faults(answer) == (422, "message.invalid", ["/caregiver"])
    assert "safe" in answer.json()["errors"][0]["message"]
    done = a_consent(grantor="guardian", age_band="under_6", caregiver="safe")
    assert (await mesh["health"].post("/v1/consents", done)).status_code == 201


async def test_a_best_interest_decision_and_its_grantor_belong_together(mesh: World) -> None:
    without = await mesh["health"].post("/v1/consents", a_consent(grantor="best_interest_decision"))
    assert faults(without) == (422, "message.invalid", ["/decision"])
    beside = await mesh["health"].post("/v1/consents", a_consent(decision=DECISION))
    assert faults(beside) == (422, "message.invalid", ["/decision"])


async def test_refusal_says_which_rule_and_how_to_mend_it(mesh: World) -> None:
    alone = a_consent(**{**BY_TWO, "decision": {**DECISION, "workers": WORKERS[:1]}})
    answer = await mesh["health"].post("/v1/consents", alone)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "consent.decision")
    assert problem["reasons"][0]["rule"] == "age.best-interest"
    assert problem["mend"]
    assert problem["ledger_index"] > 0
    hers = await mesh["health"].post("/v1/consents", a_consent(age_band="12_15"))
    assert (hers.status_code, hers.json()["code"]) == (403, "consent.who")


async def test_child_is_referred_on_what_two_workers_decided(mesh: World) -> None:
    consent = await consented(mesh["health"], **BY_TWO)
    referral_id = await referred(mesh["health"], consent)
    seen = await delivered(mesh, referral_id)
    assert (seen["age_band"], seen["facts"]) == ("6_11", {"guardian_unsafe": True})


async def test_decision_by_law_goes_with_the_basis(mesh: World) -> None:
    basis = {"kind": "best_interest_child", "article": "CRC Art 3", "approver": "social-4"}
    request = {**a_referral({"id": None}, basis=basis, age_band="6_11")}
    del request["consent_id"]
    refused = await mesh["health"].post("/v1/referrals", request)
    assert (refused.status_code, refused.json()["code"]) == (403, "basis.decision")
    request["basis"] = {**basis, "decision": DECISION}
    sent = await mesh["health"].done("/v1/referrals", request)
    seen = await delivered(mesh, sent["referral"]["referral_id"])
    assert seen["basis"]["decision"]["workers"] == WORKERS


async def test_nobodys_age_is_guessed_and_unknown_is_a_childs(mesh: World) -> None:
    hers = await consented(mesh["health"], age_band=None)
    refused = await mesh["health"].post("/v1/referrals", a_referral(hers))
    assert (refused.status_code, refused.json()["code"]) == (403, "consent.who")
    grown = with_(identity={"name": CANARY, "date_of_birth": "1994-03-02"})
    referral_id = await referred(mesh["health"], hers, compartments=grown)
    assert (await delivered(mesh, referral_id))["age_band"] == "adult"


async def test_child_is_not_passed_off_as_an_adult(mesh: World) -> None:
    hers = await consented(mesh["health"])
    young = with_(identity={"name": CANARY, "date_of_birth": "2020-03-02"})
    for stated in ({"age_band": "adult"}, {"age_band": "16_17"}):
        answer = await mesh["health"].post("/v1/referrals", a_referral(hers, compartments=young, **stated))
        assert faults(answer) == (422, "message.invalid", ["/age_band"])


# Who is left out.


async def test_unsafe_caregiver_is_not_handed_on_as_a_safe_contact(mesh: World) -> None:
    consent = await consented(mesh["health"], **BY_TWO)
    identity, contact = {"name": CANARY, "guardian": FATHER}, {"phone": "+84 900 000 011"}
    answer = await mesh["health"].post(
        "/v1/referrals", a_referral(consent, compartments=with_(identity=identity, contact=contact))
    )
    assert faults(answer) == (422, "contact.unsafe", ["/compartments/contact/phone"])
    assert answer.json()["mend"]
    assert "000 011" not in answer.text


async def test_unsafe_caregivers_number_stays_here_and_the_answer_says_so(mesh: World) -> None:
    consent = await consented(mesh["health"], **BY_TWO)
    case = with_(identity={"name": CANARY, "guardian": FATHER})
    sent = await mesh["health"].done("/v1/referrals", a_referral(consent, compartments=case))
    (held_back,) = sent["held_back"]
    assert (held_back["compartment"], held_back["fields"]) == ("identity", ["guardian.phone"])
    assert (held_back["reason"], held_back["rule"]) == ("unsafe_caregiver", "age.unsafe-caregiver")
    referral_id = sent["referral"]["referral_id"]
    await delivered(mesh, referral_id)
    await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await mesh["social"].done(f"/v1/referrals/{referral_id}/accept", {})
    opened = contents(await mesh["social"].seen(referral_id, query="?compartments=identity"))
    assert opened["identity"]["guardian"] == {"name": "Hà Văn Mẫu", "relation": "father"}


async def test_unsafe_caregiver_who_works_at_an_agency_sees_nothing_anywhere(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    consent = await consented(health, **BY_MOTHER, caregiver_works_as=["staff-father"])
    referral_id = await referred(health, consent)
    await delivered(mesh, referral_id)
    his = {"Access_Actor": "staff-father"}
    for client in (health, social):
        assert (await client.get(f"/v1/referrals/{referral_id}", **his)).status_code == 404
        assert (await client.get(f"/v1/referrals/{referral_id}/chain", **his)).status_code == 404
        listed = (await client.get("/v1/referrals", **his)).json()
        assert referral_id not in [one["referral_id"] for one in listed["items"]]
    assert (await health.get(f"/v1/consents/{consent['id']}", **his)).status_code == 404
    shown = await health.get(f"/v1/consents/{consent['id']}")
    assert shown.status_code == 200
    assert "staff-father" not in shown.text
    assert "staff-father" not in (await social.seen(referral_id)).__repr__()


async def test_unsafe_caregivers_agency_is_not_sent_the_case(mesh: World) -> None:
    consent = await consented(mesh["health"], **BY_MOTHER, caregiver_works_as=[agency_id("social")])
    answer = await mesh["health"].post("/v1/referrals", a_referral(consent))
    assert (answer.status_code, answer.json()["code"]) == (403, "referral.blocked")


@pytest.mark.parametrize(("word", "status"), [("guardian", 403), ("recorder", 202)])
async def test_unsafe_caregiver_takes_nothing_back(mesh: World, word: str, status: int) -> None:
    consent = await consented(mesh["health"], **BY_MOTHER)
    answer = await mesh["health"].post(f"/v1/consents/{consent['id']}/revocations", {"by": word})
    assert answer.status_code == status


# A referral of its own.


async def test_child_has_its_own_referral_and_nothing_of_its_mother_is_taken_for_it(mesh: World) -> None:
    health = mesh["health"]
    hers = await referred(health, await consented(health), preferences={"staff_gender": "female", "language": "en"})
    its = await consented(health, **{**BY_MOTHER, "age_band": None, "caregiver": "safe", "assent": "written"})
    sent = await health.done("/v1/referrals", a_referral(its, linked_id=hers, parent_id=hers))
    child = sent["referral"]
    assert (child["linked_id"], child["chain_id"]) == (hers, hers)
    seen = await delivered(mesh, child["referral_id"])
    assert (seen["age_band"], seen["preferences"]["language"]) == ("unknown", "vi")
    assert (seen["linked_id"], seen["linked"]) == (hers, [])
    for client in (health, mesh["social"]):
        mothers = await client.until(hers, lambda one: bool(one["linked"]))
        assert mothers["linked"] == [child["referral_id"]]
    subjects = subjects_of(mesh, "health", [hers, child["referral_id"]])
    assert len(subjects) == 2
    chain = (await mesh["social"].get(f"/v1/referrals/{hers}/chain")).json()
    assert chain["referrals"][0]["onward"][0]["linked_id"] == hers
    assert not any(subject in str(chain) for subject in subjects)


async def test_second_referral_of_the_same_person_is_no_link(mesh: World) -> None:
    consent = await consented(mesh["health"])
    hers = await referred(mesh["health"], consent)
    answer = await mesh["health"].post("/v1/referrals", a_referral(consent, linked_id=hers))
    assert faults(answer) == (422, "referral.linked", ["/linked_id"])


async def test_link_to_a_case_this_agency_does_not_have_is_refused(mesh: World) -> None:
    its = await consented(mesh["health"], **BY_MOTHER)
    foreign = "019a9b3c-4d5e-7f60-8a9b-0c1d2e3f0001"
    answer = await mesh["health"].post("/v1/referrals", a_referral(its, linked_id=foreign))
    assert (answer.status_code, answer.json()["code"]) == (404, "referral.unknown")


async def test_dependants_of_a_mother_name_no_child(mesh: World) -> None:
    consent = await consented(mesh["health"])
    case = with_(dependants={"count": 1, "children": [{"name": CANARY, "date_of_birth": "2020-01-01"}]})
    answer = await mesh["health"].post("/v1/referrals", a_referral(consent, compartments=case))
    where = "/compartments/dependants/children/0"
    assert faults(answer) == (422, "compartment.invalid", [f"{where}/date_of_birth", f"{where}/name"])
