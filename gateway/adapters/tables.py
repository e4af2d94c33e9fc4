"""The gateway's tables. Rows never leave the adapters.

Times are kept as wire text (RFC 3339, UTC, milliseconds): they sort, compare and travel unchanged on
every database. The `messages` table is the outbox as well: a message waits for delivery as long as
`settled_at` is null, in the order of `seq`, which is the index of its ledger entry.
"""

from typing import Any

from sqlalchemy import JSON, Column, Index, Table, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("gateway", __file__, append_only=("ledger_entries", "ledger_tiles")))
METADATA = MAPPERS.metadata


class GatewayRow(SQLModel, registry=MAPPERS):
    """Base of the gateway's rows, with a registry of its own."""


def _json(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=nullable))


def _text(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


class AgencyRow(GatewayRow, table=True):
    """An agency of the directory. `webhook_secret` signs the delivery hop (Standard Webhooks)."""

    __tablename__ = "agencies"
    id: str = Field(primary_key=True)
    name_vi: str
    name_en: str
    sectors: list[str] = _json()
    areas: list[str] = _json()
    services: list[str] = _json()
    hours: str | None = None
    base_url: str | None = None
    jwks: dict[str, Any] = _json()
    webhook_secret: str
    status: str
    protected: bool = False
    sample: bool = False
    revision: int = Field(index=True)


class AvailabilityRow(GatewayRow, table=True):
    """What an agency last said of one of its services."""

    __tablename__ = "availabilities"
    key: str = Field(primary_key=True)  # agency id "/" service type
    agency_id: str = Field(index=True)
    service_type: str = Field(index=True)
    accepting: bool
    capacity: int | None = None
    staff_genders: list[str] = _json()
    languages: list[str] = _json()
    interpreter_languages: list[str] = _json()
    disability_access: bool | None = None
    children_welcome: bool | None = None
    updated_at: str


class LeaseRow(GatewayRow, table=True):
    """A place of a service, held for an agency for minutes; the row is gone once it holds nothing any more."""

    __tablename__ = "leases"
    id: str = Field(primary_key=True)
    agency_id: str = Field(index=True)
    service_type: str
    holder: str
    subject: str | None = None
    expires_at: str = Field(index=True)
    referral_id: str | None = None


class OversightClientRow(GatewayRow, table=True):
    """A body of oversight: a client like an agency, with other scopes and no cases."""

    __tablename__ = "oversight_clients"
    id: str = Field(primary_key=True)
    jwks: dict[str, Any] = _json()
    scopes: list[str] = _json()
    revision: int = Field(index=True)


class UsedAssertionRow(GatewayRow, table=True):
    """A client assertion's `jti`, kept until it could no longer be replayed."""

    __tablename__ = "used_assertions"
    jti: str = Field(primary_key=True)  # client id "/" SHA-256 of the jti, which may be any text
    expires_at: str = Field(index=True)


class AreaRow(GatewayRow, table=True):
    """A commune of the imported list of administrative units."""

    __tablename__ = "areas"
    code: str = Field(primary_key=True)
    province: str = Field(index=True)


class ConsentRow(GatewayRow, table=True):
    """A consent: who may receive what, for which purpose, until when, and what was taken back."""

    __tablename__ = "consents"
    id: str = Field(primary_key=True)
    subject: str
    recorder: str = Field(index=True)
    recorded_at: str
    valid_from: str
    valid_to: str
    purposes: list[str] = _json()
    grants: list[dict[str, Any]] = _json()
    withheld: list[str] = _json()
    derived_from: str | None = Field(default=None, index=True)
    takings: list[dict[str, Any]] = _json()
    statement: dict[str, Any] = _json()


class ReferralRow(GatewayRow, table=True):
    """A referral as it stands; `halves` holds the gateway's halves until their purpose ends.

    `lapses_at` is when the end of its consent will change it: null once there is nothing left to change.
    `next_clock_at` is when its clocks next have something to say, likewise: the ticker reads by it alone.
    """

    __tablename__ = "referrals"
    referral_id: str = Field(primary_key=True)
    chain_id: str = Field(index=True)
    parent_id: str | None = None
    sender: str
    recipient: str
    subject: str
    service_type: str
    urgency: str
    staff_gender: str
    state: str
    age_band: str
    basis: dict[str, Any] = _json()
    consent_id: str | None = Field(default=None, index=True)
    basis_expires_at: str | None = None
    blocked: list[str] = _json()
    halves: dict[str, Any] = _json()
    due: dict[str, list[str]] = _json()
    next_due_at: str | None = Field(default=None, index=True)
    next_clock_at: str | None = None
    clocks: dict[str, Any] = _json()
    lapses_at: str | None = Field(default=None, index=True)
    counts: dict[str, int] = _json()
    sent_at: str
    received_at: str
    incident_at: str | None = None
    remote_area: bool = False
    reroute_if_expired: bool = False
    linked_id: str | None = None
    guardian_unsafe: bool = False
    reroute_if_declined: bool = False
    replaces: str | None = None
    replaced_by: str | None = None


class MessageRow(GatewayRow, table=True):
    """An admitted message. Its text is forgotten once it is settled; its digest and answer stay."""

    __tablename__ = "messages"
    message_id: str = Field(primary_key=True)
    seq: int
    kind: str
    sender: str
    recipient: str | None = None
    referral_id: str | None = Field(default=None, index=True)
    sha256: str
    answer: str = _text()
    body: str | None = _text(nullable=True)
    signature: str | None = _text(nullable=True)
    hub_shares: dict[str, str] | None = _json(nullable=True)
    traceparent: str
    queued_at: str
    attempt: int = 0
    due_at: str | None = None
    settled_at: str | None = None
    settled_code: str | None = None


class OverrideRow(GatewayRow, table=True):
    """A disclosure without consent and what was done about it; `ends_at` is set while it waits for a second person."""

    __tablename__ = "overrides"
    referral_id: str = Field(primary_key=True)
    chain_id: str
    sender: str = Field(index=True)
    recipient: str
    sector: str
    service_type: str
    kind: str
    article: str
    approver: str
    notify_unsafe: bool
    compartments: list[str] = _json()
    made_at: str = Field(index=True)
    confirm_due_at: str | None = None
    access_ends_at: str | None = None
    tell_due_at: str | None = None
    review_due_at: str
    confirmed_at: str | None = None
    told_at: str | None = None
    reviewed_at: str | None = None
    ended_at: str | None = None
    ended_by: str | None = None
    ends_at: str | None = Field(default=None, index=True)
    confirmation: dict[str, Any] | None = _json(nullable=True)
    telling: dict[str, Any] | None = _json(nullable=True)
    review: dict[str, Any] | None = _json(nullable=True)


class LedgerEntryRow(GatewayRow, table=True):
    """One leaf of the ledger, with the facts it is searched by."""

    __tablename__ = "ledger_entries"
    idx: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    leaf: str = _text()
    leaf_hash: str
    kind: str
    at: str
    actor: str
    code: str | None = None
    state: str | None = None
    referral_id: str | None = Field(default=None, index=True)
    chain_id: str | None = Field(default=None, index=True)
    consent_id: str | None = Field(default=None, index=True)


class LedgerHeadRow(GatewayRow, table=True):
    """The one row every writer locks: how many leaves there are, and the frontier of the tree."""

    __tablename__ = "ledger_head"
    id: int = Field(primary_key=True)
    size: int
    frontier: list[str] = _json()


class LedgerTileRow(GatewayRow, table=True):
    """The hash of one full tile of 256 hashes (C2SP tlog-tiles): `level` 1 covers 256 leaves."""

    __tablename__ = "ledger_tiles"
    key: str = Field(primary_key=True)  # level "/" number
    level: int
    number: int
    hash: str


class HoldRow(GatewayRow, table=True):
    """What one holder owes since a revocation, and what it answered.

    `notice` is the id of the notice it was sent; `next_limit_at` is when the next limit passes unless it answers.
    """

    __tablename__ = "holds"
    key: str = Field(primary_key=True)  # revocation id "/" referral id
    consent_id: str = Field(index=True)
    revocation_id: str
    referral_id: str = Field(index=True)
    agency: str
    via: str
    onward: bool
    compartments: list[str] = _json()
    asked_at: str
    due_at: str
    notice: str | None = Field(default=None, index=True)
    told: list[str] = _json()
    next_limit_at: str | None = Field(default=None, index=True)
    result: str
    kept: list[str] = _json()
    article: str | None = None
    answer: str | None = _text(nullable=True)
    answer_signature: str | None = None
    answered_at: str | None = None
    ledger_index: int | None = None
    extension: dict[str, Any] | None = _json(nullable=True)


class ConflictRow(GatewayRow, table=True):
    """A conflict of interest that was declared, or for which a referral was given back: never who, never why."""

    __tablename__ = "conflicts"
    key: str = Field(primary_key=True)  # agency "/" salted hash of who; or the referral given back
    kind: str
    referral_id: str
    chain_id: str
    agency: str
    sector: str
    service_type: str
    at: str = Field(index=True)


class StatementRow(GatewayRow, table=True):
    """That a statement was taken under a referral: never what was said."""

    __tablename__ = "statements"
    referral_id: str = Field(primary_key=True)
    chain_id: str = Field(index=True)
    subject: str
    agency: str
    sector: str
    service_type: str
    ordinal: int
    taken_at: str = Field(index=True)


class StatementRequestRow(GatewayRow, table=True):
    """A recipient asked for the statement that exists, instead of asking her again.

    `warn_at` is when it is to be said that nobody answered; null once that is said, or somebody has.
    """

    __tablename__ = "statement_requests"
    id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    chain_id: str
    agency: str
    holder: str
    held: str = Field(index=True)
    compartments: list[str] = _json()
    asked_at: str
    due_at: str
    ledger_index: int
    answered_by: str | None = None
    warned_at: str | None = None
    warn_at: str | None = Field(default=None, index=True)


class DeliveryRouteRow(GatewayRow, table=True):
    """How delivery to one agency stands: who is pushing now, how often it failed, when to try again."""

    __tablename__ = "delivery_routes"
    agency_id: str = Field(primary_key=True)
    holder: str | None = None
    held_until: str | None = None
    failures: int = 0
    retry_at: str | None = None


def _table(row: type[GatewayRow]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table


AGENCIES = _table(AgencyRow)
AVAILABILITIES = _table(AvailabilityRow)
LEASES = _table(LeaseRow)
OVERSIGHT_CLIENTS = _table(OversightClientRow)
USED_ASSERTIONS = _table(UsedAssertionRow)
AREAS = _table(AreaRow)
CONSENTS = _table(ConsentRow)
REFERRALS = _table(ReferralRow)
MESSAGES = _table(MessageRow)
LEDGER_ENTRIES = _table(LedgerEntryRow)
LEDGER_HEAD = _table(LedgerHeadRow)
LEDGER_TILES = _table(LedgerTileRow)
OVERRIDES = _table(OverrideRow)
HOLDS = _table(HoldRow)
CONFLICTS = _table(ConflictRow)
STATEMENTS = _table(StatementRow)
STATEMENT_REQUESTS = _table(StatementRequestRow)
DELIVERY_ROUTES = _table(DeliveryRouteRow)

_WAITING = text("settled_at IS NULL")
Index("ix_messages_waiting", MESSAGES.c.recipient, MESSAGES.c.seq, sqlite_where=_WAITING, postgresql_where=_WAITING)
_TICKING = text("next_clock_at IS NOT NULL")
Index(
    "ix_referrals_next_clock",
    REFERRALS.c.next_clock_at,
    REFERRALS.c.referral_id,
    sqlite_where=_TICKING,
    postgresql_where=_TICKING,
)
Index("ix_referrals_sender", REFERRALS.c.sender, REFERRALS.c.referral_id)
Index("ix_referrals_recipient", REFERRALS.c.recipient, REFERRALS.c.referral_id)
