"""Whoever is unsafe, or never to be called, does not stand where somebody is written down who may be called."""

from typing import Any

import pytest

from shared.agency.safe_contact import Unsafe, check_contact, without_unsafe
from shared.kernel.errors import InputRejected
from shared.sop.loader import load_sop
from shared.sop.model import Compartment

WORDS = load_sop().ages.unsafe.named_as
NOBODY, ONE, ALL = Unsafe(), Unsafe(anyone=True), Unsafe(anyone=True, everyone=True)
FATHER = {"name": "Hà Văn Mẫu", "relation": "father", "phone": "+84 900 000 011"}


def case(contact: dict[str, Any], guardian: dict[str, Any] | None = None, **more: Any) -> dict[Compartment, Any]:
    identity = {} if guardian is None else {Compartment.IDENTITY: {"guardian": guardian}}
    return {Compartment.CONTACT: contact, **identity, **more}


def places(contents: dict[Compartment, Any], unsafe: Unsafe) -> list[str]:
    """The places that are refused."""
    try:
        check_contact(contents, unsafe, named_as=WORDS)
    except InputRejected as error:
        return [fault.pointer.removeprefix("/compartments") for fault in error.faults]
    return []


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("contact", "place"),
    [
        ({"phone": "0900 000 011"}, "/contact/phone"),
        ({"phones": [{"number": "0911222333"}, {"number": "0900.000.011"}]}, "/contact/phones/1/number"),
        ({"relay": {"phone": "(+84) 900-000-011"}}, "/contact/relay/phone"),
        ({"relay": {"person": "hà  văn MẪU"}}, "/contact/relay/person"),
        ({"who_may_answer": ["Bà ngoại", "Hà Văn Mẫu"]}, "/contact/who_may_answer/1"),
        ({"who_may_answer": ["0900000011"]}, "/contact/who_may_answer/0"),
    ],
)
@pytest.mark.parametrize("unsafe", [ONE, ALL])
def test_unsafe_caregiver_is_no_way_to_reach_her(contact: dict[str, Any], place: str, unsafe: Unsafe) -> None:
    assert places(case(contact, FATHER), unsafe) == [place]


def test_he_is_not_her_companion_either() -> None:
    contents = case({}, FATHER, **{Compartment.PREFERENCES: {"companion": "Hà Văn Mẫu"}})
    assert places(contents, ONE) == ["/preferences/companion"]


def test_a_caregiver_whom_the_content_itself_calls_unsafe_is_one() -> None:
    assert places(case({"phone": "0900000011"}, {**FATHER, "safe_to_contact": False}), NOBODY) == ["/contact/phone"]


def test_a_safe_caregiver_may_be_called() -> None:
    mother = {"name": "Lò Thị Mẫu", "phone": "0900000022", "safe_to_contact": True}
    contact = {"phone": "0900000022", "who_may_answer": ["Lò Thị Mẫu"]}
    assert places(case(contact, mother), NOBODY) == []
    assert places(case(contact, mother), ONE) == []


@pytest.mark.parametrize("word", ["parent", "Guardian", "caregiver"])
def test_where_every_caregiver_is_unsafe_the_word_alone_is_enough(word: str) -> None:
    contents = case({"phones": [{"number": "0911222333", "whose": word}], "who_may_answer": [word]})
    assert places(contents, ALL) == ["/contact/who_may_answer/0", "/contact/phones/0/whose"]
    assert places(contents, NOBODY) == []


def test_content_that_calls_an_unsafe_caregiver_safe_contradicts_the_consent() -> None:
    assert places(case({}, {**FATHER, "safe_to_contact": True}), ALL) == ["/identity/guardian/safe_to_contact"]


@pytest.mark.rule("R-04")
@pytest.mark.parametrize(
    "never", ["0900 000 011", "Hà Văn Mẫu", {"who": "hà văn mẫu"}, {"number": "+84900000011", "relation": "partner"}]
)
def test_nobody_on_the_never_contact_list_is_a_safe_contact(never: Any) -> None:
    contact = {"phone": "0900000011", "relay": {"person": "Hà Văn Mẫu"}, "never_contact": [never]}
    assert len(places(case(contact), NOBODY)) == 1


def test_an_unsafe_caregivers_number_is_left_out_and_the_rest_stays() -> None:
    dependants = {Compartment.DEPENDANTS: {"caregiver": {"relation": "father"}}}
    left, taken = without_unsafe(case({"phone": "0911222333"}, FATHER, **dependants), ALL)
    assert left[Compartment.IDENTITY]["guardian"] == {"name": "Hà Văn Mẫu", "relation": "father"}
    assert taken == [(Compartment.IDENTITY, "guardian.phone")]
    assert without_unsafe(case({}, FATHER), NOBODY)[1] == []


def test_nothing_that_was_written_is_repeated() -> None:
    with pytest.raises(InputRejected) as refused:
        check_contact(case({"phone": "0900000011"}, FATHER), ALL, named_as=WORDS)
    said = refused.value.message + "".join(fault.message for fault in refused.value.faults)
    assert "Mẫu" not in said
    assert "0900" not in said
