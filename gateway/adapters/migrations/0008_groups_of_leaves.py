"""The roots of every sixteen leaves of the ledger, so that a proof reads a few rows however much is stored."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.ledger.nodes import GROUP_WIDTH, group_roots

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PORTION = 1000


def upgrade() -> None:
    op.create_table(
        "ledger_groups",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_groups")),
    )
    _group_leaves()


def _group_leaves() -> None:
    """Keep the groups of a ledger that is there, some at a time."""
    connection = op.get_bind()
    place = sa.column("idx", sa.Integer())
    entries = sa.table("ledger_entries", place, sa.column("leaf_hash", sa.String()))
    groups = sa.table("ledger_groups", sa.column("number", sa.Integer()), sa.column("hash", sa.String()))
    last = connection.execute(sa.select(sa.func.max(place)).select_from(entries)).scalar()
    full = 0 if last is None else (last + 1) // GROUP_WIDTH
    for start in range(0, full, _PORTION):
        first, after = start * GROUP_WIDTH, min(start + _PORTION, full) * GROUP_WIDTH
        wanted = sa.select(entries.c.leaf_hash).where(place >= first, place < after).order_by(place)
        roots = _roots(connection.execute(wanted).scalars().all(), after - first)
        if roots:
            rows = [{"number": number, "hash": root.hex()} for number, root in enumerate(roots, start)]
            connection.execute(sa.insert(groups), rows)


def _roots(hashes: Sequence[str], wanted: int) -> list[bytes]:
    """Return the roots of some leaves; none where leaves are gone or are none: whoever reads there is told."""
    if len(hashes) != wanted:
        return []
    try:
        return group_roots([bytes.fromhex(text) for text in hashes])
    except ValueError:
        return []
