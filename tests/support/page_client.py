"""A browser without a screen, for the pages of applications in this process: cookies, forms, redirects."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

import httpx
from argon2 import PasswordHasher

from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.pages.front import Front
from shared.people.enrolment import Newcomer, account_of, enrol
from shared.people.passwords import Passwords
from shared.people.records import Account, Role
from shared.web.factory import MeshApp

#: Real hashes that take no time; how strong they are is tested elsewhere.
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "ba con meo trong vuon"


@dataclass
class FormSeen:
    """A form as it stands on a page: where it leads, what it holds, the buttons it has."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """The names that somebody could fill in or choose."""
        return {name for name, _ in self.fields} | set(self.choices)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormSeen] = []
        self.title = ""
        self.headings: list[str] = []
        self._form: FormSeen | None = None
        self._within: list[str] = []
        self._area: str | None = None
        self._select: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._text = ""
        if tag == "form":
            self._form = FormSeen(given.get("action", ""))
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            _put_input(self._form, given)
        elif tag == "button" and name:
            self._form.buttons.append((name, given.get("value", "")))
        elif tag == "textarea":
            self._area = name
        elif tag == "select":
            self._select = name
            self._form.choices.setdefault(name, [])
        elif tag == "option" and self._select:
            _put_option(self._form, self._select, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._form is not None and self._area:
            self._form.fields.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "title":  # that of the page comes first; a picture may have one of its own
            self.title = self.title or self._text.strip()
        elif tag in {"h1", "h2"}:
            self.headings.append(self._text.strip())

    def handle_data(self, data: str) -> None:
        self._text += data


def _put_input(form: FormSeen, given: Mapping[str, str]) -> None:
    name, value, can_be_ticked = given["name"], given.get("value", ""), given.get("type") in {"checkbox", "radio"}
    if can_be_ticked:
        form.choices.setdefault(name, []).append(value or "on")
    if not can_be_ticked or "checked" in given:
        form.fields.append((name, value))


def _put_option(form: FormSeen, select: str, given: Mapping[str, str]) -> None:
    form.choices[select].append(given.get("value", ""))
    if "selected" in given:
        form.fields.append((select, given.get("value", "")))


@dataclass
class Page:
    """A page as it came; it is read when somebody looks at what stands on it."""

    response: httpx.Response

    @cached_property
    def _seen(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.response.text)
        return reader

    @property
    def forms(self) -> list[FormSeen]:
        return self._seen.forms

    @property
    def title(self) -> str:
        return self._seen.title

    @property
    def headings(self) -> list[str]:
        return self._seen.headings

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        return self.response.url.path

    @property
    def text(self) -> str:
        return self.response.text

    def form(self, action: str) -> FormSeen:
        """The form that leads to a path (or to one that ends so)."""
        found = [one for one in self.forms if one.action == action or one.action.endswith(action)]
        assert found, f"no form leads to {action}: {[one.action for one in self.forms]}"
        return found[0]


class PageClient:
    """Somebody at a browser."""

    def __init__(self, app: MeshApp, *, origin: str = "http://pages.test") -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=origin,
            follow_redirects=True,
            timeout=60,
            headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
        )

    async def get(self, path: str, **headers: str) -> Page:
        """Open an address."""
        return Page(
            await self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        )

    async def send(self, page: Page, action: str, *, button: tuple[str, str] | None = None, **given: Any) -> Page:
        """Fill in a form of a page and send it; a list of values ticks several boxes, None leaves a field out."""
        form = page.form(action)
        pairs = [(name, value) for name, value in form.fields if name not in given]
        for name, value in given.items():
            values: Sequence[str] = value if isinstance(value, list | tuple) else [] if value is None else [value]
            pairs += [(name, one) for one in values]
        return await self.post(form.action, [*pairs, *([button] if button else [])])

    async def post(self, path: str, pairs: Sequence[tuple[str, str]] | Mapping[str, str], **headers: str) -> Page:
        """Post fields as they are."""
        body = str(httpx.QueryParams(list(pairs.items()) if isinstance(pairs, Mapping) else list(pairs)))
        told = {"Content-Type": "application/x-www-form-urlencoded"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        return Page(await self.http.post(path, content=body, headers=told))

    async def sign_in(self, login: str, password: str = PASSWORD, **fields: str) -> Page:
        """Sign in as somebody."""
        return await self.send(await self.get("/sign-in"), "/sign-in", login=login, password=password, **fields)


async def an_account(front: Front, login: str, role: Role, *, language: str = "en", **details: Any) -> Account:
    """Give somebody invented an account with the usual password."""
    clock = SystemClock()
    ids = Uuid7Factory(clock)
    newcomer = Newcomer(login=login, name=f"Sample {login}", role=role, language=language, **details)
    roles = front.staff.roles
    account = account_of(newcomer, roles=roles, password=PASSWORD, passwords=QUICK, clock=clock, ids=ids)
    await front.people.write(lambda desk: enrol(desk, account, by=None, occasion_id=ids.new()))
    return account


def front_of(app: MeshApp) -> Front:
    """Return what people of an application meet."""
    front: Front = app.state.front
    return front


async def somebody(app: MeshApp, role: Role, *, login: str | None = None, **details: Any) -> PageClient:
    """Return the browser of somebody with a role, signed in; the account is made for it."""
    login = login or f"{role.value}-{secrets.token_hex(4)}"
    await an_account(front_of(app), login, role, **details)
    client = PageClient(app)
    assert (await client.sign_in(login)).path != "/sign-in"
    return client
