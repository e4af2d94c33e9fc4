"""The tree of RFC 6962, against the test vectors that the Certificate Transparency projects share."""

import pytest

from shared.kernel.errors import FatalLedgerError, InputRejected
from shared.ledger.nodes import TileMemory, TreeReader, group_roots
from shared.ledger.tree import (
    EMPTY_ROOT,
    CompletedNode,
    Frontier,
    consistency_proof,
    inclusion_path,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.support.ledger import MemoryLedger, inclusion_proof, naive_path, naive_root

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def as_hex(hashes: list[bytes]) -> list[str]:
    return [node.hex() for node in hashes]


def test_roots_are_those_of_the_published_vectors() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    roots = [frontier.root().hex()]
    for leaf in LEAVES:
        frontier.append(leaf_hash(leaf))
        roots.append(frontier.root().hex())
    assert roots == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_published_vectors(index: int, size: int) -> None:
    proof = inclusion_proof(index, size, MemoryLedger(LEAVES))
    assert as_hex(proof) == INCLUSION[index, size]
    root = bytes.fromhex(ROOTS[size])
    assert verify_inclusion(leaf_hash(LEAVES[index]), index=index, size=size, proof=proof, root=root)


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_published_vectors(first: int, second: int) -> None:
    proof = consistency_proof(first, second, MemoryLedger(LEAVES))
    assert as_hex(proof) == CONSISTENCY[first, second]
    roots = {"first_root": bytes.fromhex(ROOTS[first]), "second_root": bytes.fromhex(ROOTS[second])}
    assert verify_consistency(first=first, second=second, proof=proof, **roots)


def test_leaf_cannot_pass_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_frontier_is_restored_from_what_is_stored() -> None:
    frontier = Frontier()
    for number in range(300):
        frontier.append(leaf_hash(str(number).encode()))
    stored = frontier.to_list()
    restored = Frontier.from_list(stored, size=300)
    assert (restored.size, restored.root()) == (300, frontier.root())
    restored.append(leaf_hash(b"next"))
    frontier.append(leaf_hash(b"next"))
    assert restored.root() == frontier.root()


@pytest.mark.parametrize(
    ("hashes", "size"),
    [
        ([], 1),
        (["00" * 32], 0),
        (["00" * 32], 3),
        (["00"], 1),
        (["not hex"], 1),
        ([], -1),
        (["AB" * 32], 1),
        (["0 " * 32], 1),
        (["00" * 31, "00" * 33], 3),
    ],
)
def test_damaged_head_stops_the_writer(hashes: list[str], size: int) -> None:
    with pytest.raises(FatalLedgerError):
        Frontier.from_list(hashes, size=size)


def test_groups_and_tiles_are_told_of_when_they_become_full() -> None:
    frontier = Frontier()
    leaves = [leaf_hash(str(number).encode()) for number in range(256 * 256)]
    told = [(place, node) for place, leaf in enumerate(leaves) for node in frontier.append(leaf)]
    assert told[:2] == [
        (15, CompletedNode(4, 0, naive_root(leaves[:16]))),
        (31, CompletedNode(4, 1, naive_root(leaves[16:32]))),
    ]
    tiles = [(place, node) for place, node in told if node.height > 4]
    assert [(place, node.height, node.number) for place, node in tiles[:2]] == [(255, 8, 0), (511, 8, 1)]
    assert tiles[0][1] == CompletedNode(8, 0, naive_root(leaves[:256]))
    assert (len(told) - len(tiles), len(tiles)) == (4096, 257)
    assert told[-1] == (65535, CompletedNode(16, 0, frontier.root()))
    assert frontier.to_list() == [frontier.root().hex()]


def test_roots_of_groups_are_computed_from_leaves_alike() -> None:
    ledger = MemoryLedger([str(number).encode() for number in range(50)])
    assert group_roots(ledger.hashes) == list(ledger.groups(0, 3))
    assert group_roots(ledger.hashes[:15]) == []


@pytest.fixture(scope="module")
def large() -> MemoryLedger:
    return MemoryLedger([str(number).encode() for number in range(70_000)])


def test_proof_of_a_large_tree_reads_a_few_tiles(large: MemoryLedger) -> None:
    ledger = large
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        ledger.reads = 0
        proof = inclusion_proof(index, 70_000, ledger)
        assert ledger.reads <= 8
        assert verify_inclusion(
            ledger.hashes[index], index=index, size=70_000, proof=proof, root=ledger.frontier.root()
        )


def test_many_proofs_of_one_tree_read_each_tile_once_and_its_right_end_not_at_all(large: MemoryLedger) -> None:
    ledger, size, memory = large, 70_000, TileMemory()
    for _ in range(2):
        tree = TreeReader(ledger, size, edge=ledger.frontier.nodes(), memory=memory)
        for index in (1_000, 1_001, 1_023, 65_535):
            assert inclusion_path(index, tree) == inclusion_proof(index, size, ledger)
        ledger.reads = 0
    for index in (1_000, 1_023):
        inclusion_path(index, TreeReader(ledger, size, edge=ledger.frontier.nodes(), memory=memory))
    assert ledger.reads == 4, "of each entry its group and the groups beside it; what is above them from memory"


def test_a_path_reads_sixteen_leaves_and_sixteen_groups_where_there_are_256_leaves(large: MemoryLedger) -> None:
    ledger, size, memory = large, 70_000, TileMemory()
    edge = ledger.frontier.nodes()
    inclusion_path(1_000, TreeReader(ledger, size, edge=edge, memory=memory))
    ledger.taken = 0
    path = inclusion_path(1_000, TreeReader(ledger, size, edge=edge, memory=memory))
    assert ledger.taken == 32
    assert path == naive_path(1_000, ledger.hashes)


def test_memory_of_tiles_forgets_what_was_not_used_for_longest(large: MemoryLedger) -> None:
    ledger, memory = large, TileMemory(most=1)
    for index in (0, 69_999, 0):
        assert inclusion_path(index, TreeReader(ledger, 70_000, memory=memory)) == inclusion_proof(
            index, 70_000, ledger
        )


def test_tree_that_has_grown_is_not_proved_from_the_tile_it_had(large: MemoryLedger) -> None:
    ledger, memory = large, TileMemory()
    for size in (1_000, 1_500, 70_000):
        assert inclusion_path(5, TreeReader(ledger, size, memory=memory)) == inclusion_proof(5, size, ledger)


def test_source_that_lost_hashes_is_noticed() -> None:
    ledger = MemoryLedger(LEAVES)
    ledger.hashes.pop()
    with pytest.raises(FatalLedgerError):
        inclusion_proof(0, 8, ledger)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (8, 8), (-1, 8)])
def test_place_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(InputRejected) as refusal:
        inclusion_proof(index, size, MemoryLedger(LEAVES))
    assert refusal.value.code == "ledger.range"
    assert not verify_inclusion(b"", index=index, size=size, proof=[], root=b"")


@pytest.mark.parametrize(("first", "second"), [(9, 8), (-1, 8)])
def test_tree_is_not_compared_with_a_later_one(first: int, second: int) -> None:
    with pytest.raises(InputRejected):
        consistency_proof(first, second, MemoryLedger(LEAVES))
    assert not verify_consistency(first=first, second=second, first_root=b"", second_root=b"", proof=[])


def test_empty_tree_is_the_beginning_of_every_tree() -> None:
    root = bytes.fromhex(ROOTS[8])
    assert consistency_proof(0, 8, MemoryLedger(LEAVES)) == []
    assert verify_consistency(first=0, second=8, first_root=EMPTY_ROOT, second_root=root, proof=[])
    assert not verify_consistency(first=0, second=8, first_root=EMPTY_ROOT, second_root=root, proof=[root])
