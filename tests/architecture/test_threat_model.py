"""SECURITY.md keeps its word: each threat has a number of its own, a control, and tests that exist."""

import re

from tests.support.checkout import ROOT
from tests.support.named_tests import NAMED_TEST, absent

SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
THREAT = re.compile(r"^\| (T-\d\d) (?P<what>[^|]+)\|(?P<control>[^|]+)\|(?P<proof>[^|]+)\|$", re.MULTILINE)
NUMBER = re.compile(r"\b(T|TB)-(\d\d)\b")


def test_every_threat_has_a_control_and_a_test() -> None:
    threats = list(THREAT.finditer(SECURITY))
    assert len(threats) == len(re.findall(r"^\| T-", SECURITY, re.MULTILINE))
    assert [
        threat[1] for threat in threats if not threat["control"].strip() or not NAMED_TEST.search(threat["proof"])
    ] == []


def test_no_threat_has_the_number_of_another() -> None:
    numbers = [int(threat[1].removeprefix("T-")) for threat in THREAT.finditer(SECURITY)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_test_that_is_named_exists() -> None:
    assert absent(SECURITY) == []


def test_a_test_that_does_not_exist_is_found() -> None:
    assert absent("`tests/architecture/test_threat_model.py::test_nothing`") != []


def test_every_number_that_is_cited_is_defined() -> None:
    cited = {found[0] for name in ("SECURITY.md", "ARCHITECTURE.md") for found in numbers(name)}
    defined = {found[0] for found in re.finditer(r"(?<=^\| )T-\d\d|(?<=^\| )TB-\d\d", SECURITY, re.MULTILINE)}
    assert cited - defined == set()


def numbers(name: str) -> list[re.Match[str]]:
    """Return every T-nn and TB-nn in a document."""
    return list(NUMBER.finditer((ROOT / name).read_text(encoding="utf-8")))
