"""From a template to an answer: one environment per language, one policy for every page.

Promises: whatever a partner or another agency can send is escaped where it is shown; a page loads nothing from
elsewhere, runs no script but our own file, is framed by nobody and kept by no cache; its title is neutral (R-07, R-20).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.kernel.clock import Clock, from_wire
from shared.kernel.errors import MeshError
from shared.pages import figures
from shared.pages.catalogue import FIRST, LANGUAGES, Language, Words, said, words_of
from shared.pages.cookies import Cookies
from shared.people.records import Person, Role
from shared.sop.model import Name
from shared.web.conditional import knows

OWN_ROOM: Final = "shared.pages"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types mesh"
)
#: What these two weigh decides how fast the first page is there: they are one request each, and kept.
_ASSETS: Final = {"mesh.css": "text/css", "mesh.js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class NavLink:
    """An entry of the navigation: `label` is a text of the catalogue, `path` where it leads, `roles` who sees it."""

    label: str
    path: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What a deployable looks like: `slug` chooses its colour; `home` is where its people begin."""

    slug: str
    name: Name
    home: str
    links: Sequence[NavLink]

    def home_of(self, person: Person | None) -> str:
        """Return where somebody begins: `home`, or the first page of those that are not for everybody's eyes."""
        seen = [one.path for one in self.links if person and person.role in one.roles]
        return self.home if person is None or self.home in seen else next(iter(seen), self.home)


class Pages:
    """Renders the pages of one deployable. `rooms` are packages with `templates` and `locale`, the basis last."""

    def __init__(
        self, *, brand: Brand, rooms: Sequence[str], cookies: Cookies, clock: Clock, neutral: str = "/calendar"
    ) -> None:
        self.brand = brand
        self.cookies = cookies
        self.neutral = neutral
        self._clock = clock
        self._rooms = (*rooms, OWN_ROOM)
        self.assets = {name: _asset(name) for name in _ASSETS}
        self._environments: dict[Language, Environment] = {}

    def answer(
        self, request: Request, template: str, *, status: int = 200, language: Language | None = None, **values: Any
    ) -> HTMLResponse:
        """Return a page. `template` is `<room>/<file>`, such as `pages/sign_in.html` or `agency/inbox.html`."""
        return self._response(self.text(request, template, language=language, **values), status=status)

    def text(self, request: Request, template: str, *, language: Language | None = None, **values: Any) -> str:
        """Return a page as text."""
        person: Person | None = getattr(request.state, "person", None)
        language = language or self.language(request)
        now = self._clock.now()
        shell: dict[str, Any] = {
            "person": person,
            "csrf": person.session.csrf if person else "",
            "links": [one for one in self.brand.links if person and person.role in one.roles],
            "home": self.brand.home_of(person),
            "path": request.url.path,
            "now": now,
            "faults": {},
            "error": None,
            "countdown": partial(_countdown, now=now),
        }
        return self._environment(language).get_template(template).render(shell | values)

    def refused(
        self, request: Request, template: str, error: MeshError, *, status: int = 422, **values: Any
    ) -> HTMLResponse:
        """Return a page again with what was wrong: `error` above, each fault beside its field (`faults[name]`)."""
        words = self.words(self.language(request))
        faults = {fault.pointer.removeprefix("/"): words.gettext(fault.message) for fault in error.faults}
        return self.answer(request, template, status=status, error=said(error, words), faults=faults, **values)

    def words(self, language: Language) -> Words:
        """Return the words of every room of this deployable."""
        return words_of(language, tuple(reversed(self._rooms)))

    def language(self, request: Request) -> Language:
        """Return the language of whoever asks: her own, else what she chose before, else Vietnamese."""
        person: Person | None = getattr(request.state, "person", None)
        wanted = person.language if person else request.cookies.get(self.cookies.language)
        return next((one for one in LANGUAGES if one == wanted), FIRST)

    def _response(self, text: str, *, status: int) -> HTMLResponse:
        tag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
        headers = {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin", "ETag": tag}
        if self.cookies.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return HTMLResponse(text, status, headers=headers)

    def _environment(self, language: Language) -> Environment:
        known = self._environments.get(language)
        if known is None:
            known = self._environments[language] = self._new_environment(language)
        return known

    def _new_environment(self, language: Language) -> Environment:
        with_templates = [room for room in self._rooms if files(room).joinpath("templates").is_dir()]
        loaders = {_prefix(room): PackageLoader(room) for room in with_templates}
        environment = Environment(
            loader=PrefixLoader(loaders),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_gettext_translations(self.words(language), newstyle=True)  # type: ignore[attr-defined]
        environment.globals.update(brand=self.brand, language=language, languages=LANGUAGES, assets=_paths(self.assets))
        environment.filters.update(
            _filters(language), spoken=partial(_spoken, words=self.words(language), language=language)
        )
        return environment


def unchanged(request: Request, response: Response) -> Response:
    """Return 304 in place of a page that a refreshing browser has already (RFC 9110 section 13.1.2)."""
    tag = response.headers.get("etag")
    if tag and knows(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return response


def _prefix(room: str) -> str:
    """Return the name of a room's templates: `pages` for the basis, else the room without what holds it."""
    return "pages" if room == OWN_ROOM else room.removeprefix("shared.").removesuffix(".pages").rpartition(".")[2]


def _countdown(at: str, *, now: datetime) -> tuple[bool, Any]:
    """Return whether a time is past, and how long ago or how far ahead it is."""
    left = from_wire(at) - now
    return left.total_seconds() < 0, left


def _filters(language: Language) -> Mapping[str, Callable[..., Any]]:
    return {
        "moment": partial(figures.moment, language=language),
        "day": partial(figures.day, language=language),
        "weekday": partial(figures.weekday, language=language),
        "span": partial(figures.span, language=language),
        "number": partial(figures.number, language=language),
        "says": lambda name: name.get(language) if isinstance(name, Mapping) else getattr(name, language),
    }


def _spoken(label: Name | str, *, words: Words, language: Language) -> str:
    """Return a name, or a text that is only known at run time, in a language.

    Never `_(variable)` in a template: it takes what the variable holds for markup, and this does not.
    """
    return words.gettext(label) if isinstance(label, str) else str(getattr(label, language))


def _asset(name: str) -> tuple[str, bytes, str]:
    """Return the path, the bytes and the type of a file of ours; its digest is in the path, so it is kept for ever."""
    body = files(OWN_ROOM).joinpath("assets", name).read_bytes()
    stem, _, ending = name.partition(".")
    return f"/assets/{stem}-{sha256(body).hexdigest()[:12]}.{ending}", body, _ASSETS[name]


def _paths(assets: Mapping[str, tuple[str, bytes, str]]) -> Mapping[str, str]:
    return {name: path for name, (path, _, _) in assets.items()}
