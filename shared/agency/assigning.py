"""Who has a case: somebody takes it, hands it over or lets it go; a supervisor may give it to whoever has time for it.

Owns the assignment of a referral to one member of staff. It says who works on it and gives no right of its own: what
may be read is decided elsewhere. Promises: nobody is given a case that is kept from them (R-11); where she asked for a
woman or a man (R-01), handing her to somebody else, or taking her case as somebody else, is refused until whoever does
so says that they know; each change and each refusal is in the journal of acts with who did it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.agency.acting import Caller
from shared.agency.office import Office, is_kept_from
from shared.agency.ports import Desk, Look
from shared.agency.records import ActRecord, Assignment, ConflictRecord, Referral
from shared.agency.sector.acting import Act, Done, Outcome, perform
from shared.consent.citation import CONFLICT_RULE, by_rule
from shared.kernel.errors import Conflict, ConsentRequired, FieldFault, InputRejected, NotPermitted
from shared.people.records import Account, Role
from shared.referral.conflict import KEPT_FROM

TAKE: Final = "case.take"
HAND_OVER: Final = "case.hand-over"
LET_GO: Final = "case.let-go"
ACTS: Final = frozenset({TAKE, HAND_OVER, LET_GO})

#: Who may have a case.
WORKERS: Final = frozenset({Role.CASEWORKER, Role.SUPERVISOR})
#: The rule by which she chooses whether women or men help her.
GENDER_RULE: Final = "R-01"
_ANY: Final = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandingOver:
    """To whom a case goes. `supervises`: whoever hands over may do so with any case of the agency.

    `knowing`: she asked for a woman or a man, the colleague is not, and whoever hands over has talked with her.
    """

    to: Account
    supervises: bool = False
    knowing: bool = False


async def take(office: Office, caller: Caller, referral_id: str, *, gender: str | None, knowing: bool = False) -> Done:
    """Take a case that nobody has; `gender` is that of whoever takes it, and `knowing` as in `HandingOver`.

    Raises `NotFound`, `Conflict` (`assignment.taken`), `InputRejected` (`assignment.gender`).
    """
    me = caller.pseudonym

    def work(desk: Desk) -> Outcome:
        referral, known = desk.get(Referral, referral_id), desk.get(Assignment, referral_id)
        if known is not None and known.holder != me:
            message = "A colleague has this case already. Ask for it to be handed over, or ask your supervisor."
            raise Conflict("assignment.taken", message)
        if referral is not None:
            _check_gender(office, referral, gender, knowing=knowing)
        _put(office, desk, referral_id, known, holder=me, by=me)
        return Outcome(me)

    return await perform(office, caller, Act(name=TAKE, actor=me, referral_id=referral_id), work)


async def hand_over(office: Office, caller: Caller, referral_id: str, handing: HandingOver) -> Done:
    """Give a case to a colleague: one's own, one that nobody has, or as a supervisor any.

    Raises `NotFound`, `NotPermitted` (`assignment.not-yours`), `InputRejected` (`assignment.colleague`,
    `assignment.gender`), `ConsentRequired` (`referral.blocked`).
    """

    def work(desk: Desk) -> Outcome:
        referral, known = desk.get(Referral, referral_id), desk.get(Assignment, referral_id)
        _check_own(known, caller.pseudonym, supervises=handing.supervises)
        _check_works_here(handing.to)
        if referral is not None:
            check_colleague(office, desk, referral, handing.to.pseudonym)
            _check_gender(office, referral, handing.to.gender, knowing=handing.knowing)
        _put(office, desk, referral_id, known, holder=handing.to.pseudonym, by=caller.pseudonym)
        return Outcome(handing.to.pseudonym)

    return await perform(office, caller, Act(name=HAND_OVER, actor=caller.pseudonym, referral_id=referral_id), work)


async def let_go(office: Office, caller: Caller, referral_id: str, *, supervises: bool = False) -> Done:
    """Let go of a case, so that nobody has it. Raises `NotFound`, `NotPermitted` (`assignment.not-yours`)."""

    def work(desk: Desk) -> Outcome:
        known = desk.get(Assignment, referral_id)
        _check_own(known, caller.pseudonym, supervises=supervises)
        if known is not None:
            desk.remove(known)
        return Outcome(known.holder if known is not None else caller.pseudonym)

    return await perform(office, caller, Act(name=LET_GO, actor=caller.pseudonym, referral_id=referral_id), work)


def who_had_it(look: Look, referral_id: str) -> Sequence[ActRecord]:
    """Return every taking, handing over and letting go of a case, done or refused, oldest first."""
    return [one for one in look.find(ActRecord, referral_id=referral_id) if one.act in ACTS]


def wants_gender(referral: Referral) -> str | None:
    """Return whether she asked for a woman or a man (R-01): `female`, `male`, or None."""
    wanted = referral.preferences.get("staff_gender")
    return None if wanted in {None, _ANY} else str(wanted)


def check_colleague(office: Office, look: Look, referral: Referral, colleague: str) -> None:
    """Check that a case is not kept from a colleague. Raises `ConsentRequired` (`referral.blocked`)."""
    declared = {one.chain_id for one in look.find(ConflictRecord, actor=colleague)}
    if is_kept_from(referral, [colleague], declared=declared):
        message = "Hand the case to another colleague."
        raise ConsentRequired(KEPT_FROM, message, reasons=[by_rule(KEPT_FROM, CONFLICT_RULE, office.sop)])


def give_up(desk: Desk, conflict: ConflictRecord, chain: Iterable[str]) -> None:
    """Take every case of a chain from whoever declared a conflict; the one at hand goes to whom it was handed."""
    for referral_id in chain:
        known = desk.get(Assignment, referral_id)
        if referral_id == conflict.referral_id and conflict.handed_to is not None:
            _keep(desk, referral_id, known, holder=conflict.handed_to, at=conflict.declared_at, by=conflict.actor)
        elif known is not None and known.holder == conflict.actor:
            desk.remove(known)


def _check_own(known: Assignment | None, me: str, *, supervises: bool) -> None:
    if supervises or (known is not None and known.holder == me):
        return
    message = "Only whoever has this case, or a supervisor, can do this. If nobody has it, take it first."
    raise NotPermitted("assignment.not-yours", message)


def _check_works_here(colleague: Account) -> None:
    if colleague.disabled_at is not None or colleague.role not in WORKERS:
        message = "Choose a colleague who works on cases here."
        fault = FieldFault("/to", "assignment.colleague", message)
        raise InputRejected("assignment.colleague", message, faults=(fault,))


def _check_gender(office: Office, referral: Referral, gender: str | None, *, knowing: bool) -> None:
    wanted = wants_gender(referral)
    if wanted is None or gender == wanted or knowing:
        return
    message = "She asked whether a woman or a man helps her. Choose another colleague, or say that you asked her again."
    fault = FieldFault("/knowing", "assignment.gender", message)
    reason = by_rule("assignment.gender", GENDER_RULE, office.sop)
    raise InputRejected("assignment.gender", message, faults=(fault,), reasons=(reason,))


def _put(office: Office, desk: Desk, referral_id: str, known: Assignment | None, *, holder: str, by: str) -> None:
    _keep(desk, referral_id, known, holder=holder, at=office.scribe.stamp(), by=by)


def _keep(desk: Desk, referral_id: str, known: Assignment | None, *, holder: str, at: str, by: str) -> None:
    if known is None:
        desk.add(Assignment(referral_id=referral_id, holder=holder, at=at, by=by))
    elif known.holder != holder:
        desk.change(known, holder=holder, at=at, by=by)
