"""What comes of a message: admitted with an answer, or refused. Both leave an entry in the ledger.

A use case reads and checks first and raises a `MeshError` for a no; `decided` turns that into a recorded
refusal. It is returned, not raised, so that the refusal commits before the caller hears of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.application.ports import Desk, Recorded, StoredMessage
from gateway.domain.arrival import Arrival
from shared.kernel.clock import to_wire
from shared.kernel.errors import (
    Conflict,
    FieldFault,
    InputRejected,
    InternalFault,
    MeshError,
    NotFound,
    NotPermitted,
    PeerUnavailable,
)
from shared.kernel.json_text import read_json, write_json
from shared.kernel.values import value

#: How far ahead of our clock, and how old, a message may be (wire section 3).
AHEAD = timedelta(minutes=10)
OLD = timedelta(days=7)

_ID_REUSED = "message.id-reused"


@value
class Admitted:
    """The answer and the receipt in it, as exact JSON texts; `replayed` when it is the first answer given again."""

    answer: str
    receipt: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The refusal; its `ledger_index` says where it is recorded."""

    error: MeshError


Outcome = Admitted | Refused


@dataclass(frozen=True, slots=True)
class About:
    """What a decision is about, as far as the ledger may say it."""

    referral_id: str | None = None
    chain_id: str | None = None
    consent_id: str | None = None


def decided(
    desk: Desk,
    arrival: Arrival,
    admit: Callable[[], Admitted],
    *,
    about: Callable[[], About],
    replay: Callable[[StoredMessage], str] = lambda stored: stored.answer,
    posted_to: str | None = None,
) -> Outcome:
    """Replay, or check freshness and sender and run `admit`; record a refusal when it raises one.

    A decision is replayed like an answer, without another entry: the sender was told no, and may have gone on. What an
    admitted message is answered again is decided and recorded each time.

    `posted_to` is the referral that the call names: a message is replayed only where it was admitted.
    """
    known: StoredMessage | None = None
    try:
        known = _known(desk, arrival, posted_to)
        if known is not None:
            return _replayed(replay(known))
        earlier = desk.refusals.given(arrival)
        if earlier is not None:
            earlier.is_replayed = True
            return Refused(earlier)
        _check_fresh(arrival)
        _check_sender(desk, arrival.sender)
        return admit()
    except (InternalFault, PeerUnavailable):
        raise
    except MeshError as error:
        refused = refuse(desk, arrival, error, about=About() if error.code == _ID_REUSED else about())
        if known is None and _is_decision(error):
            desk.refusals.keep(arrival, error)
        return refused


def refuse(desk: Desk, arrival: Arrival, error: MeshError, *, about: About) -> Refused:
    """Record the refusal of a message."""
    recorded = desk.record(
        "refusal",
        arrival.sender,
        message_id=arrival.message_id,
        message_sha256=arrival.sha256,
        referral_id=about.referral_id,
        chain_id=about.chain_id,
        consent_id=about.consent_id,
        code=error.code,
        state=arrival.kind,
        trace_id=arrival.trace_id,
    )
    error.ledger_index = recorded.index
    return Refused(error)


def receipt(arrival: Arrival, recorded: Recorded) -> dict[str, Any]:
    """Return the gateway's receipt for an admitted message (wire section 3)."""
    return {
        "message_id": arrival.message_id,
        "sha256": arrival.sha256,
        "received_at": to_wire(arrival.received_at),
        "ledger_index": recorded.index,
        "leaf_hash": recorded.leaf_hash,
    }


def admitted(answer: Mapping[str, Any]) -> Admitted:
    """Write an answer as the JSON text that is stored and sent, and the receipt in it as the one that is signed."""
    return Admitted(write_json(answer), write_json(answer["receipt"]))


def _is_decision(error: MeshError) -> bool:
    """Say whether the same bytes are to get the same no: it was one about the message, not about how it was handed in.

    What travels beside the signed bytes (the halves of keys, the path) may be put right and handed in again.
    """
    return isinstance(error, NotPermitted | NotFound | Conflict) and error.code != _ID_REUSED


def _replayed(text: str) -> Admitted:
    return Admitted(text, write_json(read_json(text)["receipt"]), replayed=True)


def _known(desk: Desk, arrival: Arrival, posted_to: str | None) -> StoredMessage | None:
    stored = desk.message(arrival.message_id)
    if stored is None:
        return None
    is_same = stored.sender == arrival.sender and stored.sha256 == arrival.sha256
    if is_same and posted_to in {None, stored.referral_id}:
        return stored
    raise Conflict(_ID_REUSED, "This id was used for another message. Give every new message a fresh UUIDv7.")


def _check_fresh(arrival: Arrival) -> None:
    if arrival.sent_at > arrival.received_at + AHEAD:
        raise _stale("The message is dated more than 10 minutes ahead. Set the sender's clock.")
    if arrival.sent_at < arrival.received_at - OLD:
        raise _stale("The message is older than 7 days. Sign it anew, with a new id and time.")


def _stale(message: str) -> InputRejected:
    return InputRejected("message.stale", message, faults=[FieldFault("/sent_at", "message.stale", message)])


def _check_sender(desk: Desk, sender: str) -> None:
    agency = desk.agency(sender)
    if agency is None or not agency.is_active:
        raise NotPermitted("agency.disabled", "This agency is not active in the directory. Ask the mesh's operator.")
