"""How the gateway shows who was asked to seal off, and what became of it: plain data of wire section 8 and more."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.withdrawal import UNREACHABLE, Extension, Hold, HoldResult, Reach, SignedAnswer, limits_of
from shared.consent.grant import Consent
from shared.kernel.clock import from_wire, to_wire
from shared.referral.chain import as_tree
from shared.sop.model import Sop

#: What a pending hold is shown as when its notice cannot reach the holder.
UNREACHABLE_RESULT = "unreachable"

Reached = tuple[Hold, Reach]


def holder_view(hold: Hold, reach: Reach, *, now: str) -> dict[str, Any]:
    """Return one holder as `GET /v1/consents/{id}/propagation` shows it."""
    return {"agency": hold.agency, "referral_id": hold.referral_id, "via": hold.via, **_standing(hold, reach, now=now)}


def propagation_view(
    consent: Consent, holds: Sequence[Reached], seen: Sequence[Reached], *, now: str
) -> dict[str, Any]:
    """Return how far a withdrawal has come; `seen` are those of `holds` that the reader may see."""
    return {
        "consent_id": consent.id,
        "revoked_at": to_wire(consent.takings[-1].at) if consent.takings else None,
        "holders": [holder_view(hold, reach, now=now) for hold, reach in seen],
        "complete": is_complete(consent, holds),
    }


def is_complete(consent: Consent, holds: Sequence[Reached]) -> bool:
    """Say whether something was taken back and everybody who held it has answered."""
    return bool(consent.takings) and not any(hold.is_pending for hold, _ in holds)


def late_view(hold: Hold, reach: Reach, *, now: str, sop: Sop) -> dict[str, Any]:
    """Return an open hold as oversight sees it: with the limits that have passed, and the next one."""
    limits = limits_of(hold, sop=sop)
    return {
        "consent_id": hold.consent_id,
        **holder_view(hold, reach, now=now),
        "asked_at": hold.asked_at,
        "passed": [_limit(one.limit.id, one.at) for one in limits if one.at <= now and one.limit.id in hold.told],
        "next": next((_limit(one.limit.id, one.at) for one in limits if one.at > now), None),
    }


def certificate_view(
    consent: Consent,
    holds: Sequence[Reached],
    *,
    parents: Mapping[str, str | None],
    revocations: Sequence[Mapping[str, Any]],
    issued_at: str,
    issuer: str,
) -> dict[str, Any]:
    """Return what a withdrawal certificate claims; its evidence and the agencies' keys are added by who has them.

    `parents` names the parent of each referral; `revocations` are the takings back with where they are recorded.
    """
    hops = {
        hold.referral_id: {
            "referral_id": hold.referral_id,
            "parent_id": parents.get(hold.referral_id),
            "agency": hold.agency,
            "via": hold.via,
        }
        for hold, _ in holds
    }
    withdrawals: dict[str, list[dict[str, Any]]] = {referral_id: [] for referral_id in hops}
    for hold, reach in holds:
        standing = _standing(hold, reach, now=issued_at)
        proof = {"answer": _signed(hold.answer), "extension": _extension(hold.extension, proved=True)}
        withdrawals[hold.referral_id].append({**standing, **proof})
    outstanding = [holder_view(hold, reach, now=issued_at) for hold, reach in holds if hold.is_pending]
    return {
        "v": 1,
        "kind": "withdrawal_certificate",
        "consent_id": consent.id,
        "state": consent.state(from_wire(issued_at)).value,
        "recorder": consent.recorder,
        "issuer": issuer,
        "issued_at": issued_at,
        "complete": is_complete(consent, holds),
        "revocations": list(revocations),
        "holders": as_tree([{**hop, "withdrawals": withdrawals[key]} for key, hop in sorted(hops.items())]),
        "outstanding": outstanding,
    }


def _standing(hold: Hold, reach: Reach, *, now: str) -> dict[str, Any]:
    unreachable = hold.is_pending and reach in UNREACHABLE
    return {
        "revocation_id": hold.revocation_id,
        "compartments": sorted(hold.compartments),
        "due_at": hold.due_at,
        "result": UNREACHABLE_RESULT if unreachable else hold.result.value,
        "reason": reach.value if unreachable else None,
        "late": hold.is_late(now=now),
        "kept": sorted(hold.kept) if hold.result is HoldResult.LEGAL_HOLD else [],
        "article": hold.article,
        "answered_at": hold.answered_at,
        "ledger_index": hold.ledger_index,
        "extension": _extension(hold.extension, proved=False),
    }


def _extension(extension: Extension | None, *, proved: bool) -> dict[str, Any] | None:
    """Return by how much an answer was put off; `proved`, with the holder's own signed text."""
    if extension is None:
        return None
    shown = {
        "days": extension.days,
        "reason": extension.reason,
        "declared_at": extension.declared_at,
        "until": extension.until,
        "ledger_index": extension.ledger_index,
    }
    return {**shown, "answer": _signed(extension.declaration)} if proved else shown


def _signed(answer: SignedAnswer | None) -> dict[str, str] | None:
    return None if answer is None else {"body": answer.body, "signature": answer.signature}


def _limit(code: str, at: str) -> dict[str, str]:
    return {"rule": code, "at": at}
