"""What is asked of the decision: one disclosure to be sent, or one half of a key to be released.

Plain facts from the envelope and the directory, nothing from inside a compartment. Whoever calls
fills them from verified sources: the signature's agency as `sender`, the directory for what the recipient does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.consent.giving import GUARDIAN_UNSAFE, BestInterest
from shared.kernel.values import value
from shared.sop.model import AgeBand, Compartment, LegalBasisKind, ReferralState, Stage, Urgency


@value
class ConsentBasis:
    """The disclosure rests on a registered consent."""

    consent_id: str

    @property
    def kind(self) -> LegalBasisKind:
        """Return `consent`."""
        return LegalBasisKind.CONSENT


@dataclass(frozen=True, slots=True)
class OtherBasis:
    """The disclosure rests on law and not on consent: by which article, approved by whom.

    `notify_unsafe` says that telling the survivor would put her in danger; it never changes the decision. `decision`
    is by whom it was decided that this is in a child's best interest.
    """

    kind: LegalBasisKind
    article: str
    approver: str
    notify_unsafe: bool
    decision: BestInterest | None = None


@value
class Disclosure:
    """One referral that wants to go from `sender` to `recipient`.

    `sender_sectors`, `recipient_services` and `recipient_areas` come from the directory; areas are
    province (2 digits) and commune (5 digits) codes. `area_province` is the province of the commune
    `area`, None when it is not known. `holds_parent`: the sender received the referral this one
    continues. `blocked`: the recipient is on this case's blocked list.
    """

    sender: str
    sender_sectors: frozenset[str]
    recipient: str
    recipient_services: frozenset[str]
    recipient_areas: frozenset[str]
    subject: str
    service_type: str
    urgency: Urgency
    phoned_first: bool
    age_band: AgeBand
    area: str
    area_province: str | None
    facts: Mapping[str, Any]
    compartments: frozenset[Compartment]
    basis: ConsentBasis | OtherBasis
    holds_parent: bool
    blocked: bool

    @property
    def guardian_unsafe(self) -> bool:
        """Say whether the sender states that a caregiver of hers is not safe."""
        return self.facts.get(GUARDIAN_UNSAFE) is True


@value
class Release:
    """One half of a key that the hub may hand to the recipient of a referral now, or not.

    `recipient` is the recipient of the *referral*: for a note that travels back to the sender it is
    still the agency whose access the survivor consented to. `stage` is what the signed message says;
    `state` is where the referral stands now. `basis_ends_at`: when a ground other than consent ends because no
    second person has confirmed it.
    """

    recipient: str
    subject: str
    service_type: str
    urgency: Urgency
    age_band: AgeBand
    compartment: Compartment
    stage: Stage
    state: ReferralState
    basis: ConsentBasis | OtherBasis
    blocked: bool
    basis_ends_at: datetime | None = None
    guardian_unsafe: bool = False
