"""Messages of assigning a legal-aid person."""

from typing import Literal

from services.legal_aid.rules.assignment import Gender, HerAnswer
from shared.wire.fields import Actor, Closed, Open


class AssignmentRequest(Closed):
    """Who is assigned, and what she answered where it is not the gender she chose."""

    actor: Actor
    assigned: Actor
    staff_gender: Gender
    answer: HerAnswer


class AssignmentV1(Open):
    """An assignment as recorded; accepting the referral carries it."""

    record: Literal["assignment"] = "assignment"
    id: str
    referral_id: str
    at: str
    actor: str
    assigned: str
    staff_gender: Gender
    answer: HerAnswer
