"""The bases that rules rest on: read once from `bases.toml`, looked up by id.

A rule names its basis by id; an id that is not declared, and a rule without one, are refused.
"""

from collections.abc import Mapping

from shared.sop.model import Basis, BasisKind, Confidence
from shared.sop.sheet import Sheet


class Sources:
    """All declared bases."""

    def __init__(self, bases: Mapping[str, Basis]) -> None:
        self.bases = bases
        self.used: set[str] = set()

    @classmethod
    def read(cls, sheet: Sheet) -> "Sources":
        """Read `bases.toml`."""
        return cls({key: _basis(sheet.sheet(key)) for key in sheet.codes()})

    def one(self, sheet: Sheet) -> Basis:
        """Return the basis of a rule that rests on exactly one."""
        return self._find(sheet.text("basis", ""), sheet)

    def all(self, sheet: Sheet) -> tuple[Basis, ...]:
        """Return the bases of a rule that may rest on several, and must rest on one."""
        ids = sheet.texts("basis")
        if not ids:
            raise sheet.refuse("has no basis")
        return tuple(self._find(key, sheet) for key in ids)

    def _find(self, key: str, sheet: Sheet) -> Basis:
        if not key:
            raise sheet.refuse("has no basis")
        if key not in self.bases:
            raise sheet.refuse(f"basis {key} is not declared")
        self.used.add(key)
        return self.bases[key]


def _basis(sheet: Sheet) -> Basis:
    basis = Basis(
        kind=sheet.member("kind", BasisKind),
        instrument=sheet.text("instrument"),
        article=sheet.text("article", ""),
        verified_on=sheet.day("verified_on"),
        confidence=sheet.member("confidence", Confidence),
        source=sheet.text("source", ""),
    )
    sheet.done()
    if (basis.kind is BasisKind.POL) != (basis.confidence is Confidence.POLICY):
        raise sheet.refuse("policy is the confidence of POL, and of nothing else")
    if basis.confidence is Confidence.SOURCED and not basis.source:
        raise sheet.refuse("is sourced but names no source")
    return basis
