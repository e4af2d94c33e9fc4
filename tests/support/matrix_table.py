"""Who may do what at the gateway to a referral in which state: every cell said by hand, from the procedure alone.

Nothing here asks the code under test. Rows of events follow the lifecycle table of the procedure (T03-T19); the others
follow the rules of consent, of parties and of oversight. A role, verb or state without its cells fails the test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

STATES = (
    "sent", "delivered", "acknowledged", "info_requested", "accepted", "scheduled", "in_progress", "on_hold",
    "unreached", "completed", "declined", "failed", "cancelled", "withdrawn", "revoked", "expired", "closed",
    "entered_in_error",
)  # fmt: skip

SENDER, RECIPIENT = "sender", "recipient"
#: Recipients of other referrals of the chain: two before this one, and one after it.
UPSTREAM, DOWNSTREAM = "upstream", "downstream"
RECORDER, STRANGER, OVERSIGHT = "recorder", "stranger", "oversight"
#: The two parties once the operator has disabled them; their tokens still live.
DISABLED_SENDER, DISABLED_RECIPIENT = "disabled_sender", "disabled_recipient"
#: Somebody with a token of the gateway's own making in its own name; somebody without a token.
GATEWAY, NOBODY = "gateway", "nobody"

AGENCIES = (SENDER, RECIPIENT, UPSTREAM, DOWNSTREAM, RECORDER, STRANGER)
DISABLED = (DISABLED_SENDER, DISABLED_RECIPIENT)
ROLES = (*AGENCIES, OVERSIGHT, *DISABLED, GATEWAY, NOBODY)


@dataclass(frozen=True)
class Cell:
    """What comes of a verb: status and problem code, or done; then `shown`, and the state it leaves (None: as it was).

    `shown`: of a reading, whether it shows this referral; of an opening, the code for which it was not opened, or "".
    """

    status: int
    code: str | None = None
    after: str | None = None
    shown: bool | str | None = None

    @property
    def is_done(self) -> bool:
        """Say whether the verb is allowed."""
        return self.code is None


#: event: who may send it in each state (S sender, R recipient, B both, . nobody), and where it leads (= stays).
#: Those that only the gateway says (T03, T16a, T17) nobody sends.
EVENTS = """
                  snt dlv ack inf acc sch prg hld unr com dec fai can wdr rev exp clo err
delivered         .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   =
acknowledged      R   R   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   acknowledged
info_requested    .   .   R   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   info_requested
info_provided     .   .   .   S   .   .   .   .   .   .   .   .   .   .   .   .   .   .   acknowledged
accepted          .   .   R   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   accepted
declined          R   R   R   R   R   R   .   .   .   .   .   .   .   .   .   .   .   .   declined
scheduled         .   .   .   .   R   R   .   .   R   .   .   .   .   .   .   .   .   .   scheduled
started           .   .   .   .   R   R   .   .   R   .   .   .   .   .   .   .   .   .   in_progress
contact_attempted .   .   .   .   R   R   R   .   R   .   .   .   .   .   .   .   .   .   unreached
on_hold           .   .   .   .   .   .   R   .   .   .   .   .   .   .   .   .   .   .   on_hold
resumed           .   .   .   .   .   .   .   R   .   .   .   .   .   .   .   .   .   .   in_progress
completed         .   .   .   .   .   .   R   .   .   .   .   .   .   .   .   .   .   .   completed
failed            .   .   .   .   .   .   R   .   R   .   .   .   .   .   .   .   .   .   failed
cancelled         S   S   S   S   S   S   S   S   S   .   .   .   .   .   .   .   .   .   cancelled
withdrawn         B   B   B   B   B   B   B   B   B   .   .   .   .   .   .   .   .   .   withdrawn
revoked           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   =
sealed            R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   =
recorded          .   .   .   .   R   R   R   R   R   R   .   .   .   .   .   .   R   .   =
expired           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   =
closed            .   .   .   .   .   .   .   .   .   S   S   S   .   .   .   S   .   .   closed
entered_in_error  B   B   B   B   B   B   B   B   B   B   B   B   B   B   B   B   B   B   entered_in_error
"""

#: What the words of the cells below mean.
WORDS: Mapping[str, Cell] = {
    "done": Cell(202),
    "takes": Cell(202, after="revoked"),  # a taking back ends what is open
    "shown": Cell(200, shown=True),
    "blank": Cell(200, shown=False),  # answered, without this referral
    "open": Cell(200, shown=""),
    "stage": Cell(200, shown="referral.stage"),
    "ended": Cell(200, shown="referral.ended"),
    "over": Cell(409, "referral.ended"),
    "illegal": Cell(409, "referral.transition"),
    "whole": Cell(409, "consent.not-revoked"),
    "!party": Cell(404, "referral.unknown"),
    "!consent": Cell(404, "consent.unknown"),
    "!chain": Cell(404, "chain.unknown"),
    "!lease": Cell(404, "lease.unknown"),
    "!override": Cell(404, "override.unknown"),
    "!parent": Cell(422, "referral.parent"),
    "!message": Cell(422, "message.invalid"),
    "!onward": Cell(403, "consent.onward"),
    "!mine": Cell(403, "referral.not-recipient"),
    "!scope": Cell(403, "token.scope"),
    "!active": Cell(403, "agency.disabled"),
    "!client": Cell(401, "client.unknown"),
    "!token": Cell(401, "token.missing"),
}

#: What is the same whatever the verb and the state.
GUARDED = {DISABLED_SENDER: "!active", DISABLED_RECIPIENT: "!active", GATEWAY: "!client", NOBODY: "!token"}
STRANGERS_TO_IT = (UPSTREAM, DOWNSTREAM, RECORDER, STRANGER)
HOLDERS = (SENDER, RECIPIENT, UPSTREAM, DOWNSTREAM, RECORDER)

#: For a verb and some roles: one word for all states, or one for each.
OTHERS: Mapping[str, Mapping[tuple[str, ...], str]] = {
    # The recipient asks for what waits for its yes; consent stands, so the state alone decides.
    "open": {
        (OVERSIGHT,): "!scope",
        (RECIPIENT,): "stage stage stage stage open open open open open"
        " ended ended ended ended ended ended ended ended ended",
        (SENDER,): "!mine",
        STRANGERS_TO_IT: "!party",
    },
    # The two write to one another while somebody works on it, and once more when the service is completed.
    "note": {
        (OVERSIGHT,): "!scope",
        (SENDER, RECIPIENT): "done done done done done done done done done"
        " done over over over over over over over over",
        STRANGERS_TO_IT: "!party",
    },
    # Whoever holds her case refers on; who gave it back, or lost it, does not. Nobody does from another's referral.
    "onward": {
        (OVERSIGHT,): "!scope",
        (RECIPIENT,): "done done done done done done done done done"
        " done !onward done !onward !onward !onward !onward done !onward",
        (SENDER,): "!onward",
        STRANGERS_TO_IT: "!parent",
    },
    # A chain is not entered without naming a referral of it.
    "join": {AGENCIES: "!message", (OVERSIGHT,): "!scope"},
    # Her word counts wherever her case is held, however far down, in every state; only what is open is ended by it.
    "revoke": {
        HOLDERS: "takes takes takes takes takes takes takes takes takes"
        " done done done done done done done done done",
        (STRANGER,): "!consent",
        (OVERSIGHT,): "!scope",
    },
    "ask_statement": {
        (RECIPIENT,): "done done done done done done done done done over over over over over over over over over",
        (SENDER,): "!mine",
        STRANGERS_TO_IT: "!party",
        (OVERSIGHT,): "!scope",
        (GATEWAY,): "!active",
    },
    # The place it used is held by nobody any more: it cannot be let go as if nobody came.
    "release_lease": {AGENCIES: "!lease", (OVERSIGHT,): "!scope", (GATEWAY,): "!active"},
    # It rests on her consent: there is nothing to confirm, to tell or to review.
    "confirm_override": {AGENCIES: "!override", (OVERSIGHT,): "!scope", (GATEWAY,): "!active"},
    "tell_override": {AGENCIES: "!override", (OVERSIGHT,): "!scope", (GATEWAY,): "!active"},
    "review_override": {AGENCIES: "!scope", DISABLED: "!scope", (GATEWAY,): "!scope", (OVERSIGHT,): "!override"},
    "read_referral": {(SENDER, RECIPIENT): "shown", STRANGERS_TO_IT: "!party", (OVERSIGHT,): "!scope"},
    "read_list": {(SENDER, RECIPIENT, OVERSIGHT): "shown", STRANGERS_TO_IT: "blank"},
    "read_chain": {
        (SENDER, RECIPIENT, OVERSIGHT): "shown",
        (UPSTREAM, DOWNSTREAM, RECORDER): "blank",
        (STRANGER,): "!chain",
    },
    "read_entries": {(SENDER, RECIPIENT, OVERSIGHT): "shown", STRANGERS_TO_IT: "blank"},
    "read_consent": {HOLDERS: "shown", (STRANGER,): "!consent", (OVERSIGHT,): "!scope"},
    "read_propagation": {(*HOLDERS, OVERSIGHT): "shown", (STRANGER,): "!consent"},
    # Who recorded it, and oversight, may have the proof, once there is something to prove.
    "read_certificate": {
        (RECORDER, OVERSIGHT): "whole whole whole whole whole whole whole whole whole"
        " whole whole whole whole whole shown whole whole whole",
        (SENDER, RECIPIENT, UPSTREAM, DOWNSTREAM, STRANGER): "!consent",
    },
}  # fmt: skip
SIGNED_OTHERS = frozenset({"open", "note", "onward", "join", "revoke"})
READINGS = frozenset(verb for verb in OTHERS if verb.startswith("read_"))

Place = tuple[str, str, str]


def table() -> dict[Place, Cell]:
    """Return the whole table: verb, role and state, and what comes of it."""
    return dict([*_events(), *_others()])


def events() -> tuple[str, ...]:
    """Return the verbs that report an event."""
    return tuple(line.split()[0] for line in EVENTS.strip().splitlines()[1:])


def _events() -> Iterator[tuple[Place, Cell]]:
    for line in EVENTS.strip().splitlines()[1:]:
        event, *letters, target = line.split()
        for state, letter in zip(STATES, letters, strict=True):
            done = Cell(202, after=None if target == "=" else target)
            for role, own in ((SENDER, "SB"), (RECIPIENT, "RB")):
                yield (event, role, state), done if letter in own else WORDS["illegal"]
            for role in STRANGERS_TO_IT:
                yield (event, role, state), WORDS["!party"]
            for role, word in {**GUARDED, OVERSIGHT: "!scope"}.items():
                yield (event, role, state), WORDS[word]


def _others() -> Iterator[tuple[Place, Cell]]:
    for verb, rows in OTHERS.items():
        for role, word in GUARDED.items():
            yield from _row(verb, role, word)
        for roles, words in rows.items():
            for role in roles:
                yield from _row(verb, role, words)


def _row(verb: str, role: str, words: str) -> Iterator[tuple[Place, Cell]]:
    said = words.split()
    each = said * len(STATES) if len(said) == 1 else said
    for state, word in zip(STATES, each, strict=True):
        yield (verb, role, state), WORDS[word]
