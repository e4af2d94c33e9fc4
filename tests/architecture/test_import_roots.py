"""The import roots are generic words, so each must come from this checkout and from nowhere else."""

import importlib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.checkout import ROOMS, ROOT


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_imported_from_this_checkout(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__file__ is not None, f"{room}/__init__.py is missing"
    assert Path(module.__file__).resolve() == ROOT / room / "__init__.py"


def test_no_installed_distribution_claims_a_room() -> None:
    assert not set(ROOMS) & set(packages_distributions())
