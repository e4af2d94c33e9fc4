"""What this agency owes after it disclosed something without consent: passed on to the gateway, which keeps it.

A second person confirms break-glass, and she is told. Who may say so, and until when, the gateway decides; its
refusal comes back as it was. Nothing of this is kept here but the caller's idempotency key: the same
word said twice is answered twice, so that a lost answer may be asked for again.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.agency.acting import Caller, register
from shared.agency.office import Office
from shared.agency.ports import Desk
from shared.agency.requests import OverrideActRequest
from shared.kernel.clock import to_wire

CONFIRM: Final = "confirmations"
TOLD: Final = "told"


async def state_override(
    office: Office, caller: Caller, referral_id: str, what: str, request: OverrideActRequest
) -> Mapping[str, Any]:
    """Tell the gateway what one of this agency's people did. Raises what it answers, or `PeerUnavailable`."""
    await office.referral(referral_id, request.actor, caller.pseudonym)

    def work(desk: Desk) -> None:
        register(office, desk, caller, outcome=referral_id)

    await office.store.write(work)
    stated = {"actor": request.actor, "at": to_wire(request.at or office.clock.now())}
    answer: Mapping[str, Any] = await office.hub.post(f"/v1/overrides/{referral_id}/{what}", stated)
    return answer
