"""One entry of the ledger: who did what to which record when, and never to whom or why in words.

An entry holds codes, ids and digests only. Its leaf is RFC 8785 canonical JSON, so that everybody
computes the same hash; facts that do not apply are left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from shared.kernel.canonical import canonical_json
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.errors import InputRejected
from shared.kernel.json_text import write_json

#: The version of the leaf. A change of meaning takes a new one; old leaves stay as they are.
LEAF_VERSION = 1

#: A leaf's length travels in two bytes (C2SP tlog-tiles).
LEAF_BYTES_MOST = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The facts of one decision or change, as wire section 8 lists them; `at` in its wire form."""

    index: int
    at: str
    kind: str
    actor: str
    message_id: str | None = None
    message_sha256: str | None = None
    referral_id: str | None = None
    chain_id: str | None = None
    consent_id: str | None = None
    code: str | None = None
    state: str | None = None
    trace_id: str | None = None


#: In the order of canonical JSON, in which the version of the leaf is last.
_NAMES = tuple(sorted(field.name for field in fields(Entry)))
_facts_of = attrgetter(*_NAMES)
_REQUIRED = frozenset({"index", "at", "kind", "actor"})


def leaf_text(entry: Entry) -> str:
    """Return the exact text that is hashed. Raises `InputRejected` when it has no canonical form.

    Whole numbers and ASCII text without escapes are written alike by the quicker writer; a test holds the two together.
    """
    facts = {name: fact for name, fact in zip(_NAMES, _facts_of(entry), strict=True) if fact is not None}
    facts["v"] = LEAF_VERSION
    text = write_json(facts)
    return text if text.isascii() and "\\" not in text else canonical_json(facts).decode()


def read_leaf(text: str) -> Entry:
    """Return the entry of a leaf. Raises `InputRejected` (`ledger.leaf`) for what `leaf_text` cannot have written."""
    try:
        facts = json.loads(text)
        if not isinstance(facts, dict) or facts.pop("v", None) != LEAF_VERSION:
            raise ValueError
        entry = _entry(facts)
        if leaf_text(entry) != text:
            raise ValueError
    except (ValueError, RecursionError, InputRejected) as fault:
        raise InputRejected("ledger.leaf", "This is not the text of a ledger entry.") from fault
    return entry


def _entry(facts: Mapping[str, Any]) -> Entry:
    if not _REQUIRED <= facts.keys() <= set(_NAMES):
        raise ValueError
    texts = {name: value for name, value in facts.items() if name != "index"}
    index = facts["index"]
    if type(index) is not int or index < 0 or not all(isinstance(value, str) for value in texts.values()):
        raise ValueError
    if to_wire(from_wire(facts["at"])) != facts["at"]:
        raise ValueError
    return Entry(**facts)
