"""Messages of compensation."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, model_validator

from services.legal_aid.rules.claims import ClaimState, Head, Way
from shared.kernel.errors import FieldFault
from shared.wire.fields import Actor, Closed, Open
from shared.wire.parts import refuse

#: More than any court has awarded, so that a slip of the hand is noticed.
AMOUNT_MOST: Final = 10**13

Amount = Annotated[StrictInt, Field(ge=0, le=AMOUNT_MOST)]


class HeadRequest(Closed):
    """One head of a claim and its amount in dong."""

    head: Head
    amount_vnd: Amount


class ClaimRequest(Closed):
    """What is claimed in which way."""

    actor: Actor
    way: Way
    heads: Annotated[tuple[HeadRequest, ...], Field(min_length=1, max_length=len(Head))]


class ClaimStepRequest(Closed):
    """The next step; with the amount where something was awarded."""

    actor: Actor
    state: ClaimState
    awarded_vnd: Amount | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> "ClaimStepRequest":
        if (self.state is ClaimState.AWARDED) is (self.awarded_vnd is None):
            message = "Give the amount that was awarded, and none with any other step."
            raise refuse(FieldFault("/awarded_vnd", "field.choice", message))
        return self


class HeadV1(Open):
    """One head of a claim."""

    head: Head
    claimed_vnd: int


class ClaimDetailsV1(Open):
    """What is claimed, and what was awarded."""

    heads: list[HeadV1]
    awarded_vnd: int | None


class ClaimV1(Open):
    """A claim as recorded; `details` null once the referral was sealed off."""

    record: Literal["claim"] = "claim"
    id: str
    referral_id: str
    at: str
    actor: str
    way: Way
    state: ClaimState
    details: ClaimDetailsV1 | None
