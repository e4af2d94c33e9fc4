"""What a visitor of the inbox asks for, from the address; and what it offers. An address holds codes only.

What is not offered is left out in silence: an old bookmark shows the tab without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from shared.agency.lists import COUNTED_MOST, Inbox
from shared.agency.office import Office
from shared.agency.pages.words import state_of
from shared.agency.records import Box
from shared.agency.working import PARTS, SOON, Tab, WorkFilter, of_tab
from shared.kernel.clock import to_wire
from shared.sop.model import Name, Urgency

PAGE: Final = 50
OVERDUE, DUE_SOON = "overdue", "soon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A tab, with what narrows it. An empty text narrows nothing."""

    tab: Tab = Tab.NEW
    worklist: str = ""
    urgency: str = ""
    service: str = ""
    state: str = ""
    due: str = ""
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Whether one of the filters is set that stand in the form."""
        return any((self.worklist, self.urgency, self.service, self.state, self.due))

    @property
    def offset(self) -> int:
        """How many referrals stand before this page."""
        return (self.page - 1) * PAGE

    def at(self, page: int) -> str:
        """Return the address of another page of the same list."""
        given = {
            "tab": self.tab.value,
            "list": self.worklist,
            "urgency": self.urgency,
            "service": self.service,
            "state": self.state,
            "due": self.due,
            "page": str(page) if page > 1 else "",
        }
        return "/inbox?" + urlencode({name: value for name, value in given.items() if value})


def read_asked(query: Mapping[str, str], office: Office) -> Asked:
    """Return what an address asks for, as far as there is such a thing."""
    tab = _known(query.get("tab"), [one.value for one in Tab]) or Tab.NEW.value
    return Asked(
        tab=Tab(tab),
        worklist=_known(query.get("list"), office.profile.worklists) if has_worklists(Tab(tab)) else "",
        urgency=_known(query.get("urgency"), [one.value for one in Urgency]),
        service=_known(query.get("service"), office.sop.services),
        state=_known(query.get("state"), {state for states in PARTS[Tab(tab)].values() for state in states}),
        due=_known(query.get("due"), (OVERDUE, DUE_SOON)),
        page=_page(query.get("page")),
    )


def has_worklists(tab: Tab) -> bool:
    """Say whether a tab shows what came in: the worklists of a sector divide that."""
    return set(PARTS[tab]) == {Box.RECEIVED.value}


def filter_of(asked: Asked, office: Office, *, me: str, unseen: Sequence[str], now: datetime) -> WorkFilter:
    """Return the referrals that are asked for."""
    worklist = office.profile.worklists.get(asked.worklist)
    services = None if worklist is None else worklist.services
    if asked.service:
        services = frozenset({asked.service}) & (services or {asked.service})
    ends = {OVERDUE: now, DUE_SOON: now + SOON}.get(asked.due)
    return replace(
        of_tab(asked.tab, me=me, unseen=unseen),
        services=services,
        urgency=asked.urgency or None,
        state=asked.state or None,
        due_from=to_wire(now) if asked.due == DUE_SOON else None,
        due_before=None if ends is None else to_wire(ends),
        offset=asked.offset,
        limit=PAGE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The choices of the filters: pairs of a code and its name. Worklists divide what came in alone."""

    worklists: Sequence[tuple[str, Name]]
    urgencies: Sequence[tuple[str, Name]]
    services: Sequence[tuple[str, Name]]
    states: Sequence[tuple[str, Name | str]]


def offered(asked: Asked, inbox: Inbox, office: Office) -> Offered:
    """Return what occurs on the tab, and what is chosen already."""
    sop, known = office.sop, office.profile.worklists
    services = sorted({*inbox.occurring.services, *([asked.service] if asked.service else [])})
    states = sorted({*inbox.occurring.states, *([asked.state] if asked.state else [])})
    return Offered(
        worklists=[(name, one.says) for name, one in known.items()] if has_worklists(asked.tab) else [],
        urgencies=[(one.value, level.name) for one, level in sop.urgencies.items()],
        services=[(one, sop.services[one].name) for one in services],
        states=[(one, state_of(one, sop)) for one in states],
    )


def _known(value: str | None, among: Sequence[str] | Mapping[str, object] | set[str]) -> str:
    return value if value is not None and value in among else ""


def _page(value: str | None) -> int:
    most = COUNTED_MOST // PAGE
    return min(int(value), most) if value and value.isascii() and value.isdigit() and int(value[:4]) > 0 else 1
