"""How the gateway shows a disclosure without consent, as plain data."""

from typing import Any

from gateway.domain.override import Act, Duty, Override


def override_view(override: Override, *, at: str) -> dict[str, Any]:
    """Return an override as oversight and its sender see it at `at` (wire text)."""
    review = override.review
    found = {"outcome": review.outcome, "measures": list(review.measures), "by": review.body} if review else {}
    return {
        "referral_id": override.referral_id,
        "chain_id": override.chain_id,
        "state": override.state.value,
        "sender": override.sender,
        "recipient": override.recipient,
        "sector": override.sector,
        "service_type": override.service_type,
        "basis": {
            "kind": override.kind.value,
            "article": override.article,
            "approver": override.approver,
            "notify_unsafe": override.notify_unsafe,
        },
        "compartments": list(override.compartments),
        "made_at": override.made_at,
        "access": {"ends_at": override.ends_at, "ended_at": override.ended_at, "code": override.ended_by},
        Duty.CONFIRMATION.value: {**_owed(override, Duty.CONFIRMATION, at), **_done(override.confirmation)},
        Duty.TELLING.value: {**_owed(override, Duty.TELLING, at), **_done(override.telling)},
        Duty.REVIEW.value: {**_owed(override, Duty.REVIEW, at), **found},
        "overdue": [duty.value for duty in override.overdue(at=at)],
    }


def _owed(override: Override, duty: Duty, at: str) -> dict[str, Any]:
    owed = override.duties()[duty]
    return {
        "due_at": owed.due_at,
        "overdue": owed.is_overdue(at=at),
        "in_time": owed.in_time,
        "at": owed.done_at,
    }


def _done(act: Act | None) -> dict[str, Any]:
    return {} if act is None else {"by": act.actor, "stated_at": act.stated_at}
