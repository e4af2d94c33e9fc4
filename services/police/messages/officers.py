"""Messages of assigning an officer."""

from services.police.rules.officers import Alternative, Gender, HerAnswer, Honoured
from shared.wire.fields import Actor, Closed, Open


class OfficerRequest(Closed):
    """Who is assigned. Where the officer is not of the gender she chose: what she was offered, and her answer."""

    actor: Actor
    officer: Actor
    gender: Gender
    her_answer: HerAnswer | None = None
    alternative: Alternative | None = None


class OfficerV1(Open):
    """An assignment; with `honoured` refused she said no, and nobody is assigned."""

    id: str
    referral_id: str
    assigned_at: str
    actor: str
    officer: str
    gender: Gender
    wanted: Gender | None
    honoured: Honoured
    alternative: Alternative | None
