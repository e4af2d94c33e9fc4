"""copies in the broker"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broker_copies",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_broker_copies")),
    )
    with op.batch_alter_table("broker_copies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_broker_copies_agency_id"), ["agency_id"], unique=False)
