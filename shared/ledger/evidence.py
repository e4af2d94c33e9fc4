"""What an auditor is handed, read from JSON: entries, chains, proofs. Nothing in it is believed yet."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from shared.kernel.errors import InputRejected

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class EntryItem:
    """One item of `GET /v1/ledger/entries`: a leaf's exact text, its place and its hash as they were told."""

    index: int
    leaf: str
    leaf_hash: bytes

    @classmethod
    def parse(cls, item: object) -> Self:
        """Read an item. Raises `InputRejected` (`ledger.evidence`)."""
        facts = _mapping(item)
        return cls(_count(facts.get("index")), _text(facts.get("leaf")), _hash(facts.get("leaf_hash")))


@dataclass(frozen=True, slots=True)
class ChainEvidence:
    """The answer of `GET /v1/chains/{chain_id}`; `cited` are the places that its referrals refer to."""

    chain_id: str
    entries: tuple[EntryItem, ...]
    cited: frozenset[int]
    size: int
    root: bytes
    proofs: Mapping[int, tuple[bytes, ...]]

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read the document. Raises `InputRejected` (`ledger.evidence`)."""
        facts = _mapping(document)
        proofs = _mapping(facts.get("proofs"))
        return cls(
            chain_id=_text(facts.get("chain_id")),
            entries=tuple(EntryItem.parse(item) for item in _list(facts.get("entries"))),
            cited=frozenset(_cited(facts.get("referrals"))),
            size=_count(facts.get("tree_size")),
            root=_hash(facts.get("root_hash")),
            proofs={_place(index): parse_hashes(proof) for index, proof in proofs.items()},
        )


@dataclass(frozen=True, slots=True)
class ConsistencyEvidence:
    """The answer of `GET /v1/ledger/proofs/consistency`."""

    first: int
    second: int
    proof: tuple[bytes, ...]

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read the document. Raises `InputRejected` (`ledger.evidence`)."""
        facts = _mapping(document)
        return cls(_count(facts.get("from")), _count(facts.get("to")), parse_hashes(facts.get("proof")))


def parse_hashes(items: object) -> tuple[bytes, ...]:
    """Read a list of hashes in lower-case hex. Raises `InputRejected` (`ledger.evidence`)."""
    return tuple(_hash(item) for item in _list(items))


def _cited(node: object) -> Iterator[int]:
    """Yield every `ledger_index` within the referrals, however deep the tree of the chain is."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Mapping):
            index = current.get("ledger_index")
            if index is not None:
                yield _count(index)
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _unreadable()
    return value


def _list(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise _unreadable()
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _unreadable()
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise _unreadable()
    return value


def _place(value: object) -> int:
    text = _text(value)
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - more digits than a place has
        raise _unreadable()
    return int(text)


def _hash(value: object) -> bytes:
    text = _text(value)
    if not _HASH.fullmatch(text):
        raise _unreadable()
    return bytes.fromhex(text)


def _unreadable() -> InputRejected:
    return InputRejected("ledger.evidence", "This is not an export of a ledger, or it was damaged on the way.")
