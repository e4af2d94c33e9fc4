"""Disclosures without consent: a second person, the end of access, telling her; on both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.tables import LEDGER_ENTRIES
from shared.kernel.clock import to_wire
from shared.referral.blocked import blocked_hash
from tests.support.agency import Sent, a_grant
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh
from tests.support.overrides import (
    APPROVER,
    CASE,
    LAW,
    a_basis,
    a_watch,
    acts,
    confirm,
    detail,
    overridden,
    queue,
    queued,
    review,
    tell,
    watched,
)
from tests.support.places import refusal
from tests.support.ticking import notices

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


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
    assert acts(mesh, sent) == ["opened:vital_interest"]


async def test_the_sender_is_told_at_once_what_it_owes(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    (notice,) = await notices(own_mesh[HEALTH], "override_review")
    assert notice["referral_id"] == sent.id
    assert notice["data"]["stage"] == "opened"
    assert notice["data"]["confirm_due_at"] == to_wire(own_mesh.clock.now() + 24 * HOUR)
    assert await notices(own_mesh[POLICE]) == []


async def test_consent_is_no_override(own_mesh: Mesh) -> None:
    consent = await own_mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await own_mesh[HEALTH].refer(SOCIAL, consent)
    assert await queue(own_mesh.oversight) == []
    assert refusal(await confirm(own_mesh[HEALTH], sent)) == (404, "override.unknown")
    assert refusal(await review(own_mesh.oversight, sent)) == (404, "override.unknown")


async def test_a_duty_under_a_law_is_reviewed_but_needs_no_second_person(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE, LAW)
    found = await queued(own_mesh.oversight, sent)
    assert found["state"] == "awaiting_review"
    assert found["confirmation"]["due_at"] is found["access"]["ends_at"] is None
    assert refusal(await confirm(own_mesh[HEALTH], sent)) == (409, "override.not-owed")
    own_mesh.advance(73 * HOUR)
    assert await watched(own_mesh) == 0


# The second person.


async def test_a_second_person_keeps_access_open(own_mesh: Mesh) -> None:
    health, police = own_mesh[HEALTH], own_mesh[POLICE]
    sent = await overridden(health, POLICE)
    await police.take_in()
    own_mesh.advance(23 * HOUR)
    answer = await confirm(health, sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["override"]["confirmation"]["in_time"] is True
    assert answer.json()["override"]["state"] == "awaiting_review"
    await police.reported(sent, "acknowledged", "accepted")
    own_mesh.advance(60 * HOUR)
    assert await watched(own_mesh) == 0
    opened = (await police.open(sent, "identity")).json()
    assert set(opened["shares"]) == {"identity"}
    assert acts(own_mesh, sent) == ["opened:vital_interest", "confirmed"]


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
    assert acts(mesh, sent).count("confirmed") == 1
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


async def test_a_disabled_agency_confirms_nothing(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    own_mesh.provision(lambda desk: desk.disable(HEALTH))
    assert refusal(await confirm(own_mesh[HEALTH], sent)) == (403, "agency.disabled")


# The end of access.


async def test_access_that_nobody_confirmed_ends_after_72_hours(own_mesh: Mesh) -> None:
    health, police = own_mesh[HEALTH], own_mesh[POLICE]
    sent = await overridden(health, POLICE)
    await police.take_in()
    await police.reported(sent, "acknowledged", "accepted")
    await health.take_in()
    own_mesh.advance(72 * HOUR - MOMENT)
    assert await watched(own_mesh) == 0
    own_mesh.advance(MOMENT)
    assert await watched(own_mesh) == 1
    assert await watched(own_mesh) == 0
    for agency in (health, police):
        (notice,) = await notices(agency, "revoked")
        assert notice["data"] == {
            "reason": "basis.unconfirmed",
            "state": "revoked",
            "compartments": sorted(CASE),
        }
    found = await queued(own_mesh.oversight, sent)
    assert (found["state"], found["access"]["code"]) == ("ended", "basis.unconfirmed")
    assert "confirmation" not in found["overdue"]
    assert acts(own_mesh, sent) == ["opened:vital_interest", "ended:basis.unconfirmed"]
    shown = await detail(police, sent)
    assert shown["state"] == "revoked"
    assert {part["state"] for part in shown["compartments"]} <= {"opened", "destroyed"}
    assert (await police.open(sent, "identity")).json()["shares"] == {}
    assert refusal(await confirm(health, sent)) == (409, "override.ended")


async def test_nothing_opens_after_72_hours_even_if_nobody_watches(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    await own_mesh[POLICE].take_in()
    await own_mesh[POLICE].reported(sent, "acknowledged", "accepted")
    own_mesh.advance(72 * HOUR)
    opened = (await own_mesh[POLICE].open(sent, "identity")).json()
    assert (opened["shares"], opened["refused"]) == ({}, {"identity": "basis.unconfirmed"})
    assert refusal(await confirm(own_mesh[HEALTH], sent)) == (409, "override.ended")


async def test_a_referral_that_never_left_is_stopped_and_its_recipient_hears_nothing(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    own_mesh.advance(72 * HOUR)
    assert await watched(own_mesh) == 1
    assert await own_mesh[POLICE].inbox() == []
    assert (await detail(own_mesh[HEALTH], sent))["state"] == "revoked"


async def test_a_completed_referral_keeps_its_end_and_its_recipient_is_told_all_the_same(own_mesh: Mesh) -> None:
    police = own_mesh[POLICE]
    sent = await overridden(own_mesh[HEALTH], POLICE)
    await police.take_in()
    await police.reported(sent, "acknowledged", "accepted", "started")
    await police.reported(sent, "completed", outcome="stopped")
    own_mesh.advance(72 * HOUR)
    assert await watched(own_mesh) == 1
    (notice,) = await notices(police, "revoked")
    assert notice["data"]["state"] == (await detail(police, sent))["state"] == "completed"


async def test_two_watches_end_it_once(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE)
    await own_mesh[POLICE].take_in()
    own_mesh.advance(72 * HOUR)
    async with a_watch(own_mesh) as first, a_watch(own_mesh) as second:
        assert sum(await asyncio.gather(first.look(), second.look())) == 1
    assert len(await notices(own_mesh[POLICE], "revoked")) == 1
    assert acts(own_mesh, sent).count("ended:basis.unconfirmed") == 1


# Telling her.


async def test_she_is_told_and_the_duty_is_met(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE, LAW)
    own_mesh.advance(72 * HOUR + MOMENT)
    assert [item["overdue"] for item in await queue(own_mesh.oversight, overdue="true")] == [["telling"]]
    answer = await tell(own_mesh[HEALTH], sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["override"]["telling"]["in_time"] is False
    assert answer.json()["override"]["telling"]["by"] == "worker-3"
    assert await queue(own_mesh.oversight, overdue="true") == []
    assert (await tell(own_mesh[HEALTH], sent)).json() == answer.json()
    assert refusal(await tell(own_mesh[POLICE], sent)) == (404, "override.unknown")
    assert acts(own_mesh, sent) == ["opened:legal_obligation", "told"]


async def test_while_telling_her_is_unsafe_nothing_is_due_and_it_may_still_be_done(own_mesh: Mesh) -> None:
    sent = await overridden(own_mesh[HEALTH], POLICE, {**LAW, "notify_unsafe": True})
    own_mesh.advance(100 * HOUR)
    found = await queued(own_mesh.oversight, sent)
    assert (found["telling"]["due_at"], found["overdue"]) == (None, [])
    assert (await tell(own_mesh[HEALTH], sent)).status_code == 200
