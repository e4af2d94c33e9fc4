"""What is sent to the routes of case conferences and what they answer."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from shared.agency.records import ActionState
from shared.sop.model import Compartment
from shared.wire.fields import Actor, AgencyId, Area, Closed, Code, Facts, Open, Time, Uuid7
from shared.wire.parts import COMPARTMENTS_MOST, BasisV1

ACTIONS_MOST = 40


class ConferenceRequest(Closed):
    """Call a conference about a referral that your agency sent, or has accepted; `reason` is one of the procedure's."""

    referral_id: Uuid7
    reason: Code
    actor: Actor


class InvitationRequest(Closed):
    """Invite one agency: exactly what her consent lets it see, or on a legal basis where the risk is high."""

    agency: AgencyId
    consent_id: Uuid7 | None = None
    basis: BasisV1 | None = None
    compartments: Annotated[dict[Compartment, dict[str, Any]], Field(min_length=1, max_length=COMPARTMENTS_MOST)]
    facts: Facts = Field(default_factory=dict)
    area: Area | None = None
    strict: StrictBool = False
    actor: Actor


class AgreedAction(Closed):
    """Who does what by when; `kind` is one of the procedure's."""

    kind: Code
    owner: AgencyId
    due_on: date


class MinutesRequest(Closed):
    """What was agreed, and who was there. There is no place for a narrative."""

    actor: Actor
    held_at: Time
    attended: Annotated[tuple[AgencyId, ...], Field(min_length=1, max_length=32)]
    actions: Annotated[tuple[AgreedAction, ...], Field(min_length=1, max_length=ACTIONS_MOST)]


class ReportRequest(Closed):
    """What became of an action that your agency owns."""

    state: Literal["done", "not_done"]
    actor: Actor


class ConferenceActionV1(Open):
    """An action as it stands; `overdue` while it is open after its day."""

    id: str
    kind: str
    owner: str
    given_by: str
    due_on: date
    state: ActionState
    overdue: bool
    reported_at: str | None


class ConferenceActionsV1(Open):
    """Actions, what is due first on top."""

    items: list[ConferenceActionV1]


class InvitedV1(Open):
    """An agency that was invited; `state` is that of the referral that invites it."""

    agency: str
    referral_id: str
    state: str
    invited_at: str


class ConferenceV1(Open):
    """A conference as the agency that called it sees it."""

    id: str
    referral_id: str
    reason: str
    called_at: str
    called_by: str
    convene_by: str
    held_at: str | None
    attended: list[str]
    invitations: list[InvitedV1]
    actions: list[ConferenceActionV1]


class ConferencesV1(Open):
    """The conferences this agency called, newest first."""

    items: list[ConferenceV1]
