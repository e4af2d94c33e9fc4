"""Acts that are asked for without a signed message: decided, and recorded whether the answer is yes or no.

The refusal is returned and not raised, so that it commits before the caller hears of it.
"""

from collections.abc import Callable
from typing import TypeVar

from gateway.application.outcome import About, Refused
from gateway.application.ports import Desk
from shared.kernel.errors import InternalFault, MeshError, NotPermitted, PeerUnavailable

T = TypeVar("T")


def recorded_either_way(
    desk: Desk,
    decide: Callable[[], T],
    *,
    kind: str,
    by: str,
    trace_id: str,
    about: Callable[[], About] = About,
    message_id: str | None = None,
) -> T | Refused:
    """Run `decide`; record its refusal when it raises one. `kind` is what was asked for, `by` the client that asked."""
    try:
        return decide()
    except (InternalFault, PeerUnavailable):
        raise
    except MeshError as error:
        what = about()
        recorded = desk.record(
            "refusal",
            by,
            message_id=message_id,
            referral_id=what.referral_id,
            chain_id=what.chain_id,
            code=error.code,
            state=kind,
            trace_id=trace_id,
        )
        error.ledger_index = recorded.index
        return Refused(error)


def check_takes_part(desk: Desk, agency_id: str) -> None:
    """Refuse an agency that was disabled since it fetched its token (`agency.disabled`)."""
    agency = desk.agency(agency_id)
    if agency is None or not agency.is_active:
        raise NotPermitted("agency.disabled", "This agency is not active in the directory. Ask the mesh's operator.")
