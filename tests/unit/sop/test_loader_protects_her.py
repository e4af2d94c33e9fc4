"""The loader refuses what the victim-centred rules forbid any version of the procedure to say."""

from pathlib import Path

import pytest

from shared.sop.loader import read_sop
from shared.sop.sheet import SopRefused
from tests.support.procedure import change, folder

__all__ = ["folder"]


@pytest.mark.rule("R-08")
@pytest.mark.parametrize("services", ['["HEA-02"]', '["SOC-01"]', '["LEG-01"]'])
def test_no_service_may_ask_for_a_police_report(folder: Path, services: str) -> None:
    fact = """
[[envelope]]
name = "police_report_made"
type = "boolean"
label = { vi = "Đã trình báo", en = "Reported" }
"""
    change(folder, "facts.toml", "\n# Facts of an event", fact + "\n# Facts of an event")
    condition = f"""
[[preconditions]]
id = "X"
services = {services}
any_of = [{{ fact = "police_report_made", one_of = [true] }}]
says = {{ vi = "Phải trình báo", en = "Report first" }}
basis = "esp.j3"
"""
    path = folder / "preconditions.toml"
    path.write_text(path.read_text("utf-8") + condition, "utf-8")
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "(R-08)" in refusal.value.message


@pytest.mark.rule("R-09")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('slug = "crisis-counselling"', 'slug = "family-mediation"'),
        ('vi = "Tham vấn tâm lý"', 'vi = "Hòa giải gia đình"'),
        ('vi = "Tham vấn tâm lý"', 'vi = "Hoà giải gia đình"'),
        ('en = "Ongoing psychosocial counselling"', 'en = "Reconciliation of the couple"'),
    ],
)
def test_mediation_is_never_a_service(folder: Path, old: str, new: str) -> None:
    change(folder, "social.toml", old, new)
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "(R-09)" in refusal.value.message


@pytest.mark.rule("R-09")
def test_mediation_is_never_an_outcome(folder: Path) -> None:
    change(folder, "outcomes.toml", "[own]", '[own]\nmediated = { vi = "x", en = "y" }')
    change(folder, "legal_aid.toml", '"settled_in_court"', '"settled_in_court", "mediated"')
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "(R-09)" in refusal.value.message


@pytest.mark.rule("R-26")
@pytest.mark.parametrize("words", ['vi = "Đối tượng", en = "y"', 'vi = "x", en = "She provoked it"'])
def test_no_label_blames_her(folder: Path, words: str) -> None:
    change(folder, "outcomes.toml", "[own]", f"[own]\nblamed = {{ {words} }}")
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "(R-26)" in refusal.value.message


@pytest.mark.rule("R-17")
def test_no_health_service_takes_data_on_the_perpetrator(folder: Path) -> None:
    change(folder, "health.toml", 'optional = ["incident", "legal"]', 'optional = ["incident", "legal", "perpetrator"]')
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "(R-17)" in refusal.value.message


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"phone", "safe_hours", "channel", "channels"', '"phone", "safe_hours"'),
        ('"safe_hours", "channel"', '"phones", "channel"'),
        ('optional = ["dependants"]\n', 'optional = ["dependants"]\nnever = { contact = ["may_text"] }\n'),
    ],
)
def test_her_number_never_travels_without_how_it_may_be_used(folder: Path, old: str, new: str) -> None:
    change(folder, "social.toml", old, new)
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "(R-03)" in refusal.value.message
