"""Messages of crime reports."""

from enum import StrEnum

from pydantic import StrictBool

from services.police.messages.orders import Reasons
from services.police.rules.reports import Channel, Competence, Found
from shared.wire.fields import Actor, Closed, Open, Time


class Body(StrEnum):
    """To whom a report is passed on."""

    PROVINCIAL_POLICE = "provincial_police"
    REGIONAL_INVESTIGATION = "regional_investigation"
    PROCURACY = "procuracy"
    OTHER_COMMUNE_POLICE = "other_commune_police"


class CrimeReportRequest(Closed):
    """How a report came, whether she decided to report, and whether she was told her rights."""

    actor: Actor
    received_at: Time
    channel: Channel
    own_decision: StrictBool
    rights_told: StrictBool


class TransferRequest(Closed):
    """When and to whom a report was passed on."""

    actor: Actor
    passed_on_at: Time
    to: Body


class ClassificationRequest(Closed):
    """What a report is."""

    actor: Actor
    classified_at: Time
    competence: Competence


class CrimeReportDecision(Closed):
    """What was decided. A report that opens no case brings written reasons, and she was told how to complain."""

    actor: Actor
    decided_at: Time
    found: Found
    reasons: Reasons | None = None
    complaint_told: StrictBool


class CrimeReportV1(Open):
    """A report and how far it is; `reasons` null once the referral was sealed off."""

    id: str
    referral_id: str
    received_at: str
    channel: Channel
    own_decision: bool
    passed_on_at: str | None
    passed_on_to: Body | None
    classified_at: str | None
    competence: Competence | None
    found: Found | None
    decided_at: str | None
    reasons: str | None
