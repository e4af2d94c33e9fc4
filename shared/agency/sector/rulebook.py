"""A sector's rules at hand: limits, numbers, and refusals that cite the rule and what it is derived from.

Promises that every refusal names a rule with its basis and says how to mend it, and never repeats what was sent.
"""

from datetime import datetime
from typing import Final

from shared.kernel.errors import Conflict, FieldFault, InputRejected, InternalFault, MeshError, NotPermitted, Reason
from shared.sop.model import Basis, Name, Sop
from shared.sop.sector_rules import RefusalKind, SectorRule, SectorRules, citations

_CLASSES: Final[dict[RefusalKind, type[MeshError]]] = {
    RefusalKind.INVALID: InputRejected,
    RefusalKind.CONFLICT: Conflict,
    RefusalKind.FORBIDDEN: NotPermitted,
}


class Rulebook:
    """The rules of one sector, beside those of the procedure."""

    def __init__(self, rules: SectorRules, sop: Sop) -> None:
        self._rules = rules
        self._bases = {**citations(sop), **{rule.id: rule.basis for rule in rules.rules.values()}}

    def rule(self, rule_id: str) -> SectorRule:
        """Return a rule of the sector. Raises `InternalFault` (`rule.unknown`)."""
        rule = self._rules.rules.get(rule_id)
        if rule is None:
            raise InternalFault("rule.unknown", f"{rule_id} is no rule of this sector.")
        return rule

    def name(self, rule_id: str) -> Name | None:
        """Return what a rule of the sector says, in short; None for one of the procedure."""
        rule = self._rules.rules.get(rule_id)
        return None if rule is None else rule.says

    def basis(self, rule_id: str) -> Basis:
        """Return what a rule of the sector or of the procedure rests on. Raises `InternalFault` (`rule.unknown`)."""
        if rule_id not in self._bases:
            raise InternalFault("rule.unknown", f"{rule_id} is no rule of this sector, nor of the procedure.")
        return self._bases[rule_id]

    def due(self, rule_id: str, start: datetime) -> datetime:
        """Return by when a rule wants something done, counted from `start`. Raises `InternalFault` (`rule.unknown`)."""
        limit = self.rule(rule_id).limit
        if limit is None:
            raise InternalFault("rule.unknown", f"{rule_id} sets no time.")
        return limit.after(start)

    def most(self, rule_id: str) -> int:
        """Return how many a rule allows. Raises `InternalFault` (`rule.unknown`)."""
        most = self.rule(rule_id).most
        if most is None:
            raise InternalFault("rule.unknown", f"{rule_id} sets no number.")
        return most

    def refused(self, code: str, *, pointer: str | None = None) -> MeshError:
        """Return the refusal of this code, to be raised; `pointer` names the place in the body (RFC 6901).

        Raises `InternalFault` (`rule.unknown`) for a code that the sector does not list.
        """
        refusal = self._rules.refusals.get(code)
        if refusal is None:
            raise InternalFault("rule.unknown", f"{code} is no refusal of this sector.")
        reason = Reason(code, refusal.rule, self.basis(refusal.rule).citation)
        faults = () if pointer is None else (FieldFault(pointer, code, refusal.mend),)
        return _CLASSES[refusal.kind](code, refusal.mend, faults=faults, reasons=(reason,))
