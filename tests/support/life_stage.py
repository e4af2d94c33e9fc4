"""How a life of consents begins: a gateway in this process, the model beside it, her case, and an emergency.

What is true after each rule is read from beside the gateway once, when it is asked about.
"""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from shared.kernel.clock import ManualClock, SystemClock
from tests.support import life_acts as acts
from tests.support import life_choices as choices
from tests.support.life_beside import Beside, Observer
from tests.support.life_counts import months
from tests.support.life_gateway import SEALED_AS, SITE, SUITE, Life
from tests.support.life_law import BREAK_GLASS, MOST_OF, TOLD
from tests.support.life_model import DATA, REQUIRED, SERVICE, Agreed, Case, Given, Line, Taking
from tests.support.life_watch import Ears
from tests.support.mesh import keys_of, running_mesh

#: Makes a database with all agencies in its directory, says where it is, and takes it away in the end.
World = Callable[[], AbstractContextManager[str]]


class Staged(RuleBasedStateMachine):
    """One life as it begins: a gateway in this process, the model beside it, her case, an emergency."""

    def __init__(self, world: World, folder: Path, log: io.StringIO) -> None:
        super().__init__()
        self._folder = folder
        self._stack = ExitStack()
        self._url = self._stack.enter_context(world())
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._clock = ManualClock(SystemClock().now())
        self.began = self._clock.now()
        self.ears = Ears(log, site=SITE)
        self.observer = Observer(self._url)
        self._stack.callback(self.observer.close)
        self._found, self._moved, self.asked = self.observer.look(), False, True
        self._running = self._stack.enter_context(ExitStack())
        self.said: dict[str, str] = {}
        self.expired: dict[str, int] = {}
        self.life = Life(self._open(), self._clock)

    def teardown(self) -> None:
        """Let everybody fetch the last of what waits; the ledger is verified as the gateway closes."""
        try:
            for name in SUITE:
                self._do(self.life.fetch, name, settle=True)
            for reader in (None, SUITE[0]):
                self._count(reader)
            for case in [one for one in self.life.cases.values() if one.has_ended][:2]:
                self._do(acts.knock, self.life, case)
            for case in self.life.cases.values():
                event(f"ended {case.state}")
            self.holds_at_the_end()
        finally:
            self._stack.close()

    def holds_at_the_end(self) -> None:
        """Ask once more what has to hold."""

    def _open(self) -> Any:
        mesh = running_mesh(self._url, self._folder, clock=self._clock, secrets={"known": "known"})
        running = self._running.enter_context(self._portal.wrap_async_context_manager(mesh))
        directory: Any = running.agencies
        known = running.oversight
        directory |= {name: replace(known, id=name, keys=keys_of(name), _tokens={}) for name in SUITE}
        self.ears.listen(known.http)
        return running

    def _do(self, act: Callable[..., Any], *given: Any, **named: Any) -> None:
        async def acted() -> None:
            await act(*given, **named)

        self._portal.call(acted)
        self._moved = True

    @property
    def found(self) -> Beside:
        """What is there now; of the ledger, what came since this was last asked."""
        if self._moved:
            self._found, self._moved, self.asked = self.observer.look(), False, False
            self.life.follow(self._found)
        return self._found

    # What agencies and she do.

    @initialize(
        hops=st.integers(1, 3),
        urgency=st.sampled_from(["urgent", "immediate"]),
        lasts=choices.lasting,
        by=st.sampled_from([Given.HERSELF, Given.PARENT, Given.OTHER_PARENT, Given.TWO_WORKERS]),
        kept_from=choices.kept,
        fetched=st.sampled_from(["settled", "settled", "settled", "read", None]),
        withheld=st.sampled_from([None, "identity", "safety"]),
        taken=st.sampled_from([True, True, False]),
        own=st.sampled_from([True, True, False]),
        paused=st.booleans(),
        unsafe=st.booleans(),
        regret=st.sampled_from([None, None, "identity", "all", "all"]),
        answer_as=st.sampled_from([*SEALED_AS]),
    )
    def begin(self, hops: int, urgency: str, lasts: timedelta, by: Given, **ways: Any) -> None:
        """Her case begins, and is referred on, under one consent or each time under its own: no life is without one."""
        life, names = self.life, frozenset(DATA) - {ways["withheld"]}
        granted = [Line(frozenset(SUITE), names, onward=True)]
        self._do(life.agree, SUITE[0], granted, until=life.now + lasts, parent=None, by=by)
        parent: Case | None = None
        for sender, recipient in list(pairwise(SUITE))[:hops]:
            consent = next(reversed(life.consents.values()))
            self._look_for(sender, parent, frozenset(), SERVICE)
            if parent is not None and ways["own"]:
                self._do(life.agree, sender, granted, until=consent.valid_to, parent=consent, by=by)
                consent = next(reversed(life.consents.values()))
            given: dict[str, Any] = {"consent": consent, "parent": parent}
            given["kept_from"] = frozenset() if parent else ways["kept_from"]
            given |= {"unsafe": ways["unsafe"] and parent is None and by is not Given.PARENT, "urgency": urgency}
            for tried in dict.fromkeys((frozenset(DATA), names)):
                self._do(life.refer, sender, recipient, names=tried, **given)
            parent = next(reversed(life.cases.values()), None)
            if ways["fetched"]:
                self._do(life.fetch, recipient, settle=ways["fetched"] == "settled")
            if (ways["taken"] or ways["paused"]) and parent is not None:
                self._do(life.open, parent.recipient, parent, parent.names)  # too early
                self._take_on(parent)
        self._put_off(ways["paused"], "started", "on_hold")
        if ways["regret"]:
            names = None if ways["regret"] == "all" else frozenset({ways["regret"]})
            self._take_back(SUITE[0], next(iter(life.consents.values())), ways["answer_as"], names=names)

    @initialize(
        urgency=st.sampled_from(["urgent", "immediate"]),
        paused=st.booleans(),
        second=st.sampled_from(["duty-1", "Duty-1", "duty-2", None]),
        told=st.sampled_from([MOST_OF[BREAK_GLASS], frozenset(TOLD)]),
        forgotten=st.sampled_from([None, *acts.FORGOTTEN]),
        slips=st.lists(choices.places, max_size=3),
    )
    def emergency(self, urgency: str, paused: bool, second: str | None, slips: list[str], **what: Any) -> None:
        """Somebody is in danger meanwhile: the police are called, and in the hurry something is written openly."""
        for names, forgotten in dict.fromkeys(((what["told"], what["forgotten"]), (MOST_OF[BREAK_GLASS], None))):
            self._call(SUITE[0], SUITE[3], BREAK_GLASS, names, urgency=urgency, forgotten=forgotten)
        case = next(reversed(self.life.cases.values()))
        if second is not None:
            self._do(acts.confirm, self.life, SUITE[0], case, second)
        self._put_off(paused, "acknowledged", "info_requested")
        for place in slips:
            self._do(acts.slip, self.life, SUITE[0], case, place)

    def _put_off(self, paused: bool, *events: str) -> None:
        """Let whoever has the last case begin with it, and then wait."""
        for case in list(self.life.cases.values())[-1:] if paused else ():
            for what in events:
                self._do(self.life.report, case.recipient, case, what)

    def _look_for(self, sender: str, case: Case | None, blocked: frozenset[str], service: str) -> None:
        """Ask who could take her, as whoever refers does first."""
        self._do(acts.match, self.life, sender, case=case, blocked=blocked, exclude=frozenset(), service=service)

    def _call(self, sender: str, recipient: str, kind: str, names: frozenset[str], **ways: Any) -> None:
        given = {"child": False, "workers": Given.TWO_WORKERS, "forgotten": None, "parent": None, **ways}
        self._do(acts.disclose, self.life, sender, recipient, kind=kind, names=names, **given)

    def _take_on(self, case: Case) -> None:
        for what in ("acknowledged", "accepted"):
            if case.may_say(what, case.recipient):
                self._do(self.life.report, case.recipient, case, what)
        self._do(self.life.open, case.recipient, case, case.names)

    def _take_back(self, by: str, consent: Agreed, answer_as: str | None, **what: Any) -> None:
        word, taking = what.get("word", "survivor"), Taking("", what.get("recipients"), what.get("names"))
        self._do(self.life.take_back, by, consent, taking, word=word)
        for case in [one for one in self.life.cases.values() if one.owes][:2] if answer_as else ():
            self._do(self.life.report, case.recipient, case, "sealed", answer_as=answer_as)
        last = next(reversed(self.life.consents.values()))
        recipient = next(name for name in reversed(SUITE) if name != last.recorder)
        given: dict[str, Any] = {"consent": last, "parent": None, "names": REQUIRED, "urgency": "urgent"}
        self._do(self.life.refer, last.recorder, recipient, **given)

    def _count(self, reader: str | None) -> None:
        for month in months(self.began):
            self._do(acts.count, self.life, reader, month)
