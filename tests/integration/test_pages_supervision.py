"""Supervision: what is late is seen, cases are given to whoever has time, and nobody sees what is kept from them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.agency.pages.supervision import PAGES
from shared.agency.records import Assignment, ConflictRecord, Referral, SectorClock
from shared.kernel.clock import SystemClock, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.people.records import Account, Role
from shared.referral.number import number_of, spoken
from tests.support.agency_services import CANARY, World, agency_id, consented, referred, world
from tests.support.casework import a_referral
from tests.support.page_client import Page, PageClient, an_account, front_of, somebody

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCK = SystemClock()
IDS = Uuid7Factory(CLOCK)
BREAK_GLASS = {"kind": "vital_interest", "article": "Law 91/2025 Art 19", "approver": "duty-1", "notify_unsafe": False}
CASE: dict[str, Any] = {
    "identity": {"name": CANARY, "sex": "female"},
    "contact": {"name_to_use": CANARY},
    "safety": {"band": "R4"},
    "incident": {"ongoing": True},
    "preferences": {"staff_gender": "female"},
}


@dataclass
class Centre:
    """A social-work centre with a supervisor and two colleagues, and a hospital beside it."""

    mesh: World
    boss: PageClient
    lan: Account
    minh: Account

    async def look(self, path: str) -> Page:
        """Open a page of supervision."""
        page = await self.boss.get(path)
        assert page.status == 200, page.text
        assert CANARY not in page.text + str(page.response.url) + str(page.response.headers)
        assert page.title == "Work"
        return page

    async def put(self, *records: Any) -> None:
        """Put records into the centre's book."""
        await self.mesh.services["social"].practice.office.store.write(lambda desk: [desk.add(one) for one in records])

    async def holder(self, referral_id: str) -> str | None:
        """Who has a case."""
        store = self.mesh.services["social"].practice.office.store
        found = await store.read(lambda reading: reading.get(Assignment, referral_id))
        return None if found is None else found.holder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Centre]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social", "police") as mesh:
        front = front_of(mesh.services["social"].app)
        lan = await an_account(front, "lan", Role.CASEWORKER, gender="female", languages=["vi", "hmn"], unit="Crisis")
        minh = await an_account(front, "minh", Role.CASEWORKER, gender="male", languages=["vi"])
        boss = await somebody(mesh.services["social"].app, Role.SUPERVISOR, pseudonym="the-boss")
        yield Centre(mesh, boss, lan, minh)


def a_case(*, due: timedelta, **changes: Any) -> Referral:
    """A case of the centre that is due so long from now."""
    at = to_wire(CLOCK.now() + due)
    given = {"service_type": "SOC-01", "next_due_at": at, "recipient": "social-test"} | changes
    return a_referral(IDS.new(), **given)


def number(referral_id: str) -> str:
    return spoken(number_of(referral_id))


async def arrived(centre: Centre, **changes: Any) -> str:
    referral_id = await referred(centre.mesh["health"], await consented(centre.mesh["health"]), **changes)
    await centre.mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    return referral_id


async def test_what_is_late_stands_above_what_is_due_soon(centre: Centre) -> None:
    late, soon, later = [a_case(due=timedelta(hours=hours)) for hours in (-3, 5, 60)]
    await centre.put(late, soon, later)
    above, _, below = (await centre.look("/supervision")).text.partition("Due within 24 hours")
    assert number(late.referral_id) in above
    assert "3 hours late" in above
    assert number(soon.referral_id) in below
    assert number(later.referral_id) not in above + below
    assert f"/referrals/{late.referral_id}" in above


async def test_a_case_that_nobody_has_is_given_to_a_colleague(centre: Centre) -> None:
    case = await arrived(centre)
    assert number(case) in (await centre.look("/supervision/unassigned")).text
    page = await centre.look(f"/supervision/cases/{case}")
    for said in ("Sample lan", "Woman", "Vietnamese", "unit Crisis", "0 open", "nobody yet"):
        assert said in page.text, said
    page = await centre.boss.send(page, f"/supervision/cases/{case}", to=centre.lan.pseudonym)
    assert await centre.holder(case) == centre.lan.pseudonym
    assert "Sample lan has it now" in page.text
    assert number(case) not in (await centre.look("/supervision/unassigned")).text
    page = await centre.boss.send(page, f"/supervision/cases/{case}/let-go")
    assert await centre.holder(case) is None
    assert page.text.index("Let go") < page.text.index("Handed over"), "the journal says who did it, the newest first"


@pytest.mark.rule("R-01")
async def test_her_wish_for_a_woman_is_shown_and_asked_about(centre: Centre) -> None:
    case = await arrived(centre, preferences={"staff_gender": "female", "language": "vi"})
    page = await centre.look(f"/supervision/cases/{case}")
    assert "She asked that a woman helps her." in page.text
    refused = await centre.boss.send(page, f"/supervision/cases/{case}", to=centre.minh.pseudonym)
    assert refused.status == 422
    assert await centre.holder(case) is None
    assert dict(refused.form(f"/supervision/cases/{case}").fields)["to"] == centre.minh.pseudonym, "typed is kept"
    await centre.boss.send(refused, f"/supervision/cases/{case}", to=centre.minh.pseudonym, knowing="on")
    assert await centre.holder(case) == centre.minh.pseudonym


@pytest.mark.rule("R-11")
async def test_a_case_is_not_given_to_whom_it_is_kept_from(centre: Centre) -> None:
    case = await arrived(centre, blocked=[centre.lan.pseudonym])
    page = await centre.look(f"/supervision/cases/{case}")
    refused = await centre.boss.send(page, f"/supervision/cases/{case}", to=centre.lan.pseudonym)
    assert refused.status == 422
    assert "Hand the case to another colleague." in refused.text
    assert await centre.holder(case) is None


async def test_the_workload_of_each_colleague_leads_to_her_cases(centre: Centre) -> None:
    nga = await an_account(front_of(centre.mesh.services["social"].app), "nga", Role.CASEWORKER)
    cases = [a_case(due=timedelta(hours=-1)), a_case(due=timedelta(hours=9)), a_case(due=timedelta(0), state="closed")]
    held = [Assignment(referral_id=one.referral_id, holder=nga.pseudonym, at="", by="") for one in cases]
    await centre.put(*cases, *held)
    page = await centre.look("/supervision/workload")
    row = page.text.partition("Sample nga")[2].partition("</tr>")[0]
    assert 'data-label="Open cases">2<' in row
    assert 'data-label="Late" class="late">1<' in row
    hers = await centre.look(f"/supervision/colleagues/{nga.account_id}")
    assert [number(one.referral_id) in hers.text for one in cases] == [True, True, False]


async def test_duties_of_the_sector_that_ran_out_are_listed(centre: Centre) -> None:
    case, over = a_case(due=timedelta(hours=9)), to_wire(CLOCK.now() - timedelta(hours=2))
    rule = next(iter(centre.mesh.services["social"].practice.rulebook._rules.rules))
    made = [
        SectorClock(key=f"{name}/{rule}", referral_id=case.referral_id, target=name, rule=rule, started_at=over,
                    due_at=over, stopped_at=stopped)
        for name, stopped in (("running", None), ("stopped", over))
    ]  # fmt: skip
    await centre.put(case, *made)
    text = (await centre.look("/supervision/clocks")).text
    assert text.count(number(case.referral_id)) == 2, "once as a link, once in the name of what can be done with it"
    assert "2 hours late" in text


async def test_declared_conflicts_say_who_and_not_why(centre: Centre) -> None:
    case = await arrived(centre)
    await centre.mesh["social"].done(f"/v1/referrals/{case}/declare-conflict", {"actor": centre.minh.pseudonym})
    text = (await centre.look("/supervision/conflicts")).text
    row = text.partition(number(case))[2].partition("</tr>")[0]
    assert "Sample minh" in row
    assert "Left to the supervisor" in row


@pytest.mark.rule("R-11")
async def test_supervision_shows_nothing_of_a_case_that_is_kept_from_the_supervisor(centre: Centre) -> None:
    case = await arrived(centre, blocked=["the-boss"])
    overdue = a_case(due=timedelta(hours=-9))
    ids = {"conflict_id": IDS.new(), "referral_id": overdue.referral_id, "chain_id": overdue.chain_id}
    await centre.put(overdue, ConflictRecord(**ids, actor="the-boss", declared_at=to_wire(CLOCK.now())))
    for path, _ in PAGES:
        text = (await centre.look(path)).text
        assert number(case) not in text, path
        assert number(overdue.referral_id) not in text, path
    assert (await centre.boss.get(f"/supervision/cases/{case}")).status == 404


async def test_a_second_person_stands_up_for_a_disclosure_and_says_that_she_was_told(centre: Centre) -> None:
    boss = await somebody(centre.mesh.services["health"].app, Role.SUPERVISOR, pseudonym="duty-2")
    request = {"service_type": "POL-02", "recipient": agency_id("police"), "basis": BREAK_GLASS, "urgency": "urgent",
               "compartments": CASE, "area": "38"}  # fmt: skip
    answer = await centre.mesh["health"].done("/v1/referrals", request)
    case = str(answer["referral"]["referral_id"])
    page = await boss.get("/supervision/overrides")
    assert number(case) in page.text
    assert "A second person must confirm it" in page.text
    assert CANARY not in page.text
    page = await boss.send(page, f"/supervision/overrides/{case}/confirm")
    assert "The review is to come" in page.text
    page = await boss.send(page, f"/supervision/overrides/{case}/told")
    assert not [one for one in page.forms if case in one.action], "nothing is owed by this agency any more"
    same = await somebody(centre.mesh.services["health"].app, Role.SUPERVISOR, pseudonym="duty-1")
    other = {**request, "urgency": "prompt"}
    second = str((await centre.mesh["health"].done("/v1/referrals", other))["referral"]["referral_id"])
    refused = await same.send(await same.get("/supervision/overrides"), f"/supervision/overrides/{second}/confirm")
    assert refused.status == 422
    assert "cannot confirm it as well" in refused.text


async def test_while_the_gateway_is_away_the_page_says_so(centre: Centre) -> None:
    centre.mesh.wire.cut = True
    page = await centre.boss.get("/supervision/overrides")
    centre.mesh.wire.mend()
    assert page.status == 503
    assert 'role="alert"' in page.text


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.ADMINISTRATOR])
async def test_only_supervisors_supervise(centre: Centre, role: Role) -> None:
    other = await somebody(centre.mesh.services["social"].app, role)
    paths: Sequence[str] = [*(path for path, _ in PAGES), f"/supervision/cases/{IDS.new()}"]
    assert {(await other.get(path)).status for path in paths} == {403}
