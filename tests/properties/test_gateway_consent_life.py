"""A life of consents at the real gateway, whatever happens in whatever order: the invariants hold after every step.

A state machine of random agencies, consents, referrals, events, openings and withdrawals, while clocks move, tickers
die, are overtaken or look again, and the gateway itself goes and comes back. Invariants are named as in the fact sheet,
section 11.2. `--hypothesis-profile deep` lives more lives, and longer ones.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copy
from typing import Any, TypeVar

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.bootstrap import open_provisioning
from shared.kernel.clock import ManualClock, SystemClock
from tests.support.agency import Agency
from tests.support.life_gateway import FORBIDDEN, SUITE, Life, decisions
from tests.support.life_model import DATA, EVENT_TYPES, REQUIRED, TAKEN_ON, WAITS, Agreed, Case, Line, Taking
from tests.support.mesh import OVERSIGHT, enrolment, keys_of, running_mesh, settings_for

pytestmark = pytest.mark.slow

Value = TypeVar("Value")

PATIENT = 100
MOST_CONSENTS, MOST_TAKINGS = 6, 5
#: Events that may come at any time and end everything; the others come more often.
BREAKING_OFF = frozenset({"cancelled", "withdrawn", "entered_in_error"})
#: To shrink a life of a whole gateway takes minutes: only where patience was asked for.
PHASES = [phase for phase in Phase if phase is not Phase.shrink or settings.default.max_examples > PATIENT]

some_agencies = st.frozensets(st.sampled_from(SUITE), min_size=1)
some_data = st.frozensets(st.sampled_from(DATA), min_size=1)
lines = st.builds(
    Line,
    recipients=st.just(frozenset(SUITE)) | some_agencies,
    names=st.sampled_from([frozenset(DATA), frozenset(DATA), REQUIRED]) | some_data,
    onward=st.sampled_from((True, True, False)),
)
WIDE = [Line(frozenset(SUITE), frozenset(DATA), onward=True)]
grants = st.just(WIDE) | st.lists(lines, min_size=1, max_size=3)
lasting = st.sampled_from([timedelta(hours=2), timedelta(hours=2), timedelta(days=2), timedelta(days=30)])
urgencies = st.sampled_from(["urgent", "urgent", "prompt", "immediate"])
passing = st.sampled_from(
    [timedelta(minutes=1), timedelta(minutes=16), timedelta(minutes=50), timedelta(hours=3), timedelta(days=1),
     timedelta(days=3), timedelta(days=8)]
)  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all agencies in its directory, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    desk = open_provisioning(settings_for(f"sqlite:///{folder / 'gateway.db'}", folder), keys=keys_of("gateway"))
    for name in SUITE:
        desk.enroll(enrolment(name, "health", "HEA-"))
    desk.register_oversight(OVERSIGHT, keys_of(OVERSIGHT).public_jwks())
    desk.close()
    return folder / "gateway.db"


class Lives(RuleBasedStateMachine):
    """Rules do something; what is true afterwards is read from beside the gateway once, and then asked about."""

    def __init__(self, template: Path, folder: Path) -> None:
        super().__init__()
        self._file = folder / "gateway.db"
        for old in folder.glob("gateway.db*"):
            old.unlink()
        copy(template, self._file)
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._clock = ManualClock(SystemClock().now())
        self._running = self._stack.enter_context(ExitStack())
        self.life = Life(self._open(), self._clock)
        self.since = len(self.life.beside().entries)
        self.firm: dict[tuple[str, str], str] = {}
        self._after()

    def teardown(self) -> None:
        """Let everybody fetch the last of what waits; the ledger is verified as the gateway closes."""
        try:
            for name in SUITE:
                self._do(self.life.fetch, name, settle=True)
            self.every_deadline_is_spoken_of_once()
            for case in self.life.cases.values():
                event(f"ended {case.state}")
        finally:
            self._stack.close()

    def _open(self) -> Any:
        mesh = running_mesh(f"sqlite:///{self._file}", self._file.parent, clock=self._clock, secrets={"known": "known"})
        running = self._running.enter_context(self._portal.wrap_async_context_manager(mesh))
        directory: Any = running.agencies
        known = running.oversight
        directory |= {name: _agency(known, name) for name in SUITE}
        return running

    def _do(self, act: Callable[..., Any], *given: Any, **named: Any) -> None:
        async def acted() -> None:
            await act(*given, **named)

        self._portal.call(acted)
        self._after()

    def _after(self) -> None:
        self.found = self.life.beside()
        self.life.follow(self.found)

    # What agencies and she do.

    @initialize(
        hops=st.integers(1, 3),
        urgency=urgencies,
        lasts=lasting,
        fetched=st.booleans(),
        taken=st.booleans(),
        own=st.booleans(),
    )
    def begin(self, hops: int, urgency: str, lasts: timedelta, **ways: bool) -> None:
        """Her case begins, and is referred on, under one consent or each time under its own: no life is without one."""
        life = self.life
        self._do(life.agree, SUITE[0], WIDE, until=life.now + lasts, parent=None)
        for sender, recipient in list(pairwise(SUITE))[:hops]:
            parent = next(reversed(life.cases.values()), None)
            consent = next(reversed(life.consents.values()))
            if parent is not None and ways["own"]:
                self._do(life.agree, sender, WIDE, until=consent.valid_to, parent=consent)
                consent = next(reversed(life.consents.values()))
            given = {"consent": consent, "parent": parent, "names": frozenset(DATA), "urgency": urgency}
            self._do(life.refer, sender, recipient, **given)
            if ways["fetched"]:
                self._do(life.fetch, recipient, settle=True)
            if ways["taken"]:
                self._take_on(next(reversed(life.cases.values())))

    @precondition(lambda self: len(self.life.consents) < MOST_CONSENTS)
    @rule(recorder=st.sampled_from(SUITE), given=grants, lasts=lasting)
    def agree(self, recorder: str, given: list[Line], lasts: timedelta) -> None:
        self._do(self.life.agree, recorder, given, until=self.life.now + lasts, parent=None)

    @precondition(lambda self: self.life.consents)
    @rule(
        data=st.data(),
        given=st.none() | grants,
        earlier=st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=1)]),
    )
    def derive(self, data: st.DataObject, given: list[Line] | None, earlier: timedelta) -> None:
        parent = self._consent(data)
        speakers = [name for name in SUITE if name == parent.recorder or parent.lets_on(name)]
        deriver = data.draw(mostly(speakers, SUITE), label="deriver")
        chosen = list(parent.lines) if given is None else given
        self._do(self.life.agree, deriver, chosen, until=parent.valid_to - earlier, parent=parent)

    @precondition(lambda self: self.life.consents)
    @rule(data=st.data(), urgency=urgencies)
    def refer(self, data: st.DataObject, urgency: str) -> None:
        life, consent = self.life, self._consent(data)
        held = [case for case in life.cases.values() if case.consent.subject == consent.subject]
        parent = data.draw(st.sampled_from([None, *held[-4:], *list(life.cases.values())[-1:]]), label="parent")
        speaker = [parent.recipient] if parent else [consent.recorder]
        sender = data.draw(mostly(speaker, SUITE), label="sender")
        others = [name for name in SUITE if name != sender]
        allowed = [name for name in others if consent.allows(name, life.now) >= REQUIRED]
        recipient = data.draw(mostly(allowed, others), label="recipient")
        whole = consent.allows(recipient, life.now) | REQUIRED
        names = data.draw(st.sampled_from([whole, whole, REQUIRED]) | some_data, label="data")
        self._do(life.refer, sender, recipient, consent=consent, parent=parent, names=names, urgency=urgency)

    @precondition(lambda self: self.life.cases)
    @rule(data=st.data(), forbidden=st.none() | st.sampled_from(FORBIDDEN))
    def report(self, data: st.DataObject, forbidden: str | None) -> None:
        case = self._case(data)
        by = data.draw(mostly([case.recipient, case.sender], SUITE), label="by")
        legal = [one for one in EVENT_TYPES if case.may_say(one, by)]
        what = data.draw(mostly([one for one in legal if one not in BREAKING_OFF], EVENT_TYPES), label="event")
        self._do(self.life.report, by, case, what, forbidden=forbidden)

    @precondition(lambda self: any(not case.has_ended for case in self.life.cases.values()))
    @rule(data=st.data())
    def take_on(self, data: st.DataObject) -> None:
        """Go the way that most referrals go: seen, taken, opened."""
        open_ones = [case for case in self.life.cases.values() if not case.has_ended]
        self._take_on(data.draw(st.sampled_from(open_ones), label="case"))

    def _take_on(self, case: Case) -> None:
        for what in ("acknowledged", "accepted"):
            if case.may_say(what, case.recipient):
                self._do(self.life.report, case.recipient, case, what)
        self._do(self.life.open, case.recipient, case, case.names)

    @precondition(lambda self: self.life.cases)
    @rule(data=st.data(), names=st.just(frozenset(DATA)) | some_data)
    def open(self, data: st.DataObject, names: frozenset[str]) -> None:
        case = self._case(data)
        by = data.draw(mostly([case.recipient], SUITE), label="by")
        self._do(self.life.open, by, case, names)

    @rule(name=st.sampled_from(SUITE), settle=st.sampled_from([True, True, False]))
    def fetch(self, name: str, settle: bool) -> None:
        self._do(self.life.fetch, name, settle=settle)

    @precondition(lambda self: sum(len(one.takings) for one in self.life.consents.values()) < MOST_TAKINGS)
    @rule(
        data=st.data(),
        recipients=st.none() | st.none() | some_agencies,
        names=st.none() | st.none() | some_data,
        word=st.sampled_from(["survivor", "survivor", "recorder"]),
    )
    def take_back(
        self, data: st.DataObject, recipients: frozenset[str] | None, names: frozenset[str] | None, word: str
    ) -> None:
        consent = self._consent(data)
        by = data.draw(mostly([consent.recorder], SUITE), label="by")
        self._do(self.life.take_back, by, consent, Taking("", recipients, names), word=word)

    @precondition(lambda self: len(self.life.disabled) < 2 and len(self.life.cases) > 2)
    @rule(name=st.sampled_from(SUITE))
    def disable(self, name: str) -> None:
        if name not in self.life.disabled:
            self._do(self.life.disable, name)

    # What time and machines do.

    @rule(by=passing, late=st.booleans())
    def wait(self, by: timedelta, late: bool) -> None:
        """Let time pass; `late`: those who have not looked yet do now, before anybody has tidied up."""
        self._clock.advance(by)
        for case in list(self.life.cases.values())[-3:] if late else ():
            self._do(self.life.open, case.recipient, case, case.names)

    @rule(
        kind=st.sampled_from(["look", "look", "crash", "crash", "race", "restart"]),
        after=st.integers(0, 12),
        first=st.just(timedelta(0)) | passing,
    )
    def tick(self, kind: str, after: int, first: timedelta) -> None:
        """Look at what is due: alone, overtaken by another, or dying at it; or close the gateway and open it anew."""
        self._clock.advance(first)
        if kind == "restart":
            self._running.close()  # has its ledger verified
            self.life.mesh = self._open()
            self._after()
        elif kind == "crash":
            self._do(self.life.crash, after)
        else:
            self._do(self.life.look if kind == "look" else self.life.race)

    # What holds after every step.

    @invariant()
    def inv_01_02_nothing_travels_beyond_what_she_agreed_to_at_the_root(self) -> None:
        for case in self.life.cases.values():
            root = case.consent.root
            given = {name for line in root.lines if case.recipient in line.recipients for name in line.names}
            assert set(self.found.referrals[case.id]["halves"]) <= given, case.id

    @invariant()
    def inv_03_what_ended_or_was_taken_back_has_no_half_left_and_the_rest_has(self) -> None:
        for case in self.life.cases.values():
            left = {name for name, half in self.found.referrals[case.id]["halves"].items() if half[2] is not None}
            assert left == case.names - case.gone, f"{case.state} {case.id}"

    @invariant()
    def inv_03_nothing_was_released_after_it_was_taken_back(self) -> None:
        for entry in self.found.entries:
            if entry["kind"] == "release":
                lost_at = self.life.lost_at.get((entry["referral_id"], entry["code"]))
                assert lost_at is None or entry["idx"] < lost_at

    @invariant()
    def inv_04_a_referral_is_where_the_lifecycle_has_it(self) -> None:
        states = {key: row["state"] for key, row in self.found.referrals.items()}
        assert states == {case.id: case.state for case in self.life.cases.values()}

    @invariant()
    def inv_05_13_clinical_windows_run_from_the_incident_and_never_later(self) -> None:
        for case in self.life.cases.values():
            at, rule_id = self.found.referrals[case.id]["due"]["complete"]
            assert rule_id.startswith("CLIN-"), rule_id
            assert at <= self.firm.setdefault((case.id, "complete"), at)

    @invariant()
    def inv_06_nothing_pauses_where_life_is_at_risk(self) -> None:
        for case in self.life.cases.values():
            assert not case.is_immediate or not self.found.referrals[case.id]["clocks"].get("pauses")

    @invariant()
    def inv_14_every_decision_is_one_entry_and_every_state_is_that_of_the_last(self) -> None:
        assert decisions(self.found.entries[self.since :]) == +self.life.decided
        self.life.decided.clear()
        self.since = len(self.found.entries)
        said: dict[str, str] = {}
        for entry in self.found.entries:
            if entry["kind"] not in {"refusal", "lease", "statement"} and entry["state"] and entry["referral_id"]:
                said[entry["referral_id"]] = entry["state"]
        assert said == {case.id: case.state for case in self.life.cases.values()}

    @invariant()
    def who_declined_without_having_accepted_never_learned_who_she_is(self) -> None:
        for case in self.life.cases.values():
            if case.state == "declined" and not case.accepted and not case.is_immediate:
                assert not case.opened & WAITS
        for case in self.life.cases.values():
            assert case.accepted or case.state not in TAKEN_ON

    @invariant()
    def every_holder_of_what_was_taken_back_is_held_to_account(self) -> None:
        owed = {(one["revocation_id"], one["referral_id"]): one["result"] != "pending" for one in self.found.holds}
        assert owed == {
            (key, case.id): answered for case in self.life.cases.values() for key, answered in case.holds.items()
        }

    @invariant()
    def every_deadline_is_spoken_of_once(self) -> None:
        assert [notice for notice, count in self.life.notices.items() if count > 1] == []
        expired = [entry["referral_id"] for entry in self.found.entries if entry["code"] == "acknowledge:expired"]
        assert len(expired) == len(set(expired))

    # Choosing.

    def _consent(self, data: st.DataObject) -> Agreed:
        known = list(self.life.consents.values())
        return data.draw(mostly(known[:1], known), label="consent")

    def _case(self, data: st.DataObject) -> Case:
        return data.draw(st.sampled_from(list(self.life.cases.values())[-6:]), label="case")


def mostly(lawful: Sequence[Value], anything: Sequence[Value]) -> st.SearchStrategy[Value]:
    """Draw what is lawful three times of four, if anything is."""
    return st.one_of(*[st.sampled_from(lawful or anything)] * 3, st.sampled_from(anything))


def _agency(known: Agency, name: str) -> Agency:
    return replace(known, id=name, keys=keys_of(name), _tokens={})


def test_a_life_of_consents_keeps_the_invariants(template: Path, tmp_path: Path) -> None:
    run_state_machine_as_test(
        lambda: Lives(template, tmp_path),
        settings=settings(
            max_examples=max(3, settings.default.max_examples // 5),
            stateful_step_count=30,
            phases=PHASES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
