"""Somebody's own account: who she is to her colleagues, her password, her telephone, her sessions, what happened."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.errors import FieldFault, InputRejected, MeshError, NotAuthenticated, NotPermitted
from shared.pages.catalogue import LANGUAGES, N_
from shared.pages.entrance import Entrance
from shared.pages.forms import Posted, wrong
from shared.pages.guard import signed_in, token_of
from shared.pages.paths import ACCOUNT, OWN_CODES, OWN_CODES_AWAY, OWN_PASSWORD, OWN_SESSIONS
from shared.pages.routes import page_router, see_other
from shared.people.doorway import session_key
from shared.people.own_account import OwnAccount
from shared.people.records import Person, Role
from shared.people.telephone import picture

#: What roles, genders and occasions are called on pages.
ROLE_NAMES: Final[Mapping[str, str]] = {
    Role.CASEWORKER: N_("Caseworker"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor"),
    Role.COORDINATOR: N_("Coordinator"),
}
GENDER_NAMES: Final[Mapping[str, str]] = {"female": N_("Woman"), "male": N_("Man")}
OCCASION_NAMES: Final[Mapping[str, str]] = {
    "enrolled": N_("Account made"),
    "signed-in": N_("Signed in"),
    "refused": N_("Sign-in refused"),
    "held": N_("Held after too many tries"),
    "hold-lifted": N_("Hold lifted"),
    "signed-out-everywhere": N_("Signed out everywhere"),
    "password-changed": N_("Password changed"),
    "password-renewed": N_("Password renewed by somebody else"),
    "codes-taken": N_("One-time codes set up"),
    "codes-dropped": N_("One-time codes taken away"),
    "changed": N_("Details changed"),
    "disabled": N_("Account disabled"),
    "restored": N_("Account restored"),
}

_PASSWORD: Final = "password"  # noqa: S105 - the name of a field
_Anybody = Annotated[Person, signed_in()]


def account_router(entrance: Entrance, own: OwnAccount) -> APIRouter:
    """Make the routes of one's own account."""
    router = page_router()
    _add_overview(router, entrance, own)
    _add_password(router, entrance, own)
    _add_codes(router, entrance, own)
    _add_codes_away(router, entrance, own)
    return router


def _add_overview(router: APIRouter, entrance: Entrance, own: OwnAccount) -> None:
    @router.get(ACCOUNT)
    async def account(request: Request, person: _Anybody) -> Response:
        return entrance.pages.answer(
            request,
            "pages/account.html",
            role=ROLE_NAMES[person.role],
            gender=GENDER_NAMES.get(person.account.gender or ""),
            tongues=[LANGUAGES.get(code, code) for code in person.account.languages],  # type: ignore[call-overload]  # other codes stand for themselves
            has_password=_has_password(person, entrance),
            here=person.session.key,
            sessions=await own.door.sessions(person),
            occasions=await own.occasions(person),
            occasion_names=OCCASION_NAMES,
        )

    @router.post(OWN_SESSIONS)
    async def end_session(request: Request, person: _Anybody, form: Posted) -> Response:
        chosen = form.text("session")
        if chosen != session_key(token_of(request) or ""):
            await own.door.sign_out_elsewhere(person, chosen)
        return see_other(ACCOUNT)


def _add_password(router: APIRouter, entrance: Entrance, own: OwnAccount) -> None:
    pages, page = entrance.pages, "pages/own_password.html"

    @router.get(OWN_PASSWORD)
    async def password_page(request: Request, person: _Anybody) -> Response:
        _check_password(person, entrance)
        return pages.answer(request, page, provisional=person.account.provisional)

    @router.post(OWN_PASSWORD)
    async def change_password(request: Request, person: _Anybody, form: Posted) -> Response:
        _check_password(person, entrance)
        old, new = form.get("old", ""), form.get("new", "")
        try:
            if new != form.get("again", ""):
                raise wrong("again", "password.again", "This is not what you wrote above.")
            person = await own.change_password(person, old=old, new=new)
        except (InputRejected, NotAuthenticated) as error:
            told = _beside(error, {"/password": "/new"}, at="old")
            return pages.refused(request, page, told, provisional=person.account.provisional)
        token, person = await own.door.renew(person, token_of(request))
        return entrance.entered(token, ACCOUNT, person)


def _add_codes(router: APIRouter, entrance: Entrance, own: OwnAccount) -> None:
    pages = entrance.pages

    def offer(person: Person, secret: str) -> dict[str, Any]:
        issuer = str(getattr(pages.brand.name, person.language))
        grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return {"secret": grouped, "picture": Markup(picture(secret, login=person.account.login, issuer=issuer))}  # noqa: S704 - made here, of a base32 secret and a checked login

    @router.get(OWN_CODES)
    async def codes_page(request: Request, person: _Anybody) -> Response:
        _check_password(person, entrance)
        secret, sealed = own.offer_codes(person)
        return pages.answer(request, "pages/own_codes.html", offer=sealed, **offer(person, secret))

    @router.post(OWN_CODES)
    async def take_codes(request: Request, person: _Anybody, form: Posted) -> Response:
        _check_password(person, entrance)
        sealed, secret = form.text("offer"), own.offered(person, form.text("offer"))
        try:
            await own.take_codes(person, sealed, password=form.get(_PASSWORD, ""), code=form.text("code"))
        except (InputRejected, NotAuthenticated) as error:
            told = _beside(error, {}, at=_PASSWORD)
            return pages.refused(request, "pages/own_codes.html", told, offer=sealed, **offer(person, secret))
        return see_other(ACCOUNT)


def _add_codes_away(router: APIRouter, entrance: Entrance, own: OwnAccount) -> None:
    page = "pages/own_codes_away.html"

    @router.get(OWN_CODES_AWAY)
    async def away_page(request: Request, person: _Anybody) -> Response:
        _check_password(person, entrance)
        return entrance.pages.answer(request, page)

    @router.post(OWN_CODES_AWAY)
    async def drop_codes(request: Request, person: _Anybody, form: Posted) -> Response:
        _check_password(person, entrance)
        try:
            await own.drop_codes(person, password=form.get(_PASSWORD, ""))
        except NotAuthenticated as error:
            return entrance.pages.refused(request, page, _beside(error, {}, at=_PASSWORD))
        return see_other(ACCOUNT)


def _has_password(person: Person, entrance: Entrance) -> bool:
    return entrance.door.local and person.account.password_hash is not None


def _check_password(person: Person, entrance: Entrance) -> None:
    if not _has_password(person, entrance):
        raise NotPermitted("account.elsewhere", "Your institution keeps your password. Change it there.")


def _beside(error: MeshError, moved: Mapping[str, str], *, at: str) -> MeshError:
    """Return an error with its faults beside the fields of the page; a wrong password stands beside its own."""
    if isinstance(error, NotAuthenticated):
        message = "This password is not right, or there were too many tries."
        return wrong(at, "sign-in.refused", message)
    faults = [FieldFault(moved.get(one.pointer, one.pointer), one.code, one.message) for one in error.faults]
    return InputRejected("form.invalid", "Look at what is marked below.", faults=faults)
