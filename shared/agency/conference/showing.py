"""How conferences and their actions are shown: codes, agencies and days, never a word about a person."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from shared.agency.office import is_kept_from
from shared.agency.ports import Reading
from shared.agency.records import ActionState, Conference, ConferenceAction, Invitation, Referral
from shared.sop.calendar import day_in_viet_nam

_About = TypeVar("_About", Conference, ConferenceAction)


def shown_conference(reading: Reading, conference_id: str, *, now: datetime) -> dict[str, Any]:
    """Return a conference that is here as the agency that called it sees it."""
    conference = reading.many(Conference, [conference_id])[0]
    invitations = reading.find(Invitation, conference_id=conference_id)
    actions = reading.find(ConferenceAction, conference_id=conference_id)
    referrals = {one.referral_id: one for one in reading.many(Referral, [one.referral_id for one in invitations])}
    return {
        "id": conference.conference_id,
        "referral_id": conference.referral_id,
        "reason": conference.reason,
        "called_at": conference.called_at,
        "called_by": conference.called_by,
        "convene_by": conference.convene_by,
        "held_at": conference.held_at,
        "attended": list(conference.attended),
        "invitations": [
            {
                "agency": one.agency,
                "referral_id": one.referral_id,
                "state": referrals[one.referral_id].state,
                "invited_at": one.invited_at,
            }
            for one in invitations
        ],
        "actions": shown_actions(actions, now=now),
    }


def shown_actions(actions: Sequence[ConferenceAction], *, now: datetime) -> list[dict[str, Any]]:
    """Return actions, what is due first on top."""
    today = day_in_viet_nam(now).isoformat()
    return [
        {
            "id": one.action_id,
            "kind": one.kind,
            "owner": one.owner,
            "given_by": one.given_by,
            "due_on": one.due_on,
            "state": one.state,
            "overdue": one.state == ActionState.OPEN and one.due_on < today,
            "reported_at": one.reported_at,
        }
        for one in sorted(actions, key=lambda one: (one.due_on, one.action_id))
    ]


def conferences_seen(reading: Reading, who: Sequence[str]) -> list[str]:
    """Return the conferences whose case is not kept from anybody of `who`, newest first (R-11)."""
    return [one.conference_id for one in reversed(_seen(reading, reading.find(Conference), who))]


def actions_seen(reading: Reading, agency_id: str, who: Sequence[str]) -> list[ConferenceAction]:
    """Return the actions this agency owns in cases that are not kept from anybody of `who` (R-11)."""
    return _seen(reading, reading.find(ConferenceAction, owner=agency_id), who)


def _seen(reading: Reading, found: Sequence[_About], who: Collection[str]) -> list[_About]:
    declared = reading.declared_by(list(who))
    cases = {one.referral_id: one for one in reading.many(Referral, sorted({one.referral_id for one in found}))}
    return [one for one in found if not is_kept_from(cases[one.referral_id], who, declared=declared)]
