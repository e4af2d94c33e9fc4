"""What the police do in a case: each act is one unit of work with its entry in the journal.

Here is what all acts have alike: heeding what the rules object to, the times and clocks of the procedure, and reading
what is kept about a person for as long as her referral was not sealed off.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from services.police.rules.objections import Objection, untimely
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.casefile import file_of
from shared.agency.sector.clocks import start_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire
from shared.kernel.errors import InternalFault
from shared.sop.calendar import due_at

_TIMES: Final = "POL-TIMES"
_REMOTE: Final = "remote_area"


def heed(practice: Practice, objections: Iterable[Objection]) -> None:
    """Refuse for the first objection, if there is any."""
    for one in objections:
        raise practice.rulebook.refused(one.code, pointer=one.pointer)


def heed_times(practice: Practice, *moments: tuple[str, datetime | None]) -> None:
    """Refuse times that are not in this order, or ahead of now. Raises `police.times`."""
    said = [(pointer, at) for pointer, at in moments if at is not None]
    heed(practice, untimely(said, latest=practice.rulebook.due(_TIMES, practice.now())))


def start_duty(
    practice: Practice, desk: Desk, referral: Referral, target: str, clock: tuple[str, str], *, since: datetime
) -> None:
    """Start a clock that the procedure sets: `clock` is its service type and its id."""
    service, rule_id = clock
    rule = next((one for one in practice.office.sop.services[service].clocks if one.id == rule_id), None)
    if rule is None:
        raise InternalFault("rule.unknown", f"{service} has no clock {rule_id}.")
    is_remote = rule.remote is not None and referral.facts.get(_REMOTE) is True
    amount = rule.remote if is_remote and rule.remote is not None else rule.amount
    start_clock(desk, referral.referral_id, target, rule_id, started_at=since, due_at=due_at(since, amount, rule.unit))


def at_latest_sent(referral: Referral, at: datetime) -> datetime:
    """Return since when a duty runs that came with the referral: from its sending at the latest, whatever is said."""
    return min(at, from_wire(referral.sent_at))


def unlocked(practice: Practice, look: Look, referral_id: str, place: str, stored: bytes | None) -> Any:
    """Return what is kept at a place of a referral's file; None where nothing is, and once it was sealed off (R-16)."""
    referral = look.get(Referral, referral_id)
    file = None if referral is None else file_of(practice.office, referral)
    return None if file is None or stored is None else file.unlock(place, stored)
