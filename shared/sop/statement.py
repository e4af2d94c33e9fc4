"""Telling the story once: which services ask her what happened, and how a statement that exists is passed on. Values.

What stands here, and on what it rests, is in `shared/sop/data/statements.toml`, read by `shared.sop.statements`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.sop.cited import Basis, Name, TimeLimit
from shared.sop.codes import Compartment


@dataclass(frozen=True, slots=True)
class AskingService:
    """A service in which she is asked what happened. `taken_by`: outcomes which say that a statement was taken."""

    code: str
    taken_by: frozenset[str]
    basis: Basis


@dataclass(frozen=True, slots=True)
class StatementRules:
    """Whoever would ask again is warned.

    `carried_in`: the compartments in which a statement travels, best first. `answer`: by when its holder sends it.
    """

    services: Mapping[str, AskingService]
    carried_in: tuple[Compartment, ...]
    warning_code: str
    warning: Name
    answer: TimeLimit
    basis: Basis

    def asks(self, service_type: str) -> bool:
        """Say whether she is asked in this service what happened."""
        return service_type in self.services

    def says_taken(self, service_type: str, outcome: object) -> bool:
        """Say whether this outcome of the service means that a statement was taken."""
        service = self.services.get(service_type)
        return service is not None and outcome in service.taken_by
