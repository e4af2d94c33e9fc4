"""The rules on telling the story once are whole, or are refused."""

import shutil
from pathlib import Path

import pytest

from shared.sop.loader import DATA, load_sop, read_sop
from shared.sop.model import BasisKind
from shared.sop.register import as_document
from shared.sop.sheet import SopRefused

SOP = load_sop()


def test_services_that_ask_are_marked_with_their_basis() -> None:
    assert set(SOP.statements.services) == {"POL-02", "POL-03", "POL-06", "POL-08"}
    assert all(one.basis.citation for one in SOP.statements.services.values())


def test_warning_stands_in_both_languages_beside_its_code() -> None:
    said = as_document(SOP)["statements"]
    assert said["warning"]["code"] == "statement.exists"
    assert said["warning"]["says"].keys() == {"vi", "en"}
    assert said["carried_in"] == ["incident", "attachments"]
    assert (said["answer"]["amount"], said["answer"]["unit"]) == (2, "working_days")
    assert SOP.statements.answer.basis.kind is BasisKind.POL
    assert [one["code"] for one in said["services"]] == list(SOP.statements.services)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('code = "POL-02"', 'code = "POL-99"', "POL-99 is no service type"),
        ('"joint_interview_done"', '"safe_on_scene"', "does not have these outcomes"),
        ('code = "POL-02"', 'code = "POL-03"', "names a service twice"),
        ('carried_in = ["incident", "attachments"]', 'carried_in = ["medical"]', "carries no compartment"),
        ('carried_in = ["incident", "attachments"]', "carried_in = []", "carries no compartment"),
        ('basis = "unodc.identification"', "", "has no basis"),
        ("carried_in", "carries", "unknown key carries"),
        ("amount = 2", "amount = 0", "amount must be a time"),
    ],
)
def test_loader_refuses(tmp_path: Path, old: str, new: str, says: str) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    path = folder / "statements.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert says in refusal.value.message
