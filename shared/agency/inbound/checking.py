"""The recipient's own check of a referral: the hub is not simply believed (promise 2).

The same decision as the gateway's, over the directory and the consent as far as they are shown to this agency.
What it cannot see of a consent it does not judge; what it sees and does not permit it rejects, and what rests on a
consent that it is not shown at all: one that permits something to this agency names it.
"""

from collections.abc import Sequence

from shared.agency.directory import Directory, Entry
from shared.agency.grants import Grants
from shared.consent.decision import decide
from shared.consent.grant import Consent
from shared.consent.request import ConsentBasis, Disclosure
from shared.kernel.clock import Clock
from shared.kernel.errors import ConsentRequired, InputRejected, PeerUnavailable, Reason
from shared.referral.blocked import is_blocked
from shared.sop.model import Sop
from shared.wire.facts import check_facts
from shared.wire.mapping import basis_of
from shared.wire.messages import ReferralV1

_COMMUNE_DIGITS = 5
_NOT_YET = "consent.not-yet-valid"
_MISSING = "consent.missing"
#: Reasons that rest on what only the gateway sees: who holds the parent, and where a commune belongs.
_GATEWAY_ALONE = frozenset({"consent.onward", "sop.area"})


class Checker:
    """Checks received referrals."""

    def __init__(self, agency_id: str, *, sop: Sop, directory: Directory, grants: Grants, clock: Clock) -> None:
        self._agency_id = agency_id
        self._sop = sop
        self._directory = directory
        self._grants = grants
        self._clock = clock

    async def check(self, message: ReferralV1) -> None:
        """Check that procedure and consent permit what was sent here.

        Raises `ConsentRequired` with the reasons, `InputRejected` for labels the procedure does not know, and
        `PeerUnavailable` when the consent cannot be looked up now, or has not begun by this agency's clock alone: the
        gateway passes on nothing before consent has begun, so it is this clock that is behind.
        """
        if message.sop != self._sop.version or message.service_type not in self._sop.services:
            raise InputRejected("sop.version", "This agency works by another version of the procedure.")
        check_facts(self._sop.facts, message.facts, pointer="/facts")
        sender, own = await self._directory.entry(message.sender), await self._directory.entry(self._agency_id)
        basis = basis_of(message.basis)
        lineage = await self._grants.lineage(basis.consent_id) if isinstance(basis, ConsentBasis) else ()
        disclosure = self._disclosure(message, basis=basis, sender=sender, own=own)
        decision = decide(disclosure, lineage=lineage, sop=self._sop, at=self._clock.now())
        reasons = [reason for reason in decision.reasons if _is_ours(reason, message, lineage)]
        if reasons and {reason.code for reason in reasons} == {_NOT_YET}:
            raise PeerUnavailable("clock.skewed", "By this clock her consent has not begun; by the gateway's it has.")
        if reasons:
            raise ConsentRequired(reasons[0].code, "The recipient's own check does not permit this.", reasons=reasons)

    def _disclosure(self, message: ReferralV1, *, basis: object, sender: Entry, own: Entry) -> Disclosure:
        return Disclosure(
            sender=message.sender,
            sender_sectors=sender.names("sectors"),
            recipient=message.recipient,
            recipient_services=own.names("services"),
            recipient_areas=own.names("areas"),
            subject=message.subject,
            service_type=message.service_type,
            urgency=message.urgency,
            phoned_first=message.phoned_first,
            age_band=message.age_band,
            area=message.area,
            area_province=None,
            facts=message.facts,
            compartments=frozenset(one.name for one in message.compartments),
            basis=basis_of(message.basis),
            holds_parent=message.parent_id is not None,
            blocked=is_blocked(message.blocked, chain_id=message.chain_id, who=(self._agency_id,)),
        )


def _is_ours(reason: Reason, message: ReferralV1, lineage: Sequence[Consent]) -> bool:
    """Say whether a reason rests on something this agency can judge."""
    if reason.code == "sop.area" and len(message.area) != _COMMUNE_DIGITS:
        return True
    if reason.code in _GATEWAY_ALONE:
        return False
    return bool(lineage) or reason.code == _MISSING or not reason.code.startswith("consent.")
