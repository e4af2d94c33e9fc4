"""Refusals by the bytes they were given to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_messages",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("forget_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_refused_messages")),
    )
    with op.batch_alter_table("refused_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refused_messages_forget_at"), ["forget_at"], unique=False)
