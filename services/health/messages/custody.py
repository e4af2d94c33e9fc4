"""Messages of the chain of custody: a hand-over, and the log with its proof."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from services.health.rules.custody import Passing, To
from services.health.rules.forensic import Specimen
from shared.wire.fields import Actor, AgencyId, Closed, Open, Time, Uuid7

#: The number of a decision, such as 12/QD-CSDT: no words.
OrderNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}/[0-9A-Z./-]{1,30}$")]


class HandOverRequest(Closed):
    """Who gave which specimens to whom. Staff by pseudonym; `order_reference` where a decision asks for them."""

    actor: Actor
    specimens: Annotated[tuple[Uuid7, ...], Field(min_length=1, max_length=50)]
    handed_at: Time
    given_by: Actor
    taken_by: Actor
    to: To
    to_agency: AgencyId | None
    order_reference: OrderNumber | None
    seal_intact: bool

    def passing(self) -> Passing:
        """Return the hand-over."""
        return Passing(
            specimens=tuple(dict.fromkeys(self.specimens)),
            handed_at=self.handed_at,
            given_by=self.given_by,
            taken_by=self.taken_by,
            to=self.to,
            agency=self.to_agency,
            order_reference=self.order_reference,
            seal_intact=self.seal_intact,
        )


class SpecimenV1(Open):
    """A specimen and who holds it; nothing but when and by whom once the referral was sealed off."""

    id: str
    collected_at: str
    actor: str
    held_by: str
    kind: Specimen | None
    seal: str | None
    kept_at: str | None
    outside_window: bool | None


class HandOverV1(Open):
    """One hand-over: the signed `record`, what it says, and the `event` whose digest the ledger holds."""

    sequence: int
    id: str
    sha256: str
    event_id: str
    event: str
    ledger_index: int | None
    statement: dict[str, Any] | None
    record: str | None


class BreakV1(Open):
    """Where the chain does not hold; `sequence` null where a hand-over is missing from the log."""

    code: Literal[
        "custody.signature",
        "custody.order",
        "custody.other-case",
        "custody.link",
        "custody.event",
        "custody.not-in-ledger",
        "custody.ledger-order",
        "custody.missing",
    ]
    sequence: int | None


class ProofV1(Open):
    """Whether the chain holds; null once the referral was sealed off. `ledger_asked` false: the gateway was away."""

    holds: bool | None
    ledger_asked: bool
    breaks: list[BreakV1]


class CustodyV1(Open):
    """The chain of custody of a case, in its order, with its proof."""

    specimens: list[SpecimenV1]
    hand_overs: list[HandOverV1]
    proof: ProofV1
