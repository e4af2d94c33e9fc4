"""What the database reports, said in errors of the mesh.

Nothing of a statement, a row, a table or a library gets into the text: it goes to callers.
"""

import sqlite3
from typing import Any

from sqlalchemy import exc

from shared.kernel.errors import Conflict, InternalFault, MeshError, PeerUnavailable

#: Seconds after which a caller may try again.
RETRY_AFTER = 1
#: The same where somebody has to mend something first: make room, or give a right back.
RETRY_LATER = 30

_NOT_NOW = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, exc.DisconnectionError)
_NOT_IN_TIME = frozenset({"55P03", "57014"})  # lock_not_available, query_canceled
_UNIQUE_SQLSTATE = "23505"  # PostgreSQL, appendix A: unique_violation
_NO_ROOM = frozenset({"53100"})  # disk_full
_NOT_ALLOWED = frozenset({"25006", "42501"})  # read_only_sql_transaction, insufficient_privilege
_WRITE_FAILED = ("SQLITE_READONLY", "SQLITE_IOERR_WRITE")  # the latter also for a quota, and for a limit on files
_UNIQUE_SQLITE = frozenset({sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE})


def is_connection_lost(fault: exc.SQLAlchemyError) -> bool:
    """Say whether the connection itself is gone, so that another one may succeed."""
    return isinstance(fault, exc.DBAPIError) and fault.connection_invalidated


def may_be_of_one(fault: exc.SQLAlchemyError) -> bool:
    """Say whether a query for many callers may have failed for what one of them asked: nothing that meets them all."""
    if not isinstance(fault, exc.DBAPIError) or fault.connection_invalidated or is_write_refused(fault):
        return False
    return not _waited_in_vain(fault.orig)


def is_write_refused(fault: exc.SQLAlchemyError) -> bool:
    """Say whether nothing can be recorded for anybody now, and nothing of this was: no room, or no right to write."""
    return _refusal_of(fault) is not None


def is_rolled_back(fault: exc.SQLAlchemyError) -> bool:
    """Say whether what was sent along with a commit is certainly not persisted: the data themselves were refused."""
    return isinstance(fault, (exc.IntegrityError, exc.DataError))


def to_mesh_error(fault: exc.SQLAlchemyError) -> MeshError:
    """Return the mesh's error for a failure of the database.

    A second row under a unique key is a `Conflict`; a database that does not answer, is locked, has no
    connection left, or cannot be written to is `PeerUnavailable`; everything else is a fault of ours.
    """
    if (refusal := _refusal_of(fault)) is not None:
        return refusal
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


def not_writable() -> PeerUnavailable:
    """Return the error for a database that can only be read."""
    return PeerUnavailable(
        "storage.not-writable",
        "The service cannot write to its records now, so it did nothing. Try again later.",
        retry_after=RETRY_LATER,
    )


def _refusal_of(fault: exc.SQLAlchemyError) -> PeerUnavailable | None:
    cause = getattr(fault, "orig", None)
    name, state = getattr(cause, "sqlite_errorname", ""), getattr(cause, "sqlstate", None)
    if name == "SQLITE_FULL" or state in _NO_ROOM:
        told = "The service has no room left to record anything, so it did nothing. Try again later."
        return PeerUnavailable("storage.full", told, retry_after=RETRY_LATER)
    if name.startswith(_WRITE_FAILED) or state in _NOT_ALLOWED:
        return not_writable()
    return None


def _waited_in_vain(cause: Any) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", "").startswith("SQLITE_BUSY")
    return getattr(cause, "sqlstate", None) in _NOT_IN_TIME


def _is_unique_violation(cause: Any) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) in _UNIQUE_SQLITE
    return getattr(cause, "sqlstate", None) == _UNIQUE_SQLSTATE
