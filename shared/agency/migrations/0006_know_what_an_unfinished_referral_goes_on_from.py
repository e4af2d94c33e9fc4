"""know what an unfinished referral goes on from

What an unfinished referral of before goes on from stands only inside it, encrypted: nobody could tell which of them has
to go with a case. They are deleted, a week before they would have been at the latest; their writers begin anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unsent = sa.table("unsent", sa.column("wrapped_key", sa.LargeBinary))
    op.get_bind().execute(sa.delete(unsent).where(unsent.c.wrapped_key.is_not(None)))
    op.add_column("unsent", sa.Column("actor", sa.String(), nullable=False, server_default=""))
    op.add_column("unsent", sa.Column("before_id", sa.String(), nullable=True))
    op.create_index(op.f("ix_unsent_actor"), "unsent", ["actor"])
    op.create_index(op.f("ix_unsent_before_id"), "unsent", ["before_id"])
