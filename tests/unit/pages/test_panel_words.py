"""The panels of every profession reach every act of its routes, and say every field, code and refusal in Vietnamese."""

import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.agency.pages.panel_forms import form_of
from shared.agency.pages.panel_reading import codes_of
from shared.agency.pages.panels import Panel, SectorPanels
from shared.pages.catalogue import Words, words_of
from shared.pages.code_words import code_word
from shared.pages.schema_fields import FormField, Label, label_of, resolved
from shared.sop.loader import load_sop
from shared.sop.model import Name
from shared.sop.sector_rules import read_sector_rules
from shared.wire.fields import Closed

SERVICES = Path(__file__).resolve().parents[3] / "services"
KINDS = sorted(
    path.parent.name
    for path in SERVICES.glob("*/panels.py")
    if import_module(f"services.{path.parent.name}.panels").PANELS.panels
)
#: Acts of the routes that are no caseworker's work in a case, each with the reason.
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "police": {"SupervisedOrderV1": "is what a supervisor of the community is shown, and no request"},
    "social": {
        "PlaceRequest": "keeps a house, which belongs to no case",
        "MoveRequest": "keeps a house, which belongs to no case",
        "MemberRequest": "keeps a house, which belongs to no case",
        "MoreBedsRequest": "keeps a house, which belongs to no case",
    },
}
#: The same in every language.
SAME = {"R0", "R1", "R2", "R3", "R4", "DASH-RIC", "Primero", "GBVIMS", "HTCDS", "Danger Assessment"}


def panels_of(kind: str) -> SectorPanels:
    panels: SectorPanels = import_module(f"services.{kind}.panels").PANELS
    return panels


def words(kind: str) -> Words:
    return words_of("vi", ("shared.pages", "shared.agency.pages", panels_of(kind).room))


def untold(kind: str, labels: Iterator[Label] | Sequence[Label]) -> set[Label]:
    """The labels that a Vietnamese page would say in English."""
    known = words(kind)
    said = {one for one in labels if one and one not in SAME}
    return {one for one in said if (not one.vi if isinstance(one, Name) else known.gettext(one) == one)}


def labels(fields: Sequence[FormField]) -> Iterator[Label]:
    for field in fields:
        yield from (field.label, field.hint, *(option.label for option in field.options))
        yield from labels(field.fields)
        if field.row:
            yield from labels([field.row(0)])


def parts(whole: Mapping[str, Any], schema: Any) -> Iterator[Label]:
    """The names of everything that an answer's schema knows."""
    if isinstance(schema, dict):
        for key, part in schema.get("properties", {}).items():
            yield label_of(key, resolved(whole, part))
        for part in schema.values():
            yield from parts(whole, part)
    elif isinstance(schema, list):
        for part in schema:
            yield from parts(whole, part)


def every_panel() -> list[tuple[str, Panel]]:
    return [(kind, panel) for kind in KINDS for panel in panels_of(kind).panels]


EVERY = pytest.mark.parametrize(
    ("kind", "panel"), every_panel(), ids=[f"{kind}-{panel.slug}" for kind, panel in every_panel()]
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_act_of_the_routes_is_reached_by_a_panel(kind: str) -> None:
    rooms = import_module(f"services.{kind}.routes")
    modules = [import_module(f"{rooms.__name__}.{one.name}") for one in pkgutil.iter_modules(rooms.__path__)]
    asked = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Closed) and value is not Closed
    }
    reached = {act.request.__name__ for panel in panels_of(kind).panels for act in panel.every_act()}
    assert asked - reached == ELSEWHERE.get(kind, {}).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_no_address_of_a_panel_or_an_act_is_given_twice(kind: str) -> None:
    slugs = [panel.slug for panel in panels_of(kind).panels]
    assert len(slugs) == len(set(slugs))
    for panel in panels_of(kind).panels:
        acts = [act.slug for act in panel.every_act()]
        assert len(acts) == len(set(acts)), panel.slug


@EVERY
def test_every_field_and_every_choice_of_a_form_has_vietnamese(kind: str, panel: Panel) -> None:
    assert not untold(kind, [one for act in panel.every_act() for one in labels(form_of(act, {}).fields)])


@EVERY
def test_everything_on_record_has_vietnamese(kind: str, panel: Panel) -> None:
    schemas = [register.shows.model_json_schema() for register in panel.registers]
    assert not untold(kind, [one for schema in schemas for one in parts(schema, schema)])
    assert not untold(kind, [code_word("", code, {}) for code in codes_of(panel)])


@EVERY
def test_an_act_is_for_services_of_its_panel_and_a_panel_for_those_of_its_agency(kind: str, panel: Panel) -> None:
    served = import_module(f"services.{kind}.profile").PROFILE.services
    assert panel.services <= served
    assert all(act.services <= panel.services for act in panel.every_act())


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_of_a_profession_has_vietnamese(kind: str) -> None:
    rules = read_sector_rules(SERVICES / kind / "rules.toml", load_sop())
    assert not untold(kind, [one.mend for one in rules.refusals.values()])


@pytest.mark.parametrize("kind", KINDS)
def test_every_duty_of_a_panel_is_a_rule_with_a_basis(kind: str) -> None:
    sop = load_sop()
    own = read_sector_rules(SERVICES / kind / "rules.toml", sop).rules
    clocks = {clock.id for service in sop.services.values() for clock in service.clocks}
    for panel in panels_of(kind).panels:
        assert panel.duties.keys() <= own.keys() | clocks, panel.slug
