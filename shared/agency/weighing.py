"""Whether a law makes this agency keep evidence after a withdrawal: weighed by a person, never by this service.

By default everything taken back is sealed off at once. Where the agency's profile says `weighs_holds`, evidence and
records that the procedure lets a law keep, and that were opened here, are put aside instead: nobody reads them, and the
answer waits until somebody decides. The rest is sealed off at once all the same (fact sheet section 7.2 T16).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.agency.ports import Desk
from shared.agency.records import Holding, HoldingState, Referral
from shared.agency.sealing_off import Contents, contents_of, seal_off
from shared.agency.vault import CaseVault
from shared.kernel.errors import Conflict, FieldFault, InputRejected
from shared.sop.model import Sop

#: Code of a compartment that was put aside while nobody has decided.
UNDECIDED: Final = "seal.undecided"
SEALED, LEGAL_HOLD, EXTENDED = "sealed", "legal_hold", "extended"
#: With this reason, and no other, evidence that is held by law is read; the reading is logged as every other.
HOLD_REASON: Final = "legal_hold"


def to_weigh(contents: Contents, lost: frozenset[str], *, sop: Sop) -> frozenset[str]:
    """Return what of `lost` the procedure lets a law keep, and was opened here."""
    service = sop.services.get(contents.referral.service_type)
    holdable = sop.withdrawal.holdable.get(service.sector, frozenset()) if service else frozenset()
    readable = {HoldingState.OPENED, HoldingState.HELD}
    return frozenset(one.name for one in contents.holdings if one.state in readable and one.name in lost & holdable)


def check_decision(held: Sequence[Holding], data: Mapping[str, Any]) -> None:
    """Check what is decided of a referral of which `held` was put aside.

    Raises `Conflict` (`seal.not-asked`) when nothing was, `InputRejected` for anything but sealing off, a hold, or
    more time to decide.
    """
    if not held:
        raise Conflict("seal.not-asked", "Nothing that was taken back here waits for a decision.")
    if data.get("result") not in {SEALED, LEGAL_HOLD, EXTENDED}:
        message = "Write sealed, legal_hold with the article that makes you keep it, or extended with days and reason."
        raise InputRejected("message.invalid", message, faults=(FieldFault("/result", "field.choice", message),))


def held_of(holdings: Sequence[Holding]) -> list[Holding]:
    """Return the compartments that were put aside."""
    return [one for one in holdings if one.state == HoldingState.HELD]


def destroy_held(desk: Desk, referral_id: str, doomed: frozenset[str], *, vault: CaseVault, at: str) -> None:
    """Destroy what was put aside, with the key it is under: it is decided, and what is left goes under another key."""
    referral = desk.get(Referral, referral_id)
    if referral is not None and doomed:
        seal_off(desk, contents_of(desk, referral), doomed, vault=vault, at=at)


def settle_held(desk: Desk, held: Sequence[Holding]) -> None:
    """Keep what was put aside as held by law: it is decided, and the gateway has taken it."""
    for one in held:
        desk.change(one, code=None)
