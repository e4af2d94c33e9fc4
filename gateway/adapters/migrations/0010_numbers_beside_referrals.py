"""Numbers of referrals in a table of their own, by the day they came: no change of a referral touches its pages.

The column `referrals.number` stays for the release before. What that one still admits is found by everything but
its number.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referral_numbers",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", "number", "referral_id", name=op.f("pk_referral_numbers")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO referral_numbers (day, number, referral_id)"
        " SELECT substr(received_at, 1, 10), number, referral_id FROM referrals WHERE number IS NOT NULL ORDER BY 1, 2"
    )
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referrals_number"))
