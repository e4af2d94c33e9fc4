"""Disclosures without consent: a second person, the end of access, telling her, the review; on both databases."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.adapters.tables import LEDGER_ENTRIES, OVERRIDES
from shared.kernel.clock import from_wire, to_wire
from shared.referral.blocked import blocked_hash
from shared.sop.calendar import ZONE as HANOI
from tests.support.agency import Agency, Sent, a_grant
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh
from tests.support.overrides import (
    APPROVER,
    CASE,
    a_basis,
    a_watch,
    confirm,
    overridden,
    queue,
    queued,
    review,
    tell,
    try_override,
    watched,
)
from tests.support.ticking import notices

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)
LAW = a_basis(kind="legal_obligation", article="Decree 56/2017 Art 20")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def states(mesh: Mesh, sent: Sent) -> list[str]:
    rows = [row for row in mesh.rows(LEDGER_ENTRIES) if row["kind"] == "override" and row["referral_id"] == sent.id]
    return [str(row["code"]) for row in sorted(rows, key=lambda row: int(row["idx"]))]


async def detail(agency: Agency, sent: Sent) -> dict[str, Any]:
    return dict((await agency.get(f"/v1/referrals/{sent.id}")).json())


async def test_break_glass_is_in_the_queue_with_everything_that_is_owed(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    made = mesh.clock.now()
    found = await queued(mesh.oversight, sent)
    assert found["state"] == "unconfirmed"
    assert found["basis"] == a_basis()
    assert (found["sender"], found["recipient"], found["sector"]) == (HEALTH, POLICE, "health")
    assert found["compartments"] == sorted(CASE)
    assert found["made_at"] == to_wire(made)
    assert found["confirmation"]["due_at"] == to_wire(made + 24 * HOUR)
    assert found["access"] == {"ends_at": to_wire(made + 72 * HOUR), "ended_at": None, "code": None}
    assert found["telling"]["due_at"] == to_wire(made + 72 * HOUR)
    assert found["review"]["due_at"] == to_wire(made + 168 * HOUR)
    assert found["overdue"] == []
    assert states(mesh, sent) == ["opened:vital_interest"]


async def test_the_sender_is_told_at_once_what_it_owes(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    (notice,) = await notices(mesh[HEALTH], "override_review")
    assert notice["referral_id"] == sent.id
    assert notice["data"]["stage"] == "opened"
    assert notice["data"]["confirm_due_at"] == to_wire(mesh.clock.now() + 24 * HOUR)
    assert await notices(mesh[POLICE]) == []


async def test_consent_is_no_override(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    assert await queue(mesh.oversight) == []
    assert refusal(await confirm(mesh[HEALTH], sent)) == (404, "override.unknown")
    assert refusal(await review(mesh.oversight, sent)) == (404, "override.unknown")


async def test_a_duty_under_a_law_is_reviewed_but_needs_no_second_person(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE, LAW)
    found = await queued(mesh.oversight, sent)
    assert found["state"] == "awaiting_review"
    assert found["confirmation"]["due_at"] is found["access"]["ends_at"] is None
    assert refusal(await confirm(mesh[HEALTH], sent)) == (409, "override.not-owed")
    mesh.advance(73 * HOUR)
    assert await watched(mesh) == 0


# The second person.


async def test_a_second_person_keeps_access_open(mesh: Mesh) -> None:
    health, police = mesh[HEALTH], mesh[POLICE]
    sent = await overridden(health, POLICE)
    await police.take_in()
    mesh.advance(23 * HOUR)
    answer = await confirm(health, sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["override"]["confirmation"]["in_time"] is True
    assert answer.json()["override"]["state"] == "awaiting_review"
    await police.reported(sent, "acknowledged", "accepted")
    mesh.advance(60 * HOUR)
    assert await watched(mesh) == 0
    opened = (await police.open(sent, "identity")).json()
    assert set(opened["shares"]) == {"identity"}
    assert states(mesh, sent) == ["opened:vital_interest", "confirmed"]


@pytest.mark.parametrize("actor", [APPROVER, APPROVER.upper()])
async def test_who_approved_it_cannot_confirm_it(mesh: Mesh, actor: str) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    answer = await confirm(mesh[HEALTH], sent, actor=actor)
    assert refusal(answer) == (403, "override.same-person")
    assert answer.json()["ledger_index"] == max(row["idx"] for row in mesh.rows(LEDGER_ENTRIES))
    assert (await queued(mesh.oversight, sent))["state"] == "unconfirmed"


async def test_nobody_but_the_sender_can_confirm_or_learns_that_it_exists(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    unknown = await confirm(mesh[HEALTH], Sent({"id": mesh[HEALTH].ids.new()}, {}, sent.answer, {}))
    for name in (POLICE, SOCIAL):
        answer = await confirm(mesh[name], sent)
        assert refusal(answer) == refusal(unknown) == (404, "override.unknown")
        assert answer.json()["detail"] == unknown.json()["detail"]
    assert refusal(await confirm(mesh.oversight, sent)) == (403, "token.scope")
    refused = [row for row in mesh.rows(LEDGER_ENTRIES) if row["code"] == "override.unknown"]
    assert {row["referral_id"] for row in refused} == {None}


async def test_a_person_who_is_kept_from_the_case_cannot_confirm_it(mesh: Mesh) -> None:
    referral_id = mesh[HEALTH].ids.new()
    hidden = [blocked_hash(referral_id, "duty-2")]
    sent = await overridden(mesh[HEALTH], POLICE, id=referral_id, blocked=hidden)
    assert refusal(await confirm(mesh[HEALTH], sent, actor="duty-2")) == (403, "referral.blocked")
    assert (await confirm(mesh[HEALTH], sent, actor="duty-4")).status_code == 200


async def test_a_confirmation_is_taken_once_and_answered_again(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    first, again = await confirm(mesh[HEALTH], sent), await confirm(mesh[HEALTH], sent)
    assert first.json() == again.json()
    assert states(mesh, sent).count("confirmed") == 1
    assert refusal(await confirm(mesh[HEALTH], sent, actor="duty-5")) == (409, "override.done")


async def test_a_late_confirmation_counts_as_late(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    mesh.advance(24 * HOUR + MOMENT)
    assert (await queued(mesh.oversight, sent))["overdue"] == ["confirmation"]
    stated = to_wire(mesh.clock.now() - 2 * HOUR)  # dated back: what counts is when it was heard of
    answer = await confirm(mesh[HEALTH], sent, at=stated)
    assert answer.json()["override"]["confirmation"]["in_time"] is False
    assert answer.json()["override"]["confirmation"]["stated_at"] == stated


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_confirmation_from_before_the_referral_or_from_the_future_is_refused(mesh: Mesh, hours: int) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    answer = await confirm(mesh[HEALTH], sent, at=to_wire(mesh.clock.now() + hours * HOUR))
    assert refusal(answer) == (422, "message.invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/at"]


@pytest.mark.parametrize(
    "changes", [{"actor": "Nguyen Thi Mau"}, {"at": "yesterday"}, {"actor": None}, {"reason": "because"}]
)
async def test_a_confirmation_that_is_not_as_the_contract_says_is_refused(mesh: Mesh, changes: dict[str, Any]) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    answer = await confirm(mesh[HEALTH], sent, **changes)
    assert refusal(answer) == (422, "message.invalid")
    assert "Nguyen" not in answer.text


async def test_a_disabled_agency_confirms_nothing(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    mesh.provision(lambda desk: desk.disable(HEALTH))
    assert refusal(await confirm(mesh[HEALTH], sent)) == (403, "agency.disabled")


# The end of access.


async def test_access_that_nobody_confirmed_ends_after_72_hours(mesh: Mesh) -> None:
    health, police = mesh[HEALTH], mesh[POLICE]
    sent = await overridden(health, POLICE)
    await police.take_in()
    await police.reported(sent, "acknowledged", "accepted")
    await health.take_in()
    mesh.advance(72 * HOUR - MOMENT)
    assert await watched(mesh) == 0
    mesh.advance(MOMENT)
    assert await watched(mesh) == 1
    assert await watched(mesh) == 0
    for agency in (health, police):
        (notice,) = await notices(agency, "revoked")
        assert notice["data"] == {
            "reason": "basis.unconfirmed",
            "state": "revoked",
            "compartments": sorted(CASE),
        }
    found = await queued(mesh.oversight, sent)
    assert (found["state"], found["access"]["code"]) == ("ended", "basis.unconfirmed")
    assert "confirmation" not in found["overdue"]
    assert states(mesh, sent) == ["opened:vital_interest", "ended:basis.unconfirmed"]
    shown = await detail(police, sent)
    assert shown["state"] == "revoked"
    assert {part["state"] for part in shown["compartments"]} <= {"opened", "destroyed"}
    assert (await police.open(sent, "identity")).json()["shares"] == {}
    assert refusal(await confirm(health, sent)) == (409, "override.ended")


async def test_nothing_opens_after_72_hours_even_if_nobody_watches(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    await mesh[POLICE].take_in()
    await mesh[POLICE].reported(sent, "acknowledged", "accepted")
    mesh.advance(72 * HOUR)
    opened = (await mesh[POLICE].open(sent, "identity")).json()
    assert (opened["shares"], opened["refused"]) == ({}, {"identity": "basis.unconfirmed"})
    assert refusal(await confirm(mesh[HEALTH], sent)) == (409, "override.ended")


async def test_a_referral_that_never_left_is_stopped_and_its_recipient_hears_nothing(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    mesh.advance(72 * HOUR)
    assert await watched(mesh) == 1
    assert await mesh[POLICE].inbox() == []
    assert (await detail(mesh[HEALTH], sent))["state"] == "revoked"


async def test_a_completed_referral_keeps_its_end_and_its_recipient_is_told_all_the_same(mesh: Mesh) -> None:
    police = mesh[POLICE]
    sent = await overridden(mesh[HEALTH], POLICE)
    await police.take_in()
    await police.reported(sent, "acknowledged", "accepted", "started")
    await police.reported(sent, "completed", outcome="stopped")
    mesh.advance(72 * HOUR)
    assert await watched(mesh) == 1
    (notice,) = await notices(police, "revoked")
    assert notice["data"]["state"] == (await detail(police, sent))["state"] == "completed"


async def test_two_watches_end_it_once(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    await mesh[POLICE].take_in()
    mesh.advance(72 * HOUR)
    async with a_watch(mesh) as first, a_watch(mesh) as second:
        assert sum(await asyncio.gather(first.look(), second.look())) == 1
    assert len(await notices(mesh[POLICE], "revoked")) == 1
    assert states(mesh, sent).count("ended:basis.unconfirmed") == 1


# Telling her.


async def test_she_is_told_and_the_duty_is_met(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE, LAW)
    mesh.advance(72 * HOUR + MOMENT)
    assert [item["overdue"] for item in await queue(mesh.oversight, overdue="true")] == [["telling"]]
    answer = await tell(mesh[HEALTH], sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["override"]["telling"]["in_time"] is False
    assert answer.json()["override"]["telling"]["by"] == "worker-3"
    assert await queue(mesh.oversight, overdue="true") == []
    assert (await tell(mesh[HEALTH], sent)).json() == answer.json()
    assert refusal(await tell(mesh[POLICE], sent)) == (404, "override.unknown")
    assert states(mesh, sent) == ["opened:legal_obligation", "told"]


async def test_while_telling_her_is_unsafe_nothing_is_due_and_it_may_still_be_done(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE, {**LAW, "notify_unsafe": True})
    mesh.advance(100 * HOUR)
    found = await queued(mesh.oversight, sent)
    assert (found["telling"]["due_at"], found["overdue"]) == (None, [])
    assert (await tell(mesh[HEALTH], sent)).status_code == 200


# The review.


async def test_a_review_ends_the_matter_and_the_sender_is_told(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE, LAW)
    await mesh[HEALTH].take_in()
    mesh.advance(100 * HOUR)
    answer = await review(mesh.oversight, sent, "partly", "guidance_given", "procedure_changed")
    assert answer.status_code == 200, answer.text
    found = answer.json()["override"]
    assert (found["state"], found["review"]["in_time"], found["review"]["outcome"]) == ("reviewed", True, "partly")
    (notice,) = await notices(mesh[HEALTH], "override_review")
    assert notice["data"] == {
        "stage": "reviewed",
        "outcome": "partly",
        "measures": ["guidance_given", "procedure_changed"],
    }
    assert states(mesh, sent)[-1] == "reviewed:partly"
    again = await review(mesh.oversight, sent, "partly", "guidance_given", "procedure_changed")
    assert again.json()["ledger_index"] == answer.json()["ledger_index"]
    assert refusal(await review(mesh.oversight, sent, "justified")) == (409, "override.done")


async def test_a_review_that_is_late_stands_as_late(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE, LAW)
    await tell(mesh[HEALTH], sent)
    mesh.advance(168 * HOUR + MOMENT)
    assert [item["overdue"] for item in await queue(mesh.oversight, overdue="true")] == [["review"]]
    assert (await review(mesh.oversight, sent)).json()["override"]["review"]["in_time"] is False


async def test_a_review_can_end_access_at_once(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    await mesh[POLICE].take_in()
    await confirm(mesh[HEALTH], sent)
    answer = await review(mesh.oversight, sent, "not_justified", "access_ended")
    assert answer.json()["override"]["access"]["code"] == "basis.review"
    (notice,) = await notices(mesh[POLICE], "revoked")
    assert notice["data"]["reason"] == "basis.review"
    assert (await detail(mesh[POLICE], sent))["state"] == "revoked"


async def test_a_review_does_not_stand_for_the_second_person(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    await review(mesh.oversight, sent)
    mesh.advance(72 * HOUR)
    assert await watched(mesh) == 1


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


async def test_the_queue_is_filtered_by_state(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    ended = await overridden(health, POLICE)
    mesh.advance(72 * HOUR)
    await watched(mesh)
    waiting, law, done = [
        await overridden(health, POLICE, basis) for basis in (a_basis(), LAW, a_basis(approver="duty-9"))
    ]
    confirmed = await overridden(health, POLICE)
    await confirm(health, confirmed)
    await review(mesh.oversight, done)
    expected = {
        "ended": [ended.id],
        "unconfirmed": [waiting.id],
        "awaiting_review": [law.id, confirmed.id],
        "reviewed": [done.id],
    }
    for state, ids in expected.items():
        found = await queue(mesh.oversight, state=state)
        assert [(item["referral_id"], item["state"]) for item in found] == [(one, state) for one in ids]
    assert refusal(await mesh.oversight.get("/v1/overrides", state="open")) == (422, "message.invalid")


async def test_overdue_in_sql_is_overdue_in_words(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    bases = (a_basis(), LAW, a_basis(notify_unsafe=True), {**LAW, "notify_unsafe": True})
    sent = [await overridden(health, POLICE, basis) for basis in bases for _ in range(2)]
    for one in sent[::2]:
        await tell(health, one)
        await confirm(health, one)
    for hours in (23, 24, 71, 72, 167, 168):
        mesh.advance(timedelta(hours=hours) - (mesh.clock.now() - mesh_began(mesh)) + MOMENT)
        await watched(mesh)
        everything = await queue(mesh.oversight)
        late = await queue(mesh.oversight, overdue="true")
        assert [item["referral_id"] for item in late] == [item["referral_id"] for item in everything if item["overdue"]]


def mesh_began(mesh: Mesh) -> Any:
    return from_wire(min(str(row["made_at"]) for row in mesh.rows(OVERRIDES)))


async def test_the_queue_is_read_page_by_page(mesh: Mesh) -> None:
    sent = [await overridden(mesh[HEALTH], POLICE) for _ in range(5)]
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = (await mesh.oversight.get("/v1/overrides", limit=2, **after)).json()
        seen += [item["referral_id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert seen == [one.id for one in sent]


async def test_an_agency_sees_only_what_it_sent(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    assert [item["referral_id"] for item in await queue(mesh[HEALTH])] == [sent.id]
    assert await queue(mesh[POLICE]) == []


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
    sent = await try_override(mesh[HEALTH], POLICE, basis, plaintexts=plaintexts)
    assert sent.answer.status_code in {403, 422}
    assert code in {reason["code"] for reason in sent.answer.json().get("reasons", [])}
    assert mesh.rows(OVERRIDES) == []


async def test_the_ledger_names_no_person_and_no_article(mesh: Mesh) -> None:
    sent = await overridden(mesh[HEALTH], POLICE)
    await confirm(mesh[HEALTH], sent, actor="duty-2")
    await tell(mesh[HEALTH], sent, actor="worker-3")
    await review(mesh.oversight, sent, "justified", "guidance_given")
    leaves = [json.loads(item.leaf) for item in await all_entries(mesh.oversight)]
    assert [leaf["code"] for leaf in leaves if leaf["kind"] == "override"] == [
        "opened:vital_interest",
        "confirmed",
        "told",
        "reviewed:justified",
    ]
    text = json.dumps(leaves)
    assert not any(word in text for word in (APPROVER, "duty-2", "worker-3", "Art 19"))


# Counts.


async def test_oversight_counts_by_ground_and_sector_and_what_was_reviewed_in_time(mesh: Mesh) -> None:
    sent = [await overridden(mesh[HEALTH], POLICE) for _ in range(2)]
    await overridden(mesh[SOCIAL], POLICE, LAW)
    await review(mesh.oversight, sent[0])
    counted = (await mesh.oversight.get("/v1/indicators")).json()
    assert counted["suppressed_below"] is None
    (indicator,) = counted["indicators"]
    assert indicator["id"] == "I15"
    cells = {(cell["basis"], cell["sector"]): cell for cell in indicator["cells"]}
    assert (cells["vital_interest", "health"]["count"], cells["vital_interest", "health"]["reviewed_in_time"]) == (2, 1)
    assert cells["legal_obligation", "social"]["count"] == 1
    assert sum(cell["count"] for cell in cells.values()) == 3


async def test_nobody_else_sees_a_count_below_eleven_or_one_that_may_still_change(mesh: Mesh) -> None:
    month = mesh.clock.now().astimezone(HANOI).strftime("%Y-%m")
    for number in range(11):
        await overridden(mesh[HEALTH], POLICE)
        if number < 3:
            await overridden(mesh[SOCIAL], POLICE, LAW)

    async def seen() -> tuple[bool, dict[str, int]]:
        counted = (await mesh[SOCIAL].get("/v1/indicators", month=month)).json()
        assert counted["suppressed_below"] == 11
        cells = counted["indicators"][0]["cells"]
        assert all(cell["reviewed_in_time"] is None for cell in cells)
        return counted["final"], {cell["basis"]: cell["count"] for cell in cells if cell["count"] is not None}

    assert await seen() == (False, {})
    mesh.advance(timedelta(days=31 + 8))
    assert await seen() == (True, {"vital_interest": 11})


@pytest.mark.parametrize("month", ["2026-13", "26-01", "2026-1", "2026-01-01"])
async def test_a_month_that_is_none_is_refused(mesh: Mesh, month: str) -> None:
    assert refusal(await mesh.oversight.get("/v1/indicators", month=month)) == (422, "message.invalid")
