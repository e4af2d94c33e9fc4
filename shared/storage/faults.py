"""What the database reports, said in errors of the mesh.

Nothing of a statement, a row, a table or a library gets into the text: it goes to callers.
"""

import sqlite3
from typing import Any

from sqlalchemy import exc

from shared.kernel.errors import Conflict, InternalFault, MeshError, PeerUnavailable

#: Seconds after which a caller may try again.
RETRY_AFTER = 1

_NOT_NOW = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, exc.DisconnectionError)
_NOT_IN_TIME = frozenset({"55P03", "57014"})  # lock_not_available, query_canceled
_UNIQUE_SQLSTATE = "23505"  # PostgreSQL, appendix A: unique_violation
_UNIQUE_SQLITE = frozenset({sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE})


def is_connection_lost(fault: exc.SQLAlchemyError) -> bool:
    """Say whether the connection itself is gone, so that another one may succeed."""
    return isinstance(fault, exc.DBAPIError) and fault.connection_invalidated


def may_be_of_one(fault: exc.SQLAlchemyError) -> bool:
    """Say whether a query for many callers may have failed for what one of them asked: no lock, no lost connection."""
    return isinstance(fault, exc.DBAPIError) and not fault.connection_invalidated and not _waited_in_vain(fault.orig)


def is_rolled_back(fault: exc.SQLAlchemyError) -> bool:
    """Say whether what was sent along with a commit is certainly not persisted: the data themselves were refused."""
    return isinstance(fault, (exc.IntegrityError, exc.DataError))


def to_mesh_error(fault: exc.SQLAlchemyError) -> MeshError:
    """Return the mesh's error for a failure of the database.

    A second row under a unique key is a `Conflict`; a database that does not answer, is locked or has
    no connection left is `PeerUnavailable`; everything else is a fault of ours.
    """
    if isinstance(fault, exc.IntegrityError) and _is_unique_violation(fault.orig):
        return Conflict("storage.conflict", "Another record already has this identifier.")
    if is_connection_lost(fault) or isinstance(fault, _NOT_NOW):
        return unavailable()
    return InternalFault("storage.fault", "The database refused an operation.")


def unavailable() -> PeerUnavailable:
    """Return the error for a database that cannot be used now."""
    return PeerUnavailable(
        "storage.unavailable", "The service cannot reach its records now. Try again.", retry_after=RETRY_AFTER
    )


def _waited_in_vain(cause: Any) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", "").startswith("SQLITE_BUSY")
    return getattr(cause, "sqlstate", None) in _NOT_IN_TIME


def _is_unique_violation(cause: Any) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) in _UNIQUE_SQLITE
    return getattr(cause, "sqlstate", None) == _UNIQUE_SQLSTATE
