"""Tables to which rows are only ever added: the database itself refuses to change or remove one.

A guard against our own defects and against an account that was taken over, not against whoever owns the database: that
one can take a trigger away, and is found by the hash tree (`shared.ledger`). Two fences: triggers, on both databases;
and rights, where services work under an account that does not own the tables (PostgreSQL).

PostgreSQL's housekeeping leaves such tables alone until their rows have to be frozen: there is nothing to tidy up, and
it would find the room that long rows left at the ends of pages. Short rows would then be put there one by one, each on
a page that was read and written in full for it.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, MetaData, text

_POSTGRES: Final = "postgresql"
_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION mesh_only_appends() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'rows of this table are only added' USING ERRCODE = 'restrict_violation'; END $$
"""


def append_only(metadata: MetaData) -> frozenset[str]:
    """Return the names of a room's tables to which rows are only added."""
    names: frozenset[str] = metadata.info["append_only"]
    return names


def fence(connection: Connection, metadata: MetaData) -> None:
    """Make the triggers of a room's append-only tables, where they are not there yet, and see to it that they grow."""
    for statement in _statements(connection.dialect.name, metadata):
        connection.execute(text(statement))


def grant(connection: Connection, role: str, metadata: MetaData, *, version_table: str) -> None:
    """Give an account that owns nothing just the rights a service needs for a room's tables (PostgreSQL alone)."""
    named = connection.dialect.identifier_preparer.quote(role)
    for table in metadata.tables:
        rights = "SELECT, INSERT" if table in append_only(metadata) else "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f"REVOKE ALL ON {table} FROM {named}"))
        connection.execute(text(f"GRANT {rights} ON {table} TO {named}"))
    connection.execute(text(f"GRANT SELECT ON {version_table} TO {named}"))


def _statements(dialect: str, metadata: MetaData) -> Iterator[str]:
    tables = sorted(append_only(metadata))
    if dialect != _POSTGRES:
        for table in tables:
            for act in ("UPDATE", "DELETE"):
                named = f"only_appends_{act.lower()}_{table}"
                refusal = "SELECT RAISE(ABORT, 'rows of this table are only added')"
                yield f"CREATE TRIGGER IF NOT EXISTS {named} BEFORE {act} ON {table} BEGIN {refusal}; END"
        return
    if tables:
        yield _FUNCTION
    for table in tables:
        yield (
            f"CREATE OR REPLACE TRIGGER only_appends_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION mesh_only_appends()"
        )
        yield f"ALTER TABLE {table} SET (autovacuum_vacuum_insert_threshold = -1)"
