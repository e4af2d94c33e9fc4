"""What is found by its own id, or by its chain, is no longer written into an index beside: most of what is admitted.

The first referral of a chain has the id of the chain, and its message has that of the referral. A release before this
one asks these indexes in words that they do not answer any more: until it is replaced it looks through the tables for
the messages and the entries of a referral.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXES = {
    "messages": {"referral_id": "message_id <> referral_id"},
    "referrals": {"chain_id": "chain_id <> referral_id"},
    "ledger_entries": {
        "referral_id": "referral_id IS NOT NULL AND (chain_id IS NULL OR chain_id <> referral_id)",
        "consent_id": "consent_id IS NOT NULL AND kind <> 'referral'",
    },
}


def upgrade() -> None:
    for table, indexes in _INDEXES.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column, words in indexes.items():
                name, where = batch_op.f(f"ix_{table}_{column}"), sa.text(words)
                batch_op.drop_index(name)
                batch_op.create_index(name, [column], unique=False, sqlite_where=where, postgresql_where=where)
