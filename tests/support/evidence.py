"""The ledger checked from outside, as an auditor would: every leaf, the root, proofs, tiles, the signature."""

from shared.ledger.checkpoint import Checkpoint
from shared.ledger.evidence import ConsistencyEvidence, EntryItem, parse_hashes
from shared.ledger.proofs import verify_consistency, verify_inclusion
from shared.ledger.tiles import TileAddress, read_entry_bundle
from shared.ledger.tree import Frontier
from shared.ledger.verifier import verify_entries
from shared.seal.checkpoints import NoteVerifier, verify_note
from tests.support.agency import Agency

TILE = 256


async def all_entries(auditor: Agency) -> list[EntryItem]:
    """Every entry, page by page."""
    items: list[EntryItem] = []
    after: dict[str, str] = {}
    while True:
        answer = await auditor.get("/v1/ledger/entries", limit=200, **after)
        assert answer.status_code == 200, answer.text
        items += [EntryItem.parse(item) for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            return items
        after = {"after": answer.json()["next"]}


async def checkpoint(auditor: Agency, verifier: NoteVerifier) -> Checkpoint:
    """The ledger's head, its signature checked."""
    answer = await auditor.http.get("/ledger/checkpoint")
    return Checkpoint.parse(verify_note(answer.text, [verifier]).text)


async def assert_ledger_intact(auditor: Agency, verifier: NoteVerifier) -> None:
    """Recompute what the ledger claims; the ledger may grow meanwhile."""
    head = await checkpoint(auditor, verifier)
    items = (await all_entries(auditor))[: head.size]
    assert verify_entries(items, checkpoint=head) == []
    await _assert_included(auditor, items[_somewhere(head.size - 1)], head)
    await _assert_grown(auditor, items, max(1, _somewhere(head.size)), head)
    await _assert_tiles(auditor, items, head)


def _somewhere(last: int) -> int:
    """The beginning, the middle or the end, as the length has it: ledgers of many tests are looked at everywhere."""
    return (0, last // 2, last)[last % 3]


async def _assert_included(auditor: Agency, item: EntryItem, head: Checkpoint) -> None:
    answer = await auditor.get("/v1/ledger/proofs/inclusion", index=item.index, tree_size=head.size)
    proof = answer.json()
    assert proof["leaf_hash"] == item.leaf_hash.hex()
    assert proof["root_hash"] == head.root.hex()
    assert verify_inclusion(
        item.leaf_hash, index=item.index, size=head.size, proof=parse_hashes(proof["proof"]), root=head.root
    )


async def _assert_grown(auditor: Agency, items: list[EntryItem], first: int, head: Checkpoint) -> None:
    answer = await auditor.get("/v1/ledger/proofs/consistency", from_=first, to=head.size)
    evidence = ConsistencyEvidence.parse(answer.json())
    assert verify_consistency(
        first=first, second=head.size, first_root=_root(items[:first]), second_root=head.root, proof=evidence.proof
    )


async def _assert_tiles(auditor: Agency, items: list[EntryItem], head: Checkpoint) -> None:
    """Rebuild the tree from tiles alone: hashes are public, entries are oversight's."""
    hashes, leaves = b"", []
    for number in range((head.size + TILE - 1) // TILE):
        width = min(TILE, head.size - number * TILE)
        for level in (0, None):
            answer = await auditor.get("/ledger/tile/" + TileAddress(level, number, width).path())
            assert answer.status_code == 200, answer.text
            if level is None:
                leaves += read_entry_bundle(answer.content)
            else:
                hashes += answer.content
    assert hashes == b"".join(item.leaf_hash for item in items)
    assert [leaf.decode() for leaf in leaves] == [item.leaf for item in items]


def _root(items: list[EntryItem]) -> bytes:
    frontier = Frontier()
    for item in items:
        frontier.append(item.leaf_hash)
    return frontier.root()
