"""How messages travel in numbers: deliveries, the inbox, receipts back, batches in.

Follows the wire contract, section 6. In every envelope here `body` is the exact text that was signed and
`signature` the sender's detached JWS, so an envelope adds no trust and takes none away.
"""

from typing import Annotated, Any, Final

from pydantic import Field, StrictInt, StringConstraints

from shared.wire.fields import INTEGER_MOST, Closed, Code, Digest, Jws, Open, Traceparent, Uuid7
from shared.wire.messages import MESSAGE_MOST

ITEMS_MOST: Final = 100
#: The largest delivery, batch, or batch of receipts, in bytes.
ENVELOPE_MOST: Final = 2 * 1024 * 1024

SignedText = Annotated[str, StringConstraints(min_length=2, max_length=MESSAGE_MOST)]
#: The gateway's halves of compartment keys, by compartment name.
HubShares = Annotated[dict[Code, Digest], Field(max_length=16)]


class DeliveryItemV1(Closed):
    """One message on its way to its recipient, with the halves that may travel now."""

    seq: Annotated[StrictInt, Field(ge=0, le=INTEGER_MOST)]
    kind: Code
    message_id: Uuid7
    body: SignedText
    signature: Jws
    hub_shares: HubShares = Field(default_factory=dict)
    attempt: Annotated[StrictInt, Field(ge=1, le=1_000_000)]
    traceparent: Traceparent | None = None
    referral_id: Uuid7 | None = None


class DeliveryV1(Closed):
    """What the gateway posts to an agency, or the agency fetches from its inbox."""

    items: Annotated[tuple[DeliveryItemV1, ...], Field(max_length=ITEMS_MOST)]


class InboxV1(Open):
    """A page of the inbox: the same items as in a delivery, and where to go on."""

    items: tuple[DeliveryItemV1, ...]
    next: str | None = None


class ClaimsV1(Closed):
    """Numbers of messages that an agency took from the broker, and is about to open."""

    message_ids: Annotated[tuple[Uuid7, ...], Field(min_length=1, max_length=ITEMS_MOST)]


class ReleasedV1(Open):
    """What a message still lacks: the halves that may travel now, and which attempt this is."""

    message_id: str
    attempt: int
    hub_shares: HubShares = Field(default_factory=dict)


class ClaimedV1(Open):
    """What may be opened now, and what is not to be delivered any more; the rest is to be claimed again later."""

    released: tuple[ReleasedV1, ...]
    settled: tuple[str, ...]


class ReceiptsV1(Closed):
    """Receipts as compact JWS, one for each item that is settled."""

    receipts: Annotated[tuple[Jws, ...], Field(max_length=ITEMS_MOST)]


class SettledV1(Open):
    """The messages whose receipts the gateway has taken."""

    settled: tuple[str, ...]


class BatchItemV1(Closed):
    """One signed message of a batch."""

    kind: Code
    body: SignedText
    signature: Jws
    hub_shares: HubShares = Field(default_factory=dict)


class BatchV1(Closed):
    """Many signed messages in one call, each admitted or refused on its own."""

    items: Annotated[tuple[BatchItemV1, ...], Field(min_length=1, max_length=ITEMS_MOST)]


class BatchResultV1(Open):
    """What one message would have been answered alone: status, body, and the gateway's receipt as compact JWS."""

    status: int
    body: dict[str, Any]
    receipt: str | None = None


class BatchResultsV1(Open):
    """Results in the order of the items."""

    results: tuple[BatchResultV1, ...]
