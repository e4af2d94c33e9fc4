"""What may happen in a life of consents: the rules of the state machine; what holds after each is said by its test."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.support import life_acts as acts
from tests.support import life_choices as choices
from tests.support.life_beside import crash, look_twice, race
from tests.support.life_gateway import FORBIDDEN, SEALED_AS, STAFF, SUITE
from tests.support.life_law import ACCESS_ENDED, CALLED, FOR_A_CHILD, MOST_OF, TOLD
from tests.support.life_model import DATA, EVENT_TYPES, REQUIRED, SERVICE, Agreed, Case, Given, Line
from tests.support.life_stage import Staged


class Living(Staged):
    """One life, and what may happen in it."""

    # What agencies and she do.

    @precondition(lambda self: len(self.life.consents) < choices.MOST_CONSENTS)
    @rule(recorder=st.sampled_from(SUITE), given=choices.grants, lasts=choices.lasting, by=choices.givers)
    def agree(self, recorder: str, given: list[Line], lasts: timedelta, by: Given) -> None:
        self._do(self.life.agree, recorder, given, until=self.life.now + lasts, parent=None, by=by)

    @precondition(lambda self: self.life.consents)
    @rule(
        data=st.data(),
        given=st.none() | choices.grants,
        earlier=st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=1)]),
    )
    def derive(self, data: st.DataObject, given: list[Line] | None, earlier: timedelta) -> None:
        parent = self._consent(data)
        speakers = [name for name in SUITE if name == parent.recorder or parent.lets_on(name)]
        deriver = data.draw(choices.mostly(speakers, SUITE), label="deriver")
        chosen = list(parent.lines) if given is None else given
        until = parent.valid_to - earlier
        self._do(self.life.agree, deriver, chosen, until=until, parent=parent, by=parent.given)

    @precondition(lambda self: self.life.consents)
    @rule(
        data=st.data(), urgency=choices.urgencies, kept_from=choices.kept, unsafe=st.sampled_from([False, False, True])
    )
    def refer(self, data: st.DataObject, urgency: str, **said: Any) -> None:
        life, consent = self.life, self._consent(data)
        held = [case for case in life.cases.values() if case.ground.subject == consent.subject]
        parent = data.draw(st.sampled_from([None, *held[-4:], *list(life.cases.values())[-1:]]), label="parent")
        speaker = [parent.recipient] if parent else [consent.recorder]
        sender = data.draw(choices.mostly(speaker, SUITE), label="sender")
        others = [name for name in SUITE if name != sender]
        hidden = sorted(parent.kept_from.intersection(others)) if parent else []
        allowed = [name for name in others if consent.allows(name, life.now) >= REQUIRED and name not in hidden]
        recipient = data.draw(choices.mostly(allowed, hidden or others), label="recipient")
        whole = consent.allows(recipient, life.now) | REQUIRED
        names = data.draw(st.sampled_from([whole, whole, REQUIRED, frozenset(DATA)]) | choices.some_data, label="data")
        self._look_for(sender, parent, said["kept_from"], SERVICE)
        self._do(life.refer, sender, recipient, consent=consent, parent=parent, names=names, urgency=urgency, **said)

    @rule(
        data=st.data(),
        kind=choices.grounds,
        child=st.booleans(),
        workers=st.sampled_from([Given.TWO_WORKERS, Given.ONE_WORKER]),
        forgotten=st.sampled_from([None, None, None, *acts.FORGOTTEN]),
        kept_from=choices.kept,
        urgency=choices.urgencies,
    )
    def call(self, data: st.DataObject, kind: str, **said: Any) -> None:
        """Disclose without her consent, within a case or outside of any."""
        parent = data.draw(st.sampled_from([None, *list(self.life.cases.values())[-3:]]), label="parent")
        sender = data.draw(
            choices.mostly([parent.recipient, parent.sender] if parent else SUITE, SUITE), label="sender"
        )
        others = [name for name in SUITE if name != sender]
        hidden = sorted(parent.kept_from.intersection(others)) if parent else []
        recipient = data.draw(choices.mostly(others, hidden or others), label="recipient")
        self._look_for(sender, parent, said["kept_from"], CALLED)
        most = MOST_OF[kind]
        names = data.draw(st.sampled_from([most, most, most | {TOLD[-1]}, most - {"contact"}]), label="data")
        self._call(
            sender, recipient, kind, names, parent=parent, **said | {"child": said["child"] or kind == FOR_A_CHILD}
        )

    @precondition(lambda self: any(case.is_by_law for case in self.life.cases.values()))
    @rule(data=st.data(), what=st.sampled_from(["confirm", "confirm", "tell", "review"]))
    def answer_for(self, data: st.DataObject, what: str) -> None:
        """Do what is owed after a disclosure: a second person, telling her, a review."""
        called = [case for case in self.life.cases.values() if case.is_by_law]
        case = data.draw(choices.mostly(called[-2:], list(self.life.cases.values())), label="case")
        if what == "review":
            measures = data.draw(st.sampled_from([(), (ACCESS_ENDED,)]), label="measures")
            outcome = data.draw(st.sampled_from(["justified", "not_justified"]), label="outcome")
            self._do(acts.review, self.life, case, outcome, measures)
            return
        by = data.draw(choices.mostly([case.sender], SUITE), label="by")
        actor = data.draw(st.sampled_from(["duty-2", "duty-1", "Duty-1", *STAFF[:1]]), label="actor")
        self._do(acts.confirm if what == "confirm" else acts.tell, self.life, by, case, actor)

    @precondition(lambda self: self.life.cases)
    @rule(
        data=st.data(),
        forbidden=st.none() | st.sampled_from(FORBIDDEN),
        answer_as=st.sampled_from([*SEALED_AS]),
        steps=st.integers(1, 4),
    )
    def report(self, data: st.DataObject, forbidden: str | None, answer_as: str, steps: int) -> None:
        """Report events of one case, one after another, as work goes on."""
        case = self._case(data)
        for _ in range(steps):
            by = data.draw(choices.mostly([case.recipient, case.recipient, case.sender], SUITE), label="by")
            legal = [one for one in EVENT_TYPES if case.may_say(one, by)]
            what = data.draw(
                choices.mostly([one for one in legal if one not in choices.BREAKING_OFF], EVENT_TYPES), label="event"
            )
            self._do(self.life.report, by, case, what, forbidden=forbidden, answer_as=answer_as)

    @precondition(lambda self: any(not case.has_ended for case in self.life.cases.values()))
    @rule(data=st.data())
    def take_on(self, data: st.DataObject) -> None:
        """Go the way that most referrals go: seen, taken, opened."""
        open_ones = [case for case in self.life.cases.values() if not case.has_ended]
        self._take_on(data.draw(st.sampled_from(open_ones), label="case"))

    @precondition(lambda self: self.life.cases)
    @rule(
        data=st.data(),
        names=st.just(frozenset(DATA)) | choices.some_data,
        actor=st.sampled_from(STAFF),
        near=st.sampled_from([False, False, True]),
    )
    def open(self, data: st.DataObject, names: frozenset[str], actor: str, near: bool) -> None:
        """Open what waits; `near`: somebody says that they are too near to the case, and tries all the same."""
        case = self._case(data)
        by = data.draw(choices.mostly([case.recipient], SUITE), label="by")
        if near:
            self._do(acts.declare, self.life, by, case, actor)
        self._do(self.life.open, by, case, names, actor=actor)

    @precondition(lambda self: self.life.cases)
    @rule(data=st.data(), place=st.none() | choices.places)
    def write(self, data: st.DataObject, place: str | None) -> None:
        """Write a note, or beside the seal what belongs under it."""
        case = self._case(data)
        by = data.draw(choices.mostly([case.sender, case.recipient], SUITE), label="by")
        if place is None:
            self._do(acts.note, self.life, by, case)
        else:
            self._do(acts.slip, self.life, case.sender, case, place)

    @rule(
        name=st.sampled_from(SUITE),
        settle=st.sampled_from([True, True, False]),
        rejects=st.sampled_from([False, False, False, True]),
    )
    def fetch(self, name: str, settle: bool, rejects: bool) -> None:
        self._do(self.life.fetch, name, settle=settle, rejects=rejects)

    @precondition(lambda self: sum(len(one.takings) for one in self.life.consents.values()) < choices.MOST_TAKINGS)
    @rule(
        data=st.data(),
        recipients=st.none() | st.none() | choices.some_agencies,
        names=st.sampled_from([None, None, None, *map(frozenset, (["identity"], ["safety"], ["incident"]))])
        | choices.some_data,
        word=st.sampled_from(["survivor", "survivor", "recorder", "guardian"]),
        answer_as=st.none() | st.sampled_from([*SEALED_AS]),
    )
    def take_back(self, data: st.DataObject, answer_as: str | None, word: str, **what: frozenset[str] | None) -> None:
        """Take consent back; `answer_as`: who holds it answers at once, and somebody refers all the same."""
        consent = self._consent(data)
        by = data.draw(choices.mostly([consent.recorder], SUITE), label="by")
        self._take_back(by, consent, answer_as, word=word, **what)

    @precondition(lambda self: len(self.life.disabled) < 2 and len(self.life.cases) > 2)
    @rule(name=st.sampled_from(SUITE))
    def disable(self, name: str) -> None:
        if name not in self.life.disabled:
            self._do(self.life.disable, name)

    # What is asked.

    @rule(
        data=st.data(),
        what=st.sampled_from(["who", "who", "case", "case", "counts", "true counts"]),
        reader=st.sampled_from(SUITE),
        blocked=choices.kept,
        exclude=choices.kept,
        service=st.sampled_from([SERVICE, CALLED]),
    )
    def ask(self, data: st.DataObject, what: str, reader: str, **said: Any) -> None:
        """Ask who could take her; read a case with all about it, or the counts of the last months."""
        known = list(self.life.cases.values())
        if what == "who":
            case = data.draw(st.sampled_from([None, *known, *[one for one in known if one.kept_from]]), label="case")
            asker = data.draw(choices.mostly([case.sender, case.recipient] if case else SUITE, SUITE), label="asker")
            self._do(acts.match, self.life, asker, case=case, **said)
        elif what == "case" and known:
            self._do(acts.read_along, self.life, reader, self._case(data))
        else:
            self._count(None if what == "true counts" else reader)

    # What time and machines do.

    @rule(by=choices.passing, late=st.booleans())
    def wait(self, by: timedelta, late: bool) -> None:
        """Let time pass; `late`: those who have not looked yet do now, before anybody has tidied up."""
        self._clock.advance(by)
        for case in list(self.life.cases.values())[-3:] if late else ():
            self._do(self.life.open, case.recipient, case, case.names)

    @rule(
        kind=st.sampled_from(["look", "look", "crash", "crash", "race", "restart"]),
        after=st.integers(0, 12),
        first=st.just(timedelta(0)) | choices.passing,
    )
    def tick(self, kind: str, after: int, first: timedelta) -> None:
        """Look at what is due: alone, overtaken by another, or dying at it; or close the gateway and open it anew."""
        self._clock.advance(first)
        if kind == "restart":
            self._running.close()  # has its ledger verified
            self.life.mesh = self._open()
            self._moved = True
        elif kind == "crash":
            self._do(crash, self.life.mesh, after)
        elif kind == "look":
            self._do(look_twice, self.life.mesh, self.observer)
        else:
            self._do(race, self.life.mesh)

    # Choosing.

    def _consent(self, data: st.DataObject) -> Agreed:
        known = list(self.life.consents.values())
        return data.draw(choices.mostly(known[:1], known), label="consent")

    def _case(self, data: st.DataObject) -> Case:
        return data.draw(st.sampled_from(list(self.life.cases.values())[-6:]), label="case")
