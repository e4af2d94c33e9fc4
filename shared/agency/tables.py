"""The tables of one agency service. Rows never leave the adapters.

The columns are the fields of `shared.agency.records`, name for name (a test holds them together).
Personal data is only in the `LargeBinary` columns, encrypted under a key that can be destroyed.
"""

from typing import Any, Final

from sqlalchemy import Index, MetaData, Table, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.agency.columns import bytes_column, json_column, text_column
from shared.storage.history import new_tables

MAPPERS = registry(metadata=new_tables("agency", __file__))
METADATA: MetaData = MAPPERS.metadata


class AgencyRow(SQLModel, registry=MAPPERS):
    """Base of an agency's rows, with a registry of its own."""


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
    preferences: dict[str, Any] = json_column()
    facts: dict[str, Any] = json_column()
    basis: dict[str, Any] = json_column()
    consent_id: str | None = Field(default=None, index=True)
    phoned_first: bool
    blocked: list[str] = json_column()
    sealed: dict[str, str] | None = json_column(nullable=True)
    state: str
    due: dict[str, str] = json_column()
    next_due_at: str | None = None
    sent_at: str
    wrapped_key: bytes | None = bytes_column()
    number: str = Field(index=True)
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
    ciphertext: str | None = text_column(nullable=True)
    content: bytes | None = bytes_column()


class HappeningRow(AgencyRow, table=True):
    """An event or notice of a referral."""

    __tablename__ = "happenings"
    message_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    type: str
    at: str
    by: str
    actor: str | None = None
    data: dict[str, Any] = json_column()


class NoteRow(AgencyRow, table=True):
    """A note between two caseworkers."""

    __tablename__ = "notes"
    message_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    by: str
    at: str
    content: bytes = bytes_column(nullable=False)


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


class AssignmentRow(AgencyRow, table=True):
    """Who has a referral."""

    __tablename__ = "case_holders"
    referral_id: str = Field(primary_key=True)
    holder: str = Field(index=True)
    at: str
    by: str


class ConsentRow(AgencyRow, table=True):
    """A consent recorded here."""

    __tablename__ = "consents"
    consent_id: str = Field(primary_key=True)
    subject: str
    state: str
    valid_to: str
    statement: dict[str, Any] = json_column()
    takings: list[dict[str, Any]] = json_column()
    derived_from: str | None = Field(default=None, index=True)
    recorded_at: str
    wrapped_key: bytes | None = bytes_column()
    details: bytes | None = bytes_column()
    kept_from: bytes | None = bytes_column()


class LetterRow(AgencyRow, table=True):
    """A signed message on its way to the gateway, then the answer to it."""

    __tablename__ = "letters"
    message_id: str = Field(primary_key=True)
    kind: str
    lane: str
    waits_on: list[str] = json_column()
    sha256: str
    body: str | None = text_column(nullable=True)
    signature: str | None = text_column(nullable=True)
    hub_shares: dict[str, str] | None = json_column(nullable=True)
    presented: dict[str, Any] = json_column()
    traceparent: str
    created_at: str
    size: int
    status: int | None = None
    answer: dict[str, Any] | None = json_column(nullable=True)
    receipt: str | None = text_column(nullable=True)
    settled_at: str | None = None


class ArrivalRow(AgencyRow, table=True):
    """A delivered message and its receipt."""

    __tablename__ = "arrivals"
    message_id: str = Field(primary_key=True)
    sha256: str
    result: str
    code: str | None = None
    receipt: str = text_column()
    received_at: str


class PartnerRow(AgencyRow, table=True):
    """A system that may call this service."""

    __tablename__ = "partners"
    client_id: str = Field(primary_key=True)
    secret_hash: str | None = None
    jwks: dict[str, Any] | None = json_column(nullable=True)
    scopes: list[str] = json_column()
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
    compartments: list[str] = json_column()


class ActRow(AgencyRow, table=True):
    """One act of a sector's casework, done or refused."""

    __tablename__ = "acts"
    act_id: str = Field(primary_key=True)
    at: str
    act: str
    client: str
    actor: str
    referral_id: str | None = Field(default=None, index=True)
    target: str | None = None
    outcome: str
    code: str | None = None
    rule: str | None = None


class SectorClockRow(AgencyRow, table=True):
    """A duty of a sector's casework that runs against a time."""

    __tablename__ = "sector_clocks"
    key: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    target: str
    rule: str
    started_at: str
    due_at: str
    stopped_at: str | None = None
    told_at: str | None = None


class ConferenceRow(AgencyRow, table=True):
    """A case conference."""

    __tablename__ = "conferences"
    conference_id: str = Field(primary_key=True)
    referral_id: str
    reason: str
    called_at: str
    called_by: str
    convene_by: str
    held_at: str | None = None
    attended: list[str] = json_column()


class InvitationRow(AgencyRow, table=True):
    """An invitation to a case conference."""

    __tablename__ = "invitations"
    referral_id: str = Field(primary_key=True)
    conference_id: str = Field(index=True)
    agency: str
    invited_at: str


class ConferenceActionRow(AgencyRow, table=True):
    """An action agreed at a case conference."""

    __tablename__ = "conference_actions"
    action_id: str = Field(primary_key=True)
    referral_id: str = Field(index=True)
    conference_id: str | None = Field(default=None, index=True)
    given_by: str
    owner: str
    kind: str
    due_on: str
    state: str
    reported_at: str | None = None


class WebhookRow(AgencyRow, table=True):
    """Where a partner system wants to be told."""

    __tablename__ = "webhooks"
    webhook_id: str = Field(primary_key=True)
    client_id: str
    url: str
    secret: str
    types: list[str] = json_column()
    created_at: str
    disabled_at: str | None = None


class NotificationRow(AgencyRow, table=True):
    """One event on its way to one webhook."""

    __tablename__ = "notifications"
    notification_id: str = Field(primary_key=True)
    webhook_id: str = Field(index=True)
    body: str = text_column()
    due_at: str
    attempts: int = 0
    settled_at: str | None = None
    code: str | None = None


class UnsentRow(AgencyRow, table=True):
    """A referral in the making."""

    __tablename__ = "unsent"
    draft_id: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    actor: str = Field(index=True)
    before_id: str | None = Field(default=None, index=True)
    begun_at: str
    kept_at: str
    expires_at: str = Field(index=True)
    referral_id: str | None = None
    wrapped_key: bytes | None = bytes_column()
    content: bytes | None = bytes_column()


class KnownAgencyRow(AgencyRow, table=True):
    """A directory entry as last fetched."""

    __tablename__ = "known_agencies"
    agency_id: str = Field(primary_key=True)
    entry: dict[str, Any] = json_column()
    fetched_at: str


def table_of(row: type[SQLModel]) -> Table:
    """Return the table of a class of rows."""
    table: Table = row.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass
    return table


REFERRALS = table_of(ReferralRow)
REROUTES = table_of(RerouteRow)
HOLDINGS = table_of(HoldingRow)
HAPPENINGS = table_of(HappeningRow)
NOTES = table_of(NoteRow)
CONFLICTS = table_of(ConflictRow)
ASSIGNMENTS = table_of(AssignmentRow)
CONSENTS = table_of(ConsentRow)
LETTERS = table_of(LetterRow)
ARRIVALS = table_of(ArrivalRow)
PARTNERS = table_of(PartnerRow)
USED_ASSERTIONS = table_of(UsedAssertionRow)
IDEMPOTENT_ACTS = table_of(IdempotentActRow)
VISITS = table_of(VisitRow)
ACTS = table_of(ActRow)
SECTOR_CLOCKS = table_of(SectorClockRow)
CONFERENCES = table_of(ConferenceRow)
INVITATIONS = table_of(InvitationRow)
CONFERENCE_ACTIONS = table_of(ConferenceActionRow)
WEBHOOKS = table_of(WebhookRow)
NOTIFICATIONS = table_of(NotificationRow)
KNOWN_AGENCIES = table_of(KnownAgencyRow)
UNSENT = table_of(UnsentRow)

_WAITING = text("settled_at IS NULL")
Index("ix_letters_waiting", LETTERS.c.message_id, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_notifications_waiting", NOTIFICATIONS.c.due_at, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_reroutes_waiting", REROUTES.c.referral_id, sqlite_where=_WAITING, postgresql_where=_WAITING)
_RUNNING = text("stopped_at IS NULL AND told_at IS NULL")
Index("ix_sector_clocks_running", SECTOR_CLOCKS.c.due_at, sqlite_where=_RUNNING, postgresql_where=_RUNNING)
Index("ix_referrals_box", REFERRALS.c.box, REFERRALS.c.referral_id)
#: A partner system looks for what is new by state, newest first: it reads what it is shown, not all there ever was.
Index("ix_referrals_box_state", REFERRALS.c.box, REFERRALS.c.state, REFERRALS.c.referral_id)
Index("ix_referrals_due", REFERRALS.c.next_due_at)
#: All that a tab of the inbox asks for, so that it is counted and put in order without a look at the referrals.
Index(
    "ix_referrals_work",
    *(REFERRALS.c[name] for name in ("box", "state", "next_due_at", "service_type", "urgency", "referral_id")),
)
#: The few cases that somebody by name must not see; whether a visitor is meant, only a hash says.
NAMES_SOMEBODY: Final = text("CAST(blocked AS TEXT) <> '[]'")
Index("ix_referrals_blocked", REFERRALS.c.referral_id, sqlite_where=NAMES_SOMEBODY, postgresql_where=NAMES_SOMEBODY)
_OPEN = text("stopped_at IS NULL")
Index("ix_sector_clocks_open", SECTOR_CLOCKS.c.due_at, sqlite_where=_OPEN, postgresql_where=_OPEN)
