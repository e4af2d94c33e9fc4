"""Messages of complaints."""

from enum import StrEnum
from typing import Literal

from pydantic import model_validator

from shared.kernel.errors import FieldFault
from shared.wire.fields import Actor, AgencyId, Closed, Open
from shared.wire.parts import refuse


class Matter(StrEnum):
    """What is complained of."""

    REFUSAL = "refusal"
    INACTION = "inaction"
    DELAY = "delay"
    MISCONDUCT = "misconduct"


class ComplaintRequest(Closed):
    """Against which agency or person, about what, and who handles it."""

    actor: Actor
    handler: Actor
    matter: Matter
    against_agency: AgencyId | None = None
    against_person: Actor | None = None

    @model_validator(mode="after")
    def _says_against_whom(self) -> "ComplaintRequest":
        if self.against_agency is None and self.against_person is None:
            raise refuse(FieldFault("/against_agency", "field.required", "Say against which agency or person."))
        return self


class ComplaintDetailsV1(Open):
    """Against whom, about what."""

    matter: Matter
    against_agency: str | None
    against_person: str | None


class ComplaintV1(Open):
    """A complaint as recorded; `details` null once the referral was sealed off."""

    record: Literal["complaint"] = "complaint"
    id: str
    referral_id: str
    at: str
    actor: str
    handler: str
    details: ComplaintDetailsV1 | None
