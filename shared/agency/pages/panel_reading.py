"""What a panel shows: how it stands in one line, what is due, and what is on record once a reason was given.

Promises that the line and the duties hold no word about a person; and that a record shows what its route answers, in
words, without the ids that only machines need.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from shared.agency.pages.panels import Choice, Panel, PanelAct, Register, SectorPanels
from shared.agency.ports import Reading
from shared.agency.reading import Visitor
from shared.agency.records import Referral
from shared.agency.sector.clocks import clocks_of, shown_clocks
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire
from shared.kernel.errors import InputRejected
from shared.kernel.identifiers import UUID7_PATTERN
from shared.pages.code_words import code_word
from shared.pages.schema_facts import Fact, shown
from shared.sop.model import Name

_RUNNING: Final = frozenset({"running", "missed"})
_ID: Final = re.compile(UUID7_PATTERN)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: Final = frozenset({"vi", "en"})


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is due: what, by which rule, and when. What the rule rests on stands on the referral itself."""

    says: Name
    rule: str
    due_at: str


@dataclass(frozen=True, slots=True)
class PanelState:
    """How a panel stands: how many records of which kind there are, and what is due, the first on top."""

    slug: str
    title: Name
    counts: Sequence[tuple[Name, int]]
    duties: Sequence[Duty]

    @property
    def next_due_at(self) -> str | None:
        """When the first of its duties is due."""
        return self.duties[0].due_at if self.duties else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: what it says, and what can be done with it."""

    record_id: str
    facts: Sequence[Fact]
    acts: Sequence[PanelAct]


@dataclass(frozen=True, slots=True)
class Opened:
    """A register that was opened."""

    title: Name
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says what stands in a record: `people` are colleagues by pseudonym, `codes` what the forms of a panel choose."""

    people: Mapping[str, str]
    codes: frozenset[str]


def codes_of(panel: Panel) -> frozenset[str]:
    """Return every code that the forms and the records of a panel know."""
    models = [act.request for act in panel.every_act()] + [register.shows for register in panel.registers]
    return frozenset(code for model in models for code in _codes(model.model_json_schema()))


async def states_of(practice: Practice, panels: SectorPanels, referral: Referral) -> Sequence[PanelState]:
    """Return how each panel of a referral stands; where something is due first is first."""
    wanted = panels.of(referral)

    def look(reading: Reading) -> list[PanelState]:
        clocks = shown_clocks(clocks_of(reading, referral.referral_id), practice.rulebook, at=practice.now())
        running = [one for one in clocks if one["state"] in _RUNNING]
        states = [_state(panel, reading, referral, running) for panel in wanted]
        return sorted(states, key=lambda one: (one.next_due_at is None, one.next_due_at or ""))

    return await practice.look(look)


async def opened(
    practice: Practice, panel: Panel, referral: Referral, visitor: Visitor, people: Sequence[Choice]
) -> Sequence[Opened]:
    """Return what is on record, as its routes answer it; each reading is on record first. Raises as they do."""
    speaker = Speaker({one.value: one.says.vi for one in people}, codes_of(panel))
    found = [(register, await register.read(practice, visitor, referral)) for register in panel.registers]
    return [
        Opened(register.title, [_entry(register, referral, row, speaker) for row in rows]) for register, rows in found
    ]


def offered(acts: Sequence[PanelAct], referral: Referral, row: Mapping[str, Any] | None = None) -> Sequence[PanelAct]:
    """Return the acts that make sense for a referral and a record: its service has them, and they are not done yet."""
    return [
        act
        for act in acts
        if (not act.services or referral.service_type in act.services)
        and (row is None or not act.until or not row.get(act.until))
    ]


def _state(panel: Panel, reading: Reading, referral: Referral, running: Sequence[Mapping[str, Any]]) -> PanelState:
    key = referral.referral_id
    kinds = {kind: title for one in panel.registers for kind, title in one.kinds.items()}
    counted = [(title, len(reading.find(kind, referral_id=key))) for kind, title in kinds.items()]
    duties = [
        Duty(panel.duties[one["rule"]], one["rule"], one["due_at"]) for one in running if one["rule"] in panel.duties
    ]
    return PanelState(panel.slug, panel.title, [(title, count) for title, count in counted if count], duties)


def _codes(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from (str(one) for one in schema.get("enum", ()))
        for part in schema.values():
            yield from _codes(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _codes(part)


def _entry(register: Register, referral: Referral, row: Mapping[str, Any], speaker: Speaker) -> Entry:
    facts = shown(register.shows.model_json_schema(), _for_people(row, register.hides))
    record_id = str(row.get("id", ""))
    return Entry(record_id, [_in_words(fact, speaker) for fact in facts], offered(register.acts, referral, row))


def _for_people(value: Any, hidden: frozenset[str]) -> Any:
    """Leave out what only machines need: ids, empty parts, and what a register hides."""
    if isinstance(value, Mapping):
        wanted = {key: part for key, part in value.items() if key not in hidden and not _is_id(part)}
        parts = {key: _for_people(part, hidden) for key, part in wanted.items()}
        return {key: part for key, part in parts.items() if part not in (None, [], {}, "")}
    if isinstance(value, list | tuple):
        return [_for_people(one, hidden) for one in value if not _is_id(one)]
    return value


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _in_words(fact: Fact, speaker: Speaker) -> Fact:
    """Return a fact with times as times, people by their names, codes in words, and names in both languages."""
    if fact.items:
        return replace(fact, items=tuple(_in_words(one, speaker) for one in fact.items))
    if fact.facts:
        both = {str(one.label).lower(): str(one.text) for one in fact.facts}
        if both.keys() == _WORDS:
            return replace(fact, facts=(), words=Name(both["vi"], both["en"]))
        return replace(fact, facts=tuple(_in_words(one, speaker) for one in fact.facts))
    return fact if fact.text is None else _said(fact, fact.text, speaker)


def _said(fact: Fact, text: str, speaker: Speaker) -> Fact:
    if text in speaker.people:
        return replace(fact, text=speaker.people[text])
    if text in speaker.codes:
        return replace(fact, text=None, words=code_word(str(fact.label), text, {}))
    with suppress(InputRejected, ValueError):
        if _TIME.fullmatch(text):
            return replace(fact, text=None, moment=from_wire(text))
        if _DAY.fullmatch(text):
            return replace(fact, text=None, day=date.fromisoformat(text))
    return fact
