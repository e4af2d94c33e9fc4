"""What operators state is checked before it reaches the directory."""

import json
from pathlib import Path

import pytest

from mesh.refusal import CommandRefused
from mesh.stated import enrolment, read_areas, read_jwks, services_of


def a_file(folder: Path, content: str) -> Path:
    path = folder / "stated"
    path.write_text(content, encoding="utf-8")
    return path


def test_agency_without_named_services_gives_all_of_its_sector(tmp_path: Path) -> None:
    stated = enrolment(
        "peace-house",
        name="Ngôi nhà Bình yên",
        sectors=["social"],
        areas=["38"],
        services=[],
        jwks_file=a_file(tmp_path, json.dumps({"keys": [{"kty": "EC"}]})),
        base_url="https://peace-house.example/",
    )
    assert stated.services == services_of(["social"])
    assert "SOC-01" in stated.services
    assert not any(code.startswith("POL") for code in stated.services)
    assert stated.base_url == "https://peace-house.example"


def test_the_chair_of_a_commune_sends_and_gives_no_service(tmp_path: Path) -> None:
    keys = a_file(tmp_path, '{"keys": []}')
    stated = enrolment(
        "chair", name="C", sectors=["authority"], areas=["14845"], services=[], jwks_file=keys, base_url=None
    )
    assert (stated.sectors, stated.services) == ({"authority"}, frozenset())


def test_unknown_sector_is_refused(tmp_path: Path) -> None:
    keys = a_file(tmp_path, '{"keys": []}')
    with pytest.raises(CommandRefused, match="police"):
        enrolment("x-y-z", name="X", sectors=["army"], areas=["38"], services=[], jwks_file=keys, base_url=None)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": 1}', "\x00"])
def test_file_that_holds_no_keys_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(CommandRefused):
        read_jwks(a_file(tmp_path, content))


def test_missing_file_of_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused):
        read_jwks(tmp_path / "nowhere.json")


def test_areas_keep_leading_zeros_and_vietnamese_letters(tmp_path: Path) -> None:
    content = "code,full_name,province_code\n01,Thành phố Hà Nội,\n00004,Phường Ba Đình,01\n"
    hanoi, ward = read_areas(a_file(tmp_path, content))
    assert hanoi == ("01", "Thành phố Hà Nội", None)
    assert ward == ("00004", "Phường Ba Đình", "01")


@pytest.mark.parametrize("content", ["", "id,name\n01,Hà Nội\n"])
def test_areas_under_other_headings_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(CommandRefused, match="code,full_name,province_code"):
        list(read_areas(a_file(tmp_path, content)))
