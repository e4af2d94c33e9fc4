"""What the sender of a disclosure without consent still owes: a second person who stands up for it, and telling her.

Whoever heard nothing back may ask again: the same word from the same person is answered as before, and recorded once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.application.conflicts import is_kept_from
from gateway.application.open_override import OVERRIDE
from gateway.application.outcome import AHEAD, About, Refused
from gateway.application.ports import Desk
from gateway.application.unsigned_acts import check_takes_part, recorded_either_way
from gateway.domain.override import Act, Override
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotFound, NotPermitted

#: The clock of whoever writes down when it was done may be off by this much.
EARLY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ActStated:
    """An agency says that one of its people did something about an override; `actor` is a pseudonym."""

    referral_id: str
    by: str
    actor: str
    at: datetime
    trace_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """An override as it stands after an act, and where the act is recorded."""

    override: Override
    ledger_index: int


def confirm_override(desk: Desk, stated: ActStated) -> Done | Refused:
    """Take the word of a second person, or refuse it; both are recorded."""
    return _either_way(desk, stated, lambda: _confirm(desk, stated))


def report_telling(desk: Desk, stated: ActStated) -> Done | Refused:
    """Take the word that she was told, or refuse it; both are recorded."""
    return _either_way(desk, stated, lambda: _tell(desk, stated))


def _either_way(desk: Desk, stated: ActStated, decide: Callable[[], Done]) -> Done | Refused:
    return recorded_either_way(
        desk,
        decide,
        kind=OVERRIDE,
        by=stated.by,
        trace_id=stated.trace_id,
        about=lambda: _about(desk, stated),
    )


def _about(desk: Desk, stated: ActStated) -> About:
    override = desk.overrides.get(stated.referral_id)
    if override is None or override.sender != stated.by:
        return About()
    return About(referral_id=override.referral_id, chain_id=override.chain_id)


def _own(desk: Desk, stated: ActStated) -> Override:
    check_takes_part(desk, stated.by)
    override = desk.overrides.get(stated.referral_id)
    if override is None or override.sender != stated.by:
        raise NotFound("override.unknown", "Your agency sent no such referral on a ground other than consent.")
    return override


def _confirm(desk: Desk, stated: ActStated) -> Done:
    override = _own(desk, stated)
    if override.confirm_due_at is None:
        raise Conflict("override.not-owed", "This ground asks for no second person; nothing is to be confirmed.")
    if override.confirmation is not None:
        return _again(override, override.confirmation, stated)
    if override.ends_at is None or override.ends_at <= to_wire(desk.at):
        raise Conflict("override.ended", "Nobody confirmed this in time and access has ended. Send a new referral.")
    _check_second_person(desk, override, stated)
    act = _recorded(desk, override, stated, code="confirmed")
    confirmed = replace(override, confirmation=act)
    desk.overrides.change(confirmed)
    referral = desk.referral(override.referral_id)
    if referral is not None:
        desk.change_referral(replace(referral, basis_expires_at=None))
    return Done(confirmed, act.ledger_index)


def _check_second_person(desk: Desk, override: Override, stated: ActStated) -> None:
    if override.is_same_person(stated.actor):
        raise NotPermitted("override.same-person", "Whoever approved a disclosure cannot confirm it as well.")
    referral = desk.referral(override.referral_id)
    if referral is not None and is_kept_from(desk, referral, agency=stated.by, actor=stated.actor):
        raise NotPermitted("referral.blocked", "This person is kept from the case. Ask another colleague.")


def _tell(desk: Desk, stated: ActStated) -> Done:
    override = _own(desk, stated)
    if override.telling is not None:
        return _again(override, override.telling, stated)
    act = _recorded(desk, override, stated, code="told")
    told = replace(override, telling=act)
    desk.overrides.change(told)
    return Done(told, act.ledger_index)


def _again(override: Override, known: Act, stated: ActStated) -> Done:
    if known.actor != stated.actor:
        raise Conflict("override.done", "Another person has stated this already; nothing more is owed here.")
    return Done(override, known.ledger_index)


def _recorded(desk: Desk, override: Override, stated: ActStated, *, code: str) -> Act:
    """Record an act. What counts is when the gateway heard of it; what the agency says is only kept."""
    if not from_wire(override.made_at) - EARLY <= stated.at <= desk.at + AHEAD:
        message = "Give the time at which it was done: after the referral was sent, and not in the future."
        raise InputRejected("message.invalid", message, faults=[FieldFault("/at", "field.range", message)])
    referral = desk.referral(override.referral_id)
    recorded = desk.record(
        OVERRIDE,
        stated.by,
        referral_id=override.referral_id,
        chain_id=override.chain_id,
        code=code,
        state=referral.state.value if referral else None,
        trace_id=stated.trace_id,
    )
    return Act(actor=stated.actor, stated_at=to_wire(stated.at), at=to_wire(desk.at), ledger_index=recorded.index)
