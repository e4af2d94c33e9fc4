"""The chain of a referral as a small picture and as a table: each referral stands indented under the one it follows.

Pure. The picture is drawn by the server from numbers alone; whoever cannot see it reads the same in the table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.pages.referral_values import Said, Speaker
from shared.referral.chain import ONWARD
from shared.sop.model import Name, ReferralState, Sop

_ROW: Final = 44
_STEP: Final = 26
_LEFT: Final = 22
_WIDTH: Final = 300
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Hop:
    """One referral of the chain: its place in the picture, and what the table says of it."""

    number: int
    referral_id: str
    x: int
    y: int
    line: str | None
    service: Name
    code: str
    sender: Said
    recipient: Said
    state: Name
    sent_at: str
    here: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A chain as it is drawn."""

    width: int
    height: int
    hops: Sequence[Hop]


def picture_of(tree: Sequence[Mapping[str, Any]], speaker: Speaker, sop: Sop, *, here: str) -> Picture:
    """Draw a chain as the gateway shows it; `here` is the referral that the page is about."""
    placed = enumerate(_placed(tree), 1)
    hops = [_hop(number, where, speaker, sop, here=here) for number, where in placed]
    return Picture(_WIDTH, _ROW * len(hops), hops)


def agencies_of(tree: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the agencies that take part in a chain."""
    found = {str(node[side]) for node in tree for side in ("sender", "recipient")}
    return found.union(*[agencies_of(node.get(ONWARD, ())) for node in tree])


_At = tuple[int, int]
#: A referral, its place in the picture, and the place of the one it follows.
_Placed = tuple[Mapping[str, Any], _At, _At | None]


def _placed(
    tree: Sequence[Mapping[str, Any]], *, depth: int = 0, above: _At | None = None, row: int = 0
) -> Iterator[_Placed]:
    for node in tree:
        at = (_LEFT + _STEP * min(depth, _DEEPEST), _ROW // 2 + _ROW * row)
        yield node, at, above
        below = list(_placed(node.get(ONWARD, ()), depth=depth + 1, above=at, row=row + 1))
        yield from below
        row += 1 + len(below)


def _hop(number: int, where: _Placed, speaker: Speaker, sop: Sop, *, here: str) -> Hop:
    node, at, parent = where
    service = sop.services[node["service_type"]]
    line = None if parent is None else f"M{parent[0]} {parent[1] + 12} V{at[1]} H{at[0] - 12}"
    return Hop(
        number=number,
        referral_id=node["referral_id"],
        x=at[0],
        y=at[1],
        line=line,
        service=service.name,
        code=service.code,
        sender=speaker.agency(node["sender"]),
        recipient=speaker.agency(node["recipient"]),
        state=sop.state_names[ReferralState(node["state"])],
        sent_at=node["sent_at"],
        here=node["referral_id"] == here,
    )
