"""Who may see a page: somebody who is signed in, with a role; and whose form it is that was posted.

The steps: (1) the cookie names a session that lives; (2) the session is not locked; (3) the person has one of the
roles; (4) what was posted came from a page of ours: the browser says same origin, and the form carries the session's
own secret. A page that refreshes itself (`X-Refresh`) is no sign of life. Whoever came in with a password that somebody
else chose is led to choose her own, whatever page she wanted.
"""

import hmac
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import Request

from shared.kernel.errors import NotAuthenticated, NotPermitted
from shared.pages.forms import read_form
from shared.pages.paths import OWN_PASSWORD, SIGN_OUT
from shared.people.doorway import Doorway
from shared.people.records import Person, Role
from shared.web.security import Guard

CSRF: Final = "csrf"
#: Where somebody may go before she has a password of her own.
FIRST_STEPS: Final = frozenset({OWN_PASSWORD, SIGN_OUT})
_SAFE: Final = frozenset({"GET", "HEAD"})
_OWN: Final = frozenset({"same-origin", "none"})


class SignedIn(Guard):
    """Lets through who is signed in with one of some roles; with none named, anybody who is signed in."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Person:
        """Return the person. Raises `NotAuthenticated` (`session.none`, `session.locked`), `NotPermitted`."""
        door: Doorway = request.app.state.doorway
        is_refresh = request.method in _SAFE and "x-refresh" in request.headers
        person = await door.known(token_of(request), quietly=is_refresh)  # (1) (2)
        request.state.person = person
        if person.account.provisional and request.url.path not in FIRST_STEPS:
            raise NotAuthenticated("password.provisional", "Choose a password of your own first.")
        if self.roles and person.role not in self.roles:  # (3)
            raise NotPermitted("page.role", "This page is for other colleagues. Ask your administrator if you need it.")
        if request.method not in _SAFE:
            await check_form(request, person.session.csrf)  # (4)
        return person


def signed_in(*roles: Role) -> Any:
    """Declare who may see a page.

    Write the parameter as `person: Annotated[Person, signed_in(Role.CASEWORKER)]`.
    """
    return Depends(SignedIn(*roles))


async def check_form(request: Request, secret: str) -> None:
    """Check that a form is the page's own. Raises `NotPermitted` (`form.foreign`)."""
    check_origin(request)
    form = await read_form(request)
    if not secret or not hmac.compare_digest(form.get(CSRF, "").encode(), secret.encode()):
        raise _foreign()


def check_origin(request: Request) -> None:
    """Check what the browser says of where a form comes from. Raises `NotPermitted` (`form.foreign`)."""
    if request.headers.get("sec-fetch-site", "same-origin") not in _OWN:
        raise _foreign()
    origin = request.headers.get("origin")
    if origin not in {None, "null"} and urlsplit(origin).netloc != request.headers.get("host"):
        raise _foreign()


def token_of(request: Request) -> str | None:
    """Return the token in the session's cookie."""
    return request.cookies.get(request.app.state.pages.cookies.session)


def _foreign() -> NotPermitted:
    return NotPermitted("form.foreign", "This form is out of date. Open the page again and send it once more.")
