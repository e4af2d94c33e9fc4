"""Clocks that act, over the real gateway on both databases: once each, whatever happens to the processes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from gateway.adapters.desk import SqlDesk
from gateway.adapters.duties import clocks, overrides, withdrawals
from gateway.adapters.tables import MESSAGES, REFERRALS
from gateway.adapters.watch import START, Duty, due_statement
from gateway.application.fire_clocks import fire_clocks
from shared.kernel.clock import ManualClock, SystemClock, to_wire
from shared.kernel.errors import InternalFault
from shared.sop.loader import load_sop
from shared.storage.engine import open_engine, read
from tests.support.agency import Agency, Message, Sent, a_grant
from tests.support.clocked import hanoi
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh, running_mesh
from tests.support.ticking import a_ticker, beside, clock_entries, count_notices, next_moment, notices, to_next_moment

MINUTES = partial(timedelta, 0, 0, 0, 0)
ADVICE = {"contact": {}, "preferences": {}, "needs": {}}
RESCUE = {"contact": {}, "safety": {}, "preferences": {}}

#: What the clocks of an urgent shelter referral say when nobody ever answers.
UNHEARD = [
    "acknowledge:warning",
    "acknowledge:missed",
    "acknowledge:missed",
    "acknowledge:missed",
    "decide:warning",
    "acknowledge:expired",
]


async def shelter(mesh: Mesh, **changes: object) -> Sent:
    """An urgent referral to a shelter: 15 minutes to acknowledge, an hour to decide, four to complete."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent, **changes)
    assert sent.answer.status_code == 202, sent.answer.text
    return sent


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def test_two_processes_fire_each_deadline_exactly_once(own_mesh: Mesh) -> None:
    sent = await shelter(own_mesh)
    await own_mesh[SOCIAL].take_in()
    async with a_ticker(own_mesh) as one, a_ticker(own_mesh) as other:
        said = 0
        while to_next_moment(own_mesh):
            said += sum(await asyncio.gather(one.look(), other.look(), one.look()))
    assert clock_entries(own_mesh, sent) == UNHEARD
    assert said == len(UNHEARD)
    wanted = Counter({"clock_warning": 2, "clock_missed": 3, "expired": 1})
    assert await count_notices(own_mesh[HEALTH]) == wanted
    assert await count_notices(own_mesh[SOCIAL]) == wanted


async def test_a_ticker_that_starts_anew_for_each_deadline_loses_and_repeats_none(mesh: Mesh) -> None:
    sent = await shelter(mesh)
    while to_next_moment(mesh):
        async with a_ticker(mesh) as ticker:
            assert await ticker.look() > 0
            assert await ticker.look() == 0
    assert clock_entries(mesh, sent) == UNHEARD


async def test_a_ticker_that_was_down_catches_up_but_gives_no_warning_too_late(mesh: Mesh) -> None:
    sent = await shelter(mesh)
    mesh.advance(MINUTES(17))
    async with a_ticker(mesh) as ticker:
        await ticker.look()
        assert clock_entries(mesh, sent) == ["acknowledge:missed"]
        mesh.advance(timedelta(days=2))
        await ticker.look()
    assert clock_entries(mesh, sent)[-1] == "acknowledge:expired"
    assert next_moment(mesh) is None


async def test_a_process_that_dies_while_firing_leaves_nothing_and_the_next_one_fires(mesh: Mesh) -> None:
    sent = await shelter(mesh)
    to_next_moment(mesh)
    core = beside(mesh)

    def fire_and_die(desk: SqlDesk) -> None:
        assert fire_clocks(desk, sent.id, sop=load_sop())
        raise InternalFault("internal.fault", "The process died before it could commit.")

    with pytest.raises(InternalFault):
        await core.writer.submit(fire_and_die)
    core.close()
    assert clock_entries(mesh, sent) == []
    async with a_ticker(mesh) as ticker:
        assert await ticker.look() == 1
    assert clock_entries(mesh, sent) == ["acknowledge:warning"]


async def test_what_was_fired_before_a_crash_is_delivered_after_it_once(own_mesh: Mesh) -> None:
    await shelter(own_mesh)
    to_next_moment(own_mesh)
    async with a_ticker(own_mesh) as ticker:  # its process never lives to deliver
        await ticker.look()
    (item,) = await own_mesh[HEALTH].take_in()
    assert item["kind"] == "notice"
    async with a_ticker(own_mesh) as ticker:
        await ticker.look()
    assert await own_mesh[HEALTH].inbox() == []


async def test_expiry_destroys_the_halves_stops_the_delivery_and_names_who_is_next(own_mesh: Mesh) -> None:
    health, second = own_mesh[HEALTH], own_mesh[SHELTER_HOUSE]
    consent = await health.record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    sent = await health.refer(SOCIAL, consent, facts={"reroute_if_expired": True})
    own_mesh.advance(MINUTES(45))
    async with a_ticker(own_mesh) as ticker:
        await ticker.look()
    seen = (await health.get(f"/v1/referrals/{sent.id}")).json()
    assert seen["state"] == "expired"
    assert {part["state"] for part in seen["compartments"]} == {"destroyed"}
    assert await own_mesh[SOCIAL].inbox() == []  # it never left, so its recipient never hears of it
    (row,) = [row for row in own_mesh.rows(MESSAGES) if row["message_id"] == sent.id]
    assert (row["settled_code"], row["body"]) == ("expired", None)
    (notice,) = await notices(health, "expired")
    assert notice["data"]["next_agency"] == SHELTER_HOUSE
    assert notice["data"]["reroute"] is True
    again = await health.refer(notice["data"]["next_agency"], consent, chain_id=sent.id, parent_id=sent.id)
    assert again.answer.status_code == 202, again.answer.text
    assert len(await second.take_in()) == 1


async def test_the_recipient_hears_of_the_end_but_not_of_who_is_next(own_mesh: Mesh) -> None:
    consent = await own_mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
    await own_mesh[HEALTH].refer(SOCIAL, consent)
    await own_mesh[SOCIAL].take_in()
    own_mesh.advance(MINUTES(45))
    async with a_ticker(own_mesh) as ticker:
        await ticker.look()
    (told,) = await notices(own_mesh[SOCIAL], "expired")
    assert told["data"]["state"] == "expired"
    assert {"next_agency", "reroute"}.isdisjoint(told["data"])
    (offered,) = await notices(own_mesh[HEALTH], "expired")
    assert (offered["data"]["next_agency"], offered["data"]["reroute"]) == (SHELTER_HOUSE, False)


@pytest.mark.parametrize("why", ["disabled", "blocked", "revoked", "narrower", "asked before"])
async def test_nobody_is_offered_who_may_not_have_the_case(own_mesh: Mesh, why: str) -> None:
    health = own_mesh[HEALTH]
    narrower = a_grant(SHELTER_HOUSE, compartments=["contact", "safety"])
    consent = await health.record_consent(
        *([a_grant(SOCIAL), narrower] if why == "narrower" else [a_grant(SOCIAL, SHELTER_HOUSE)])
    )
    first = await health.refer(SHELTER_HOUSE, consent) if why == "asked before" else None
    chain = {} if first is None else {"chain_id": first.id, "parent_id": first.id}
    sent = await health.refer(SOCIAL, consent, **chain, **_blocking(health, why))
    assert sent.answer.status_code == 202, sent.answer.text
    if why == "disabled":
        own_mesh.provision(lambda desk: desk.disable(SHELTER_HOUSE))
    if why == "revoked":
        await health.revoke(consent, recipients=[SHELTER_HOUSE])
    own_mesh.advance(MINUTES(45))
    async with a_ticker(own_mesh) as ticker:
        await ticker.look()
    ended = [notice for notice in await notices(health, "expired") if notice["referral_id"] == sent.id]
    assert [set(notice["data"]) & {"next_agency", "reroute"} for notice in ended] == [set()]


def _blocking(health: Agency, why: str) -> Message:
    from shared.referral.blocked import blocked_hash

    if why != "blocked":
        return {}
    chain = health.ids.new()
    return {"id": chain, "chain_id": chain, "referral_id": chain, "blocked": [blocked_hash(chain, SHELTER_HOUSE)]}


async def test_immediate_danger_says_phone_now_everywhere_and_ends_after_15_minutes(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    consent = await health.record_consent(a_grant(POLICE, services=["POL-01"], compartments=list(RESCUE)))
    sent = await health.refer(
        POLICE, consent, service_type="POL-01", urgency="immediate", phoned_first=True, plaintexts=RESCUE
    )
    shown = sent.answer.json()["referral"]["instruction"]
    assert shown["code"] == "call_113_115"
    assert "113" in shown["vi"]
    assert "115" in shown["en"]
    assert (await mesh[POLICE].get(f"/v1/referrals/{sent.id}")).json()["instruction"] == shown
    await mesh[POLICE].take_in()
    async with a_ticker(mesh) as ticker:
        for _ in range(3):
            mesh.advance(MINUTES(5))
            await ticker.look()
    told = await notices(mesh[POLICE])
    assert {notice["data"]["instruction"] for notice in told} == {"call_113_115"}
    levels = [n["data"]["level"] for n in told if n["data"]["phase"] == "acknowledge" and n["type"] == "clock_missed"]
    assert levels == ["caseworker", "supervisor", "coordinator"]
    seen = (await health.get(f"/v1/referrals/{sent.id}")).json()
    assert seen["state"] == "expired"
    assert seen.get("instruction") is None


@pytest.mark.parametrize(
    "events",
    [
        [("withdrawn", {})],
        [("acknowledged", {}), ("declined", {"reason": "D02", "article": "art-1"})],
        [("acknowledged", {}), ("accepted", {}), ("started", {}), ("completed", {"outcome": "admitted"})],
    ],
    ids=["withdrawn", "declined", "completed"],
)
async def test_nothing_fires_after_an_end(own_mesh: Mesh, events: list[tuple[str, dict[str, str]]]) -> None:
    sent = await shelter(own_mesh)
    await own_mesh[SOCIAL].take_in()
    for event, data in events:
        await own_mesh[SOCIAL].reported(sent, event, **data)
    assert next_moment(own_mesh) is None
    own_mesh.advance(timedelta(days=3))
    async with a_ticker(own_mesh) as ticker:
        assert await ticker.look() == 0
    assert clock_entries(own_mesh, sent) == []


async def test_a_question_is_given_time_and_its_answer_takes_back_the_rest(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(LEGAL, services=["LEG-01"], compartments=list(ADVICE)))
    sent = await mesh[HEALTH].refer(LEGAL, consent, service_type="LEG-01", urgency="prompt", plaintexts=ADVICE)
    due = sent.answer.json()["referral"]["due"]["decide"]
    mesh.advance(timedelta(hours=1))
    await mesh[LEGAL].reported(sent, "acknowledged")
    asked = (await mesh[LEGAL].report(sent, "info_requested", question="area")).json()["referral"]["due"]["decide"]
    mesh.advance(timedelta(hours=2))
    answered = (await mesh[HEALTH].report(sent, "info_provided")).json()["referral"]["due"]["decide"]
    assert due < answered < asked
    assert (await mesh[LEGAL].get(f"/v1/referrals/{sent.id}")).json()["due"]["decide"] == answered


async def test_oversight_sees_what_is_overdue_and_agencies_only_their_own(own_mesh: Mesh) -> None:
    sent = await shelter(own_mesh)
    assert (await own_mesh.oversight.get("/v1/referrals", overdue="true")).json()["items"] == []
    own_mesh.advance(MINUTES(16))
    found = (await own_mesh.oversight.get("/v1/referrals", overdue="true")).json()["items"]
    assert [item["referral_id"] for item in found] == [sent.id]
    assert (await own_mesh[LEGAL].get("/v1/referrals", overdue="true")).json()["items"] == []
    assert (await own_mesh.oversight.get(f"/v1/referrals/{sent.id}")).status_code == 403


async def test_one_referral_that_cannot_be_fired_holds_up_no_other(own_mesh: Mesh) -> None:
    broken, sound = await shelter(own_mesh), await shelter(own_mesh)
    core = beside(own_mesh)
    await core.writer.submit(lambda desk: desk.book.update(REFERRALS, broken.id, clocks={"pauses": {"decide": []}}))
    core.close()
    own_mesh.advance(MINUTES(16))
    async with a_ticker(own_mesh) as ticker:
        assert await ticker.look() == 1
    assert clock_entries(own_mesh, sound) == ["acknowledge:missed"]


@pytest.mark.parametrize(
    ("duty", "index"),
    [
        (clocks(load_sop()), "ix_referrals_next_clock"),
        (withdrawals(load_sop()), "ix_holds_next_limit_at"),
        (overrides(), "ix_overrides_ends_at"),
    ],
    ids=lambda value: value.name if isinstance(value, Duty) else "",
)
async def test_a_watch_reads_by_its_index(mesh: Mesh, duty: Duty, index: str) -> None:
    engine = open_engine(mesh.settings.database_url)
    try:
        with read(engine) as connection:
            statement = due_statement(duty, to_wire(mesh.clock.now()), START).compile(
                engine, compile_kwargs={"literal_binds": True}
            )
            explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
            if engine.dialect.name == "postgresql":  # an empty table is read whole, whatever indexes it has
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = str(connection.exec_driver_sql(f"{explain} {statement}").all())
    finally:
        engine.dispose()
    assert index in plan


@pytest.fixture
async def before_tet(database_url: str, tmp_path: Path) -> AsyncIterator[Mesh]:
    """A gateway in the afternoon of the last working day before Tet 2026."""
    clock = ManualClock(hanoi("2026-02-13 16:00"))
    async with running_mesh(database_url, tmp_path, clock=clock) as running:
        yield running


async def test_nothing_is_missed_while_the_country_rests_at_tet(before_tet: Mesh) -> None:
    mesh = before_tet
    consent = await mesh[HEALTH].record_consent(a_grant(LEGAL, services=["LEG-01"], compartments=list(ADVICE)))
    sent = await mesh[HEALTH].refer(LEGAL, consent, service_type="LEG-01", urgency="standard", plaintexts=ADVICE)
    assert sent.answer.status_code == 202, sent.answer.text
    mesh.advance(timedelta(days=10))  # Monday 23 February, 16:00
    async with a_ticker(mesh) as ticker:
        assert await ticker.look() == 0
        mesh.advance(timedelta(hours=8))
        assert await ticker.look() == 1
    assert clock_entries(mesh, sent) == ["acknowledge:missed"]


async def test_the_gateway_runs_its_own_ticker_and_the_sender_hears_of_it(database_url: str, tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now())
    async with running_mesh(database_url, tmp_path, clock=clock, clocks_enabled=True) as mesh:
        sent = await shelter(mesh)
        clock.advance(MINUTES(16))
        (item,) = await mesh[HEALTH].inbox(wait=20)
        assert item["kind"] == "notice"
        assert clock_entries(mesh, sent) == ["acknowledge:missed"]
