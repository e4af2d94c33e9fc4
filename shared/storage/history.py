"""How the tables of a database came to be what they are: one numbered history for each room that has tables.

Owns the version of each history in a database, and the way forward. Promises: an empty database is made at the newest
version; a database on one machine (SQLite) is brought forward when it is opened; one that several processes share
(PostgreSQL) is brought forward by an operator alone, and a process that needs a newer one refuses to start; whoever
brings a database forward holds it against others doing the same. A database that is newer than the code is used as it
is: revisions first expand and only later contract, so that the code before them still works.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, MetaData, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from shared.kernel.errors import InternalFault, MeshError
from shared.storage.append_only import fence, grant
from shared.storage.faults import to_mesh_error

if TYPE_CHECKING:
    from alembic.config import Config

_POSTGRES: Final = "postgresql"
_LOCK: Final = 0x6D657368  # "mesh": one number for every deployable, as each has its own database
_FILE: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.py")
_ENVIRONMENT: Final = Path(__file__).parent / "revisions"

#: The version of a history without a revision.
NONE_YET: Final = "0000"
#: The tables of one room.
Tables = MetaData

#: How constraints are named, so that a later revision can name them too.
NAMING: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


@dataclass(frozen=True, slots=True)
class History:
    """The tables of one room, and the folder with the revisions that lead to them. `name` is unique in a database."""

    name: str
    metadata: MetaData
    folder: Path

    @property
    def newest(self) -> str:
        """The version that this code needs, such as `0001`."""
        files = self.folder.iterdir() if self.folder.is_dir() else ()
        return max((found.group(1) for file in files if (found := _FILE.fullmatch(file.name))), default=NONE_YET)

    @property
    def version_table(self) -> str:
        """Where a database says which version it has."""
        return f"schema_of_{self.name}"


def new_tables(name: str, module: str, *, append_only: Sequence[str] = ()) -> MetaData:
    """Return a place for the tables of one room, whose history is in `migrations` beside their module (`__file__`).

    To those that are named `append_only` rows are only ever added (`shared.storage.append_only`).
    """
    folder = Path(module).parent / "migrations"
    info = {"history": name, "folder": folder, "append_only": frozenset(append_only)}
    return MetaData(naming_convention=NAMING, info=info)


def history_of(metadata: MetaData) -> History:
    """Return the history of the tables of one room."""
    return History(metadata.info["history"], metadata, metadata.info["folder"])


def prepare(engine: Engine, *rooms: MetaData) -> None:
    """Make an empty database, or bring an embedded one forward, before it is used; keep no connection if not.

    Raises `InternalFault` (`storage.schema-behind`) where an operator has to do that, `storage.schema-unknown` for
    tables that no history tells of, and as `shared.storage.engine.read`.
    """
    try:
        _prepare(engine, rooms)
    except MeshError:
        engine.dispose()
        raise


def _prepare(engine: Engine, rooms: Sequence[MetaData]) -> None:
    with held(engine) as connection:
        for history in map(history_of, rooms):
            version = version_of(connection, history)
            if version is None and _may_begin(connection):
                begin(connection, history)
            elif version is None or (version < history.newest and engine.dialect.name == _POSTGRES):
                raise InternalFault("storage.schema-behind", "Bring the database forward: python -m mesh migrate.")
            elif version < history.newest:
                _upgrade(connection, history)


def migrate(engine: Engine, *rooms: MetaData, runtime_role: str | None = None) -> Sequence[tuple[str, str | None, str]]:
    """Bring a database forward; return each history's name with its version before and now.

    `runtime_role` is an account that owns nothing and gets the rights of a service (PostgreSQL). Raises as `prepare`.
    """
    histories = [history_of(metadata) for metadata in rooms]
    with held(engine) as connection:
        before = {history.name: version_of(connection, history) for history in histories}
        for history in histories:
            version = before[history.name]
            if version is None:
                begin(connection, history)
            elif version < history.newest:
                _upgrade(connection, history)
            if runtime_role is not None:
                grant(connection, runtime_role, history.metadata, version_table=history.version_table)
        return [(one.name, before[one.name], version_of(connection, one) or "") for one in histories]


def version_of(connection: Connection, history: History) -> str | None:
    """Return the version of a history in a database, or None where it has not begun."""
    if not inspect(connection).has_table(history.version_table):
        return None
    version: str | None = connection.execute(text(f"SELECT version_num FROM {history.version_table}")).scalar()  # noqa: S608 - a name of ours
    return version


@contextmanager
def held(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that nobody else has who prepares, migrates or copies this database; commit it at the end."""
    try:
        with engine.begin() as connection:
            if engine.dialect.name == _POSTGRES:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            yield connection
    except SQLAlchemyError as fault:
        raise to_mesh_error(fault) from fault


def _may_begin(connection: Connection) -> bool:
    """Say whether this account may make tables; the one a service works under may not, and waits for its operator."""
    if connection.dialect.name != _POSTGRES:
        return True
    return bool(connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")))


def begin(connection: Connection, history: History) -> None:
    """Make the tables of a history at its newest version; a test holds that its revisions lead to the same."""
    known = set(inspect(connection).get_table_names())
    if known & set(history.metadata.tables):
        raise InternalFault("storage.schema-unknown", "The database has tables that no history tells of.")
    history.metadata.create_all(connection)
    fence(connection, history.metadata)
    named = history.version_table
    connection.execute(text(f"CREATE TABLE {named} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text(f"INSERT INTO {named} (version_num) VALUES (:version)"), {"version": history.newest})  # noqa: S608 - a name of ours


def _upgrade(connection: Connection, history: History) -> None:
    from alembic import command  # noqa: PLC0415 - a second to import, and hardly ever needed

    if connection.dialect.name == _POSTGRES:  # an index over millions of rows takes longer than any call may
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    command.upgrade(configuration(connection, history), "head")
    fence(connection, history.metadata)


def configuration(connection: Connection, history: History) -> "Config":
    """Return the configuration of the migration library for one history on one connection."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("version_locations", str(history.folder))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, history=history)
    return config
