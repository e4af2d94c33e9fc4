"""Messages of cases in court, their deadlines and a court's no-contact order."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StrictBool, StringConstraints, model_validator

from services.legal_aid.rules.proceedings import Kind, OrderState, Term, TermEnd
from shared.kernel.errors import FieldFault
from shared.wire.fields import FACT_PATTERN, Actor, Closed, Day, Line, Open
from shared.wire.parts import refuse

Reference = Annotated[str, StringConstraints(pattern=FACT_PATTERN)]


class CourtStage(StrEnum):
    """Where a case stands in court or before an authority."""

    BROUGHT = "brought"
    INVESTIGATION = "investigation"
    PROSECUTION = "prosecution"
    FIRST_INSTANCE = "first_instance"
    APPEAL = "appeal"
    ENFORCEMENT = "enforcement"
    OVER = "over"


class ProceedingRequest(Closed):
    """How a case in court stands. Its number and the court are encrypted."""

    actor: Actor
    kind: Kind
    between_parties: StrictBool
    pending: StrictBool
    stage: CourtStage
    number: Line | None = None
    court: Line | None = None


class ProceedingChangeRequest(Closed):
    """How a case in court stands now."""

    actor: Actor
    pending: StrictBool
    stage: CourtStage


class ProceedingDetailsV1(Open):
    """Where the case is, and under which number."""

    stage: CourtStage
    number: str | None
    court: str | None


class ProceedingV1(Open):
    """A case in court as recorded; `details` null once the referral was sealed off."""

    record: Literal["proceeding"] = "proceeding"
    id: str
    referral_id: str
    at: str
    actor: str
    kind: Kind
    between_parties: bool
    pending: bool
    details: ProceedingDetailsV1 | None


class DeadlineRequest(Closed):
    """A deadline of proceedings and its last day."""

    actor: Actor
    term: Term
    due_on: Day


class DeadlineEndRequest(Closed):
    """How a deadline ended."""

    actor: Actor
    ended: TermEnd


class DeadlineV1(Open):
    """A deadline as recorded; its clocks are with the clocks of the referral."""

    record: Literal["deadline"] = "deadline"
    id: str
    referral_id: str
    at: str
    actor: str
    term: Term
    due_on: str
    ended: TermEnd | None


class CourtOrderRequest(Closed):
    """That a court is asked to forbid contact."""

    actor: Actor


class OrderDecisionRequest(Closed):
    """What the court decided; with the number, the first and the last day of an order that forbids contact (E3)."""

    actor: Actor
    state: Literal[OrderState.GRANTED, OrderState.REFUSED]
    reference: Reference | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> "OrderDecisionRequest":
        granted = self.state is OrderState.GRANTED
        said = {"reference": self.reference, "valid_from": self.valid_from, "valid_to": self.valid_to}
        for name, value in said.items():
            if (value is not None) is not granted:
                message = "Give the number and both days of an order that was made, and none where it was refused."
                raise refuse(FieldFault(f"/{name}", "field.choice", message))
        return self


class CourtOrderV1(Open):
    """An application as recorded, and what came of it."""

    record: Literal["court_order"] = "court_order"
    id: str
    referral_id: str
    at: str
    actor: str
    state: OrderState
    reference: str | None
    valid_from: str | None
    valid_to: str | None
