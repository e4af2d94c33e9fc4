"""who has it"""

import sqlalchemy as sa
from alembic import op

from shared.referral.number import number_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_holders",
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_case_holders")),
    )
    op.create_index(op.f("ix_case_holders_holder"), "case_holders", ["holder"])

    op.add_column("referrals", sa.Column("number", sa.String(), nullable=False, server_default=""))
    _number_what_is_there()
    op.create_index(op.f("ix_referrals_number"), "referrals", ["number"])

    work = ["box", "state", "next_due_at", "service_type", "urgency", "referral_id"]
    op.create_index("ix_referrals_work", "referrals", work)
    named = sa.text("CAST(blocked AS TEXT) <> '[]'")
    op.create_index("ix_referrals_blocked", "referrals", ["referral_id"], sqlite_where=named, postgresql_where=named)
    still_open = sa.text("stopped_at IS NULL")
    op.create_index(
        "ix_sector_clocks_open", "sector_clocks", ["due_at"], sqlite_where=still_open, postgresql_where=still_open
    )


def _number_what_is_there() -> None:
    """Give every referral its number: it follows from the id."""
    referrals = sa.table("referrals", sa.column("referral_id", sa.String), sa.column("number", sa.String))
    connection = op.get_bind()
    known = connection.execute(sa.select(referrals.c.referral_id)).scalars().all()
    for referral_id in known:
        numbered = sa.update(referrals).where(referrals.c.referral_id == referral_id)
        connection.execute(numbered.values(number=number_of(referral_id)))
