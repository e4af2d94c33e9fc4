"""What the codes of the ledger are called on the pages: entries, duties, refusals, what a proof says.

Names of the procedure come from its own data; the rest stands in the catalogue. A code that has no words is shown as
it is, never left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.domain.kept import Keeping
from shared.kernel.errors import InternalFault
from shared.ledger.entry import Entry
from shared.pages.catalogue import N_
from shared.sop.model import ClockPhase, Compartment, EventType, LegalBasisKind, Name, ReferralState, Sop
from shared.wire.codes import CODES

KINDS: Final[Mapping[str, str]] = {
    "referral": N_("Referral sent"),
    "event": N_("Step"),
    "delivery": N_("Delivery"),
    "opening": N_("Opening"),
    "release": N_("Half of a key given out"),
    "note": N_("Note between two agencies"),
    "consent": N_("Consent recorded"),
    "revocation": N_("Consent taken back"),
    "notice": N_("Notice from the gateway"),
    "refusal": N_("Refused"),
    "clock": N_("Clock"),
    "expiry": N_("Ended by time"),
    "override": N_("Disclosure without consent"),
    "statement": N_("Statement"),
    "lease": N_("Place held"),
    "conflict": N_("Conflict of interest"),
    "directory": N_("Directory"),
}

PHASES: Final[Mapping[str, str]] = {
    ClockPhase.ACKNOWLEDGE: N_("Acknowledge"),
    ClockPhase.DECIDE: N_("Decide"),
    ClockPhase.CONTACT: N_("First contact"),
    ClockPhase.COMPLETE: N_("Complete"),
}

KEEPINGS: Final[Mapping[str, str]] = {
    Keeping.KEPT: N_("kept"),
    Keeping.DONE_LATE: N_("done too late"),
    Keeping.MISSED: N_("missed"),
    Keeping.OVERDUE: N_("overdue"),
    Keeping.OPEN: N_("still open"),
    Keeping.FALLEN_AWAY: N_("no longer owed"),
}
#: What asks for attention.
BAD: Final = frozenset({Keeping.DONE_LATE, Keeping.MISSED, Keeping.OVERDUE})

#: What the verifier finds, as a sentence; the codes are those of docs/how-to/verify-the-ledger-offline.md.
FINDINGS: Final[Mapping[str, str]] = {
    "entry.altered": N_("Its text was changed: it does not have the hash it is filed under."),
    "entry.malformed": N_("Its text is not that of a ledger entry."),
    "entry.moved": N_("It says itself that it belongs to another place."),
    "entry.foreign": N_("It belongs to another chain."),
    "entry.filed-otherwise": N_("It is filed under other facts than its text says."),
    "proof.missing": N_("There is no proof that it is in the ledger: hashes are missing."),
    "proof.broken": N_("Its proof does not lead to the root of the ledger."),
    "record.unrecorded": N_("The ledger has no entry that admits this referral."),
    "record.differs": N_("The record stands in another state than the last entry of the ledger says."),
}

#: What an agency asked for when it was refused: kinds of messages, and acts without one.
ASKED: Final[Mapping[str, str]] = {
    "referral": N_("to refer"),
    "event": N_("to report a step"),
    "opening": N_("to open parts of a case"),
    "note": N_("to send a note"),
    "consent": N_("to record a consent"),
    "revocation": N_("to take a consent back"),
    "conflict": N_("to declare a conflict of interest"),
    "receipt": N_("to confirm a delivery"),
    "override": N_("to act on a disclosure without consent"),
    "statement": N_("to be given a statement"),
    "lease": N_("to hold a place"),
}
CONSENT_STATES: Final[Mapping[str, str]] = {
    "active": N_("in force"),
    "narrowed": N_("taken back in part"),
    "revoked": N_("taken back"),
    "expired": N_("has ended"),
}
TAKERS: Final[Mapping[str, str]] = {
    "survivor": N_("by her own word"),
    "guardian": N_("by the word of her guardian"),
    "recorder": N_("by the agency that recorded it"),
}
#: Codes with which the gateway refuses what agencies send and ask, by what they are about.
_ABOUT: Final = frozenset(
    {"agency", "area", "basis", "consent", "event", "hub-shares", "lease", "message", "override", "receipt", "referral"}
) | {"signature", "sop", "statement"}
REFUSALS: Final = tuple(
    sorted(code for code, row in CODES.items() if code.partition(".")[0] in _ABOUT and row.error is not InternalFault)
)
#: What a holder answered.
RESULTS: Final[Mapping[str, str]] = {
    "never_opened": N_("was never opened"),
    "sealed": N_("sealed off"),
    "legal_hold": N_("keeps a part by law"),
}

_CLOCK: Final[Mapping[str, str]] = {
    "warning": N_("limit is near"),
    "missed": N_("limit has passed"),
    "expired": N_("ended without an answer"),
    "overdue": N_("limit has passed"),
}
_OVERRIDE: Final[Mapping[str, str]] = {
    "opened": N_("made"),
    "confirmed": N_("second person stood up for it"),
    "told": N_("she was told"),
    "reviewed": N_("reviewed"),
    "ended": N_("access ended"),
}
_OTHER: Final[Mapping[str, str]] = {
    "stored": N_("received and stored"),
    "undelivered": N_("could not be delivered"),
    "expired": N_("time has run out"),
    "clock_warning": N_("limit is near"),
    "clock_missed": N_("limit has passed"),
    "revoked": N_("consent was taken back"),
    "override_review": N_("about a disclosure without consent"),
    "undeliverable": N_("could not be delivered"),
    "next_agency": N_("who could be asked next"),
    "triage": N_("to decide whether it can help"),
    "first_contact": N_("to contact her safely"),
    "case_work": N_("to give the service"),
    "service_delivery": N_("to give the service"),
    "handover": N_("to take over from a colleague"),
    "check": N_("to check what is recorded"),
    "supervision": N_("to supervise the work"),
    "requested": N_("asked for"),
    "provided": N_("provided"),
    "granted": N_("held"),
    "used": N_("used"),
    "released": N_("let go"),
    "enrolled": N_("enrolled"),
    "disabled": N_("disabled"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says: its kind and details as texts of the catalogue, names of the procedure, and the bare code."""

    kind: str | None
    terms: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    code: str | None = None


def said_of(entry: Entry, sop: Sop) -> Said:
    """Return an entry in words."""
    kind, code = KINDS.get(entry.kind), entry.code
    if code is None:
        return Said(kind)
    first, _, rest = code.partition(":")
    terms, names = _terms(entry.kind, first, rest), _names(entry.kind, first, rest, sop)
    return Said(kind, terms, names, None if terms or names else code)


def refusal_of(code: str | None) -> str | None:
    """Return what a refusal's code means; None for one that the catalogue has not."""
    row = CODES.get(code or "")
    return row.title if row else None


def _terms(kind: str, first: str, rest: str) -> tuple[str, ...]:
    if kind == "refusal":
        title = refusal_of(first)
        return (title,) if title else ()
    if kind == "clock":
        return tuple(term for term in (PHASES.get(first), _CLOCK.get(rest)) if term)
    if kind == "override":
        ended = refusal_of(rest) if first == "ended" else None
        return tuple(term for term in (_OVERRIDE.get(first), ended) if term)
    if kind in {"referral", "event"}:
        return ()
    known = _OTHER.get(first) or TAKERS.get(first)
    return (known,) if known else ()


def asked_of(state: str | None) -> str | None:
    """Return what an agency asked for when it was refused, by what the entry keeps beside its code.

    For a part of a case that is the state of its referral.
    """
    return ASKED["opening"] if state in set(ReferralState) else ASKED.get(state or "")


def _names(kind: str, first: str, rest: str, sop: Sop) -> tuple[Name, ...]:
    if kind == "release" and first in set(Compartment):
        return (sop.compartment_names[Compartment(first)],)
    if kind == "referral":
        service = sop.services.get(first)
        return (service.name,) if service else ()
    if kind == "event" and first in set(EventType):
        return (sop.event_names[EventType(first)],)
    if kind == "override" and first == "opened" and rest in set(LegalBasisKind):
        return (sop.legal_bases[LegalBasisKind(rest)].name,)
    if kind == "override" and first == "reviewed":
        found = sop.overrides.outcomes.get(rest)
        return (found,) if found else ()
    return ()
