"""The provinces' neighbours are one connected, symmetric map of the provinces there are."""

from pathlib import Path

import pytest

from shared.sop.loader import load_sop
from shared.sop.neighbours import FILE, load_neighbours, read_neighbours
from shared.sop.sheet import SopRefused

HEAD = 'instrument = "An invented map"\nconfidence = "recalled"\nverified_on = 2026-11-21\n[neighbours]\n'


def test_every_province_has_a_neighbour_who_says_the_same() -> None:
    neighbours = load_neighbours()
    assert neighbours.keys() == load_sop().provinces.keys()
    assert all(code in neighbours[other] for code, others in neighbours.items() for other in others)
    assert all(others for others in neighbours.values())


def test_country_is_one_piece() -> None:
    neighbours = load_neighbours()
    reached, edge = {"01"}, {"01"}
    while edge:
        edge = {other for code in edge for other in neighbours[code]} - reached
        reached |= edge
    assert reached == neighbours.keys()


def test_thanh_hoa_borders_what_it_bordered_before_the_merger() -> None:
    assert load_neighbours()["38"] == {"14", "25", "37", "40"}  # Son La, Phu Tho (Hoa Binh), Ninh Binh, Nghe An


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param('"01" = ["02"]\n"02" = []\n', id="seen from one side only"),
        pytest.param('"01" = ["01"]\n"02" = []\n', id="borders itself"),
        pytest.param('"01" = ["02"]\n', id="a province left out"),
        pytest.param('"01" = ["02", "03"]\n"02" = ["01"]\n"03" = ["01"]\n', id="a place that is no province"),
        pytest.param('"01" = "02"\n"02" = ["01"]\n', id="no list"),
        pytest.param('"01" = [', id="no TOML"),
    ],
)
def test_map_that_contradicts_itself_does_not_load(listed: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(HEAD + listed, encoding="utf-8")
    with pytest.raises(SopRefused):
        read_neighbours(tmp_path, provinces=["01", "02"])


def test_map_that_is_not_there_does_not_load(tmp_path: Path) -> None:
    with pytest.raises(SopRefused):
        read_neighbours(tmp_path, provinces=["01"])
