"""Accounts as an administrator or an operator keeps them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from shared.kernel.errors import Conflict, InputRejected, NotAuthenticated, NotFound, NotPermitted
from shared.people.doorway import TRIES
from shared.people.enrolment import Newcomer
from shared.people.records import Role
from shared.people.staff import Details
from tests.support.page_client import PASSWORD
from tests.support.people import Entry, entry

NEWCOMER = Newcomer(login="huong", name="Hương (mẫu)", role=Role.CASEWORKER, gender="female", languages=("vi", "hmn"))
DETAILS = Details(name="Hương (mẫu)", role=Role.SUPERVISOR, unit="Trạm 2")


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Entry]:
    with entry(tmp_path) as made:
        yield made


async def test_a_first_password_lets_somebody_in_and_is_marked_as_not_her_own(at: Entry) -> None:
    account, password = await at.staff.add(NEWCOMER, by=None)
    assert password is not None
    _, person = await at.door.sign_in("huong", password)
    assert person.account.provisional
    assert password not in str(await at.now(account))
    await at.own.change_password(person, old=password, new="ba con meo trong vuon")
    assert not (await at.now(account)).provisional


async def test_somebody_whom_the_provider_knows_gets_no_password(at: Entry) -> None:
    account, password = await at.staff.add(replace(NEWCOMER, oidc_subject="s-1"), by=None)
    assert (password, account.password_hash) == (None, None)
    assert (await at.door.vouched("s-1"))[1].account.login == "huong"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"role": Role.AUDITOR}, "/role"),
        ({"role": Role.COORDINATOR}, "/role"),
        ({"login": "../x"}, "/login"),
        ({"login": "<b>"}, "/login"),
        ({"name": "a\nb"}, "/name"),
        ({"name": " "}, "/name"),
        ({"unit": "x" * 101}, "/unit"),
        ({"gender": "unknown"}, "/gender"),
        ({"languages": ("vi", "<script>")}, "/languages"),
        ({"pseudonym": "Nguyen Thi"}, "/pseudonym"),
        ({"oidc_subject": "two words"}, "/oidc_subject"),
    ],
)
async def test_what_no_account_may_be_is_refused(at: Entry, change: dict[str, object], pointer: str) -> None:
    with pytest.raises(InputRejected) as caught:
        await at.staff.add(replace(NEWCOMER, **change), by=None)  # type: ignore[arg-type]
    assert [one.pointer for one in caught.value.faults] == [pointer]


@pytest.mark.parametrize("change", [{"login": "x1y"}, {"pseudonym": "staff-aa"}, {"oidc_subject": "s-1"}])
async def test_nobody_takes_the_login_the_pseudonym_or_the_subject_of_another(
    at: Entry, change: dict[str, str]
) -> None:
    first = replace(NEWCOMER, pseudonym="staff-a", oidc_subject="s-9")
    taken = replace(first, **change)  # type: ignore[arg-type]
    await at.staff.add(taken, by=None)
    again = replace(Newcomer(login="other", name="Khác", role=Role.CASEWORKER), **change)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        await at.staff.add(again, by=None)


async def test_another_role_counts_at_once_and_ends_her_sessions(at: Entry) -> None:
    account = await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    await at.staff.change(account.account_id, DETAILS, by="boss")
    with pytest.raises(NotAuthenticated):
        await at.door.known(token)
    assert (await at.now(account)).role == Role.SUPERVISOR


@pytest.mark.parametrize("subject", [None, "s-2"])
async def test_another_subject_or_none_counts_at_once_and_ends_her_sessions(at: Entry, subject: str | None) -> None:
    account = await at.somebody(oidc_subject="s-1")
    token, _ = await at.door.vouched("s-1")
    details = replace(DETAILS, role=Role.CASEWORKER, oidc_subject=subject)
    await at.staff.change(account.account_id, details, by="boss")
    with pytest.raises(NotAuthenticated):
        await at.door.known(token)


async def test_other_details_leave_her_at_work(at: Entry) -> None:
    account = await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    await at.staff.change(account.account_id, replace(DETAILS, role=Role.CASEWORKER), by="boss")
    assert (await at.door.known(token)).account.unit == "Trạm 2"


async def test_nobody_disables_or_demotes_herself(at: Entry) -> None:
    boss = await at.somebody("boss", Role.ADMINISTRATOR)
    with pytest.raises(Conflict):
        await at.staff.disable(boss.account_id, by=boss.account_id)
    with pytest.raises(Conflict):
        await at.staff.change(boss.account_id, DETAILS, by=boss.account_id)


async def test_nobody_changes_how_she_signs_in_herself_without_her_password(at: Entry) -> None:
    boss = await at.somebody("boss", Role.ADMINISTRATOR)
    secret, own = await at.with_telephone(boss), boss.account_id
    token, _ = await at.door.sign_in("boss", PASSWORD, code=at.code(secret))
    before = await at.now(boss)
    bound = replace(DETAILS, role=Role.ADMINISTRATOR, oidc_subject="s-1")
    staff = at.staff
    for doing in (staff.renew_password, staff.drop_codes, staff.lift_hold, partial(staff.change, details=bound)):
        with pytest.raises(Conflict):
            await doing(own, by=own)
    assert await at.now(boss) == before
    assert (await at.door.known(token)).account == before


async def test_a_renewed_password_ends_sessions_lifts_a_hold_and_is_not_her_own(at: Entry) -> None:
    account = await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    for _ in range(TRIES):
        with pytest.raises(NotAuthenticated):
            await at.door.sign_in("mai", "mot hai ba bon nam")
    password = await at.staff.renew_password(account.account_id, by="boss")
    with pytest.raises(NotAuthenticated):
        await at.door.known(token)
    assert (await at.door.sign_in("mai", password))[1].account.provisional


async def test_a_first_password_is_gone_once_the_provider_vouches_for_her(at: Entry) -> None:
    account, password = await at.staff.add(NEWCOMER, by=None)
    assert password is not None
    bound = replace(DETAILS, role=Role.CASEWORKER, oidc_subject="s-1")
    await at.staff.change(account.account_id, bound, by="boss")
    with pytest.raises(NotAuthenticated):
        await at.door.sign_in("huong", password)
    assert not (await at.door.vouched("s-1"))[1].account.provisional
    with pytest.raises(NotPermitted):
        await at.staff.renew_password(account.account_id, by="boss")


async def test_binding_somebody_leaves_a_password_of_her_own(at: Entry) -> None:
    account = await at.somebody()
    await at.staff.change(account.account_id, replace(DETAILS, role=Role.CASEWORKER, oidc_subject="s-1"), by="boss")
    await at.door.sign_in("mai", PASSWORD)


async def test_a_lost_telephone_is_taken_away(at: Entry) -> None:
    account = await at.somebody()
    await at.with_telephone(account)
    await at.staff.drop_codes(account.account_id, by="boss")
    await at.door.sign_in("mai", PASSWORD)


async def test_a_hold_is_lifted(at: Entry) -> None:
    account = await at.somebody()
    for _ in range(TRIES):
        with pytest.raises(NotAuthenticated):
            await at.door.sign_in("mai", "mot hai ba bon nam")
    await at.staff.lift_hold(account.account_id, by="boss")
    await at.door.sign_in("mai", PASSWORD)


async def test_who_was_disabled_can_be_let_in_again(at: Entry) -> None:
    account = await at.somebody()
    await at.staff.disable(account.account_id, by="boss")
    await at.staff.restore(account.account_id, by="boss")
    await at.door.sign_in("mai", PASSWORD)
    assert await at.told(account) == ["enrolled", "disabled", "restored", "signed-in"]


async def test_an_account_that_is_not_there_is_not_found(at: Entry) -> None:
    with pytest.raises(NotFound):
        await at.staff.disable("nobody", by=None)
