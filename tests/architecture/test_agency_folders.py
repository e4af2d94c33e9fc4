"""Whoever knows one agency's folder finds everything in the others: they hold the same file names."""

from pathlib import Path

from tests.support.checkout import tracked_files

AGENCIES = ("police", "health", "legal_aid", "social")


def files_of(agency: str) -> set[str]:
    folder = Path("services", agency)
    return {str(path.relative_to(folder)) for path in tracked_files() if folder in path.parents}


def test_services_holds_exactly_the_agencies() -> None:
    folders = {path.parts[1] for path in tracked_files() if path.parts[0] == "services" and len(path.parts) > 2}
    assert folders == set(AGENCIES)


def test_agency_folders_hold_the_same_file_names() -> None:
    differing = {agency: sorted(files_of(agency) ^ files_of("police")) for agency in AGENCIES}
    assert {agency: names for agency, names in differing.items() if names} == {}
