"""Messages of hearings."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.legal_aid.rules.hearings import Companion, HearingState, Measure
from shared.kernel.errors import FieldFault
from shared.wire.fields import Actor, Closed, Line, Open, Time
from shared.wire.parts import refuse

_ORDER = "Write an end after the start, or leave out both where the times stay."


class HearingRequest(Closed):
    """When a hearing is, and who goes with her. Court, room and measures are encrypted."""

    actor: Actor
    starts_at: Time
    ends_at: Time
    companion: Companion
    court: Line | None = None
    room: Line | None = None
    measures: Annotated[tuple[Measure, ...], Field(max_length=len(Measure))] = ()

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "HearingRequest":
        if self.ends_at <= self.starts_at:
            raise refuse(FieldFault("/ends_at", "field.range", _ORDER))
        return self


class HearingChangeRequest(Closed):
    """What became of a hearing; new times where it is still planned but moved, her answer where she was asked."""

    actor: Actor
    state: HearingState
    starts_at: Time | None = None
    ends_at: Time | None = None
    companion: Companion | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "HearingChangeRequest":
        both = self.starts_at is not None and self.ends_at is not None
        neither = self.starts_at is None and self.ends_at is None
        if not (both or neither) or (both and self.ends_at <= self.starts_at):  # type: ignore[operator]  # both are there
            raise refuse(FieldFault("/ends_at", "field.range", _ORDER))
        if both and self.state is not HearingState.PLANNED:
            raise refuse(FieldFault("/starts_at", "field.choice", "Only a hearing that is still planned is moved."))
        return self


class HearingDetailsV1(Open):
    """Where it is, and what the court is asked for."""

    court: str | None
    room: str | None
    measures: list[Measure]


class HearingV1(Open):
    """A hearing as recorded; `details` null once the referral was sealed off."""

    record: Literal["hearing"] = "hearing"
    id: str
    referral_id: str
    actor: str
    starts_at: str
    ends_at: str
    changed_at: str
    state: HearingState
    companion: Companion
    details: HearingDetailsV1 | None
