"""One order for every list of referrals, that in which they came: an agency's two had an order of their own beside it.

What came in one moment stands under one key of an index: it is put in order when it is read. So a referral that comes
in goes to an index's end, and not somewhere among those of its moment. What has ended is in no index of moments.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_IN_ORDER = {"agency_sent": "sender", "agency_got": "recipient", "state": "state"}
_MOMENTS = {"next_clock": "next_clock_at", "next_due_at": "next_due_at", "lapses_at": "lapses_at"}


def upgrade() -> None:
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        for name in ("sender", "recipient", "received", *_IN_ORDER, *_MOMENTS):
            batch_op.drop_index(f"ix_referrals_{name}")
        batch_op.create_index("ix_referrals_received", ["received_at"], unique=False)
        for name, first in _IN_ORDER.items():
            batch_op.create_index(f"ix_referrals_{name}", [first, "received_at"], unique=False)
        for name, moment in _MOMENTS.items():
            there = sa.text(f"{moment} IS NOT NULL")
            batch_op.create_index(
                f"ix_referrals_{name}", [moment], unique=False, sqlite_where=there, postgresql_where=there
            )
