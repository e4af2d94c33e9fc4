"""begin"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "breaches",
        sa.Column("breach_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("happened_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("breach_id", name=op.f("pk_breaches")),
    )
    with op.batch_alter_table("breaches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breaches_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_breaches_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "cancellations",
        sa.Column("cancellation_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("decided", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("reasons", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("cancellation_id", name=op.f("pk_cancellations")),
    )
    with op.batch_alter_table("cancellations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cancellations_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cancellations_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "crime_reports",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("own_decision", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("passed_on_at", sa.String(), nullable=True),
        sa.Column("passed_on_to", sa.String(), nullable=True),
        sa.Column("classified_at", sa.String(), nullable=True),
        sa.Column("competence", sa.String(), nullable=True),
        sa.Column("found", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.Column("reasons", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_crime_reports")),
    )
    with op.batch_alter_table("crime_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_crime_reports_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "exceptional_contacts",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("begins_at", sa.String(), nullable=False),
        sa.Column("ends_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_exceptional_contacts")),
    )
    with op.batch_alter_table("exceptional_contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exceptional_contacts_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exceptional_contacts_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "interviews",
        sa.Column("interview_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("joint", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.Column("statement_id", sa.String(), nullable=True),
        sa.Column("checklist", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("interview_id", name=op.f("pk_interviews")),
    )
    with op.batch_alter_table("interviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_interviews_referral_id"), ["referral_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_interviews_subject"), ["subject"], unique=False)

    op.create_table(
        "needs_checks",
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("checked_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_needs_checks")),
    )
    with op.batch_alter_table("needs_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_needs_checks_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "no_contact_orders",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("commune", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("effective_at", sa.String(), nullable=False),
        sa.Column("valid_to", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("ex_officio", sa.Boolean(), nullable=False),
        sa.Column("renews", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("cancelled_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_no_contact_orders")),
    )
    with op.batch_alter_table("no_contact_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_no_contact_orders_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "officers",
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("gender", sa.String(), nullable=False),
        sa.Column("wanted", sa.String(), nullable=True),
        sa.Column("honoured", sa.String(), nullable=False),
        sa.Column("alternative", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_officers")),
    )
    with op.batch_alter_table("officers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officers_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "order_requests",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("ex_officio", sa.Boolean(), nullable=False),
        sa.Column("renews", sa.String(), nullable=True),
        sa.Column("decided", sa.String(), nullable=True),
        sa.Column("decided_at", sa.String(), nullable=True),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("commune", sa.String(), nullable=True),
        sa.Column("order_id", sa.String(), nullable=True),
        sa.Column("reasons", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_order_requests")),
    )
    with op.batch_alter_table("order_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_requests_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "statements",
        sa.Column("statement_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("registered_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("joint", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_statements")),
    )
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_statements_chain_id"), ["chain_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_statements_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "supervisions",
        sa.Column("supervision_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("supervisor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("announced_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("supervision_id", name=op.f("pk_supervisions")),
    )
    with op.batch_alter_table("supervisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supervisions_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supervisions_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "verifications",
        sa.Column("verification_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("found", sa.String(), nullable=True),
        sa.Column("found_at", sa.String(), nullable=True),
        sa.Column("parts", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("pk_verifications")),
    )
    with op.batch_alter_table("verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verifications_referral_id"), ["referral_id"], unique=False)
