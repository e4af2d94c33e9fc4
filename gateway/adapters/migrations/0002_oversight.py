"""What oversight looks for and at: numbers of referrals, indexes for its searches, the journal of its readings."""

import sqlalchemy as sa
from alembic import op

from shared.referral.number import number_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PORTION = 1000


def upgrade() -> None:
    op.create_table(
        "oversight_readings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("refused", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_readings")),
    )
    with op.batch_alter_table("oversight_readings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oversight_readings_about"), ["about"], unique=False)

    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_refused",
            ["idx"],
            unique=False,
            sqlite_where=sa.text("kind = 'refusal'"),
            postgresql_where=sa.text("kind = 'refusal'"),
        )

    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.String(), nullable=True))
        batch_op.create_index("ix_referrals_agency_got", ["recipient", "received_at", "referral_id"], unique=False)
        batch_op.create_index("ix_referrals_agency_sent", ["sender", "received_at", "referral_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referrals_number"), ["number"], unique=False)
        batch_op.create_index("ix_referrals_received", ["received_at", "referral_id"], unique=False)
        batch_op.create_index("ix_referrals_state", ["state", "received_at", "referral_id"], unique=False)
    _number_referrals()


def _number_referrals() -> None:
    """Give every referral that is there its number."""
    connection = op.get_bind()
    referrals = sa.table("referrals", sa.column("referral_id", sa.String()), sa.column("number", sa.String()))
    numbered = (
        sa.update(referrals)
        .where(referrals.c.referral_id == sa.bindparam("which"))
        .values(number=sa.bindparam("number_"))
    )
    ids = connection.execute(sa.select(referrals.c.referral_id)).scalars().all()
    for start in range(0, len(ids), _PORTION):
        portion = ids[start : start + _PORTION]
        connection.execute(numbered, [{"which": one, "number_": number_of(one)} for one in portion])
