"""What she wants, in words to be read aloud, and the service type each wish leads to.

Owns the reading of `wishes.toml`. Refuses a service type that no wish, or more than one, leads to.
"""

from collections.abc import Mapping

from shared.sop.cited import Basis
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources
from shared.sop.wish import WishGroup


def read_wishes(sheet: Sheet, sources: Sources, services: Mapping[str, object]) -> tuple[WishGroup, ...]:
    """Read `wishes.toml`."""
    basis = sources.one(sheet)
    sheet.day("verified_on")
    groups = tuple(_group(one, basis) for one in sheet.sheets("groups"))
    sheet.done()
    named = [code for group in groups for code in group.wishes]
    if sorted(named) != sorted(services):
        wrong = sorted(set(named) ^ set(services)) or sorted({code for code in named if named.count(code) > 1})
        raise sheet.refuse(f"one wish leads to each service type, and to nothing else: {', '.join(wrong)}")
    return groups


def _group(sheet: Sheet, basis: Basis) -> WishGroup:
    wishes = sheet.sheet("wishes")
    group = WishGroup(sheet.text("id"), sheet.name("name"), {code: wishes.name(code) for code in wishes.codes()}, basis)
    wishes.done()
    sheet.done()
    return group
