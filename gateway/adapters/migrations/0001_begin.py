"""begin"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agencies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("sectors", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("areas", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("services", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("hours", sa.String(), nullable=True),
        sa.Column("base_url", sa.String(), nullable=True),
        sa.Column("jwks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("webhook_secret", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
    )
    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agencies_revision"), ["revision"], unique=False)

    op.create_table(
        "areas",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_areas")),
    )
    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_areas_province"), ["province"], unique=False)

    op.create_table(
        "availabilities",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("service_type", sa.String(), nullable=False),
        sa.Column("accepting", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("staff_genders", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("languages", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("interpreter_languages", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("disability_access", sa.Boolean(), nullable=True),
        sa.Column("children_welcome", sa.Boolean(), nullable=True),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_availabilities")),
    )
    with op.batch_alter_table("availabilities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_availabilities_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_availabilities_service_type"), ["service_type"], unique=False)

    op.create_table(
        "conflicts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("service_type", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_conflicts")),
    )
    with op.batch_alter_table("conflicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conflicts_at"), ["at"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("recorder", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("valid_from", sa.String(), nullable=False),
        sa.Column("valid_to", sa.String(), nullable=False),
        sa.Column("purposes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("grants", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("withheld", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("derived_from", sa.String(), nullable=True),
        sa.Column("takings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("statement", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_derived_from"), ["derived_from"], unique=False)
        batch_op.create_index(batch_op.f("ix_consents_recorder"), ["recorder"], unique=False)

    op.create_table(
        "delivery_routes",
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("held_until", sa.String(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_delivery_routes")),
    )
    op.create_table(
        "holds",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("consent_id", sa.String(), nullable=False),
        sa.Column("revocation_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("onward", sa.Boolean(), nullable=False),
        sa.Column("compartments", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=True),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("next_limit_at", sa.String(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("kept", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("article", sa.String(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_signature", sa.String(), nullable=True),
        sa.Column("answered_at", sa.String(), nullable=True),
        sa.Column("ledger_index", sa.Integer(), nullable=True),
        sa.Column("extension", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_holds")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holds_consent_id"), ["consent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_next_limit_at"), ["next_limit_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_notice"), ["notice"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "leases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("service_type", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("expires_at", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leases")),
    )
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leases_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_leases_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "ledger_entries",
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("referral_id", sa.String(), nullable=True),
        sa.Column("chain_id", sa.String(), nullable=True),
        sa.Column("consent_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_ledger_entries")),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_entries_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entries_consent_id"), ["consent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entries_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_tiles",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ledger_tiles")),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("referral_id", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("hub_shares", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("traceparent", sa.String(), nullable=False),
        sa.Column("queued_at", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=True),
        sa.Column("settled_at", sa.String(), nullable=True),
        sa.Column("settled_code", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_referral_id"), ["referral_id"], unique=False)
        batch_op.create_index(
            "ix_messages_waiting",
            ["recipient", "seq"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "overrides",
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("service_type", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("notify_unsafe", sa.Boolean(), nullable=False),
        sa.Column("compartments", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("confirm_due_at", sa.String(), nullable=True),
        sa.Column("access_ends_at", sa.String(), nullable=True),
        sa.Column("tell_due_at", sa.String(), nullable=True),
        sa.Column("review_due_at", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.String(), nullable=True),
        sa.Column("told_at", sa.String(), nullable=True),
        sa.Column("reviewed_at", sa.String(), nullable=True),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ends_at", sa.String(), nullable=True),
        sa.Column("confirmation", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("telling", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("review", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_overrides")),
    )
    with op.batch_alter_table("overrides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_overrides_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_overrides_made_at"), ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_overrides_sender"), ["sender"], unique=False)

    op.create_table(
        "oversight_clients",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("jwks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_clients")),
    )
    with op.batch_alter_table("oversight_clients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oversight_clients_revision"), ["revision"], unique=False)

    op.create_table(
        "referrals",
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("service_type", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("staff_gender", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("age_band", sa.String(), nullable=False),
        sa.Column("basis", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("consent_id", sa.String(), nullable=True),
        sa.Column("basis_expires_at", sa.String(), nullable=True),
        sa.Column("blocked", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("halves", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("due", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("next_due_at", sa.String(), nullable=True),
        sa.Column("next_clock_at", sa.String(), nullable=True),
        sa.Column("clocks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("lapses_at", sa.String(), nullable=True),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("sent_at", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("incident_at", sa.String(), nullable=True),
        sa.Column("remote_area", sa.Boolean(), nullable=False),
        sa.Column("reroute_if_expired", sa.Boolean(), nullable=False),
        sa.Column("linked_id", sa.String(), nullable=True),
        sa.Column("guardian_unsafe", sa.Boolean(), nullable=False),
        sa.Column("reroute_if_declined", sa.Boolean(), nullable=False),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("replaced_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_referrals")),
    )
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referrals_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referrals_consent_id"), ["consent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referrals_lapses_at"), ["lapses_at"], unique=False)
        batch_op.create_index(
            "ix_referrals_next_clock",
            ["next_clock_at", "referral_id"],
            unique=False,
            sqlite_where=sa.text("next_clock_at IS NOT NULL"),
            postgresql_where=sa.text("next_clock_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_referrals_next_due_at"), ["next_due_at"], unique=False)
        batch_op.create_index("ix_referrals_recipient", ["recipient", "referral_id"], unique=False)
        batch_op.create_index("ix_referrals_sender", ["sender", "referral_id"], unique=False)

    op.create_table(
        "statement_requests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("held", sa.String(), nullable=False),
        sa.Column("compartments", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("due_at", sa.String(), nullable=False),
        sa.Column("ledger_index", sa.Integer(), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("warned_at", sa.String(), nullable=True),
        sa.Column("warn_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_requests")),
    )
    with op.batch_alter_table("statement_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statement_requests_held"), ["held"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_requests_referral_id"), ["referral_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statement_requests_warn_at"), ["warn_at"], unique=False)

    op.create_table(
        "statements",
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("service_type", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_statements")),
    )
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statements_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statements_taken_at"), ["taken_at"], unique=False)

    op.create_table(
        "used_assertions",
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("expires_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_used_assertions")),
    )
    with op.batch_alter_table("used_assertions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_assertions_expires_at"), ["expires_at"], unique=False)
