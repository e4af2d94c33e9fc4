"""Asking for a statement that exists on the wire. Follows fact sheet section 5, R-02."""

from shared.wire.fields import Actor, Closed, Open, Time


class StatementAskedV1(Closed):
    """Who of the recipient's people asks for the statement that exists: a pseudonym."""

    actor: Actor


class StatementRequestV1(Open):
    """The holder was asked for these compartments, by when. What it sends is a referral whose facts name this id."""

    id: str
    referral_id: str
    compartments: tuple[str, ...]
    due_at: Time
    ledger_index: int
