"""Messages of cases in court, their deadlines and a court's no-contact order."""

from enum import StrEnum
from typing import Literal

from pydantic import StrictBool, model_validator

from services.legal_aid.rules.proceedings import Kind, OrderState, Term, TermEnd
from shared.kernel.errors import FieldFault
from shared.wire.fields import Actor, Closed, Day, Line, Open
from shared.wire.parts import refuse


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
    """What the court decided; with the first and last day where it forbids contact."""

    actor: Actor
    state: Literal[OrderState.GRANTED, OrderState.REFUSED]
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> "OrderDecisionRequest":
        granted = self.state is OrderState.GRANTED
        for name, day in (("valid_from", self.valid_from), ("valid_to", self.valid_to)):
            if (day is not None) is not granted:
                message = "Give both days of an order that was made, and none of one that was refused."
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
    valid_from: str | None
    valid_to: str | None
