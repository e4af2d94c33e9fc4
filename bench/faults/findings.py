"""What the oracle compares, and what it finds: every promise that was broken, under the verdict it belongs to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from bench.faults.journal import Journal
from bench.faults.stores import Row, Store
from bench.faults.world import AGENCIES, GATEWAY, HEALTH, PARTNER, SOCIAL
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import Entry, read_leaf
from shared.ledger.evidence import EntryItem

LOST, DUPLICATED, MISORDERED, DISCLOSED, LEDGER = "lost", "duplicated", "misordered", "disclosed", "ledger"
VERDICTS: Final = (LOST, DUPLICATED, MISORDERED, DISCLOSED, LEDGER)
STORED: Final = "stored"
NAME_OF: Final = {agency_id: name for name, agency_id in AGENCIES.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that was broken."""

    verdict: str
    says: str


@dataclass(frozen=True)
class Evidence:
    """Everything the oracle has: what was seen from outside, the exported ledger, and the stores."""

    journal: Journal
    stores: Mapping[str, Store]
    items: Sequence[EntryItem]
    checkpoint: Checkpoint
    earlier: Sequence[Checkpoint]
    receipts: Sequence[Mapping[str, Any]]
    #: Which key stood for which message, as the services knew before they forgot: keys are kept for a day.
    outcomes: Mapping[str, str]

    @property
    def moved_on(self) -> bool:
        """Say whether more was recorded between the export of the ledger and the look into the stores."""
        return int(self.stores[GATEWAY].tables["ledger_head"][0]["size"]) > self.checkpoint.size

    @cached_property
    def entries(self) -> list[Entry]:
        """The entries of the exported ledger."""
        return [read_leaf(item.leaf) for item in self.items]

    @cached_property
    def by_message(self) -> dict[str, list[Entry]]:
        """The entries that name a message."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.message_id is not None:
                found[entry.message_id].append(entry)
        return found

    @cached_property
    def messages(self) -> dict[str, Row]:
        """The messages that the gateway has admitted."""
        return self.stores[GATEWAY].by("messages", "message_id")

    @cached_property
    def referrals(self) -> dict[str, Row]:
        """The referrals as the gateway has them."""
        return self.stores[GATEWAY].by("referrals", "referral_id")

    @cached_property
    def letters(self) -> dict[str, dict[str, Row]]:
        """The letters of each agency."""
        return {name: self.stores[name].by("letters", "message_id") for name in (HEALTH, SOCIAL)}

    @cached_property
    def revocations(self) -> dict[str, int]:
        """Where in the ledger each consent was first taken back."""
        found: dict[str, int] = {}
        for entry in self.entries:
            if entry.kind == "revocation" and entry.consent_id is not None:
                found.setdefault(entry.consent_id, entry.index)
        return found

    def outcome(self, key: str) -> str | None:
        """Return the message that a key of a partner system stood for."""
        return self.outcomes.get(f"{PARTNER}/{key}")

    def deliveries(self, message_id: str) -> list[Entry]:
        """Return the entries of the delivery of a message."""
        return [entry for entry in self.by_message.get(message_id, ()) if entry.kind == "delivery"]
