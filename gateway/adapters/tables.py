"""The gateway's tables. Rows never leave the adapters.

Times are kept as wire text (RFC 3339, UTC, milliseconds): they sort, compare and travel unchanged on
every database. The `messages` table is the outbox as well: a message waits for delivery as long as
`settled_at` is null, in the order of `seq`, which is the index of its ledger entry.
"""

from typing import Any

from sqlalchemy import Column, ColumnElement, Index, TextClause, func, text
from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, json_column, table_of, text_column


class AgencyRow(GatewayRow, table=True):
    """An agency of the directory. `webhook_secret` signs the delivery hop (Standard Webhooks)."""

    __tablename__ = "agencies"
    id: str = Field(primary_key=True)
    name_vi: str
    name_en: str
    sectors: list[str] = json_column()
    areas: list[str] = json_column()
    services: list[str] = json_column()
    hours: str | None = None
    base_url: str | None = None
    jwks: dict[str, Any] = json_column()
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
    staff_genders: list[str] = json_column()
    languages: list[str] = json_column()
    interpreter_languages: list[str] = json_column()
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
    jwks: dict[str, Any] = json_column()
    scopes: list[str] = json_column()
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
    valid_to: str = Field(index=True)
    purposes: list[str] = json_column()
    grants: list[dict[str, Any]] = json_column()
    withheld: list[str] = json_column()
    derived_from: str | None = Field(default=None, index=True)
    takings: list[dict[str, Any]] = json_column()
    statement: dict[str, Any] = json_column()


class ReferralRow(GatewayRow, table=True):
    """A referral as it stands; `halves` holds the gateway's halves until their purpose ends.

    `lapses_at` is when the end of its consent will change it: null once there is nothing left to change.
    `next_clock_at` is when its clocks next have something to say, likewise: the ticker reads by it alone.
    """

    __tablename__ = "referrals"
    referral_id: str = Field(primary_key=True)
    chain_id: str
    parent_id: str | None = None
    sender: str
    recipient: str
    subject: str
    service_type: str
    urgency: str
    staff_gender: str
    state: str
    age_band: str
    basis: dict[str, Any] = json_column()
    consent_id: str | None = Field(default=None, index=True)
    basis_expires_at: str | None = None
    blocked: list[str] = json_column()
    halves: dict[str, Any] = json_column()
    due: dict[str, list[str]] = json_column()
    next_due_at: str | None = None
    next_clock_at: str | None = None
    clocks: dict[str, Any] = json_column()
    lapses_at: str | None = None
    counts: dict[str, int] = json_column()
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
    number: str | None = None  # of the release before: it goes with the next; `referral_numbers` has them


class MessageRow(GatewayRow, table=True):
    """An admitted message. Its text is forgotten once it is settled; its digest and answer stay."""

    __tablename__ = "messages"
    message_id: str = Field(primary_key=True)
    seq: int
    kind: str
    sender: str
    recipient: str | None = None
    referral_id: str | None = None
    sha256: str
    answer: str = text_column()
    body: str | None = text_column(nullable=True)
    signature: str | None = text_column(nullable=True)
    hub_shares: dict[str, str] | None = json_column(nullable=True)
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
    compartments: list[str] = json_column()
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
    confirmation: dict[str, Any] | None = json_column(nullable=True)
    telling: dict[str, Any] | None = json_column(nullable=True)
    review: dict[str, Any] | None = json_column(nullable=True)


class LedgerEntryRow(GatewayRow, table=True):
    """One leaf of the ledger, with the facts it is searched by."""

    __tablename__ = "ledger_entries"
    idx: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    leaf: str = text_column()
    leaf_hash: str
    kind: str
    at: str
    actor: str
    code: str | None = None
    state: str | None = None
    referral_id: str | None = None
    chain_id: str | None = Field(default=None, index=True)
    consent_id: str | None = None


class LedgerHeadRow(GatewayRow, table=True):
    """The one row every writer locks: how many leaves there are, and the frontier of the tree."""

    __tablename__ = "ledger_head"
    id: int = Field(primary_key=True)
    size: int
    frontier: list[str] = json_column()


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
    compartments: list[str] = json_column()
    asked_at: str
    due_at: str
    notice: str | None = Field(default=None, index=True)
    told: list[str] = json_column()
    next_limit_at: str | None = Field(default=None, index=True)
    result: str
    kept: list[str] = json_column()
    article: str | None = None
    answer: str | None = text_column(nullable=True)
    answer_signature: str | None = None
    answered_at: str | None = None
    ledger_index: int | None = None
    extension: dict[str, Any] | None = json_column(nullable=True)


class ConflictRow(GatewayRow, table=True):
    """A conflict of interest that was declared, or for which a referral was given back: never who, never why."""

    __tablename__ = "conflicts"
    key: str = Field(primary_key=True)  # agency "/" salted hash of who; or the referral given back
    kind: str
    referral_id: str
    chain_id: str = Field(index=True)
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
    compartments: list[str] = json_column()
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


class OversightReadingRow(GatewayRow, table=True):
    """What somebody of oversight looked at on a page: who (a pseudonym), what, and how much of it there was to see."""

    __tablename__ = "oversight_readings"
    id: str = Field(primary_key=True)
    at: str
    reader: str
    role: str
    page: str
    about: str | None = Field(default=None, index=True)
    found: int
    refused: str | None = None


AGENCIES = table_of(AgencyRow, kept=True)
AVAILABILITIES = table_of(AvailabilityRow)
LEASES = table_of(LeaseRow)
OVERSIGHT_CLIENTS = table_of(OversightClientRow)
USED_ASSERTIONS = table_of(UsedAssertionRow)
AREAS = table_of(AreaRow)
CONSENTS = table_of(ConsentRow)
REFERRALS = table_of(ReferralRow)
MESSAGES = table_of(MessageRow)
LEDGER_ENTRIES = table_of(LedgerEntryRow)
LEDGER_HEAD = table_of(LedgerHeadRow)
OVERRIDES = table_of(OverrideRow)
HOLDS = table_of(HoldRow)
CONFLICTS = table_of(ConflictRow)
STATEMENTS = table_of(StatementRow)
STATEMENT_REQUESTS = table_of(StatementRequestRow)
DELIVERY_ROUTES = table_of(DeliveryRouteRow)
OVERSIGHT_READINGS = table_of(OversightReadingRow)

#: Written as text, also where they are asked for: a database sees only then that the index answers.
REFUSED, GIVEN_UP = text("kind = 'refusal'"), text("settled_code = 'undelivered'")
_WAITING = text("settled_at IS NULL")


def is_unsettled(settled_at: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return `settled_at IS NULL` in words that no index answers, for who asks by referral: what waits may be much.

    A database whose statistics are of a quiet hour takes what waits for nothing, and would look all of it through.
    """
    return func.coalesce(settled_at, "") == ""


def _partial(name: str, where: TextClause, *columns: Column[Any]) -> None:
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


_partial("ix_messages_waiting", _WAITING, MESSAGES.c.recipient, MESSAGES.c.seq)
_partial("ix_messages_given_up", GIVEN_UP, MESSAGES.c.seq)
_partial("ix_ledger_refused", REFUSED, LEDGER_ENTRIES.c.idx)
#: Rows that are found by another key already are not in these, so nothing is written for them; who looks has to say the
#: same words (`gateway.adapters.found_by`), or the database reads the whole table.
BESIDE_ITS_ID = text("message_id <> referral_id")
OF_ANOTHER = text("chain_id <> referral_id")
BESIDE_ITS_CHAIN = text("referral_id IS NOT NULL AND (chain_id IS NULL OR chain_id <> referral_id)")
OF_THE_CONSENT = text("consent_id IS NOT NULL AND kind <> 'referral'")
_partial("ix_messages_referral_id", BESIDE_ITS_ID, MESSAGES.c.referral_id)
_partial("ix_referrals_chain_id", OF_ANOTHER, REFERRALS.c.chain_id)
_partial("ix_ledger_entries_referral_id", BESIDE_ITS_CHAIN, LEDGER_ENTRIES.c.referral_id)
_partial("ix_ledger_entries_consent_id", OF_THE_CONSENT, LEDGER_ENTRIES.c.consent_id)
#: What will happen to a referral by itself, and when: nothing any more once it has ended.
for _name, _moment in (("next_clock", "next_clock_at"), ("next_due_at", "next_due_at"), ("lapses_at", "lapses_at")):
    _partial(f"ix_referrals_{_name}", text(f"{_moment} IS NOT NULL"), REFERRALS.c[_moment])
#: Every list of referrals is in the order in which they came, and follows one of these: it reads what it shows, not
#: the table. What came in one moment is put in order when it is read: with its id in the key, a referral that comes in
#: would have to be written among the others of its moment, on four pages instead of on the last.
for _name, _first in (("agency_sent", "sender"), ("agency_got", "recipient"), ("state", "state")):
    Index(f"ix_referrals_{_name}", REFERRALS.c[_first], REFERRALS.c.received_at)
Index("ix_referrals_received", REFERRALS.c.received_at)
