"""What a referral leaves in the gateway's tables once it was delivered and acknowledged, as rows.

One consent with its message for every four referrals; of each referral its row, two messages that are settled and have
forgotten their texts, four ledger entries (referral, its delivery, the acknowledgement, its delivery). A test holds
these rows against those that real messages leave. No alarm rings: their due times are a year ahead.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic_core import to_json

from bench.workload import RECIPIENT, REFERRALS_PER_CONSENT, SENDER, SERVICE
from gateway.adapters.ledger import kept_node
from gateway.adapters.number_tables import REFERRAL_NUMBERS, number_row
from gateway.adapters.tables import CONSENTS, LEDGER_ENTRIES, MESSAGES, REFERRALS
from gateway.adapters.tree_tables import LEDGER_GROUPS, LEDGER_TILES
from shared.kernel.clock import ManualClock, SystemClock, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.ledger.entry import Entry, leaf_text
from shared.ledger.tree import Frontier, leaf_hash

#: By table: the rows of some cases, ready to be written.
Rows = dict[str, list[dict[str, Any]]]
#: Where a referral leaves something.
TABLES = (CONSENTS, REFERRALS, REFERRAL_NUMBERS, MESSAGES, LEDGER_ENTRIES, LEDGER_TILES, LEDGER_GROUPS)
_FAR = timedelta(days=365)
_SPAN = timedelta(days=200)
_PHASES = ("acknowledge", "decide", "contact", "complete")
_TRIAGE, _LATER = ("dependants", "preferences", "safety"), ("contact", "identity")
_SHARE = "x" * 43


class History:
    """Writes what came of `count` referrals over two hundred days, behind the ledger as it stands."""

    def __init__(self, count: int, *, size: int, frontier: list[str]) -> None:
        self.frontier = Frontier.from_list(frontier, size=size)
        now = SystemClock().now()
        self._clock = ManualClock(now - _SPAN)
        self._step = _SPAN / max(1, count)
        self._ids = Uuid7Factory(self._clock)
        self._far = to_wire(now + _FAR)
        self._left = count
        self._at = to_wire(self._clock.now())

    def portions(self, size: int) -> Iterator[Rows]:
        """Yield the rows of everything, `size` referrals at a time."""
        while self._left:
            rows: Rows = {table.name: [] for table in TABLES}
            for _ in range(-(-min(size, self._left) // REFERRALS_PER_CONSENT)):
                self._case(rows)
            yield rows

    def _case(self, rows: Rows) -> None:
        consent_id, subject = self._ids.new(), self._ids.new()
        rows["consents"].append(self._consent(consent_id, subject))
        first = self._record(rows, "consent", SENDER, message_id=consent_id, consent_id=consent_id, state="active")
        alone = {"recipient": None, "referral_id": None, "attempt": 0, "settled_code": "kept"}
        rows["messages"].append(self._message(first, "consent", consent_id, consent_id) | alone)
        for _ in range(min(REFERRALS_PER_CONSENT, self._left)):
            self._clock.advance(self._step)
            self._at = to_wire(self._clock.now())
            self._referral(rows, consent_id, subject)
            self._left -= 1

    def _referral(self, rows: Rows, consent_id: str, subject: str) -> None:
        referral_id, event_id = self._ids.new(), self._ids.new()
        about = {"referral_id": referral_id, "chain_id": referral_id, "consent_id": consent_id}
        referral = self._referral_row(referral_id, consent_id, subject)
        rows["referrals"].append(referral)
        rows["referral_numbers"].append(number_row(referral))
        first = self._record(rows, "referral", SENDER, message_id=referral_id, code=SERVICE, state="sent", **about)
        self._record(rows, "delivery", RECIPIENT, message_id=referral_id, code="stored", state="delivered", **about)
        said = self._record(
            rows, "event", RECIPIENT, message_id=event_id, code="acknowledged", state="acknowledged", **about
        )
        self._record(rows, "delivery", SENDER, message_id=event_id, code="stored", state="acknowledged", **about)
        rows["messages"].append(self._message(first, "referral", referral_id, referral_id))
        rows["messages"].append(self._message(said, "event", event_id, referral_id))

    def _record(self, rows: Rows, kind: str, actor: str, *, message_id: str, **facts: str) -> int:
        at, index = self._at, self.frontier.size
        digest = _digest(message_id)
        entry = Entry(
            index=index,
            at=at,
            kind=kind,
            actor=actor,
            message_id=message_id,
            message_sha256=digest,
            trace_id=digest[:32],
            **facts,
        )
        leaf = leaf_text(entry)
        hashed = leaf_hash(leaf.encode())
        for node in self.frontier.append(hashed):
            table, row = kept_node(node)
            rows[table.name].append(row)
        searched = {name: getattr(entry, name) for name in ("code", "state", "referral_id", "chain_id", "consent_id")}
        rows["ledger_entries"].append(
            {"idx": index, "leaf": leaf, "leaf_hash": hashed.hex(), "kind": kind, "at": at, "actor": actor, **searched}
        )
        return index

    def _consent(self, consent_id: str, subject: str) -> dict[str, Any]:
        grant = {
            "recipients": [RECIPIENT],
            "service_types": [SERVICE],
            "compartments": [*_LATER, *_TRIAGE],
            "onward": False,
        }
        statement = {"form": "written_signature", "language": "vi", "interpreter": False, "witnessed": False}
        return {
            "id": consent_id,
            "subject": subject,
            "recorder": SENDER,
            "recorded_at": self._at,
            "valid_from": self._at,
            "valid_to": self._far,
            "purposes": ["service"],
            "grants": [grant],
            "withheld": [],
            "derived_from": None,
            "takings": [],
            "statement": {**statement, "information_version": "vn-ces-2026.1", "grantor": "self", "age_band": "adult"},
        }

    def _referral_row(self, referral_id: str, consent_id: str, subject: str) -> dict[str, Any]:
        nothing = ("parent_id", "incident_at", "linked_id", "replaces", "replaced_by", "number")
        no = ("remote_area", "reroute_if_expired", "guardian_unsafe", "reroute_if_declined")
        return {
            "referral_id": referral_id,
            "chain_id": referral_id,
            "sender": SENDER,
            "recipient": RECIPIENT,
            "subject": subject,
            "service_type": SERVICE,
            "urgency": "urgent",
            "staff_gender": "female",
            "state": "acknowledged",
            "age_band": "adult",
            "basis": {"kind": "consent", "consent_id": consent_id},
            "consent_id": consent_id,
            "basis_expires_at": self._far,
            "blocked": [],
            "halves": {name: ["triage", "opened", None] for name in _TRIAGE}
            | {name: ["accepted", "sealed", _SHARE] for name in _LATER},
            "due": {phase: [self._far, f"{SERVICE}.{phase}"] for phase in _PHASES},
            "next_due_at": self._far,
            "next_clock_at": self._far,
            "clocks": {},
            "lapses_at": self._far,
            "counts": {},
            "sent_at": self._at,
            "received_at": self._at,
            **dict.fromkeys(nothing),
            **dict.fromkeys(no, False),
        }

    def _message(self, seq: int, kind: str, message_id: str, referral_id: str) -> dict[str, Any]:
        sender, recipient = (SENDER, RECIPIENT) if kind == "referral" else (RECIPIENT, SENDER)
        at = self._at
        return {
            "message_id": message_id,
            "seq": seq,
            "kind": kind,
            "sender": sender,
            "recipient": recipient,
            "referral_id": referral_id,
            "sha256": _digest(message_id),
            "answer": _answer(referral_id, message_id, at, seq),
            "body": None,
            "signature": None,
            "hub_shares": None,
            "traceparent": f"00-{'0' * 32}-{'0' * 16}-00",
            "queued_at": at,
            "attempt": 1,
            "due_at": None,
            "settled_at": at,
            "settled_code": "stored",
        }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _answer(referral_id: str, message_id: str, at: str, index: int) -> str:
    referral = {
        "referral_id": referral_id,
        "chain_id": referral_id,
        "parent_id": None,
        "linked_id": None,
        "replaces": None,
        "state": "sent",
        "sender": SENDER,
        "recipient": RECIPIENT,
        "service_type": SERVICE,
        "urgency": "urgent",
        "due": dict.fromkeys(_PHASES, at),
        "sent_at": at,
    }
    digest = _digest(message_id)
    receipt = {
        "message_id": message_id,
        "sha256": digest,
        "received_at": at,
        "ledger_index": index,
        "leaf_hash": digest,
    }
    return to_json({"referral": referral, "receipt": receipt}).decode()
