"""Messages of working against time: what is said of an incident, a need and a dose, and the countdown.

No request has a field for a report, a payment or papers, and unknown fields are refused: help depends on none (R-08).
"""

from typing import Literal

from services.health.rules.windows import Answer, Dose, FollowUp, Kind, Need, State
from shared.wire.fields import Actor, Closed, Open, Time


class IncidentTimeRequest(Closed):
    """When it happened, and who says so."""

    actor: Actor
    incident_at: Time
    source: Literal["she_said", "guardian_said", "companion_said", "document"]


class AssessmentRequest(Closed):
    """What she needs of the things that have a time. Each must be said; `counted_from` is the incident, or now."""

    actor: Actor
    counted_from: Time
    hiv_exposure: bool
    pregnancy_possible: bool
    hepatitis_b_open: bool
    strangulation: bool

    def needs(self) -> frozenset[Need]:
        """Return what she needs."""
        return frozenset(need for need in Need if getattr(self, need.value))


class DoseRequest(Closed):
    """A dose that was given, or offered and not wanted by her; `counted_from` is the incident, or now."""

    actor: Actor
    dose: Dose
    given_at: Time
    counted_from: Time
    answer: Answer


class FollowUpRequest(Closed):
    """A test, the end of a course or an observation. What a test showed stays in the medical record (R-22)."""

    actor: Actor
    what: FollowUp
    done_at: Time
    answer: Answer


class CareRecordV1(Open):
    """A record that was made."""

    id: str
    referral_id: str


class WordsV1(Open):
    """A text in two languages."""

    vi: str
    en: str


class WindowV1(Open):
    """A window as it stands; `seconds_left` is live and negative once it is over, `still_offered` what helps then."""

    id: str
    kind: Kind
    name: WordsV1
    state: State
    counted: Literal["incident", "first_contact", "first_dose", "now"]
    counted_from: str | None
    best_until: str | None
    closes_at: str | None
    seconds_left: int | None
    done_at: str | None
    declined_at: str | None
    still_offered: WordsV1
    rule: str
    basis: str
    confidence: str


class WindowsV1(Open):
    """The windows of a case, in the order of the procedure; `incident_known` false: count from now."""

    at: str
    incident_known: bool
    items: list[WindowV1]
