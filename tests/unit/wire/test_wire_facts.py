"""Facts are checked against the procedure's own vocabulary."""

import pytest

from shared.kernel.errors import InputRejected
from shared.sop.model import FactField
from shared.wire.facts import check_facts

VOCABULARY = {
    field.name: field
    for field in (
        FactField("pending_civil_case", "boolean"),
        FactField("follow_up_on", "date"),
        FactField("scheduled_from", "time"),
        FactField("reason", "code", ("D01", "D02")),
        FactField("article", "number"),
        FactField("assigned", "actor"),
        FactField("child_referral", "reference"),
        FactField("alternative", "agency"),
        FactField("attempts", "count"),
        FactField("record_sha256", "digest"),
    )
}


def refused(**facts: bool | int | str) -> list[tuple[str, str]]:
    try:
        check_facts(VOCABULARY, facts, pointer="/data")
    except InputRejected as error:
        return [(fault.pointer, fault.code) for fault in error.faults]
    return []


def test_facts_of_the_right_type_pass() -> None:
    assert not refused(
        pending_civil_case=False,
        follow_up_on="2028-02-29",
        scheduled_from="2026-11-25T08:00:00+07:00",
        reason="D02",
        article="11/2017/QH14:7",
        assigned="staff-7",
        child_referral="019a9b3c-4d5e-7f60-8a9b-0c1d2e3f0001",
        alternative="anh-duong-house",
        attempts=0,
        record_sha256="0f" * 32,
    )
    assert not refused()


def test_fact_the_procedure_does_not_name_is_refused() -> None:
    assert refused(her_name="lan") == [("/data/her_name", "fact.unknown")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pending_civil_case", "true"),
        ("pending_civil_case", 1),
        ("follow_up_on", "2026-02-30"),
        ("follow_up_on", "20261125"),
        ("follow_up_on", True),
        ("scheduled_from", "2026-11-25T08:00:00"),
        ("scheduled_from", 1763712930),
        ("article", "nguyen-thi-mau"),
        ("article", "nguyen-thi-mau-1"),
        ("article", "art"),
        ("article", 7),
        ("assigned", "Nguyen Thi Mau"),
        ("assigned", 7),
        ("reason", True),
        ("child_referral", "019A9B3C"),
        ("child_referral", 1),
        ("alternative", "Anh Duong"),
        ("alternative", False),
        ("attempts", True),
        ("attempts", "3"),
        ("attempts", -1),
        ("record_sha256", "0F" * 32),
        ("record_sha256", "0f" * 31),
        ("record_sha256", 7),
    ],
)
def test_fact_of_another_type_is_refused(name: str, value: bool | int | str) -> None:
    assert refused(**{name: value}) == [(f"/data/{name}", "field.type")]


def test_code_that_is_not_listed_is_refused_with_the_list() -> None:
    with pytest.raises(InputRejected) as caught:
        check_facts(VOCABULARY, {"reason": "D98"}, pointer="/data")
    (fault,) = caught.value.faults
    assert (fault.code, fault.message) == ("fact.value", "Write one of: D01, D02.")


def test_all_faults_are_told_at_once() -> None:
    assert len(refused(a=1, b=2, reason="x")) == 3
