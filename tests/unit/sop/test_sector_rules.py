"""Rules of one profession: read exactly, each with its basis, or refused with the place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.agency.sector.rulebook import Rulebook
from shared.kernel.errors import Conflict, InputRejected, InternalFault, NotPermitted
from shared.sop.loader import load_sop
from shared.sop.sector_rules import read_sector_rules
from shared.sop.sheet import SopRefused

OWN = """
[bases."policy.tea"]
kind = "POL"
instrument = "House rules"
article = "tea"
confidence = "policy"
verified_on = 2026-11-22
"""
RULE = """
[[rules]]
id = "TEA-1"
says = { vi = "Mời trà.", en = "Offer tea." }
basis = "policy.tea"
within = "12 hours"
most = 3
"""
REFUSALS = """
[[refusals]]
code = "tea.late"
rule = "TEA-1"
kind = "conflict"
title = "Too late"
mend = "Offer it sooner."

[[refusals]]
code = "tea.cold"
rule = "R-13"
kind = "invalid"
title = "Cold"
mend = "Say a warmer one."

[[refusals]]
code = "tea.never"
rule = "VN-DV-05"
kind = "forbidden"
title = "Never"
mend = "Nobody may."
"""


def rulebook(folder: Path, *parts: str) -> Rulebook:
    path = folder / "rules.toml"
    path.write_text("\n".join(parts), encoding="utf-8")
    return Rulebook(read_sector_rules(path, load_sop()), load_sop())


def test_a_rule_gives_its_limit_and_its_number(tmp_path: Path) -> None:
    rules = rulebook(tmp_path, OWN, RULE)
    at = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert rules.due("TEA-1", at) == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert rules.most("TEA-1") == 3


def test_a_refusal_cites_its_rule_and_what_that_rests_on(tmp_path: Path) -> None:
    refused = rulebook(tmp_path, OWN, RULE, REFUSALS).refused("tea.late")
    assert isinstance(refused, Conflict)
    assert [(reason.code, reason.rule) for reason in refused.reasons] == [("tea.late", "TEA-1")]
    assert refused.reasons[0].basis.startswith("POL House rules tea")


def test_a_refusal_may_rest_on_a_rule_or_a_clock_of_the_procedure_and_points_at_its_place(tmp_path: Path) -> None:
    rules = rulebook(tmp_path, OWN, RULE, REFUSALS)
    invalid, forbidden = rules.refused("tea.cold", pointer="/cup"), rules.refused("tea.never")
    assert (type(invalid), invalid.faults[0].pointer, invalid.faults[0].message) == (
        InputRejected, "/cup", "Say a warmer one.",
    )  # fmt: skip
    assert (type(forbidden), forbidden.reasons[0].basis) == (NotPermitted, rules.basis("VN-DV-05").citation)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((RULE,), "not declared"),
        ((OWN, RULE.replace('basis = "policy.tea"', "")), "no basis"),
        ((OWN,), "no rule rests on"),
        ((OWN, RULE, RULE), "there twice"),
        ((OWN, RULE, REFUSALS.replace("TEA-1", "TEA-2")), "no known rule"),
        ((OWN, RULE, REFUSALS.replace('"conflict"', '"perhaps"')), "no RefusalKind"),
        ((OWN, RULE.replace("TEA-1", "R-13")), "cite it"),
        ((OWN.replace("policy.tea", "esp.j3"), RULE.replace("policy.tea", "esp.j3")), "do not repeat it"),
        ((OWN, RULE.replace("12 hours", "a while")), "must read like"),
        ((OWN, RULE, "surprise = 1"), "surprise"),
    ],
)
def test_what_does_not_hold_together_is_refused(tmp_path: Path, parts: tuple[str, ...], says: str) -> None:
    with pytest.raises(SopRefused) as refused:
        rulebook(tmp_path, *parts)
    assert says in refused.value.message


def test_what_the_sector_does_not_list_is_a_fault_of_ours(tmp_path: Path) -> None:
    rules = rulebook(tmp_path, OWN, RULE)
    for ask in (rules.rule, rules.basis, rules.refused, lambda name: rules.due(name, datetime.now(UTC)), rules.most):
        with pytest.raises(InternalFault, match=r"rule\.unknown"):
            ask("TEA-9")
