"""A referral as the gateway holds it: routing facts, labels, halves, due times. Never case data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.values import value
from shared.sop.model import ENDS, AgeBand, ClockPhase, Compartment, EventType, Party, ReferralState, Stage, Urgency


class HalfState(StrEnum):
    """What became of a compartment: still sealed, opened at least once, or never to be opened again."""

    SEALED = "sealed"
    OPENED = "opened"
    DESTROYED = "destroyed"


class Half(NamedTuple):
    """The gateway's half of one compartment's key. `share` None: given away for good, or destroyed."""

    stage: Stage
    state: HalfState
    share: str | None


#: The recipient has not said yes: when its basis ends, such a referral ends too.
UNDECIDED: frozenset[ReferralState] = frozenset(
    {ReferralState.SENT, ReferralState.DELIVERED, ReferralState.ACKNOWLEDGED, ReferralState.INFO_REQUESTED}
)

#: In these ends a note would reach for a case that is closed to the reader; a completed one may still need a word.
SILENT: frozenset[ReferralState] = ENDS - {ReferralState.COMPLETED}

_HEARD = frozenset({ClockPhase.ACKNOWLEDGE})
_DECIDED = _HEARD | {ClockPhase.DECIDE}
_BEGUN = _DECIDED | {ClockPhase.CONTACT}

#: Which duties a state has met (see the lifecycle table): what is met is no longer due.
_MET: Mapping[ReferralState, frozenset[ClockPhase]] = {
    ReferralState.ACKNOWLEDGED: _HEARD,
    ReferralState.INFO_REQUESTED: _HEARD,
    ReferralState.ACCEPTED: _DECIDED,
    ReferralState.SCHEDULED: _DECIDED,
    ReferralState.UNREACHED: _DECIDED,
    ReferralState.IN_PROGRESS: _BEGUN,
    ReferralState.ON_HOLD: _BEGUN,
    **dict.fromkeys(ENDS, frozenset(ClockPhase)),
}


@value
class DueTime:
    """When a duty is due (wire text), and the clock rule that says so."""

    at: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A clock that stood still, or does: from `since` until `until` at the latest; `base` is what stood before."""

    since: str
    until: str
    base: DueTime


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """What clocks need to remember: when it was accepted, the last pause of each duty, which alarms have been given."""

    accepted_at: str | None = None
    pauses: Mapping[ClockPhase, Pause] = field(default_factory=dict)
    fired: frozenset[str] = frozenset()


@value
class Referral:
    """One referral between two agencies. Times are wire text (RFC 3339, UTC, milliseconds).

    Clocks run from `received_at`, some from `incident_at`, and longer in a `remote_area`; `counts` says how
    often each event happened that may happen only so often. `basis_expires_at` is when its consent ends, or its
    other ground unless a second person confirms it. `reroute_if_expired`: the sender wants to go on to
    the next agency she agreed to when nobody answers, `reroute_if_declined` when the recipient cannot. `linked_id` is
    another person's referral of the same chain: a child's names its mother's. `guardian_unsafe`: a caregiver of hers is
    not safe. It was sent in the place of the one it `replaces`; the one `replaced_by` in the place of this one.
    """

    referral_id: str
    chain_id: str
    parent_id: str | None
    sender: str
    recipient: str
    subject: str
    service_type: str
    urgency: Urgency
    staff_gender: str
    state: ReferralState
    age_band: AgeBand
    basis: ConsentBasis | OtherBasis
    basis_expires_at: str | None
    blocked: frozenset[str]
    halves: Mapping[Compartment, Half]
    due: Mapping[ClockPhase, DueTime]
    sent_at: str
    received_at: str
    incident_at: str | None = None
    remote_area: bool = False
    counts: Mapping[EventType, int] = field(default_factory=dict)
    reroute_if_expired: bool = False
    clocks: ClockRecord = ClockRecord()
    linked_id: str | None = None
    guardian_unsafe: bool = False
    reroute_if_declined: bool = False
    replaces: str | None = None
    replaced_by: str | None = None

    @property
    def has_ended(self) -> bool:
        """Say whether no further work is expected of the recipient."""
        return self.state in ENDS

    @property
    def consent_id(self) -> str | None:
        """Return the consent this referral rests on; None when it rests on law."""
        return self.basis.consent_id if isinstance(self.basis, ConsentBasis) else None

    def lapses_at(self) -> str | None:
        """Return when the end of its consent will change this referral; None when it will not, or there is none."""
        if not isinstance(self.basis, ConsentBasis):  # other access ends otherwise: see `gateway.domain.override`
            return None
        concerned = self.state in UNDECIDED or any(half.share is not None for half in self.halves.values())
        return self.basis_expires_at if concerned else None

    def next_due_at(self) -> str | None:
        """Return the earliest due time that still counts; None when nothing is due any more."""
        return min([due.at for due in self.open_duties().values()], default=None)

    def open_duties(self) -> Mapping[ClockPhase, DueTime]:
        """Return what the recipient still has to do, and by when."""
        met = _MET.get(self.state)
        return {phase: due for phase, due in self.due.items() if phase not in met} if met else self.due

    def party(self, agency_id: str) -> Party | None:
        """Return which side `agency_id` is on; None when it is on neither."""
        if agency_id == self.sender:
            return Party.SENDER
        return Party.RECIPIENT if agency_id == self.recipient else None

    def other(self, agency_id: str) -> str:
        """Return the agency on the other side."""
        return self.recipient if agency_id == self.sender else self.sender


def destroy(halves: Mapping[Compartment, Half], doomed: frozenset[Compartment]) -> dict[Compartment, Half]:
    """Return the halves with those of `doomed` destroyed. What had been opened stays marked as opened."""
    return {
        name: Half(half.stage, HalfState.DESTROYED if half.state is HalfState.SEALED else half.state, None)
        if name in doomed
        else half
        for name, half in halves.items()
    }


def forget_delivered(halves: Mapping[Compartment, Half]) -> dict[Compartment, Half]:
    """Return the halves after delivery: those of stage triage went with it, so they are opened and forgotten."""
    return {
        name: Half(half.stage, HalfState.OPENED, None)
        if half.stage is Stage.TRIAGE and half.state is HalfState.SEALED
        else half
        for name, half in halves.items()
    }
