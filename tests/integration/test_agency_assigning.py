"""Who has a case: taken once, handed over with her wish in mind, never given to whom it is kept from."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shared.agency.acting import Caller
from shared.agency.assigning import HandingOver, hand_over, let_go, take, who_had_it
from shared.agency.office import Office
from shared.agency.records import Assignment
from shared.kernel.errors import Conflict, ConsentRequired, InputRejected, NotFound, NotPermitted
from shared.people.records import Account, Role
from shared.referral.number import number_of
from tests.support.agency_services import World, consented, referred, world

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social") as made:
        yield made


def me(pseudonym: str, key: str | None = None) -> Caller:
    return Caller(f"person:{pseudonym}", pseudonym, key, "the form")


def colleague(pseudonym: str, **details: Any) -> Account:
    given: dict[str, Any] = {"role": Role.CASEWORKER, "gender": "female"} | details
    return Account(account_id=pseudonym, login=pseudonym, name="Sample", pseudonym=pseudonym, created_at="", **given)


def office_of(mesh: World, kind: str = "social") -> Office:
    return mesh.services[kind].practice.office


async def arrived(mesh: World, **changes: Any) -> str:
    referral_id = await referred(mesh["health"], await consented(mesh["health"]), **changes)
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    return referral_id


async def holder(mesh: World, referral_id: str) -> str | None:
    found = await office_of(mesh).store.read(lambda reading: reading.get(Assignment, referral_id))
    return None if found is None else found.holder


async def test_a_case_is_taken_by_one_and_let_go_again(mesh: World) -> None:
    office, case = office_of(mesh), await arrived(mesh)
    await take(office, me("lan", "k1"), case, gender="female")
    assert (await take(office, me("lan", "k1"), case, gender="female")).replayed
    with pytest.raises(Conflict, match=r"assignment\.taken"):
        await take(office, me("minh"), case, gender="female")
    with pytest.raises(NotPermitted, match=r"assignment\.not-yours"):
        await let_go(office, me("minh"), case)
    assert await holder(mesh, case) == "lan"
    await let_go(office, me("lan"), case)
    assert await holder(mesh, case) is None
    entries = await office.store.read(lambda reading: who_had_it(reading, case))
    assert [(one.act, one.actor, one.outcome) for one in entries] == [
        ("case.take", "lan", "done"), ("case.take", "minh", "refused"),
        ("case.let-go", "minh", "refused"), ("case.let-go", "lan", "done"),
    ]  # fmt: skip


async def test_only_who_has_it_or_a_supervisor_hands_over(mesh: World) -> None:
    office, case = office_of(mesh), await arrived(mesh)
    with pytest.raises(NotPermitted, match=r"assignment\.not-yours"):
        await hand_over(office, me("lan"), case, HandingOver(to=colleague("minh")))
    await hand_over(office, me("hoa"), case, HandingOver(to=colleague("lan"), supervises=True))
    await hand_over(office, me("lan"), case, HandingOver(to=colleague("minh")))
    assert await holder(mesh, case) == "minh"


@pytest.mark.parametrize("details", [{"role": Role.ADMINISTRATOR}, {"disabled_at": "2026-11-22T00:00:00.000Z"}])
async def test_a_case_goes_only_to_somebody_who_works_on_cases_here(mesh: World, details: dict[str, Any]) -> None:
    case = await arrived(mesh)
    handing = HandingOver(to=colleague("quang", **details), supervises=True)
    with pytest.raises(InputRejected, match=r"assignment\.colleague"):
        await hand_over(office_of(mesh), me("hoa"), case, handing)
    assert await holder(mesh, case) is None


@pytest.mark.rule("R-01")
@pytest.mark.parametrize("gender", ["male", None])
async def test_handing_her_to_whom_she_did_not_ask_for_needs_a_word(mesh: World, gender: str | None) -> None:
    office, case = office_of(mesh), await arrived(mesh, preferences={"staff_gender": "female", "language": "vi"})
    to = colleague("minh", gender=gender)
    with pytest.raises(InputRejected, match=r"assignment\.gender") as refused:
        await hand_over(office, me("hoa"), case, HandingOver(to=to, supervises=True))
    assert [reason.rule for reason in refused.value.reasons] == ["R-01"]
    await hand_over(office, me("hoa"), case, HandingOver(to=to, supervises=True, knowing=True))
    assert await holder(mesh, case) == "minh"


@pytest.mark.rule("R-01")
@pytest.mark.parametrize("gender", ["male", None])
async def test_a_case_that_was_let_go_is_not_taken_by_whom_she_did_not_ask_for_without_a_word(
    mesh: World, gender: str | None
) -> None:
    office, case = office_of(mesh), await arrived(mesh, preferences={"staff_gender": "female", "language": "vi"})
    await take(office, me("lan"), case, gender="female")
    await let_go(office, me("lan"), case)
    with pytest.raises(InputRejected, match=r"assignment\.gender") as refused:
        await take(office, me("minh"), case, gender=gender)
    assert [reason.rule for reason in refused.value.reasons] == ["R-01"]
    assert await holder(mesh, case) is None
    await take(office, me("minh"), case, gender=gender, knowing=True)
    assert await holder(mesh, case) == "minh"


@pytest.mark.rule("R-11")
async def test_nobody_is_given_a_case_that_is_kept_from_them(mesh: World) -> None:
    office, case = office_of(mesh), await arrived(mesh, blocked=["officer-9"])
    for person in ("officer-9", "officer-7"):
        if person == "officer-7":
            await declared(mesh, case, person)
        with pytest.raises(ConsentRequired, match=r"referral\.blocked"):
            await hand_over(office, me("hoa"), case, HandingOver(to=colleague(person), supervises=True))
        with pytest.raises(NotFound, match=r"referral\.unknown"):
            await take(office, me(person), case, gender="female")
    assert await holder(mesh, case) is None


@pytest.mark.rule("R-11")
async def test_who_declares_a_conflict_has_nothing_of_that_chain_any_more(mesh: World) -> None:
    office, case, other = office_of(mesh), await arrived(mesh), await arrived(mesh)
    for one in (case, other):
        await take(office, me("officer-7"), one, gender="female")
    await declared(mesh, case, "officer-7", hand_over_to="officer-8")
    assert (await holder(mesh, case), await holder(mesh, other)) == ("officer-8", "officer-7")
    await declared(mesh, other, "officer-7")
    assert await holder(mesh, other) is None


async def test_both_sides_find_a_referral_under_one_number(mesh: World) -> None:
    case = await arrived(mesh)
    for kind in ("health", "social"):
        referral = await office_of(mesh, kind).referral(case)
        assert referral.number == number_of(case)


async def declared(mesh: World, case: str, actor: str, **more: Any) -> None:
    await mesh["social"].done(f"/v1/referrals/{case}/declare-conflict", {"actor": actor, **more})
