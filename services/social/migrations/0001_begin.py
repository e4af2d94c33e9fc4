"""begin"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bed_bookings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=True),
        sa.Column("lease_id", sa.String(), nullable=True),
        sa.Column("leaving", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bed_bookings")),
    )
    with op.batch_alter_table("bed_bookings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bed_bookings_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "bed_turns",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("bed_id", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("booking", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bed_turns")),
    )
    with op.batch_alter_table("bed_turns", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bed_turns_bed_id"), ["bed_id"], unique=False)

    op.create_table(
        "beds",
        sa.Column("bed_id", sa.String(), nullable=False),
        sa.Column("place_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("booking", sa.String(), nullable=True),
        sa.Column("until", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("bed_id", name=op.f("pk_beds")),
    )
    with op.batch_alter_table("beds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_beds_booking"), ["booking"], unique=False)
        batch_op.create_index(batch_op.f("ix_beds_place_id"), ["place_id"], unique=False)

    op.create_table(
        "case_leads",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_case_leads")),
    )
    with op.batch_alter_table("case_leads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_leads_referral_id"), ["referral_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_leads_subject"), ["subject"], unique=False)

    op.create_table(
        "case_plans",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_case_plans")),
    )
    with op.batch_alter_table("case_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_plans_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "case_reviews",
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_case_reviews")),
    )
    with op.batch_alter_table("case_reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_reviews_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "child_decisions",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("decided_at", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("commune", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stay_from", sa.String(), nullable=True),
        sa.Column("stay_until", sa.String(), nullable=True),
        sa.Column("longer_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("ended_to", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_child_decisions")),
    )
    with op.batch_alter_table("child_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_child_decisions_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "child_forms",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_child_forms")),
    )
    with op.batch_alter_table("child_forms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_child_forms_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "hotline_copies",
        sa.Column("copy_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("copy_id", name=op.f("pk_hotline_copies")),
    )
    with op.batch_alter_table("hotline_copies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hotline_copies_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "house_members",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("place_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_house_members")),
    )
    with op.batch_alter_table("house_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_house_members_place_id"), ["place_id"], unique=False)

    op.create_table(
        "managed_cases",
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("opened_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.Column("closure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_managed_cases")),
    )
    op.create_table(
        "receptions",
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("offence_or_immigration", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_receptions")),
    )
    op.create_table(
        "risk_assessments",
        sa.Column("assessment_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("assessment_id", name=op.f("pk_risk_assessments")),
    )
    with op.batch_alter_table("risk_assessments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_assessments_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "safe_places",
        sa.Column("place_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("added_at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("whereabouts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_safe_places")),
    )
    with op.batch_alter_table("safe_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_safe_places_code"), ["code"], unique=False)

    op.create_table(
        "safety_plan_copies",
        sa.Column("copy_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("copy_id", name=op.f("pk_safety_plan_copies")),
    )
    with op.batch_alter_table("safety_plan_copies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_safety_plan_copies_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "safety_plans",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_safety_plans")),
    )
    with op.batch_alter_table("safety_plans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_safety_plans_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "support_bookings",
        sa.Column("booking_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("starts_at", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("settled_at", sa.String(), nullable=True),
        sa.Column("provided", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_support_bookings")),
    )
    with op.batch_alter_table("support_bookings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_support_bookings_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "supports_given",
        sa.Column("support_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("support", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("support_id", name=op.f("pk_supports_given")),
    )
    with op.batch_alter_table("supports_given", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_supports_given_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "trafficking_statuses",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_trafficking_statuses")),
    )
    with op.batch_alter_table("trafficking_statuses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trafficking_statuses_referral_id"), ["referral_id"], unique=False)
