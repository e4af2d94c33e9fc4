"""what is counted"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_marks",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("referral_id", sa.String(), nullable=False),
        sa.Column("chain_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_event_marks")),
    )
    with op.batch_alter_table("event_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_marks_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_marks_chain_id"), ["chain_id"], unique=False)

    op.create_table(
        "releases",
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("counted_at", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_releases")),
    )
