"""Policies of a ledger (C2SP tlog-policy): what they say, who suffices, and what is refused rather than guessed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import InputRejected
from shared.ledger.policy import Group, Log, Policy, Witness


def vkey(name: str, number: int, kind: int = 4) -> str:
    """A key as it is written; what is in it matters to nobody here."""
    return f"{name}+{number:08x}+{base64.b64encode(bytes([kind]) + bytes([number]) * 32).decode()}"


LOG = vkey("mesh.example/ledger", 1, kind=1)
#: The example of the specification, with keys.
EXAMPLE = f"""
# two groups of witnesses
log {LOG} https://mesh.example/ledger

witness X1 {vkey("x1", 11)}
witness X2 {vkey("x2", 12)}   https://x2.example
\twitness X3 {vkey("x3", 13)}
group X-witnesses 2 X1 X2 X3

witness Y1 {vkey("y1", 21)}
witness Y2 {vkey("y2", 22)}
witness Y3 {vkey("y3", 23)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")


def test_the_example_of_the_specification_is_understood() -> None:
    policy = Policy.parse(EXAMPLE)
    assert policy.logs == (Log(LOG, "https://mesh.example/ledger"),)
    assert tuple(one.name for one in policy.witnesses) == NAMES
    assert policy.witnesses[1] == Witness("X2", vkey("x2", 12), "https://x2.example")
    assert policy.groups[2] == Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses"))
    assert policy.logs[0].origin == "mesh.example/ledger"


@given(st.sets(st.sampled_from(NAMES)))
def test_two_of_the_one_and_any_of_the_other_suffice(cosigned: set[str]) -> None:
    two_of_x = len(cosigned & {"X1", "X2", "X3"}) >= 2
    assert Policy.parse(EXAMPLE).suffices(cosigned) == (two_of_x and bool(cosigned & {"Y1", "Y2", "Y3"}))


def test_the_name_of_a_group_is_nobody_who_signs() -> None:
    assert not Policy.parse(EXAMPLE).suffices({"X-and-Y", "X-witnesses", "stranger"})


@pytest.mark.parametrize(("quorum", "suffices"), [("none", True), ("X1", False)])
def test_a_policy_may_ask_for_nobody_or_for_one(quorum: str, suffices: bool) -> None:
    policy = Policy.parse(f"log {LOG}\nwitness X1 {vkey('x1', 11)}\nquorum {quorum}\n")
    assert (policy.suffices(frozenset()), policy.suffices({"X1"})) == (suffices, True)


def test_a_policy_is_read_as_it_was_written() -> None:
    policy = Policy.parse(EXAMPLE)
    assert Policy.parse(policy.text()) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log {LOG}\n",
        f"log {LOG}\nquorum X1\n",
        f"log {LOG}\nquorum none\nquorum none\n",
        f"log {LOG}\nlog {LOG}\nquorum none\n",
        f"log {LOG} https://a.example more\nquorum none\n",
        "log\nquorum none\n",
        "log no-key\nquorum none\n",
        "log name+id+!!!\nquorum none\n",
        f"witness X1 {vkey('x1', 11)}\nwitness X1 {vkey('x2', 12)}\nquorum X1\n",
        f"witness X1 {vkey('x1', 11)}\nwitness X2 {vkey('x2', 11)}\nquorum X1\n",
        f"witness none {vkey('x1', 11)}\nquorum none\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g 2 X1\nquorum g\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g 0 X1\nquorum g\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g two X1\nquorum g\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g any X1 X1\nquorum g\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g any none\nquorum g\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g any X1\ngroup h any X1\nquorum g\n",
        f"witness X1 {vkey('x1', 11)}\ngroup g any\nquorum g\n",
        f"group g any X1\nwitness X1 {vkey('x1', 11)}\nquorum g\n",
        "group g any g\nquorum g\n",
        "threshold 2\nquorum none\n",
        "quorum none\r\n",
        "quorum none\x00\n",
        "#" * 70_000 + "\nquorum none\n",
    ],
)
def test_what_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        Policy.parse(text)
    assert refusal.value.code == "ledger.policy"


def test_who_wrote_it_is_told_the_line() -> None:
    with pytest.raises(InputRejected, match=r"ledger\.policy") as refusal:
        Policy.parse(f"log {LOG}\n\nwitness X1 nothing\nquorum X1\n")
    assert refusal.value.message.startswith("Line 3 ")
