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
