"""Refusals by the bytes they were given to, so that the same bytes get the same answer whenever they come again.

A line may repeat a message long after its sender was told no and gave up; were it judged anew, the recipient would get
what the sender believes refused (wire section 1: same id and same bytes, the first answer again). What is kept is the
problem document, which repeats nothing of the message. Older bytes are refused for their age alone.
"""

from datetime import timedelta
from typing import Any, Final

from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, json_column, table_of
from gateway.application.outcome import AHEAD, OLD
from gateway.domain.arrival import Arrival
from shared.kernel.clock import to_wire
from shared.kernel.errors import MeshError
from shared.storage.book import Book
from shared.wire.problem import ProblemV1, problem_error, to_problem

#: After this time since they first came, the same bytes are too old to be admitted.
KEPT_FOR: Final[timedelta] = OLD + AHEAD


class RefusedMessageRow(GatewayRow, table=True):
    """What was answered to exactly these bytes, until they would be too old."""

    __tablename__ = "refused_messages"
    sha256: str = Field(primary_key=True)
    problem: dict[str, Any] = json_column()
    forget_at: str = Field(index=True)


REFUSED_MESSAGES = table_of(RefusedMessageRow)


class RefusalShelf:
    """Refusals within one unit of work. Implements `gateway.application.ports.Refusals`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def given(self, arrival: Arrival) -> MeshError | None:
        """Return the refusal that these bytes got before."""
        row = self._book.get(REFUSED_MESSAGES, arrival.sha256)
        return None if row is None else problem_error(ProblemV1.model_validate(row["problem"]))

    def keep(self, arrival: Arrival, error: MeshError) -> None:
        """Keep the refusal of these bytes, which have got none before."""
        problem = to_problem(error, instance=f"urn:mesh:trace:{arrival.trace_id}", trace_id=arrival.trace_id)
        row = {
            "sha256": arrival.sha256,
            "problem": problem.model_dump(mode="json", exclude_none=True),
            "forget_at": to_wire(arrival.received_at + KEPT_FOR),
        }
        self._book.insert(REFUSED_MESSAGES, row)
