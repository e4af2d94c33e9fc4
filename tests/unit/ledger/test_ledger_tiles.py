"""Tiles in the form of C2SP tlog-tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import InputRejected, NotFound
from shared.ledger.tiles import TileAddress, entry_bundle, parse_path, read_entry_bundle, tile_data


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("0/000", TileAddress(0, 0)),
        ("0/x001/x234/067", TileAddress(0, 1_234_067)),
        ("3/005.p/17", TileAddress(3, 5, 17)),
        ("entries/x001/000.p/255", TileAddress(None, 1000, 255)),
        ("63/999", TileAddress(63, 999)),
    ],
)
def test_paths_are_those_of_the_specification(path: str, address: TileAddress) -> None:
    assert address.path() == path
    assert parse_path(path) == address


@given(st.builds(TileAddress, st.none() | st.integers(0, 63), st.integers(0, 10**15), st.integers(1, 256)))
def test_every_address_survives_its_path(address: TileAddress) -> None:
    assert parse_path(address.path()) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/",
        "0/0",
        "0/0000",
        "0/x000/001",
        "00/001",
        "64/000",
        "-1/000",
        "0/001/002",
        "0/x001",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/257",
        "0/../000",
        "0/٠٠٠",
        "entries/000\n",
        "0/" + "x999/" * 20 + "999",
    ],
)
def test_other_spellings_of_a_path_are_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        parse_path(path)


def test_tile_exists_once_its_hashes_do() -> None:
    assert TileAddress(0, 0, 5).exists(5)
    assert not TileAddress(0, 0, 6).exists(5)
    assert TileAddress(1, 0, 1).exists(256)
    assert not TileAddress(1, 0, 1).exists(255)
    assert TileAddress(None, 1, 44).exists(300)
    assert TileAddress(None, 1, 44).span == (256, 300)


def test_tile_is_its_hashes_end_to_end() -> None:
    assert tile_data([b"a" * 32, b"b" * 32]) == b"a" * 32 + b"b" * 32


@given(st.lists(st.binary(max_size=300)))
def test_bundle_gives_back_its_leaves(leaves: list[bytes]) -> None:
    assert read_entry_bundle(entry_bundle(leaves)) == leaves


def test_bundle_has_lengths_in_two_bytes() -> None:
    assert entry_bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x00\x01"])
def test_bundle_cut_short_is_refused(data: bytes) -> None:
    with pytest.raises(InputRejected):
        read_entry_bundle(data)


def test_leaf_too_long_for_a_bundle_is_refused() -> None:
    with pytest.raises(InputRejected):
        entry_bundle([bytes(65_536)])
