"""Escalate a holder that has not answered a withdrawal: told again, and the recorder with it, once for each limit.

Decided at the desk, under the lock of the ledger's head, as the clocks are: of any number of processes that find the
same hold due, the first one speaks and the others find it done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.application.ports import Desk
from gateway.domain.referral import Referral
from gateway.domain.withdrawal import UNREACHABLE, Hold, Passed, Reach, passed_limits, remembering
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import Sop

#: `data.phase` of the notices: which duty is late.
PHASE = "withdrawal"
_NEAREST_MOST = 64


def chase_hold(desk: Desk, key: str, *, sop: Sop) -> Sequence[Passed]:
    """Escalate what has passed of one hold and return it; nothing when it has answered, or nothing passed meanwhile.

    The steps: (1) which limits have passed; that a notice has not arrived in time is only said when it has not;
    (2) each is an entry in the ledger; (3) the last one is told to the holder and to the agency that recorded the
    consent; (4) a holder that refused the notice is sent it anew.
    """
    hold = desk.holds.get(key)
    passed = passed_limits(hold, now=to_wire(desk.at), sop=sop) if hold else ()
    referral = desk.referral(hold.referral_id) if hold else None
    if hold is None or referral is None or not passed:
        return ()
    reach = desk.holds.reach(hold, at=desk.at)
    said = [one for one in passed if one.limit.id != sop.withdrawal.unreached.id or reach in UNREACHABLE]  # (1)
    recorder = _recorder(desk, hold, referral) if said else None
    after = remembering(hold, passed)
    for one in said:  # (2)
        desk.record(
            "clock",
            GATEWAY,
            referral_id=referral.referral_id,
            chain_id=referral.chain_id,
            consent_id=hold.consent_id,
            code=one.limit.id,
            state=referral.state.value,
        )
    if said:  # (3)
        _tell(desk, hold, said[-1], reach=reach, parties={hold.agency: referral, **(recorder or {})})
    if said and reach is Reach.REJECTED:  # (4)
        after = replace(after, notice=ask_to_seal(desk, hold, referral, agency=hold.agency, trace_id=""))
    desk.holds.change(after)
    return said


def ask_to_seal(desk: Desk, hold: Hold, referral: Referral, *, agency: str, trace_id: str) -> str:
    """Send an agency the notice that consent was taken back; return the id of the notice."""
    data = {
        "consent_id": hold.consent_id,
        "revocation_id": hold.revocation_id,
        "compartments": sorted(name.value for name in hold.compartments),
        "state": referral.state.value,
        "due_at": hold.due_at,
    }
    return desk.notify(agency, type="revoked", referral_id=referral.referral_id, data=data, trace_id=trace_id)


def _tell(desk: Desk, hold: Hold, last: Passed, *, reach: Reach, parties: Mapping[str, Referral]) -> None:
    data: dict[str, Any] = {
        "phase": PHASE,
        "consent_id": hold.consent_id,
        "revocation_id": hold.revocation_id,
        "agency": hold.agency,
        "about": hold.referral_id,
        "level": last.level.value,
        "rule": last.limit.id,
        "due_at": last.at,
    }
    if reach in UNREACHABLE:
        data["reason"] = reach.value
    for agency, referral in parties.items():
        told = {**data, "state": referral.state.value}
        desk.notify(agency, type="clock_missed", referral_id=referral.referral_id, data=told, trace_id="")


def _recorder(desk: Desk, hold: Hold, referral: Referral) -> Mapping[str, Referral] | None:
    """Return who recorded the consent, with the nearest referral towards the root that it knows; None without one.

    A notice is about a referral of the agency it goes to: the recorder may have no part in one far down the chain.
    """
    consent = desk.consent(hold.consent_id)
    if consent is None or consent.recorder == hold.agency:
        return None
    nearest: Referral | None = referral
    for _ in range(_NEAREST_MOST):
        if nearest is None or nearest.party(consent.recorder):
            break
        nearest = desk.referral(nearest.parent_id) if nearest.parent_id else None
    if nearest is None:
        under = desk.referrals_under([hold.consent_id])
        nearest = next((one for one in under if one.party(consent.recorder)), None)
    return None if nearest is None else {consent.recorder: nearest}
