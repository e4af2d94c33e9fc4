"""What the migration library runs to go from one revision to the next: one history, one connection, one transaction."""

from typing import Literal

from alembic import context
from sqlmodel import AutoString

from shared.storage.history import History


def _plainly(kind: str, column: object, _writer: object) -> str | Literal[False]:
    """Write a text column as every other tool knows it."""
    return "sa.String()" if kind == "type" and isinstance(column, AutoString) else False


_history: History = context.config.attributes["history"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=_history.metadata,
    version_table=_history.version_table,
    render_as_batch=True,
    compare_type=True,
    render_item=_plainly,
    include_name=lambda name, kind, _parents: kind != "table" or name in _history.metadata.tables,
)
with context.begin_transaction():
    context.run_migrations()
