"""The chain of custody: signed statements of hand-overs, each holding the digest of the one before, and their proof.

Derived from the Essential Services Package, H6 (medico-legal documentation). A statement says who gave which specimens
to whom, when, and whether the seal was whole; it names nobody but staff by pseudonym. Its digest stands in the ledger
by a signed event. Promises that a changed, dropped, added or swapped hand-over is found, also one that the agency
itself signed anew: the ledger is kept by somebody else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from shared.kernel.canonical import canonical_json
from shared.kernel.clock import to_wire
from shared.kernel.encoding import from_b64url, sha256_hex
from shared.kernel.errors import InputRejected
from shared.seal.jws import RECORD_TYPE, verify_compact
from shared.seal.keys import KeyRing

RECORD_KIND: Final = "custody_handover"


class To(StrEnum):
    """Into whose hands specimens go."""

    STORAGE = "storage"
    COLLEAGUE = "colleague"
    LABORATORY = "laboratory"
    FORENSIC_CENTRE = "forensic_centre"
    POLICE = "police"
    PROSECUTION = "prosecution"
    COURT = "court"
    RETURNED_TO_HER = "returned_to_her"
    DESTROYED = "destroyed"


#: Hands of the authorities: specimens go there with her word, or by a decision.
AUTHORITIES: Final = frozenset({To.POLICE, To.PROSECUTION, To.COURT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """One hand-over as somebody says it happened."""

    specimens: tuple[str, ...]
    handed_at: datetime
    given_by: str
    taken_by: str
    to: To
    seal_intact: bool
    agency: str | None = None
    order_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One hand-over as it is kept: the signed statement, and the exact text of the event that told the ledger."""

    sequence: int
    record: str
    event: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What the ledger says of one recorded event: where it stands, and the digest of the message."""

    index: int
    message_sha256: str


@dataclass(frozen=True, slots=True)
class Break:
    """What is wrong with the chain; `sequence` None where no hand-over of the log is meant."""

    code: str
    sequence: int | None = None


def statement_of(
    passing: Passing, *, agency: str, referral_id: str, hand_over_id: str, sequence: int, previous: str | None
) -> dict[str, Any]:
    """Return the statement that is signed. `previous` is the digest of the statement before, None for the first."""
    return {
        "v": 1,
        "kind": RECORD_KIND,
        "id": hand_over_id,
        "agency": agency,
        "referral_id": referral_id,
        "sequence": sequence,
        "previous": previous,
        "handed_at": to_wire(passing.handed_at),
        "given_by": passing.given_by,
        "taken_by": passing.taken_by,
        "to": passing.to.value,
        "to_agency": passing.agency,
        "order_reference": passing.order_reference,
        "seal_intact": passing.seal_intact,
        "specimens": list(passing.specimens),
    }


def digest_of(statement: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a statement in its canonical form, as it stands in the next one and in the ledger."""
    return sha256_hex(canonical_json(statement))


def verify_custody(
    log: Sequence[Logged], *, agency: str, referral_id: str, ring: KeyRing, ledger: Sequence[Noted] | None
) -> tuple[Break, ...]:
    """Return every break in a chain of custody; () when it holds.

    Checked: the order, each signature, each link to the statement before, that each belongs to this case and agency,
    and, with what the ledger says of this case, that exactly these digests stand there in this order.
    """
    return (*_links(log, agency=agency, referral_id=referral_id, ring=ring), *_in_ledger(log, ledger))


def _links(log: Sequence[Logged], *, agency: str, referral_id: str, ring: KeyRing) -> Iterator[Break]:
    previous: str | None = None
    for place, one in enumerate(log, start=1):
        try:
            statement = json.loads(verify_compact(one.record, ring, RECORD_TYPE))
        except InputRejected:
            yield Break("custody.signature", one.sequence)
            previous = None
            continue
        if (one.sequence, statement.get("sequence")) != (place, place):
            yield Break("custody.order", one.sequence)
        if (statement.get("agency"), statement.get("referral_id")) != (agency, referral_id):
            yield Break("custody.other-case", one.sequence)
        if statement.get("previous") != previous:
            yield Break("custody.link", one.sequence)
        previous = digest_of(statement)
        if _digest_told(one.event) != previous:
            yield Break("custody.event", one.sequence)


def _in_ledger(log: Sequence[Logged], ledger: Sequence[Noted] | None) -> Iterator[Break]:
    if ledger is None:
        return
    places = {noted.message_sha256: noted.index for noted in ledger}
    found = [(one, places.get(sha256_hex(one.event.encode()))) for one in log]
    latest = -1
    for one, index in found:
        if index is None:
            yield Break("custody.not-in-ledger", one.sequence)
        elif index < latest:
            yield Break("custody.ledger-order", one.sequence)
        latest = latest if index is None else max(latest, index)
    missing = len(places) - len({index for _, index in found if index is not None})
    yield from [Break("custody.missing")] * missing


def _digest_told(event: str) -> str | None:
    """Return the digest that an event told the ledger; None where it told none."""
    try:
        data = json.loads(event)["data"]
        return str(data["record_sha256"]) if data["record_kind"] == RECORD_KIND else None
    except (ValueError, KeyError, TypeError):
        return None


def read_statement(record: str) -> dict[str, Any]:
    """Return what a record says, believed by nobody yet: `verify_custody` says whether it holds."""
    statement: dict[str, Any] = json.loads(from_b64url(record.split(".")[1]))
    return statement


def holder_of(specimen_id: str, collector: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """Return who holds a specimen: who took it last, or who collected it."""
    return next((str(one["taken_by"]) for one in reversed(statements) if specimen_id in one["specimens"]), collector)
