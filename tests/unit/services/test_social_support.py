"""Who may interpret, accompany and drive."""

from dataclasses import replace
from typing import Any

import pytest

from services.social.rules.support import Gender, Helper, HerAnswer, Kind, Relation, unfit
from shared.sop.model import AgeBand

LAN = Helper(
    kind=Kind.INTERPRETER,
    relation=Relation.NONE,
    gender=Gender.FEMALE,
    adult=True,
    certified=True,
    confidentiality_signed=True,
    chosen_by_her=True,
    escorted=False,
)


def asked(helper: Helper, *, gender: str | None = "female", age: AgeBand = AgeBand.ADULT) -> tuple[str, str] | None:
    return unfit(helper, chosen_gender=gender, age_band=age)


@pytest.mark.rule("R-05")
@pytest.mark.parametrize("kind", [Kind.INTERPRETER, Kind.SIGN_LANGUAGE])
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"relation": Relation.RELATIVE}, "/relation"),
        ({"relation": Relation.PERPETRATORS_CIRCLE}, "/relation"),
        ({"adult": False}, "/adult"),
        ({"certified": False}, "/certified"),
        ({"confidentiality_signed": False}, "/confidentiality_signed"),
    ],
)
def test_an_interpreter_who_may_not_is_refused_with_the_place(kind: Kind, change: dict[str, Any], pointer: str) -> None:
    assert asked(replace(LAN, kind=kind)) is None
    assert asked(replace(LAN, kind=kind, **change)) == ("social.interpreter-unfit", pointer)


@pytest.mark.rule("R-01", "R-05")
def test_an_interpreter_is_of_the_gender_she_chose_or_she_has_answered() -> None:
    man = replace(LAN, gender=Gender.MALE)
    assert asked(man) == ("social.gender-unmet", "/gender")
    assert asked(man, gender="any") is None
    assert asked(replace(man, her_answer=HerAnswer.WAIVED)) is None
    assert asked(replace(man, her_answer=HerAnswer.ALTERNATIVE_ACCEPTED)) is None


@pytest.mark.rule("R-06")
def test_a_companion_is_whom_she_chose_a_relative_too_and_never_from_his_circle() -> None:
    companion = replace(LAN, kind=Kind.COMPANION, certified=False, confidentiality_signed=False)
    assert asked(replace(companion, relation=Relation.RELATIVE)) is None
    assert asked(replace(companion, chosen_by_her=False)) == ("social.companion-unfit", "/chosen_by_her")
    his = replace(companion, relation=Relation.PERPETRATORS_CIRCLE)
    assert asked(his) == ("social.companion-unfit", "/relation")


@pytest.mark.parametrize("age", sorted(set(AgeBand) - {AgeBand.ADULT}))
def test_nobody_under_age_or_of_unknown_age_travels_alone(age: AgeBand) -> None:
    car = replace(LAN, kind=Kind.TRANSPORT, certified=False)
    assert asked(car) is None
    assert asked(car, age=age) == ("social.transport-unsafe", "/escorted")
    assert asked(replace(car, escorted=True), age=age) is None
