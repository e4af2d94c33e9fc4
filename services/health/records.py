"""What health services keep of a case, as plain frozen values: one class per table, one field per column.

Times are wire text. Anything about a person is in a `bytes` field, encrypted under the key of her referral. No field
holds a report, a payment or papers (R-08): the reading of the profile refuses it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTime:
    """When it happened, as she or somebody for her said here; the latest of a referral counts."""

    record_id: str
    referral_id: str
    recorded_at: str
    actor: str
    content: bytes  # the time, and who said it


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What she needs of the things that have a time; the latest of a referral counts."""

    assessment_id: str
    referral_id: str
    assessed_at: str
    actor: str
    content: bytes  # needs, and from when her windows are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """A dose, a test or an observation: given, or offered and not wanted by her."""

    care_id: str
    referral_id: str
    given_at: str
    actor: str
    content: bytes  # what, and her answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ForensicConsent:
    """Her answer about evidence, by part and apart from treatment (R-21); the latest of a referral counts."""

    consent_id: str
    referral_id: str
    answered_at: str
    actor: str
    content: bytes  # the parts she agreed to, and in which form


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A forensic examination: who examined her, and what was said about that (R-01)."""

    examination_id: str
    referral_id: str
    examined_at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenTaken:
    """A specimen as it was collected."""

    specimen_id: str
    referral_id: str
    collected_at: str
    actor: str  # who collected it, and holds it first
    content: bytes  # its kind, its seal, where it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """One link of the chain of custody; `event` is the exact text that told the ledger, without a word about her."""

    key: str  # referral id "/" sequence: two hand-overs never take the same place
    hand_over_id: str
    referral_id: str
    sequence: int
    handed_to: str
    sha256: str
    event_id: str
    event: str
    content: bytes  # the signed statement


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLineSupport:
    """First-line support as it was given: where, who was there, what was done and what she did not want."""

    support_id: str
    referral_id: str
    began_at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Her word that results of one kind may leave for one recipient, under one consent (R-22)."""

    tick_id: str
    consent_id: str
    recipient: str
    kind: str
    ticked_at: str
    actor: str
    taken_back_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An injury certificate, and whether it is in her hands; `sent_first_at`: she chose that it is sent before."""

    certificate_id: str
    referral_id: str
    subject: str
    issued_at: str
    actor: str
    content: bytes  # its number and what it says
    given_to_her_at: str | None = None
    sent_first_at: str | None = None
