"""Messages of a child in danger: Forms 01, 02 and 07 as data, about the child and nobody else (R-12)."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from services.social.rules.children import Authority, Channel, Decision, EndOfStay, Form, Grade, Harm
from shared.wire.fields import Actor, Closed, Code, Line, Open, Time

Province = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
CommuneCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
#: The number of a decision: letters, digits and what stands between them, as on paper.
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:+/-]{0,63}$")]


class CommuneAsked(Closed):
    """A commune in its province, by their official codes."""

    province: Province
    commune: CommuneCode


class ReceiptForm(Closed):
    """Form 01: what was reported, as far as it is known. What is not known yet is left out and stands in `missing`."""

    received_at: Time | None = None
    channel: Channel | None = None
    happened_in: CommuneAsked | None = None
    lives_in: CommuneAsked | None = None
    child_called: Line | None = None
    harms: Annotated[tuple[Harm, ...], Field(max_length=len(Harm))] = ()
    in_danger_now: StrictBool | None = None
    caregiver_safe: StrictBool | None = None


class RiskForm(Closed):
    """Form 02: the first assessment of risk, as far as it is known."""

    assessed_at: Time | None = None
    harm: Grade | None = None
    risk: Grade | None = None
    caregiver_can_protect: StrictBool | None = None
    child_says: Line | None = None
    needs_now: Annotated[tuple[Code, ...], Field(max_length=20)] = ()


class ReceiptRequest(Closed):
    """Form 01 and who fills it in."""

    actor: Actor
    form: ReceiptForm


class RiskFormRequest(Closed):
    """Form 02 and who fills it in."""

    actor: Actor
    form: RiskForm


class DecisionText(Closed):
    """What Form 07 says beside its dates: its number, why, and who cares for the child meanwhile."""

    number: Reference
    reasons: Line
    cared_for_by: Line | None = None


class DecisionRequest(Closed):
    """The chair's decision (Form 07), recorded by somebody else. `longer_by`: what asks for more than 15 days."""

    actor: Actor
    authority: Authority
    decided_by: Actor
    commune: CommuneCode
    decided_at: Time
    decision: Decision
    stay_from: Time | None = None
    stay_until: Time | None = None
    longer_by: Reference | None = None
    text: DecisionText


class EndOfStayRequest(Closed):
    """Where the child goes."""

    actor: Actor
    to: EndOfStay


class HotlineCopyRequest(Closed):
    """Who told hotline 111."""

    actor: Actor


class ChildFormV1(Open):
    """A form as it stands, and what it still has to say; null once the referral was sealed off."""

    form: Form
    at: str
    actor: str
    said: dict[str, Any] | None
    missing: list[str] | None


class ChildDecisionV1(Open):
    """A decision of the authority, and the stay that it ordered."""

    decision: Decision
    decided_at: str
    decided_by: str
    commune: str
    recorded_at: str
    actor: str
    stay_from: str | None
    stay_until: str | None
    longer_by: str | None
    ended_at: str | None
    ended_to: EndOfStay | None
    said: dict[str, Any] | None


class ChildV1(Open):
    """What is on record for a child in danger."""

    referral_id: str
    forms: list[ChildFormV1]
    decisions: list[ChildDecisionV1]
    hotline_told_at: str | None
