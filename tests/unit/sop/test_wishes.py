"""Every service type has a plain sentence that leads to it, and one only."""

import shutil
from pathlib import Path

import pytest

from shared.sop.loader import DATA, load_sop, read_sop
from shared.sop.sheet import SopRefused


def test_every_service_type_is_wished_for_in_both_languages() -> None:
    sop = load_sop()
    wishes = {code: says for group in sop.wishes for code, says in group.wishes.items()}
    assert set(wishes) == set(sop.services)
    assert all(says.vi.endswith(".") and says.en.endswith(".") for says in wishes.values())


@pytest.mark.parametrize("new", ["COO-99 =", 'LEG-01 = { vi = "Hai.", en = "Two." }\nCOO-01 ='])
def test_a_service_type_without_a_wish_or_with_two_is_refused(tmp_path: Path, new: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    path = folder / "wishes.toml"
    path.write_text(path.read_text("utf-8").replace("COO-01 =", new), "utf-8")
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "one wish leads to each service type" in refusal.value.message
