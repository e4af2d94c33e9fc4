"""Sealing off: what may no longer be known here is made unreadable by destroying its key.

Follows promise 4 (consent can be taken back, and that travels) and rule R-16. When only some compartments are
taken back, the others are put under a new key with the casework of the sector, so that the old one can still be
destroyed. What a sector keeps of a case outside that key, to find it again (`gone_with_case`), is removed when
nothing is left. What somebody is still writing may hold any of it, so it goes with the first piece that is lost.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from shared.agency.ports import Desk
from shared.agency.records import Holding, HoldingState, Note, Referral, Unsent
from shared.agency.standing import has_ended
from shared.agency.vault import CaseVault, is_entry, note_place
from shared.sop.model import ENDS, Compartment, ReferralState, Sop

#: Ends after which a recipient has no purpose left for what it opened.
WITHOUT_PURPOSE: Final = frozenset(
    ENDS - {ReferralState.COMPLETED, ReferralState.CLOSED, ReferralState.FAILED, ReferralState.REVOKED}
)

_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything readable of one referral. Read it before the unit of work writes."""

    referral: Referral
    holdings: Sequence[Holding]
    notes: Sequence[Note]
    traces: Sequence[Any] = ()
    casework: Sequence[Any] = ()
    unsent: Sequence[Unsent] = ()

    def were_opened(self, lost: frozenset[str]) -> bool:
        """Say whether any of these compartments was ever opened here."""
        read = {HoldingState.OPENED, HoldingState.HELD}
        return any(holding.name in lost and holding.state in read for holding in self.holdings)

    def names(self) -> frozenset[str]:
        """Return the names of the compartments."""
        return frozenset(holding.name for holding in self.holdings)

    def without_purpose(self) -> frozenset[str]:
        """Return the names of what has no purpose any more when its referral ends: all but what was put aside.

        Of that a law may make this agency keep something, whatever becomes of the referral; only a person decides.
        """
        return frozenset(holding.name for holding in self.holdings if holding.state != HoldingState.HELD)

    def are_over_without(self, lost: frozenset[str]) -> bool:
        """Say whether nothing is left to work with once `lost` is gone; what was put aside is not to work with."""
        over = {HoldingState.HELD, HoldingState.DESTROYED}
        return all(holding.name in lost or holding.state in over for holding in self.holdings)

    def keep_readable(self, doomed: frozenset[str]) -> bool:
        """Say whether the content of any compartment is kept while `doomed` are destroyed."""
        return any(holding.content is not None and holding.name not in doomed for holding in self.holdings)


def contents_of(desk: Desk, referral: Referral) -> Contents:
    """Read everything that is kept of a referral."""
    referral_id = referral.referral_id
    return Contents(
        referral,
        desk.holdings(referral_id),
        desk.notes(referral_id),
        traces=desk.traces(referral_id),
        casework=desk.casework(referral_id),
        unsent=desk.find(Unsent, before_id=referral_id),
    )


def seal_off(
    desk: Desk,
    contents: Contents,
    lost: frozenset[str],
    *,
    vault: CaseVault,
    at: str,
    state: str | None = None,
    aside: frozenset[str] = _NOTHING,
    code: str | None = None,
) -> None:
    """Make `lost` compartments unreadable for good; all of them, and the notes, when nothing would be left.

    `state` is where the referral stands from now on. What is in `aside` is not destroyed but put aside under a new key,
    with `code`; it counts as lost for everything else.
    """
    referral, doomed = contents.referral, lost - aside
    changes: dict[str, Any] = {} if state is None else {"state": state}
    if has_ended(changes.get("state", referral.state)):
        changes["next_due_at"] = None
    over = referral.wrapped_key is None or contents.are_over_without(lost)
    if over:
        for one in (*contents.notes, *contents.traces):
            desk.remove(one)
        changes |= {"sealed": None, "sealed_off_at": at}
        contents = replace(contents, notes=(), casework=())
    needs_key = not over or contents.keep_readable(doomed)
    changes["wrapped_key"] = _rekey(desk, contents, doomed, vault) if needs_key else None
    desk.change(referral, **changes)
    for draft in contents.unsent if lost else ():
        desk.remove(draft)
    _destroy(desk, [holding for holding in contents.holdings if holding.name in doomed])
    for holding in contents.holdings:
        if holding.name in aside:
            desk.change(holding, state=HoldingState.HELD.value, code=code)


def state_without(contents: Contents, lost: frozenset[str], sop: Sop) -> str:
    """Return where a referral stands once `lost` is gone: revoked when the service cannot be given without it."""
    referral = contents.referral
    required = {name.value for name in sop.services[referral.service_type].required}
    crippled = contents.are_over_without(lost) or not required.isdisjoint(lost)
    return ReferralState.REVOKED.value if crippled and not has_ended(referral.state) else referral.state


def lost_names(contents: Contents, compartments: Sequence[str] | None) -> frozenset[str]:
    """Return which of the compartments here are meant; None means all."""
    return contents.names() if compartments is None else contents.names() & {Compartment(name) for name in compartments}


def _destroy(desk: Desk, holdings: Sequence[Holding]) -> None:
    for holding in holdings:
        if holding.state != HoldingState.DESTROYED:
            desk.change(holding, state=HoldingState.DESTROYED.value, code=None, ciphertext=None, content=None)


def _rekey(desk: Desk, contents: Contents, lost: frozenset[str], vault: CaseVault) -> bytes:
    """Put what stays under a new key and return that key wrapped; the old one is overwritten with it."""
    referral = contents.referral
    old = vault.open_referral(referral.referral_id, referral.wrapped_key or b"")
    new, wrapped = vault.new_referral(referral.referral_id)
    for holding in contents.holdings:
        if holding.content is not None and holding.name not in lost:
            desk.change(holding, content=new.lock(holding.name, old.unlock(holding.name, holding.content)))
    for note in contents.notes:
        place = note_place(note.message_id)
        desk.change(note, content=new.lock(place, old.unlock(place, note.content)))
    for record in contents.casework:
        entries = {name: value for name, value in asdict(record).items() if is_entry(value)}
        desk.change(record, **{name: old.carried_over(value, new) for name, value in entries.items()})
    return wrapped
