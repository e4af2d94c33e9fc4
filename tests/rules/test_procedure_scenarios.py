"""The rules as sentences: each scenario of the TOML files in `procedure` is one claim about the procedure.

`given` is the situation, `on` the moment, `expect` what must follow. Whoever knows the practice can read and
correct the files; nothing here but the reading of them is code.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.consent.procedure import is_met
from shared.kernel.errors import Conflict
from shared.referral.deadlines import due_times
from shared.referral.lifecycle import check_event_facts, state_after, transition
from shared.referral.statements import was_taken
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, EventType, Party, Presence, ReferralState, ServiceType, Stage, Urgency

SOP = load_sop()
FOLDER = Path(__file__).parent / "procedure"
PARTIES = {"r": Party.RECIPIENT, "s": Party.SENDER, "g": Party.GATEWAY}


def scenarios(name: str) -> list[Any]:
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    assert table.keys() == {"scenario"}
    return [pytest.param(one, id=one["name"]) for one in table["scenario"]]


def split(scenario: Mapping[str, Any]) -> tuple[ServiceType, dict[str, Any], dict[str, Any]]:
    given = dict(scenario["given"])
    return SOP.services[given.pop("service")], given, dict(scenario["expect"])


@pytest.mark.parametrize("scenario", scenarios("urgency"))
def test_urgency(scenario: Mapping[str, Any]) -> None:
    service, _, expect = split(scenario)
    assert service.urgency == expect["urgency"]
    assert service.inherits_urgency == expect.get("inherits", False)


@pytest.mark.parametrize("scenario", scenarios("clocks"))
def test_clock(scenario: Mapping[str, Any]) -> None:
    service, given, expect = split(scenario)
    due = due_times(
        SOP,
        service,
        urgency=Urgency(given.get("urgency", service.urgency)),
        sent_at=scenario["on"],
        incident_at=given.get("incident_at"),
        remote_area=given.get("remote_area", False),
    )
    assert {str(phase): limit.at for phase, limit in due.items() if phase in expect} == expect


@pytest.mark.parametrize("scenario", scenarios("senders"))
def test_sender(scenario: Mapping[str, Any]) -> None:
    service, _, expect = split(scenario)
    assert set(expect.get("may", ())) <= service.senders
    assert not set(expect.get("may_not", ())) & service.senders
    assert service.legal_bases == set(expect.get("bases", service.legal_bases))


@pytest.mark.parametrize("scenario", scenarios("compartments"))
def test_compartments(scenario: Mapping[str, Any]) -> None:
    service, given, expect = split(scenario)
    urgency = Urgency(given.get("urgency", service.urgency))
    for presence in Presence:
        having = {name for name, rule in service.compartments.items() if rule.presence is presence}
        assert set(expect.get(presence, ())) <= having
    for stage in Stage:
        for name in expect.get(stage, ()):
            assert service.stage(Compartment(name), urgency) is stage, name
    for name, fields in expect.get("only", {}).items():
        assert service.compartments[Compartment(name)].only == tuple(fields)
    for name, fields in expect.get("never", {}).items():
        assert service.compartments[Compartment(name)].never == tuple(fields)


@pytest.mark.rule("E1", "E2", "E3", "E5")
@pytest.mark.parametrize("scenario", scenarios("preconditions"))
def test_precondition(scenario: Mapping[str, Any]) -> None:
    service, facts, expect = split(scenario)
    assert [one.id for one in service.preconditions if not is_met(one, facts)] == expect["unmet"]


@pytest.mark.parametrize("scenario", scenarios("declines"))
def test_decline(scenario: Mapping[str, Any]) -> None:
    service, given, expect = split(scenario)
    reasons = check_event_facts(
        SOP,
        service=service,
        urgency=Urgency(given.pop("urgency", service.urgency)),
        staff_gender_wanted=None,
        event=EventType.DECLINED,
        data=given,
    )
    assert [reason.code for reason in reasons] == expect["refused"]


@pytest.mark.parametrize("scenario", scenarios("lifecycle"))
def test_lifecycle(scenario: Mapping[str, Any]) -> None:
    assert run(scenario["given"]) == scenario["expect"]


def run(steps: list[str]) -> str:
    """Play the events on a referral that was just sent; `refused` only ever as the last step."""
    state = ReferralState.SENT
    for step in steps:
        by, event = step.split(":")
        try:
            state = state_after(transition(SOP, state=state, event=EventType(event), by=PARTIES[by]), state)
        except Conflict:
            assert step == steps[-1], f"already {step} was refused"
            return "refused"
    return state


@pytest.mark.parametrize("scenario", scenarios("statements"))
def test_statement(scenario: Mapping[str, Any]) -> None:
    service, data, expect = split(scenario)
    event = EventType(data.pop("event"))
    reasons = check_event_facts(
        SOP, service=service, urgency=service.urgency, staff_gender_wanted=None, event=event, data=data
    )
    assert [reason.code for reason in reasons] == expect.get("refused", [])
    assert was_taken(SOP, service_type=service.code, event=event, data=data) is expect.get("taken", False)


def test_every_scenario_file_is_run() -> None:
    files = {path.stem for path in FOLDER.glob("*.toml")}
    assert files == {
        "urgency",
        "clocks",
        "senders",
        "compartments",
        "preconditions",
        "declines",
        "lifecycle",
        "statements",
    }
