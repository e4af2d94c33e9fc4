"""What every part of the procedure is written with: names in two languages, and the basis of a rule."""

from dataclasses import dataclass
from datetime import date

from shared.sop.codes import BasisKind, ClockUnit, Confidence


@dataclass(frozen=True, slots=True)
class Name:
    """A name in Vietnamese and English."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rule is derived from, when that was last checked, and how sure we are."""

    kind: BasisKind
    instrument: str
    article: str
    verified_on: date
    confidence: Confidence
    source: str = ""

    @property
    def citation(self) -> str:
        """One line for people, e.g. `STAT Law 13/2022/QH15 Art 25(2) (sourced, 2026-11-21)`."""
        where = f"{self.instrument} {self.article}".strip()
        return f"{self.kind} {where} ({self.confidence}, {self.verified_on.isoformat()})"

    @property
    def is_law(self) -> bool:
        """Whether people may be told that the law says so: a statute, and not an unverified one."""
        return self.kind is BasisKind.STAT and self.confidence is not Confidence.UNVERIFIED


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """By when something is owed after an act: a disclosure without consent, a withdrawal, a request."""

    id: str
    amount: int
    unit: ClockUnit
    basis: Basis
