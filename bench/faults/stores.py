"""What the three databases hold when all is quiet: read by the harness itself, past the product's own code."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import create_engine, text

from bench.faults.world import GATEWAY, HEALTH, SOCIAL

Row = Mapping[str, Any]
_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    GATEWAY: {
        "messages": "SELECT message_id, seq, kind, sender, recipient, referral_id, sha256, answer, attempt, settled_at,"
        " settled_code, body, hub_shares FROM messages",
        "referrals": "SELECT referral_id, consent_id, sender, recipient, state, halves FROM referrals",
        "consents": "SELECT id, takings FROM consents",
        "ledger_entries": "SELECT idx, leaf, leaf_hash FROM ledger_entries ORDER BY idx",
        "ledger_head": "SELECT size FROM ledger_head",
    },
    "agency": {
        "letters": "SELECT message_id, kind, lane, status, settled_at, answer FROM letters",
        "acts": "SELECT key, outcome FROM idempotent_acts",
        "arrivals": "SELECT message_id, result, code, sha256 FROM arrivals",
        "referrals": "SELECT referral_id, box, consent_id, service_type, state, sealed_off_at FROM referrals",
        "happenings": 'SELECT message_id, referral_id, type, "by" AS author FROM happenings',
        "notes": 'SELECT message_id, referral_id, "by" AS author FROM notes',
        "holdings": "SELECT referral_id, name, stage, state FROM holdings",
        "consents": "SELECT consent_id, state FROM consents",
    },
}
_WAITING: Final = {
    GATEWAY: "SELECT message_id, kind, referral_id FROM messages WHERE settled_at IS NULL",
    "agency": "SELECT message_id, kind, lane AS referral_id FROM letters WHERE settled_at IS NULL",
}


@dataclass(frozen=True, slots=True)
class Store:
    """The rows of one process, table by table."""

    tables: Mapping[str, Sequence[Row]]
    indexes: dict[tuple[str, str], dict[str, Row]] = field(default_factory=dict)

    def by(self, table: str, key: str) -> dict[str, Row]:
        """Return the rows of a table by one of their columns."""
        known = self.indexes.get((table, key))
        if known is None:
            known = self.indexes[table, key] = {str(row[key]): row for row in self.tables[table]}
        return known


def read_store(name: str, url: str) -> Store:
    """Read everything that the oracle compares, of one process."""
    wanted = _TABLES[GATEWAY if name == GATEWAY else "agency"]
    return Store({table: _rows(url, statement) for table, statement in wanted.items()})


def waiting(databases: Mapping[str, str]) -> list[str]:
    """Return what is still on its way, said in words: letters without an answer, messages without a receipt."""
    return [
        f"{name}: {row['kind']} {row['message_id']}"
        for name in (GATEWAY, HEALTH, SOCIAL)
        for row in _rows(databases[name], _WAITING[GATEWAY if name == GATEWAY else "agency"])
    ]


def parsed(value: Any) -> Any:
    """Return a column of JSON, which one database gives as text and another as what it means."""
    return json.loads(value) if isinstance(value, str) else value


def _rows(url: str, statement: str) -> list[Row]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement)).mappings()]
    finally:
        engine.dispose()
