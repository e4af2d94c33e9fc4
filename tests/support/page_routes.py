"""The pages of an application as its routes declare them: who may see each, and an address to try it at."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.pages.guard import SignedIn
from shared.pages.routes import PageRoute
from shared.people.records import Role
from shared.web.factory import MeshApp

#: An id that no record has.
NOBODY = "01935f00-0000-7000-8000-0000000000ff"


@dataclass(frozen=True)
class PageSeen:
    """One page route: `guards` are the roles of each guard before it; an empty set lets in whoever is signed in."""

    method: str
    path: str
    guards: Sequence[frozenset[Role]]

    @property
    def address(self) -> str:
        """The path with an id in each of its holes."""
        return re.sub(r"\{[^}]+\}", NOBODY, self.path)

    def lets_in(self, role: Role) -> bool:
        """Whether the declaration lets a role in."""
        return all(not roles or role in roles for roles in self.guards)


def pages_of(app: MeshApp) -> list[PageSeen]:
    """Every page route of an application."""
    return [
        PageSeen(method, route.path, [one.call.roles for one in route.dependant.dependencies if is_guard(one.call)])  # type: ignore[union-attr]
        for route in app.routes
        if isinstance(route, PageRoute)
        for method in sorted(route.methods)
    ]


def is_guard(call: object) -> bool:
    """Whether a dependency is the guard of a page."""
    return isinstance(call, SignedIn)


def guarded(app: MeshApp) -> list[PageSeen]:
    """The pages that somebody must be signed in for."""
    return [page for page in pages_of(app) if page.guards]
