"""What may happen to consents and referrals, worked out apart from the gateway: for tests to compare it with.

Nothing here asks the code under test. Consent is worked out grant by grant, the lifecycle is read from the table that
the tests state by hand, and moments are the tests' own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.agency import Message, Sent
from tests.support.matrix_table import EVENTS, STATES

SERVICE = "HEA-02"
REQUIRED = frozenset({"contact", "preferences", "incident", "demographics"})
DATA = (*sorted(REQUIRED), "identity", "safety")
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


@dataclass
class Agreed:
    """A consent that the gateway has registered."""

    id: str
    subject: str
    recorder: str
    lines: tuple[Line, ...]
    valid_to: datetime
    parent: "Agreed | None" = None
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
class Case:
    """A referral that the gateway has admitted."""

    sent: Sent
    consent: Agreed
    parent: "Case | None"
    state: str = "sent"
    accepted: bool = False
    declined: bool = False
    fetched: bool = False
    waiting: bool = True
    gone: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    holds: dict[str, bool] = field(default_factory=dict)

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
    def names(self) -> frozenset[str]:
        """What it carries."""
        return frozenset(self.sent.plaintexts)

    @property
    def is_immediate(self) -> bool:
        """Say whether nothing waits in it, as life is at risk."""
        return bool(self.sent.message["urgency"] == "immediate")

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
        return in_time and name in self.names - self.gone and name in self.consent.allows(self.recipient, at)

    def leaves_with(self, at: datetime) -> frozenset[str]:
        """Of which compartments the halves travel with the delivery now."""
        return frozenset(
            name
            for name in self.names - self.gone
            if self.stage(name) == "triage" and name in self.consent.allows(self.recipient, at)
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
        if event == "sealed":
            self.holds = dict.fromkeys(self.holds, True)
        if target != "=":
            self.becomes(target)

    def becomes(self, state: str) -> None:
        """Come into a state; at an end every half that is left is destroyed, and what waits does not leave."""
        self.state = state
        if state in ENDS:
            self.gone |= self.names
            self.waiting = False

    def delivered(self) -> None:
        """Be taken in: what travelled is the recipient's now; what it asked for before, it may ask for again."""
        self.waiting = False
        self.gone |= {name for name in self.names - self.asked if self.stage(name) == "triage"}
        if self.state == "sent":
            self.state = "delivered"

    def loses(self, taken: Taking, before: frozenset[str]) -> frozenset[str]:
        """Lose what was taken back, and return it; `before` is what its consent carried until then."""
        lost = (before - self.consent.carries(self.recipient)) & self.names
        if not lost:
            return lost
        self.gone |= lost
        left = self.names & self.consent.carries(self.recipient)
        ends = not self.has_ended and (not left or bool(REQUIRED & lost))
        never_left = ends and self.waiting and not self.fetched
        if ends:
            self.becomes("revoked")
        self.holds[taken.id] = never_left
        return lost


def may_refer(message: Message, consent: Agreed, parent: Case | None, *, at: datetime) -> bool:
    """Say whether a referral under this consent may go where it says."""
    sender, recipient = message["sender"], message["recipient"]
    names = {part["name"] for part in message["compartments"]}
    own_chain = parent is None or bool(parent.side(sender))
    holds = parent is not None and parent.is_held_by(sender) and parent.consent.subject == consent.subject
    speaks = all(one.recorder == sender or (holds and one.lets_on(sender)) for one in consent.ancestry())
    return own_chain and speaks and REQUIRED <= names <= consent.allows(recipient, at)


def may_take_back(agency: str, consent: Agreed, consents: Mapping[str, Agreed], cases: Mapping[str, Case]) -> bool:
    """Say whether an agency holds her case, so that her word counts there."""
    family = [one for one in consents.values() if one.root is consent.root]
    under = [case for case in cases.values() if case.consent.root is consent.root]
    return any(one.recorder == agency for one in family) or any(case.side(agency) for case in under)
