"""Administration: who works here. Accounts are given, changed and taken back; no page here leads to a case."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.pages.desk import PageDesk
from shared.kernel.errors import Conflict, InputRejected
from shared.kernel.identifiers import UUID7_PATTERN
from shared.pages.account import GENDER_NAMES, OCCASION_NAMES, ROLE_NAMES
from shared.pages.forms import Form, Posted
from shared.pages.guard import signed_in
from shared.pages.routes import page_router, see_other
from shared.people.doorway import is_held
from shared.people.enrolment import Newcomer
from shared.people.records import Account, Person, Role
from shared.people.staff import Details

PEOPLE: Final = "/administration/people"
_ONE: Final = f"{PEOPLE}/{{account_id}}"
_SHOWN: Final = 20

_Administrator = Annotated[Person, signed_in(Role.ADMINISTRATOR)]
_AccountId = Annotated[str, Path(pattern=UUID7_PATTERN)]


def people_router(desk: PageDesk) -> APIRouter:
    """Make the routes of accounts."""
    router = page_router()
    _add_list(router, desk)
    _add_newcomer(router, desk)
    _add_one(router, desk)
    _add_acts(router, desk)
    _add_password(router, desk)
    return router


def _add_list(router: APIRouter, desk: PageDesk) -> None:
    @router.get(PEOPLE)
    async def people(request: Request, person: _Administrator) -> Response:
        accounts = await desk.front.staff.everybody()
        now = desk.practice.office.clock.now()
        held = {one.account_id for one in accounts if is_held(one, now)}
        return desk.pages.answer(request, "agency/people.html", accounts=accounts, held=held, roles=ROLE_NAMES)


def _add_newcomer(router: APIRouter, desk: PageDesk) -> None:
    page = "agency/newcomer.html"

    @router.get(f"{PEOPLE}/new")
    async def newcomer_page(request: Request, person: _Administrator) -> Response:
        return desk.pages.answer(request, page, typed={}, **_choices(desk))

    @router.post(PEOPLE)
    async def add(request: Request, person: _Administrator, form: Posted) -> Response:
        try:
            newcomer = Newcomer(login=form.text("login"), **_details(desk, form))
            account, password = await desk.front.staff.add(newcomer, by=person.account.account_id)
        except (InputRejected, Conflict) as error:
            return desk.pages.refused(request, page, error, typed=form, **_choices(desk))
        return desk.pages.answer(request, "agency/first_password.html", account=account, password=password)


def _add_one(router: APIRouter, desk: PageDesk) -> None:
    page, staff = "agency/colleague.html", desk.front.staff

    async def shown(account: Account, typed: Mapping[str, str] | None = None) -> dict[str, Any]:
        names = {one.account_id: one.login for one in await staff.everybody()}
        return {
            "account": account,
            "typed": typed or _typed(account),
            "held": is_held(account, desk.practice.office.clock.now()),
            "occasions": await staff.occasions(account, newest=_SHOWN),
            "occasion_names": OCCASION_NAMES,
            "logins": names,
            **_choices(desk),
        }

    @router.get(_ONE)
    async def one(request: Request, person: _Administrator, account_id: _AccountId) -> Response:
        return desk.pages.answer(request, page, **await shown(await staff.one(account_id)))

    @router.post(_ONE)
    async def change(request: Request, person: _Administrator, account_id: _AccountId, form: Posted) -> Response:
        try:
            await staff.change(account_id, Details(**_details(desk, form)), by=person.account.account_id)
        except (InputRejected, Conflict) as error:
            values = await shown(await staff.one(account_id), form)
            return desk.pages.refused(request, page, error, **values)
        return see_other(f"{PEOPLE}/{account_id}")


def _add_acts(router: APIRouter, desk: PageDesk) -> None:
    staff = desk.front.staff
    acts: Mapping[str, Callable[..., Awaitable[Any]]] = {
        "hold": staff.lift_hold,
        "codes": staff.drop_codes,
        "disable": staff.disable,
        "restore": staff.restore,
    }

    def offer(name: str, do: Callable[..., Awaitable[Any]]) -> None:
        @router.post(f"{_ONE}/{name}", name=f"people-{name}")
        async def act(request: Request, person: _Administrator, account_id: _AccountId) -> Response:
            await do(account_id, by=person.account.account_id)
            return see_other(f"{PEOPLE}/{account_id}")

    for name, do in acts.items():
        offer(name, do)


def _add_password(router: APIRouter, desk: PageDesk) -> None:
    staff = desk.front.staff

    @router.post(f"{_ONE}/password")
    async def renew(request: Request, person: _Administrator, account_id: _AccountId) -> Response:
        password = await staff.renew_password(account_id, by=person.account.account_id)
        values: dict[str, Any] = {
            "account": await staff.one(account_id),
            "password": password,
            "path": f"{PEOPLE}/{account_id}",
        }
        return desk.pages.answer(request, "agency/first_password.html", **values)


def _choices(desk: PageDesk) -> dict[str, Any]:
    roles = [(role.value, ROLE_NAMES[role]) for role in Role if role in desk.front.staff.roles]
    return {"roles": roles, "genders": list(GENDER_NAMES.items())}


def _details(desk: PageDesk, form: Form) -> dict[str, Any]:
    roles = {role.value: role for role in desk.front.staff.roles}
    return {
        "name": form.text("name"),
        "role": roles[form.choice("role", tuple(roles))],
        "gender": form.text("gender") or None,
        "languages": tuple(form.text("languages").lower().replace(",", " ").split()),
        "unit": form.text("unit") or None,
        "oidc_subject": form.text("oidc_subject") or None,
    }


def _typed(account: Account) -> dict[str, str]:
    return {
        "name": account.name,
        "role": account.role,
        "gender": account.gender or "",
        "languages": " ".join(account.languages),
        "unit": account.unit or "",
        "oidc_subject": account.oidc_subject or "",
    }
