"""The work of an agency as lists: which referrals are on which tab of the inbox, and in which order. Pure.

A tab is a question about whose turn it is, asked of the box and the state alone (lifecycle, fact sheet section 7.2):
what came in and was not acknowledged, what somebody has, what is under way here, what was sent, where the other side
must act, and what is over. What is due first is first; of what is over, the newest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from shared.agency.records import QUEUED, REFUSED, Box
from shared.sop.model import ENDS, ReferralState

#: How far ahead "due soon" looks.
SOON: Final = timedelta(hours=24)

#: Where a referral was not acknowledged yet by a person of the recipient.
_UNANSWERED: Final = frozenset({ReferralState.SENT.value, ReferralState.DELIVERED.value})
_UNDER_WAY: Final = frozenset(state.value for state in ReferralState) - frozenset(state.value for state in ENDS)
#: What the recipient has ended and the sender has not: she is told and asked before it is closed (T18).
_TO_CLOSE: Final = frozenset(
    {
        ReferralState.COMPLETED.value,
        ReferralState.DECLINED.value,
        ReferralState.FAILED.value,
        ReferralState.EXPIRED.value,
    }
)
_OVER: Final = frozenset(state.value for state in ENDS)
_ASKED: Final = ReferralState.INFO_REQUESTED.value

#: States by box.
Parts = Mapping[str, frozenset[str]]

_RECEIVED_OPEN: Final = {Box.RECEIVED.value: _UNDER_WAY}
_SENT_OPEN: Final = {Box.SENT.value: _UNDER_WAY | _TO_CLOSE | {QUEUED}}
_OPEN: Final = _RECEIVED_OPEN | _SENT_OPEN


class Tab(StrEnum):
    """A list of the inbox."""

    NEW = "new"
    MINE = "mine"
    TEAM = "team"
    SENT = "sent"
    WAITING = "waiting"
    CLOSED = "closed"


#: Which states of which box are on which tab.
PARTS: Final[Mapping[Tab, Parts]] = {
    Tab.NEW: {Box.RECEIVED.value: _UNANSWERED},
    Tab.MINE: _OPEN,
    Tab.TEAM: _RECEIVED_OPEN,
    Tab.SENT: _SENT_OPEN,
    Tab.WAITING: {Box.SENT.value: (_UNDER_WAY | {QUEUED}) - {_ASKED}, Box.RECEIVED.value: frozenset({_ASKED})},
    Tab.CLOSED: {Box.RECEIVED.value: _OVER, Box.SENT.value: (_OVER - _TO_CLOSE) | {REFUSED}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFilter:
    """Which referrals a list shows. Times are wire text; `unseen` are those kept from the visitor (R-11).

    `holder`: only what this person has; `nobodys`: only what nobody has. `newest`: the newest first, instead of what
    is due first.
    """

    parts: Parts
    unseen: Sequence[str] = ()
    holder: str | None = None
    nobodys: bool = False
    services: frozenset[str] | None = None
    urgency: str | None = None
    state: str | None = None
    due_from: str | None = None
    due_before: str | None = None
    newest: bool = False
    offset: int = 0
    limit: int = 50


class Place(NamedTuple):
    """Where a referral stands in a list by a duty: the next page begins behind it, whatever has changed before it."""

    due_at: str
    referral_id: str


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody has: open cases, and how many of them are late."""

    open: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurring:
    """Which values occur among the first of a list: what its filters offer."""

    services: Sequence[str] = ()
    states: Sequence[str] = field(default=())


def of_tab(tab: Tab, *, me: str, unseen: Sequence[str]) -> WorkFilter:
    """Return what a tab shows to somebody."""
    holder = me if tab is Tab.MINE else None
    return WorkFilter(parts=PARTS[tab], unseen=unseen, holder=holder, newest=tab is Tab.CLOSED)


def held_by(who: str, wanted: WorkFilter) -> WorkFilter:
    """Return what somebody has, of either box, that is still open; seen as in `wanted`."""
    return replace(wanted, parts=_OPEN, holder=who)


def open_here(*, unseen: Sequence[str]) -> WorkFilter:
    """Return what this agency received and has not ended: what a supervisor answers for."""
    return WorkFilter(parts=_RECEIVED_OPEN, unseen=unseen)
