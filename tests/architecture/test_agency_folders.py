"""Whoever knows one agency's folder finds everything in the others: they hold the same file names."""

from pathlib import Path

import pytest

from tests.support.checkout import tracked_files

AGENCIES = ("police", "health", "legal_aid", "social")


PARTS = ("rules", "acts", "messages", "routes")


def files_of(agency: str) -> set[Path]:
    folder = Path("services", agency)
    return {path.relative_to(folder) for path in tracked_files() if folder in path.parents}


def test_services_holds_exactly_the_agencies() -> None:
    folders = {path.parts[1] for path in tracked_files() if path.parts[0] == "services" and len(path.parts) > 2}
    assert folders == set(AGENCIES)


def test_agency_folders_hold_the_same_file_names() -> None:
    names = {agency: {path.parts[0] for path in files_of(agency)} for agency in AGENCIES}
    differing = {agency: sorted(names[agency] ^ names["police"]) for agency in AGENCIES}
    assert {agency: found for agency, found in differing.items() if found} == {}


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_topic_has_the_same_name_wherever_it_is_spoken_of(agency: str) -> None:
    topics = {part: {path.stem for path in files_of(agency) if path.parts[0] == part} for part in PARTS}
    assert topics["acts"] <= topics["routes"]
    assert topics["messages"] <= topics["routes"]
