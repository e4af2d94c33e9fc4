"""Conflicts of interest as the gateway counts and enforces them: never who, and never why (rule R-11)."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.referral import Referral
from shared.referral.conflict import conflict_key
from shared.sop.model import Sop


class ConflictKind(StrEnum):
    """What an agency said: one of its people is kept from the case, or nobody there can take it."""

    DECLARED = "declared"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One declaration (`key` holds the salted hash of who), or one referral given back. `at` is wire text."""

    key: str
    kind: ConflictKind
    referral_id: str
    chain_id: str
    agency: str
    sector: str
    service_type: str
    at: str


def declared_by(referral: Referral, actor: str, *, at: str, sop: Sop) -> Conflict:
    """Return the declaration of a member of the recipient's staff."""
    key = conflict_key(referral.recipient, chain_id=referral.chain_id, actor=actor)
    return _conflict(referral, ConflictKind.DECLARED, key, at=at, sop=sop)


def given_back(referral: Referral, *, at: str, sop: Sop) -> Conflict:
    """Return that a recipient gave a referral back because nobody there can take it."""
    return _conflict(referral, ConflictKind.DECLINED, referral.referral_id, at=at, sop=sop)


def _conflict(referral: Referral, kind: ConflictKind, key: str, *, at: str, sop: Sop) -> Conflict:
    return Conflict(
        key=key,
        kind=kind,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        agency=referral.recipient,
        sector=sop.services[referral.service_type].sector.value,
        service_type=referral.service_type,
        at=at,
    )
