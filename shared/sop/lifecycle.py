"""Reading of the lifecycle table: which event, by whom, takes a referral from where to where.

Promises that every event and every state is used, and that from one state one event by one party leads
to exactly one place. Deciding whether an event may happen is the work of `shared.referral`.
"""

from collections.abc import Mapping, Sequence

from shared.sop.model import ENDS, EventType, FactField, Party, ReferralState, Transition
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources

_GROUPS: Mapping[str, frozenset[ReferralState]] = {
    "any": frozenset(ReferralState),
    "open": frozenset(ReferralState) - ENDS,
}


def read_transitions(sheet: Sheet, sources: Sources, facts: Mapping[str, FactField]) -> tuple[Transition, ...]:
    """Read `lifecycle.toml`. `from` lists states, or is `["open"]` (no end) or `["any"]`."""
    transitions = tuple(_transition(each, sources, facts) for each in sheet.sheets("transitions"))
    sheet.done()
    _check_unambiguous(transitions, sheet)
    _check_total(transitions, sheet)
    return transitions


def _transition(sheet: Sheet, sources: Sources, facts: Mapping[str, FactField]) -> Transition:
    transition = Transition(
        id=sheet.text("id"),
        event=sheet.member("event", EventType),
        by=frozenset(sheet.members("by", Party)),
        sources=_sources(sheet),
        target=sheet.member("to", ReferralState) if sheet.has("to") else None,
        needs=sheet.texts("needs"),
        basis=sources.one(sheet),
    )
    sheet.done()
    if not transition.by or not transition.sources:
        raise sheet.refuse("nobody may cause it, or it starts nowhere")
    if set(transition.needs) - facts.keys():
        raise sheet.refuse("needs a fact that no event has")
    return transition


def _sources(sheet: Sheet) -> frozenset[ReferralState]:
    names = sheet.texts("from")
    if len(names) == 1 and names[0] in _GROUPS:
        return _GROUPS[names[0]]
    return frozenset(sheet.members("from", ReferralState))


def _check_unambiguous(transitions: Sequence[Transition], sheet: Sheet) -> None:
    seen: set[tuple[ReferralState, EventType, Party]] = set()
    for row in transitions:
        steps = {(state, row.event, party) for state in row.sources for party in row.by}
        if seen & steps:
            raise sheet.refuse(f"{row.id} and another row lead from the same state by the same event")
        seen |= steps
    if len({row.id for row in transitions}) != len(transitions):
        raise sheet.refuse("two rows have the same id")


def _check_total(transitions: Sequence[Transition], sheet: Sheet) -> None:
    reached = {row.target for row in transitions} | {ReferralState.SENT}
    if set(ReferralState) - reached:
        raise sheet.refuse("a state is never reached")
    if set(EventType) - {row.event for row in transitions}:
        raise sheet.refuse("an event is never legal")
