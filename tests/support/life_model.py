"""What may happen to consents and referrals, worked out apart from the gateway: for tests to compare it with.

Nothing here asks the code under test. Consent is worked out grant by grant, the lifecycle is read from the table that
the tests state by hand, and moments are the tests' own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from tests.support.agency import Message, Sent
from tests.support.life_law import CALLED, NEEDED, Law
from tests.support.matrix_table import EVENTS, STATES

SERVICE = "HEA-02"
REQUIRED = frozenset({"contact", "preferences", "incident", "demographics"})
DATA = (*sorted(REQUIRED), "identity", "safety")
#: Evidence and records that a law may make a service of health or police keep.
HOLDABLE = frozenset({"incident", "forensic", "documents"})
#: What tells who and where she is waits until the recipient has accepted.
WAITS = frozenset({"contact", "identity"})

ENDS = frozenset(STATES[STATES.index("completed") :])
TAKEN_ON = frozenset({"accepted", "scheduled", "in_progress", "on_hold", "unreached"})
UNDECIDED = frozenset({"sent", "delivered", "acknowledged", "info_requested"})
#: Who was referred to acts no longer.
GIVEN_UP = frozenset({"declined", "withdrawn", "revoked", "cancelled", "expired", "entered_in_error"})
MOST = {"info_requested": 1, "contact_attempted": 3}

EVENT_TYPES = tuple(line.split()[0] for line in EVENTS.strip().splitlines()[1:])
_ROWS = {line.split()[0]: line.split()[1:] for line in EVENTS.strip().splitlines()[1:]}


class Given(Enum):
    """Who consented: she herself, or for a child under six whoever did."""

    HERSELF = "herself"
    PARENT = "a parent, who is safe"
    OTHER_PARENT = "a parent, while another caregiver is not safe"
    TWO_WORKERS = "two workers, as the caregiver is not safe"
    UNSAFE_PARENT = "a parent who is not safe"
    ONE_WORKER = "one worker alone"
    ITSELF = "the child alone"

    @property
    def is_lawful(self) -> bool:
        """Say whether such a consent counts."""
        return self not in {Given.UNSAFE_PARENT, Given.ONE_WORKER, Given.ITSELF}

    @property
    def is_a_childs(self) -> bool:
        """Say whether it is a child's."""
        return self is not Given.HERSELF

    @property
    def lets_a_guardian_speak(self) -> bool:
        """Say whether a guardian's word takes it back: one gave it, and nobody is known to be unsafe."""
        return self is Given.PARENT


@dataclass(frozen=True)
class Line:
    """One line of a consent."""

    recipients: frozenset[str]
    names: frozenset[str]
    onward: bool


@dataclass(frozen=True)
class Taking:
    """What she took back: from whom, and what; None is everybody, or everything."""

    id: str
    recipients: frozenset[str] | None
    names: frozenset[str] | None

    def takes(self, recipient: str, name: str) -> bool:
        """Say whether it takes this from them."""
        from_them = self.recipients is None or recipient in self.recipients
        return from_them and (self.names is None or name in self.names)


@dataclass(eq=False)
class Agreed:
    """A consent that the gateway has registered."""

    id: str
    subject: str
    recorder: str
    lines: tuple[Line, ...]
    valid_to: datetime
    parent: "Agreed | None" = None
    given: Given = Given.HERSELF
    takings: list[Taking] = field(default_factory=list)

    def ancestry(self) -> Iterator["Agreed"]:
        """Yield this consent and what it was derived from."""
        yield self
        if self.parent is not None:
            yield from self.parent.ancestry()

    @property
    def root(self) -> "Agreed":
        """The consent at the beginning."""
        return list(self.ancestry())[-1]

    def is_over(self, at: datetime) -> bool:
        """Say whether it, or what it was derived from, has ended."""
        return any(at >= one.valid_to for one in self.ancestry())

    def gives(self, recipient: str) -> frozenset[str]:
        """What it gives to a recipient by itself, whatever it was derived from."""
        return frozenset(
            name
            for line in self.lines
            for name in line.names
            if recipient in line.recipients and not any(one.takes(recipient, name) for one in self.takings)
        )

    def carries(self, recipient: str) -> frozenset[str]:
        """What it gives together with all that it was derived from, whenever."""
        return frozenset(DATA).intersection(*(one.gives(recipient) for one in self.ancestry()))

    def allows(self, recipient: str, at: datetime) -> frozenset[str]:
        """What may go to a recipient at this moment."""
        return frozenset() if self.is_over(at) else self.carries(recipient)

    def lets_on(self, agency: str) -> bool:
        """Say whether an agency may pass on what came to it under a line of this consent, and still holds some."""
        left = {
            line: [name for name in line.names if not any(one.takes(agency, name) for one in self.takings)]
            for line in self.lines
            if line.onward and agency in line.recipients
        }
        return any(left.values())

    def may_derive(self, child: "Agreed", at: datetime) -> bool:
        """Say whether a consent may be derived from this one."""
        speaks = child.recorder == self.recorder or self.lets_on(child.recorder)
        inside = all(
            line.names <= self.gives(recipient) and (not line.onward or self.lets_on(recipient))
            for line in child.lines
            for recipient in line.recipients
        )
        return speaks and inside and at < child.valid_to <= self.valid_to and child.subject == self.subject


@dataclass
class Owed:
    """What a holder answers to one taking back: what it lost by it, and what it said."""

    lost: frozenset[str]
    result: str

    @property
    def is_pending(self) -> bool:
        """Say whether nothing was answered yet."""
        return self.result == "pending"


@dataclass(eq=False)
class Case:
    """A referral that the gateway has admitted.

    `kept_from`: agencies and people who must not learn of it. `unsafe`: a caregiver is not safe. `unsealed`: what the
    recipient can have read, as far as the gateway knows.
    """

    sent: Sent
    ground: Agreed | Law
    parent: "Case | None"
    kept_from: frozenset[str] = frozenset()
    unsafe: bool = False
    state: str = "sent"
    accepted: bool = False
    declined: bool = False
    fetched: bool = False
    waiting: bool = True
    gone: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    unsealed: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    holds: dict[str, Owed] = field(default_factory=dict)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Say what a failing life needs to tell of it, and not its ciphertexts."""
        printer.text(f"<{self.sender} to {self.recipient}, {self.state}, by {'law' if self.is_by_law else 'consent'}>")

    @property
    def id(self) -> str:
        """The referral's id."""
        return self.sent.id

    @property
    def sender(self) -> str:
        """Who sent it."""
        return str(self.sent.message["sender"])

    @property
    def recipient(self) -> str:
        """Who received it."""
        return str(self.sent.message["recipient"])

    @property
    def chain(self) -> str:
        """The chain it is in."""
        return str(self.sent.message["chain_id"])

    @property
    def names(self) -> frozenset[str]:
        """What it carries."""
        return frozenset(self.sent.plaintexts)

    @property
    def required(self) -> frozenset[str]:
        """What it is nothing without."""
        return NEEDED if self.sent.message["service_type"] == CALLED else REQUIRED

    @property
    def is_immediate(self) -> bool:
        """Say whether nothing waits in it, as life is at risk."""
        return bool(self.sent.message["urgency"] == "immediate")

    @property
    def is_by_law(self) -> bool:
        """Say whether it rests on a law, and not on her consent."""
        return isinstance(self.ground, Law)

    @property
    def owes(self) -> bool:
        """Say whether its recipient has a withdrawal to answer."""
        return any(owed.is_pending for owed in self.holds.values())

    @property
    def has_ended(self) -> bool:
        """Say whether it has ended."""
        return self.state in ENDS

    def side(self, agency: str) -> str:
        """S for its sender, R for its recipient, else nothing."""
        return "S" if agency == self.sender else "R" if agency == self.recipient else ""

    def is_held_by(self, agency: str) -> bool:
        """Say whether an agency was referred to by it, and has not given it up."""
        closed = self.state == "closed" and (self.declined or not self.accepted)
        return self.recipient == agency and self.state not in GIVEN_UP and not closed

    def stage(self, name: str) -> str:
        """When a compartment opens."""
        return "accepted" if name in WAITS and not self.is_immediate else "triage"

    def opens(self, name: str, at: datetime) -> bool:
        """Say whether the recipient may have the other half of this now."""
        in_time = not self.has_ended and (self.stage(name) == "triage" or self.state in TAKEN_ON)
        return in_time and name in self.names - self.gone and name in self.ground.allows(self.recipient, at)

    def leaves_with(self, at: datetime) -> frozenset[str]:
        """Of which compartments the halves travel with the delivery now."""
        return frozenset(
            name
            for name in self.names - self.gone
            if self.stage(name) == "triage" and name in self.ground.allows(self.recipient, at)
        )

    def may_say(self, event: str, agency: str) -> bool:
        """Say whether an agency may report an event, as far as state, side and how often go."""
        letter = _ROWS[event][STATES.index(self.state)]
        side = self.side(agency)
        own = bool(side) and letter in {"B", side}
        paused = event == "on_hold" and self.is_immediate
        return own and not paused and self.counts.get(event, 0) < MOST.get(event, 99)

    def said(self, event: str) -> None:
        """Go on to what an event leads to."""
        target = _ROWS[event][-1]
        self.counts[event] = self.counts.get(event, 0) + 1
        self.accepted = self.accepted or event == "accepted"
        self.declined = self.declined or event == "declined"
        if target != "=":
            self.becomes(target)

    def may_keep(self, owed: Owed) -> bool:
        """Say whether a law may make the recipient keep something of what was taken back."""
        return owed.result == "pending" and bool(owed.lost & HOLDABLE & self.unsealed)

    def seals(self, result: str) -> None:
        """Take the recipient's answer: what is pending is answered, and a hold by law ends by sealing off."""
        for owed in self.holds.values():
            if result == "legal_hold":
                owed.result = ("legal_hold" if self.may_keep(owed) else "sealed") if owed.is_pending else owed.result
            elif owed.result in {"pending", "legal_hold"}:
                owed.result = "sealed"

    def becomes(self, state: str) -> None:
        """Come into a state; at an end every half that is left is destroyed, and what waits does not leave."""
        self.state = state
        if state in ENDS:
            self.gone |= self.names
            self.waiting = False

    def delivered(self) -> None:
        """Be taken in: what travelled is the recipient's now; what it asked for before, it may ask for again."""
        self.waiting = False
        travelled = {name for name in self.names - self.asked if self.stage(name) == "triage"}
        self.unsealed |= travelled - self.gone
        self.gone |= travelled
        if self.state == "sent":
            self.state = "delivered"

    def rejected(self) -> None:
        """Be rejected by a recipient that cannot open it: it ends, if it has not."""
        self.waiting = False
        if not self.has_ended:
            self.becomes("expired")

    def loses(self, taken: Taking, before: frozenset[str]) -> frozenset[str]:
        """Lose what was taken back, and return it; `before` is what its consent carried until then."""
        assert isinstance(self.ground, Agreed)
        lost = (before - self.ground.carries(self.recipient)) & self.names
        if not lost:
            return lost
        self.gone |= lost
        left = self.names & self.ground.carries(self.recipient)
        ends = not self.has_ended and (not left or bool(self.required & lost))
        never_left = ends and self.waiting and not self.fetched
        if ends:
            self.becomes("revoked")
        self.holds[taken.id] = Owed(lost, "never_opened" if never_left else "pending")
        return lost


def may_go(sender: str, parent: Case | None, recipient: str, kept_from: frozenset[str]) -> bool:
    """Say whether a referral may be sent in this chain, whatever it rests on."""
    return (parent is None or bool(parent.side(sender))) and recipient not in kept_from


def may_refer(message: Message, consent: Agreed, parent: Case | None, *, unsafe: bool, at: datetime) -> bool:
    """Say whether a referral under this consent may go where it says."""
    sender, recipient = message["sender"], message["recipient"]
    names = {part["name"] for part in message["compartments"]}
    holds = parent is not None and parent.is_held_by(sender) and parent.ground.subject == consent.subject
    speaks = all(one.recorder == sender or (holds and one.lets_on(sender)) for one in consent.ancestry())
    heeded = not (unsafe and any(one.given is Given.PARENT for one in consent.ancestry()))
    return speaks and heeded and REQUIRED <= names <= consent.allows(recipient, at)


def may_take_back(
    agency: str, consent: Agreed, consents: Mapping[str, Agreed], cases: Mapping[str, Case], *, word: str
) -> bool:
    """Say whether an agency holds her case, and whether this word counts there."""
    family = [one for one in consents.values() if one.root is consent.root]
    under = [case for case in cases.values() if case.ground.root is consent.root]
    holds = any(one.recorder == agency for one in family) or any(case.side(agency) for case in under)
    if word == "recorder":
        return holds and consent.recorder == agency
    if word == "guardian":
        below = [case for case in under if consent in case.ground.ancestry()]
        return holds and consent.given.lets_a_guardian_speak and not any(case.unsafe for case in below)
    return holds


def may_note(case: Case, agency: str, at: datetime) -> bool:
    """Say whether one party may write to the other: while somebody works on it, and once when it is done."""
    speaks = bool(case.side(agency)) and (not case.has_ended or case.state == "completed")
    ground = case.ground
    if isinstance(ground, Law):
        return False
    left = all(one.gives(case.recipient) for one in ground.ancestry())
    return speaks and left and not ground.is_over(at)
