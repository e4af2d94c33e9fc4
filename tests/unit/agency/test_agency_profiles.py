"""The four kinds of agency: each claims its own part of the procedure, all of it and nothing else."""

from dataclasses import replace
from importlib import import_module

import pytest

from shared.agency.profile import AgencyProfile, check_profile
from shared.kernel.errors import InternalFault
from shared.sop.loader import load_sop
from shared.sop.model import Sector

KINDS = ("police", "health", "legal_aid", "social")
FILES = ("main", "profile", "routes", "guards", "acts", "messages", "tables", "records", "rules", "worklists")


def profile_of(kind: str) -> AgencyProfile:
    profile: AgencyProfile = import_module(f"services.{kind}.profile").PROFILE
    return profile


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_agrees_with_the_procedure(kind: str) -> None:
    check_profile(profile_of(kind), load_sop())


def test_together_they_serve_every_service_once_and_all_of_them_confer() -> None:
    served = [code for kind in KINDS for code in profile_of(kind).services if code != "COO-01"]
    assert sorted([*served, "COO-01"]) == sorted(load_sop().services)
    assert all(profile_of(kind).serves("COO-01") for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_service_of_a_sector_stands_on_a_worklist(kind: str) -> None:
    profile = profile_of(kind)
    listed = frozenset[str]().union(*(worklist.services for worklist in profile.worklists.values()))
    assert listed == profile.services


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", FILES)
def test_the_four_folders_have_the_same_files_and_each_says_what_it_is_for(kind: str, file: str) -> None:
    assert import_module(f"services.{kind}.{file}").__doc__


def test_a_profile_that_claims_another_sectors_service_is_refused() -> None:
    wrong = replace(profile_of("health"), services=frozenset({"POL-01"}), worklists={})
    with pytest.raises(InternalFault, match=r"profile\.wrong"):
        check_profile(wrong, load_sop())


def test_a_worklist_of_services_that_are_not_given_is_refused() -> None:
    wrong = replace(profile_of("health"), services=frozenset({"HEA-01"}))
    with pytest.raises(InternalFault, match=r"profile\.wrong"):
        check_profile(wrong, load_sop())


def test_sectors_are_told_apart() -> None:
    assert {profile_of(kind).sector for kind in KINDS} == set(Sector) - {Sector.COORDINATION}
    assert not profile_of("police").serves("HEA-01")
