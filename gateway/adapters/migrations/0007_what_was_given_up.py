"""A way to what was given up that does not lead through everything that was ever delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(
            "ix_messages_given_up",
            ["seq"],
            unique=False,
            sqlite_where=sa.text("settled_code = 'undelivered'"),
            postgresql_where=sa.text("settled_code = 'undelivered'"),
        )
