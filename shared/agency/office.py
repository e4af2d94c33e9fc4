"""What every use case of an agency service needs, made once at start and handed on."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from shared.agency.directory import Directory
from shared.agency.grants import Grants
from shared.agency.notifying import Notifier
from shared.agency.opening import Opener
from shared.agency.outbound.outbox import Outbox
from shared.agency.ports import Hub, Label, ReferralFilter, Store
from shared.agency.profile import AgencyProfile
from shared.agency.records import Referral
from shared.agency.scribe import Scribe
from shared.agency.sector.rulebook import Rulebook
from shared.agency.vault import CaseVault
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldFault, InputRejected, NotFound
from shared.referral.blocked import is_blocked
from shared.sop.model import ServiceType, Sop
from shared.transport.reach import Reach

#: No consent is used for more referrals than this at one agency.
CASES_MOST: Final = 1_000


def is_kept_from(referral: Referral | Label, who: Collection[str], *, declared: Collection[str]) -> bool:
    """Say whether a case is kept from anybody of `who`, who declared a conflict in the chains `declared` (R-11)."""
    return referral.chain_id in declared or is_blocked(referral.blocked, chain_id=referral.chain_id, who=who)


def unknown_referral() -> NotFound:
    """Return the one answer about a referral that is not here, and about one that somebody is not to know of."""
    return NotFound("referral.unknown", "This agency has neither sent nor received such a referral.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One agency at work."""

    agency_id: str
    profile: AgencyProfile
    rulebook: Rulebook
    sop: Sop
    clock: Clock
    scribe: Scribe
    vault: CaseVault
    opener: Opener
    store: Store
    hub: Hub
    directory: Directory
    grants: Grants
    outbox: Outbox
    notifier: Notifier
    reach: Reach
    answer_within: float

    def service(self, code: str) -> ServiceType:
        """Return a service type. Raises `InputRejected` (`sop.service-unknown`)."""
        service = self.sop.services.get(code)
        if service is None:
            message = "No such service type; see GET /v1/sop/service-types of the gateway."
            fault = FieldFault("/service_type", "sop.service-unknown", message)
            raise InputRejected("sop.service-unknown", message, faults=(fault,))
        return service

    async def referral(self, referral_id: str, *who: str) -> Referral:
        """Return a referral that this agency sent or received.

        Raises `NotFound` (`referral.unknown`) when there is none, and also for anybody of `who` that the case is
        kept from (R-11), as blocked or since a conflict was declared: they do not learn that it exists.
        """
        referral, declared = await self.store.read(
            lambda reading: (reading.get(Referral, referral_id), reading.declared_by(who))
        )
        if referral is None or is_kept_from(referral, who, declared=declared):
            raise unknown_referral()
        return referral

    async def box_of(self, referral_id: str) -> str | None:
        """Return on which side of a referral this agency is; None where it has no referral of this id."""
        referral = await self.store.read(lambda reading: reading.get(Referral, referral_id))
        return None if referral is None else referral.box

    async def consent_is_kept_from(self, consent_id: str, *who: str) -> bool:
        """Say whether a case that rests on this consent is kept from anybody of `who`: then the consent is too."""
        wanted = ReferralFilter(consent_id=consent_id, limit=CASES_MOST)
        under, declared = await self.store.read(lambda reading: (reading.referrals(wanted), reading.declared_by(who)))
        return any(is_kept_from(one, who, declared=declared) for one in under)
