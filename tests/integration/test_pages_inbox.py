"""The inbox: what is due first, whose turn it is, found by number, and not a word about her."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from shared.agency.acting import Caller
from shared.agency.assigning import take
from shared.agency.pages.inbox_filters import PAGE
from shared.agency.records import Referral, Visit
from shared.agency.working import Tab
from shared.kernel.clock import SystemClock, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.people.records import Role
from shared.referral.number import number_of, spoken
from tests.support.agency_services import CANARY, World, consented, referred, world
from tests.support.casework import a_referral
from tests.support.page_client import Page, PageClient, somebody

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = re.compile(r"\b[0-9AHKMPRTVX]{3}-[0-9AHKMPRTVX]{3}-[0-9AHKMPRTVX]{3}\b")
IDS = Uuid7Factory(SystemClock())


@dataclass
class Town:
    """A hospital and a centre, with a caseworker at each."""

    mesh: World
    nurse: PageClient
    worker: PageClient

    async def arrived(self, **changes: Any) -> str:
        """A referral that the centre has received."""
        referral_id = await referred(self.mesh["health"], await consented(self.mesh["health"]), **changes)
        await self.mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
        return referral_id

    async def step(self, referral_id: str, *verbs: str) -> None:
        """Let the centre take steps, and wait until the hospital knows."""
        for verb in verbs:
            facts = {"complete": {"outcome": "completed_full"}, "request-info": {"question": "safe_contact"}}
            answer = await self.mesh["social"].done(f"/v1/referrals/{referral_id}/{verb}", facts.get(verb, {}))
            state = answer["referral"]["state"]
            await self.mesh["health"].until(referral_id, lambda seen, state=state: seen["state"] == state)

    async def on(self, whose: PageClient, tab: str, **filters: str) -> list[str]:
        """The numbers on a tab, in their order."""
        page = await whose.get("/inbox?" + "&".join([f"tab={tab}", *(f"{k}={v}" for k, v in filters.items())]))
        assert page.status == 200
        assert_silent(page)
        return NUMBER.findall(page.text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social") as mesh:
        nurse, worker = [
            await somebody(mesh.services[kind].app, Role.CASEWORKER, pseudonym=f"{kind}-worker")
            for kind in ("health", "social")
        ]
        yield Town(mesh, nurse, worker)


def number(referral_id: str) -> str:
    return spoken(number_of(referral_id))


def assert_silent(page: Page) -> None:
    """Hold that neither the page nor what is around it says who she is."""
    around = [str(page.response.url), *(f"{name}: {value}" for name, value in page.response.headers.items())]
    assert CANARY not in page.text + page.title + "".join(around)
    assert page.title in {"Work", "Công việc"}
    assert page.response.headers["cache-control"] == "no-store"


async def tabs(town: Town, whose: PageClient, referral_id: str) -> set[str]:
    """The tabs a referral is on."""
    return {tab.value for tab in Tab if number(referral_id) in await town.on(whose, tab.value)}


async def test_a_referral_goes_through_the_tabs_of_both_sides(town: Town) -> None:
    case = await town.arrived()
    assert await tabs(town, town.worker, case) == {"new", "team"}
    assert await tabs(town, town.nurse, case) == {"sent", "waiting"}
    await town.step(case, "acknowledge")
    assert await tabs(town, town.worker, case) == {"team"}
    await town.step(case, "request-info")
    assert await tabs(town, town.worker, case) == {"team", "waiting"}
    assert await tabs(town, town.nurse, case) == {"sent"}, "it is the sender's turn"
    await town.mesh["health"].done(f"/v1/referrals/{case}/provide-info", {"answer": "confirmed"})
    await town.mesh["social"].until(case, lambda seen: seen["state"] == "acknowledged")
    await town.step(case, "accept", "start", "complete")
    assert await tabs(town, town.worker, case) == {"closed"}
    assert await tabs(town, town.nurse, case) == {"sent"}, "she is asked before it is closed"
    await town.mesh["health"].done(f"/v1/referrals/{case}/close", {"survivor_told": True})
    assert await tabs(town, town.nurse, case) == {"closed"}


async def test_a_row_says_what_a_colleague_needs_and_nothing_of_her(town: Town) -> None:
    case = await town.arrived(urgency="urgent")
    page = await town.worker.get("/inbox")
    row = page.text.partition(f"/referrals/{case}")[2].partition("</tr>")[0]
    for said in (number(case), "Urgent", "Emergency shelter", "from Health", "left", "Delivered", "nobody yet"):
        assert said in row, said
    assert_silent(page)
    await town.worker.send(page, "/language", button=("language", "vi"))
    row = (await town.worker.get("/inbox")).text.partition(f"/referrals/{case}")[2].partition("</tr>")[0]
    for said in ("Khẩn cấp", "từ Y tế", "Còn ", "Đã chuyển đến", "chưa ai nhận"):
        assert said in row, said
    await town.worker.send(page, "/language", button=("language", "en"))


async def test_immediate_danger_says_on_the_list_to_telephone(town: Town) -> None:
    case = await town.arrived(urgency="immediate", phoned_first=True)
    page = await town.worker.get("/inbox?urgency=immediate")
    assert "Call 113 or 115 now" in page.text.partition(f"/referrals/{case}")[2].partition("</tr>")[0]
    assert (await town.on(town.worker, "new"))[0] == number(case), "what is due first is first"


async def test_what_somebody_took_is_on_her_own_tab(town: Town) -> None:
    case = await town.arrived()
    office = town.mesh.services["social"].practice.office
    await take(office, Caller("person:x", "social-worker"), case, gender="female")
    assert "mine" in await tabs(town, town.worker, case)
    other = await somebody(town.mesh.services["social"].app, Role.CASEWORKER)
    assert "mine" not in await tabs(town, other, case)


async def test_filters_and_worklists_narrow_a_list(town: Town) -> None:
    case = await town.arrived(urgency="standard")
    assert number(case) in await town.on(town.worker, "new", urgency="standard")
    assert number(case) in await town.on(town.worker, "new", service="SOC-01", state="delivered", list="shelter")
    assert number(case) not in await town.on(town.worker, "new", urgency="planned")
    assert await town.on(town.worker, "new", service="SOC-02") == []
    assert await town.on(town.worker, "new", list="children") == []
    assert await town.on(town.worker, "new", service="SOC-01", list="children") == []
    assert number(case) not in await town.on(town.worker, "new", due="overdue")
    everything = await town.on(town.worker, "new")
    assert await town.on(town.worker, "new", urgency="nonsense", state="closed", list="x", page="-1") == everything


@pytest.mark.parametrize("change", [str.lower, lambda said: said.replace("-", " "), lambda said: f" {said}. "])
async def test_a_number_is_found_however_it_is_written(town: Town, change: Any) -> None:
    case = await town.arrived()
    for whose in (town.worker, town.nurse):
        found = await whose.get(f"/inbox/find?number={change(number(case)).replace(' ', '%20')}")
        assert NUMBER.findall(found.text.partition("<table")[2]) == [number(case)]
        assert_silent(found)


async def test_a_slip_of_the_tongue_is_told_apart_from_no_such_referral(town: Town) -> None:
    slip = await town.worker.get("/inbox/find?number=K7M4RX2T8")
    assert "slip of the tongue" in slip.text
    assert 'aria-invalid="true"' in slip.text
    nobody = await town.worker.get(f"/inbox/find?number={number(IDS.new())}")
    assert "no referral with this number" in nobody.text
    assert "nine letters and digits" in (await town.worker.get("/inbox/find")).text
    attack = await town.worker.get("/inbox/find?number=%22%3E%3Cscript%3Ealert(1)")
    assert "<script>alert" not in attack.text


@pytest.mark.rule("R-11")
async def test_a_case_that_is_kept_from_somebody_leaves_no_trace(town: Town) -> None:
    social = town.mesh.services["social"]
    kin = await somebody(social.app, Role.CASEWORKER, pseudonym="brother-in-law")
    before = [(await kin.get(f"/inbox?tab={tab.value}")).text for tab in Tab]
    blocked, declared = await town.arrived(blocked=["brother-in-law"]), await town.arrived()
    await take(social.practice.office, Caller("person:y", "social-worker"), blocked, gender="female")
    await social.client.done(f"/v1/referrals/{declared}/declare-conflict", {"actor": "brother-in-law"})
    after = [(await kin.get(f"/inbox?tab={tab.value}")).text for tab in Tab]
    assert [_lasting(one) for one in after] == [_lasting(one) for one in before]
    for case in (blocked, declared):
        assert "no referral with this number" in (await kin.get(f"/inbox/find?number={number(case)}")).text


def _lasting(page: str) -> str:
    """A page without what time alone changes."""
    return re.sub(r"\d+ \w+ (left|late)", "", page)


async def test_a_list_that_refreshes_itself_is_one_look(town: Town) -> None:
    store = town.mesh.services["social"].practice.office.store
    looks = await store.read(lambda reading: len(reading.find(Visit, actor="social-worker")))
    await town.worker.get("/inbox")
    await town.worker.get("/inbox", x_refresh="1")
    assert await store.read(lambda reading: len(reading.find(Visit, actor="social-worker"))) == looks + 1


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR])
async def test_only_those_who_work_on_cases_see_lists(town: Town, role: Role) -> None:
    other = await somebody(town.mesh.services["social"].app, role)
    assert [(await other.get(path)).status for path in ("/inbox", "/inbox/find?number=1")] == [403, 403]


async def test_fifty_rows_with_style_and_script_weigh_less_than_fifty_kilobytes(town: Town) -> None:
    police = await somebody(town.mesh.services["health"].app, Role.CASEWORKER, language="vi", pseudonym="longest-name")
    await _fill(town, PAGE + 5)
    page = await police.get("/inbox?tab=new")
    assert len(set(NUMBER.findall(page.text))) == PAGE
    assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text)
    whole = len(page.response.content) + sum([len((await police.http.get(one)).content) for one in assets])
    assert len(assets) == 2
    assert whole < 50_000, whole
    second = await police.get("/inbox?tab=new&page=2")
    assert len(set(NUMBER.findall(second.text))) == 5
    assert not set(NUMBER.findall(second.text)) & set(NUMBER.findall(page.text))


async def _fill(town: Town, many: int) -> None:
    """Put referrals into the hospital's book as if police had sent them."""
    due = to_wire(SystemClock().now())

    def one(referral_id: str) -> Referral:
        return a_referral(referral_id, service_type="HEA-02", state="delivered", next_due_at=due, sender="social-test")

    made: Sequence[Referral] = [one(IDS.new()) for _ in range(many)]
    await town.mesh.services["health"].practice.office.store.write(lambda desk: [desk.add(one) for one in made])
