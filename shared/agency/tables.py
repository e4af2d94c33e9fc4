"""The tables of one agency service. Rows never leave the adapters.

The columns are the fields of `shared.agency.records`, name for name (a test holds them together).
Personal data is only in the `LargeBinary` columns, encrypted under a key that can be destroyed.
"""

from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

MAPPERS = registry()
METADATA: MetaData = MAPPERS.metadata


class AgencyRow(SQLModel, registry=MAPPERS):
    """Base of an agency's rows, with a registry of its own."""


def _json(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=nullable))


def _text(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


def _bytes(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=nullable))


class ReferralRow(AgencyRow, table=True):
    """A referral, sent or received."""

    __tablename__ = "referrals"
    referral_id: str = Field(primary_key=True)
    box: str
    chain_id: str = Field(index=True)
    parent_id: str | None = Field(default=None, index=True)
    sender: str
    recipient: str
    subject: str
    service_type: str
    urgency: str
    area: str
    age_band: str
    incident_at: str | None = None
    preferences: dict[str, Any] = _json()
    facts: dict[str, Any] = _json()
    basis: dict[str, Any] = _json()
    consent_id: str | None = Field(default=None, index=True)
    phoned_first: bool
    blocked: list[str] = _json()
    sealed: dict[str, str] | None = _json(nullable=True)
    state: str
    due: dict[str, str] = _json()
    next_due_at: str | None = None
    sent_at: str
    wrapped_key: bytes | None = _bytes()
    sealed_off_at: str | None = None
    statements: int = 0
    linked_id: str | None = Field(default=None, index=True)
    replaces: str | None = None
    rerouted_to: str | None = None


class RerouteRow(AgencyRow, table=True):
    """A referral that nobody took, and what became of going on."""

    __tablename__ = "reroutes"
    referral_id: str = Field(primary_key=True)
    state: str
    noticed_at: str
    next_agency: str | None = None
    replacement: str | None = None
    code: str | None = None
    refusal: str | None = None
    settled_at: str | None = None


class HoldingRow(AgencyRow, table=True):
    """A compartment of a referral."""

    __tablename__ = "holdings"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    name: str
    stage: str
    state: str
    share_sha256: str
    code: str | None = None
    ciphertext: str | None = _text(nullable=True)
    content: bytes | None = _bytes()


class HappeningRow(AgencyRow, table=True):
    """An event or notice of a referral."""

    __tablename__ = "happenings"
    message_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    type: str
    at: str
    by: str
    actor: str | None = None
    data: dict[str, Any] = _json()


class NoteRow(AgencyRow, table=True):
    """A note between two caseworkers."""

    __tablename__ = "notes"
    message_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    by: str
    at: str
    content: bytes = _bytes(nullable=False)


class ConflictRow(AgencyRow, table=True):
    """A declared conflict of interest."""

    __tablename__ = "conflicts"
    conflict_id: str = Field(primary_key=True)
    referral_id: str
    chain_id: str
    actor: str = Field(index=True)
    declared_at: str
    handed_to: str | None = None
    given_back: bool = False


class ConsentRow(AgencyRow, table=True):
    """A consent recorded here."""

    __tablename__ = "consents"
    consent_id: str = Field(primary_key=True)
    subject: str
    state: str
    valid_to: str
    statement: dict[str, Any] = _json()
    takings: list[dict[str, Any]] = _json()
    derived_from: str | None = Field(default=None, index=True)
    recorded_at: str
    wrapped_key: bytes | None = _bytes()
    details: bytes | None = _bytes()
    kept_from: bytes | None = _bytes()


class LetterRow(AgencyRow, table=True):
    """A signed message on its way to the gateway, then the answer to it."""

    __tablename__ = "letters"
    message_id: str = Field(primary_key=True)
    kind: str
    lane: str
    waits_on: list[str] = _json()
    sha256: str
    body: str | None = _text(nullable=True)
    signature: str | None = _text(nullable=True)
    hub_shares: dict[str, str] | None = _json(nullable=True)
    presented: dict[str, Any] = _json()
    traceparent: str
    created_at: str
    size: int
    status: int | None = None
    answer: dict[str, Any] | None = _json(nullable=True)
    receipt: str | None = _text(nullable=True)
    settled_at: str | None = None


class ArrivalRow(AgencyRow, table=True):
    """A delivered message and its receipt."""

    __tablename__ = "arrivals"
    message_id: str = Field(primary_key=True)
    sha256: str
    result: str
    code: str | None = None
    receipt: str = _text()
    received_at: str


class PartnerRow(AgencyRow, table=True):
    """A system that may call this service."""

    __tablename__ = "partners"
    client_id: str = Field(primary_key=True)
    secret_hash: str | None = None
    jwks: dict[str, Any] | None = _json(nullable=True)
    scopes: list[str] = _json()
    created_at: str


class UsedAssertionRow(AgencyRow, table=True):
    """A client assertion that was used."""

    __tablename__ = "used_assertions"
    key: str = Field(primary_key=True)
    expires_at: str = Field(index=True)


class IdempotentActRow(AgencyRow, table=True):
    """What an idempotency key stood for."""

    __tablename__ = "idempotent_acts"
    key: str = Field(primary_key=True)
    fingerprint: str
    outcome: str
    created_at: str = Field(index=True)


class VisitRow(AgencyRow, table=True):
    """One reading."""

    __tablename__ = "visits"
    visit_id: str = Field(primary_key=True)
    at: str
    client: str
    actor: str
    reason: str | None = None
    what: str
    target: str | None = Field(default=None, index=True)
    compartments: list[str] = _json()


class WebhookRow(AgencyRow, table=True):
    """Where a partner system wants to be told."""

    __tablename__ = "webhooks"
    webhook_id: str = Field(primary_key=True)
    client_id: str
    url: str
    secret: str
    types: list[str] = _json()
    created_at: str
    disabled_at: str | None = None


class NotificationRow(AgencyRow, table=True):
    """One event on its way to one webhook."""

    __tablename__ = "notifications"
    notification_id: str = Field(primary_key=True)
    webhook_id: str = Field(index=True)
    body: str = _text()
    due_at: str
    attempts: int = 0
    settled_at: str | None = None
    code: str | None = None


class KnownAgencyRow(AgencyRow, table=True):
    """A directory entry as last fetched."""

    __tablename__ = "known_agencies"
    agency_id: str = Field(primary_key=True)
    entry: dict[str, Any] = _json()
    fetched_at: str


def _table(row: type[AgencyRow]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table


REFERRALS = _table(ReferralRow)
REROUTES = _table(RerouteRow)
HOLDINGS = _table(HoldingRow)
HAPPENINGS = _table(HappeningRow)
NOTES = _table(NoteRow)
CONFLICTS = _table(ConflictRow)
CONSENTS = _table(ConsentRow)
LETTERS = _table(LetterRow)
ARRIVALS = _table(ArrivalRow)
PARTNERS = _table(PartnerRow)
USED_ASSERTIONS = _table(UsedAssertionRow)
IDEMPOTENT_ACTS = _table(IdempotentActRow)
VISITS = _table(VisitRow)
WEBHOOKS = _table(WebhookRow)
NOTIFICATIONS = _table(NotificationRow)
KNOWN_AGENCIES = _table(KnownAgencyRow)

_WAITING = text("settled_at IS NULL")
Index("ix_letters_waiting", LETTERS.c.message_id, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_notifications_waiting", NOTIFICATIONS.c.due_at, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_reroutes_waiting", REROUTES.c.referral_id, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_referrals_box", REFERRALS.c.box, REFERRALS.c.referral_id)
Index("ix_referrals_due", REFERRALS.c.next_due_at)
