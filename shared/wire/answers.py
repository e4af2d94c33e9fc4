"""What the gateway answers (wire contract, section 8). Fields may be added; none goes away or changes."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from shared.kernel.errors import PeerUnavailable
from shared.wire.fields import Open, Time

_AnswerT = TypeVar("_AnswerT", bound=Open)
_ItemT = TypeVar("_ItemT")

ConsentStateV1 = Literal["active", "narrowed", "revoked", "expired"]


class GatewayReceiptV1(Open):
    """The gateway's word that it took a message, and under which entry of the ledger."""

    message_id: str
    sha256: str
    received_at: Time
    ledger_index: int
    leaf_hash: str


class ConsentSummaryV1(Open):
    """A consent as the register shows it."""

    id: str
    state: ConsentStateV1
    valid_to: Time


class ConsentRecordedV1(Open):
    """Answer to `POST /v1/consents`."""

    consent: ConsentSummaryV1
    receipt: GatewayReceiptV1


class OwnWithdrawalV1(Open):
    """What the agency that reported a revocation has to seal off itself, as a notice tells others."""

    referral_id: str
    revocation_id: str
    compartments: tuple[str, ...]
    state: str
    due_at: Time


class ConsentRevokedV1(Open):
    """Answer to `POST /v1/consents/{id}/revocations`: who was told to seal off, and what is the caller's own to."""

    consent: ConsentSummaryV1
    notified: tuple[str, ...]
    own: tuple[OwnWithdrawalV1, ...] = ()
    receipt: GatewayReceiptV1


class ExtensionV1(Open):
    """By how many days a holder put off its answer, once, and until when the law lets it."""

    days: int
    reason: str
    declared_at: Time
    until: Time
    ledger_index: int


class HolderV1(Open):
    """One agency that held something under a consent, and what became of it.

    `reason` says why it is unreachable; `kept` and `article` are what a law makes it keep, and which.
    """

    agency: str
    referral_id: str
    via: str | None = None
    due_at: Time | None = None
    result: Literal["pending", "never_opened", "sealed", "legal_hold", "unreachable"]
    answered_at: Time | None = None
    ledger_index: int | None = None
    revocation_id: str | None = None
    compartments: tuple[str, ...] = ()
    late: bool = False
    reason: str | None = None
    kept: tuple[str, ...] = ()
    article: str | None = None
    extension: ExtensionV1 | None = None


class PropagationV1(Open):
    """Answer to `GET /v1/consents/{id}/propagation`."""

    consent_id: str
    revoked_at: Time | None = None
    holders: tuple[HolderV1, ...]
    complete: bool


class ConsentDetailV1(Open):
    """Answer to `GET /v1/consents/{id}`: as much of the consent as concerns the reader, and how it was given."""

    consent: ConsentSummaryV1
    subject: str
    recorder: str
    valid_from: Time
    valid_to: Time
    purposes: tuple[str, ...]
    withheld: tuple[str, ...]
    derived_from: str | None = None
    grantor: str | None = None
    age_band: str | None = None
    assent: str | None = None
    caregiver: str | None = None
    decision: dict[str, Any] | None = None
    grants: tuple[dict[str, Any], ...]
    takings: tuple[dict[str, Any], ...]


class DueV1(Open):
    """When the recipient's four duties fall due; null where the duty has no clock."""

    acknowledge: Time | None = None
    decide: Time | None = None
    contact: Time | None = None
    complete: Time | None = None


class InstructionV1(Open):
    """What people must do themselves at this urgency: the code notices carry, and the words to show."""

    code: str
    vi: str
    en: str


class WarningV1(Open):
    """What to consider before going on: a code, and the words to show."""

    code: str
    vi: str
    en: str


class StatementsV1(Open):
    """Whether she told what happened in this chain, and how often; never to whom, never what."""

    taken: bool
    count: int


class ReferralSummaryV1(Open):
    """A referral as lists and answers show it; `linked_id` is one of the same chain that is another person's.

    `warning`: she would be asked again for what she has told already (`statements`). `replaces`: the referral that
    nobody took, in whose place this one was sent.
    """

    instruction: InstructionV1 | None = None
    statements: StatementsV1 | None = None
    warning: WarningV1 | None = None
    referral_id: str
    chain_id: str
    parent_id: str | None = None
    linked_id: str | None = None
    replaces: str | None = None
    state: str
    sender: str
    recipient: str
    service_type: str
    urgency: str
    due: DueV1
    sent_at: Time


class ReferralAnswerV1(Open):
    """Answer to `POST /v1/referrals` and to its events and notes."""

    referral: ReferralSummaryV1
    receipt: GatewayReceiptV1


class HistoryV1(Open):
    """Something that happened, when, by whom, and where the ledger says so."""

    type: str
    at: Time
    by: str
    ledger_index: int | None = None


class CompartmentStateV1(Open):
    """Whether the gateway still holds its half of a compartment's key."""

    name: str
    stage: Literal["triage", "accepted"]
    state: Literal["sealed", "opened", "destroyed"]


class StatementRequestStateV1(Open):
    """A request for the statement that exists, as who asked or who holds it sees it: by when, and whether sent."""

    id: str
    by: str
    asked_at: Time
    due_at: Time
    overdue: bool
    answered: bool


class ReferralDetailV1(ReferralSummaryV1):
    """Answer to `GET /v1/referrals/{id}`. `statement_requests`: those made for it, or for what was told under it."""

    history: tuple[HistoryV1, ...]
    compartments: tuple[CompartmentStateV1, ...]
    statement_requests: tuple[StatementRequestStateV1, ...] = ()


class OpeningAnswerV1(Open):
    """Answer to `POST /v1/referrals/{id}/openings`: halves that are given, and why others are not."""

    shares: dict[str, str]
    refused: dict[str, str]
    receipt: GatewayReceiptV1


class LedgerEntryV1(Open):
    """One entry: the exact canonical JSON text of its leaf, and the leaf's RFC 6962 hash in hex."""

    index: int
    leaf: str
    leaf_hash: str


class InclusionV1(Open):
    """Answer to `GET /v1/ledger/proofs/inclusion`."""

    index: int
    tree_size: int
    leaf_hash: str
    root_hash: str
    proof: tuple[str, ...]


class ConsistencyV1(Open):
    """Answer to `GET /v1/ledger/proofs/consistency`; `from` on the wire is `first` here."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, serialize_by_alias=True)

    first: int = Field(alias="from")
    second: int = Field(alias="to")
    proof: tuple[str, ...]


class ChainV1(Open):
    """Answer to `GET /v1/chains/{chain_id}`: the referrals as a tree, their entries, and proofs for each.

    A referral of the tree has the members of `ReferralSummaryV1` and, under `onward`, those that were made from it.
    """

    chain_id: str
    statements: StatementsV1
    referrals: tuple[dict[str, Any], ...]
    entries: tuple[LedgerEntryV1, ...]
    tree_size: int
    root_hash: str
    proofs: dict[str, tuple[str, ...]]


class PageV1(Open, Generic[_ItemT]):
    """A page of a list, and where to go on; null at the end."""

    items: tuple[_ItemT, ...]
    next: str | None = None


class TokenV1(Open):
    """Answer of `/oauth/token` (RFC 6749 section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str | None = None


def read_answer(model: type[_AnswerT], document: Any) -> _AnswerT:
    """Read a decoded answer as `model`. Raises `PeerUnavailable` (`peer.answer`) where it is not one."""
    try:
        return model.model_validate(document)
    except ValidationError:
        raise PeerUnavailable("peer.answer", "The other side did not answer as agreed. Try again later.") from None
