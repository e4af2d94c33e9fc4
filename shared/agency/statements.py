"""Asking for the statement that exists instead of asking her again: passed on to the gateway (rule R-02).

The gateway knows who holds it and checks that she agreed; its refusal comes back as it was. What the holder then sends
is a referral like every other. Nothing of this is kept here but the caller's idempotency key.
"""

from collections.abc import Mapping
from typing import Any

from shared.agency.acting import Caller, register
from shared.agency.office import Office
from shared.agency.ports import Desk
from shared.agency.requests import StatementRequest


async def ask_for_statement(
    office: Office, caller: Caller, referral_id: str, request: StatementRequest
) -> Mapping[str, Any]:
    """Ask the holder of her statement for it. Raises what the gateway answers, or `PeerUnavailable`."""
    actor = request.actor or caller.pseudonym
    await office.referral(referral_id, actor, caller.pseudonym)

    def work(desk: Desk) -> None:
        register(office, desk, caller, outcome=referral_id)

    await office.store.write(work)
    answer: Mapping[str, Any] = await office.hub.post(
        f"/v1/referrals/{referral_id}/statement-requests", {"actor": actor}
    )
    return answer
