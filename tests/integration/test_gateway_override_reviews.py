"""Disclosures without consent: the review, the queue, what is refused and recorded, the counts; on both databases."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.tables import OVERRIDES
from gateway.domain.retention import MONTHS_KEPT
from shared.kernel.clock import from_wire
from shared.sop.calendar import ZONE as HANOI
from tests.support.agency import Agency
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh, enrolment, keys_of
from tests.support.overrides import (
    APPROVER,
    CASE,
    LAW,
    a_basis,
    acts,
    confirm,
    detail,
    overridden,
    queue,
    review,
    tell,
    try_override,
    watched,
)
from tests.support.places import refusal
from tests.support.ticking import notices

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)


# The review.


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def test_a_review_ends_the_matter_and_the_sender_is_told(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE, LAW)
    await own_mesh[HEALTH].take_in()
    own_mesh.advance(100 * HOUR)
    answer = await review(own_mesh.oversight, sent, "partly", "guidance_given", "procedure_changed")
    assert answer.status_code == 200, answer.text
    found = answer.json()["override"]
    assert (found["state"], found["review"]["in_time"], found["review"]["outcome"]) == ("reviewed", True, "partly")
    (notice,) = await notices(own_mesh[HEALTH], "override_review")
    assert notice["data"] == {
        "stage": "reviewed",
        "outcome": "partly",
        "measures": ["guidance_given", "procedure_changed"],
    }
    assert acts(own_mesh, sent)[-1] == "reviewed:partly"
    again = await review(own_mesh.oversight, sent, "partly", "guidance_given", "procedure_changed")
    assert again.json()["ledger_index"] == answer.json()["ledger_index"]
    assert refusal(await review(own_mesh.oversight, sent, "justified")) == (409, "override.done")


async def test_a_review_that_is_late_stands_as_late(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE, LAW)
    await tell(own_mesh[HEALTH], sent)
    own_mesh.advance(168 * HOUR + MOMENT)
    assert [item["overdue"] for item in await queue(own_mesh.oversight, overdue="true")] == [["review"]]
    assert (await review(own_mesh.oversight, sent)).json()["override"]["review"]["in_time"] is False


async def test_a_review_can_end_access_at_once(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    await mesh[POLICE].take_in()
    await confirm(mesh[HEALTH], sent)
    answer = await review(mesh.oversight, sent, "not_justified", "access_ended")
    assert answer.json()["override"]["access"]["code"] == "basis.review"
    (notice,) = await notices(mesh[POLICE], "revoked")
    assert notice["data"]["reason"] == "basis.review"
    assert (await detail(mesh[POLICE], sent))["state"] == "revoked"


async def test_a_review_does_not_stand_for_the_second_person(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    await review(own_mesh.oversight, sent)
    own_mesh.advance(72 * HOUR)
    assert await watched(own_mesh) == 1


async def test_nobody_reviews_but_a_body_of_oversight(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    for name in (HEALTH, POLICE):
        assert refusal(await review(mesh[name], sent)) == (403, "token.scope")


@pytest.mark.parametrize(
    ("outcome", "measures", "pointer"),
    [
        ("perhaps", [], "/outcome"),
        ("justified", ["applause"], "/measures/0"),
        ("justified", ["guidance_given", "guidance_given"], "/measures/1"),
    ],
)
async def test_a_review_outside_the_vocabulary_is_refused(
    mesh: Mesh, outcome: str, measures: list[str], pointer: str
) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    answer = await review(mesh.oversight, sent, outcome, *measures)
    assert refusal(answer) == (422, "message.invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


# The queue.


async def test_the_queue_is_filtered_by_state(own_mesh: Mesh) -> None:
    health = own_mesh[HEALTH]
    ended = await overridden(health, POLICE)
    own_mesh.advance(72 * HOUR)
    await watched(own_mesh)
    waiting, law, done = [
        await overridden(health, POLICE, basis) for basis in (a_basis(), LAW, a_basis(approver="duty-9"))
    ]
    confirmed = await overridden(health, POLICE)
    await confirm(health, confirmed)
    await review(own_mesh.oversight, done)
    expected = {
        "ended": [ended.id],
        "unconfirmed": [waiting.id],
        "awaiting_review": [law.id, confirmed.id],
        "reviewed": [done.id],
    }
    for state, ids in expected.items():
        found = await queue(own_mesh.oversight, state=state)
        assert [(item["referral_id"], item["state"]) for item in found] == [(one, state) for one in ids]
    assert refusal(await own_mesh.oversight.get("/v1/overrides", state="open")) == (422, "message.invalid")


async def test_overdue_in_sql_is_overdue_in_words(own_mesh: Mesh) -> None:
    health = own_mesh[HEALTH]
    bases = (a_basis(), LAW, a_basis(notify_unsafe=True), {**LAW, "notify_unsafe": True})
    sent = [await overridden(health, POLICE, basis) for basis in bases for _ in range(2)]
    for one in sent[::2]:
        await tell(health, one)
        await confirm(health, one)
    for hours in (23, 24, 71, 72, 167, 168):
        own_mesh.advance(timedelta(hours=hours) - (own_mesh.clock.now() - mesh_began(own_mesh)) + MOMENT)
        await watched(own_mesh)
        everything = await queue(own_mesh.oversight)
        late = await queue(own_mesh.oversight, overdue="true")
        assert [item["referral_id"] for item in late] == [item["referral_id"] for item in everything if item["overdue"]]


def mesh_began(mesh: Mesh) -> Any:
    return from_wire(min(str(row["made_at"]) for row in mesh.rows(OVERRIDES)))


async def test_the_queue_is_read_page_by_page(own_mesh: Mesh) -> None:
    sent = [await overridden(own_mesh[HEALTH], POLICE) for _ in range(5)]
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = (await own_mesh.oversight.get("/v1/overrides", limit=2, **after)).json()
        seen += [item["referral_id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert seen == [one.id for one in sent]


async def test_an_agency_sees_only_what_it_sent(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    assert [item["referral_id"] for item in await queue(own_mesh[HEALTH])] == [sent.id]
    assert await queue(own_mesh[POLICE]) == []


# What may not happen (INV-10) and what may not be said.


@pytest.mark.parametrize(
    ("basis", "plaintexts", "code"),
    [
        (a_basis(article=" "), CASE, "basis.article"),
        (a_basis(), {**CASE, "dependants": {}}, "basis.maximum"),
        (a_basis(kind="court_order"), CASE, "sop.basis"),
        (a_basis(kind="best_interest_child"), CASE, "sop.basis"),  # of an adult
    ],
)
async def test_what_the_ground_does_not_carry_is_refused_and_is_no_override(
    mesh: Mesh, basis: dict[str, Any], plaintexts: dict[str, Any], code: str
) -> None:
    before = mesh.rows(OVERRIDES)
    sent = await try_override(mesh[HEALTH], POLICE, basis, plaintexts=plaintexts)
    assert sent.answer.status_code in {403, 422}
    assert code in {reason["code"] for reason in sent.answer.json().get("reasons", [])}
    assert mesh.rows(OVERRIDES) == before


async def test_the_ledger_names_no_person_and_no_article(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    await confirm(own_mesh[HEALTH], sent, actor="duty-2")
    await tell(own_mesh[HEALTH], sent, actor="worker-3")
    await review(own_mesh.oversight, sent, "justified", "guidance_given")
    leaves = [json.loads(item.leaf) for item in await all_entries(own_mesh.oversight)]
    assert [leaf["code"] for leaf in leaves if leaf["kind"] == "override"] == [
        "opened:vital_interest",
        "confirmed",
        "told",
        "reviewed:justified",
    ]
    text = json.dumps(leaves)
    assert not any(word in text for word in (APPROVER, "duty-2", "worker-3", "Art 19"))


# Counts.


async def test_oversight_counts_by_ground_and_sector_and_what_was_reviewed_in_time(own_mesh: Mesh) -> None:
    sent = [await overridden(own_mesh[HEALTH], POLICE) for _ in range(2)]
    await overridden(own_mesh[SOCIAL], POLICE, LAW)
    await review(own_mesh.oversight, sent[0])
    counted = (await own_mesh.oversight.get("/v1/indicators")).json()
    assert counted["suppressed_below"] is None
    indicator = next(one for one in counted["indicators"] if one["id"] == "I15")
    cells = {(cell["basis"], cell["sector"]): cell for cell in indicator["cells"]}
    assert (cells["vital_interest", "health"]["count"], cells["vital_interest", "health"]["reviewed_in_time"]) == (2, 1)
    assert cells["legal_obligation", "social"]["count"] == 1
    assert sum(cell["count"] for cell in cells.values()) == 3


def a_clinic(mesh: Mesh, name: str) -> Agency:
    """Another agency of the health sector."""
    mesh.provision(lambda desk: desk.enroll(enrolment(name, "health", "HEA-")))
    return replace(mesh[HEALTH], id=name, keys=keys_of(name), _tokens={})


async def test_nobody_else_sees_a_count_below_eleven_or_one_that_may_still_change(own_mesh: Mesh) -> None:
    month = own_mesh.clock.now().astimezone(HANOI).strftime("%Y-%m")
    clinics = (own_mesh[HEALTH], a_clinic(own_mesh, "clinic-one"), a_clinic(own_mesh, "clinic-two"))
    for number in range(11):
        await overridden(clinics[number % 3], POLICE)
        await overridden(clinics[number % 2], POLICE, LAW)
        if number < 3:
            await overridden(own_mesh[SOCIAL], POLICE, LAW)

    async def seen() -> tuple[bool, dict[str, int]]:
        counted = (await own_mesh[SOCIAL].get("/v1/indicators", month=month)).json()
        assert (counted["suppressed_below"], counted["rounded_to"], counted["least_agencies"]) == (11, 5, 3)
        cells = counted["indicators"][0]["cells"]
        assert all(cell["reviewed_in_time"] is None for cell in cells)
        return counted["final"], {cell["basis"]: cell["count"] for cell in cells if cell["count"] is not None}

    assert await seen() == (False, {})
    own_mesh.advance(timedelta(days=31 + 8))
    assert await seen() == (True, {"vital_interest": 15})


async def test_a_month_is_told_of_only_while_every_case_of_it_is_remembered(own_mesh: Mesh) -> None:
    """A count that shrinks while cases are forgotten tells of them one by one, and ends as a zero that never was."""
    begun = own_mesh.clock.now().astimezone(HANOI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month, over = begun.strftime("%Y-%m"), begun.replace(year=begun.year + MONTHS_KEPT // 12)
    await overridden(own_mesh[HEALTH], POLICE)
    own_mesh.advance(over - timedelta(minutes=1) - own_mesh.clock.now())
    assert (await own_mesh.oversight.get("/v1/indicators", month=month)).json()["final"] is True
    own_mesh.advance(timedelta(minutes=2))
    for reader in (own_mesh.oversight, own_mesh[SOCIAL]):
        assert refusal(await reader.get("/v1/indicators", month=month)) == (404, "figures.period")


@pytest.mark.parametrize("month", ["2026-13", "26-01", "2026-1", "2026-01-01"])
async def test_a_month_that_is_none_is_refused(mesh: Mesh, month: str) -> None:
    assert refusal(await mesh.oversight.get("/v1/indicators", month=month)) == (422, "message.invalid")
