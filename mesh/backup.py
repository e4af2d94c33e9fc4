"""A copy of a whole home, made while the mesh runs, that only the holder of a key kept elsewhere can read.

What is copied is one moment of all five databases: each is held for an instant (the gateway first), a snapshot of each
is opened, all are let go, and then the snapshots are copied. So nothing in one copy has been answered by another that
does not have it: an agency may be ahead of the gateway by what it will send again, never behind what the gateway has
forgotten. The file is a tar archive encrypted to X25519 recipients in the format age (age-encryption.org/v1), so that
the machine that makes copies cannot read them, and another tool can.

    HOME/...            the files of the home, as they are named there
    manifest.json       when, and the SHA-256 digest of each file

Promises that a copy is whole or is not made, and that however it is interrupted, nothing readable is left of it: a
database is copied into a file without a name, and everything else goes from memory into the encryption.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyrage  # type: ignore[import-untyped]  # a compiled module without stubs

from mesh.home import DATABASE_URL, Home, write_private
from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES
from shared.kernel.clock import SystemClock, to_wire

MANIFEST: Final = "manifest.json"
VERSION: Final = 1
_LOOSE: Final = ("credentials.json", "ledger.vkey", "checkpoint.txt")
_PRIVATE: Final = 0o600
_HELD_SECONDS: Final = 10.0
_PIECE: Final = 1024 * 1024


def new_key(file: Path) -> str:
    """Write a fresh key that opens copies, readable by this account alone; return the recipient to make them for."""
    if file.exists():
        raise CommandRefused(f"{file} is there already.")
    identity = pyrage.x25519.Identity.generate()
    write_private(file, f"# recipient: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def back_up(home: Home, file: Path, *, recipients: Sequence[str]) -> int:
    """Copy a home into an encrypted file; return how many files there are in it. Raises `CommandRefused`."""
    if home.credentials() is None:
        raise CommandRefused(f"{home.root} holds no mesh yet.")
    try:
        readers = [pyrage.x25519.Recipient.from_str(one) for one in recipients]
    except pyrage.RecipientError:
        raise CommandRefused("A recipient looks like age1...; `mesh backup-key FILE` makes one.") from None
    databases = _databases(home)
    with _snapshots(list(databases.values())) as snapshots:
        others = {name: path.read_bytes() for name, path in _other_files(home)}
        copied = zip(databases, (_nameless(one, home.root) for one in snapshots), strict=True)
        at_hand = ((name, io.BytesIO(content)) for name, content in others.items())
        _encrypt(_tar(chain(copied, at_hand)), file, readers)
    return len(databases) + len(others)


def _databases(home: Home) -> Mapping[str, Path]:
    """Return the file of every database by its name in the home. Raises `CommandRefused` where one is not a file there.

    What a server keeps is not in the home, and a file that was left behind when it moved there is not what is current.
    """
    elsewhere = [one.name for one in DEPLOYABLES if not home.has_own_database(one)]
    if elsewhere:
        raise CommandRefused(
            f"{', '.join(elsewhere)}: {DATABASE_URL} names a database that is not in this home, and a copy would be "
            "without it. Copy it with the tools of its server, the gateway's first, and keep keys and secrets with it."
        )
    files = [home.database_file(one) for one in DEPLOYABLES]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise CommandRefused(f"{', '.join(missing)} is missing: there is no whole mesh in {home.root}.")
    return {str(file.relative_to(home.root)): file for file in files}


def _other_files(home: Home) -> Iterator[tuple[str, Path]]:
    for deployable in DEPLOYABLES:
        for path in (home.key_file(deployable), *home.secret_files(deployable)):
            yield str(path.relative_to(home.root)), path
    loose = (*(home.root / name for name in _LOOSE), *home.policy_files())
    yield from ((str(path.relative_to(home.root)), path) for path in loose if path.exists())


@contextmanager
def _snapshots(databases: Sequence[Path]) -> Iterator[Sequence[sqlite3.Connection]]:
    """Open a snapshot of each database, all of one moment. Raises `CommandRefused` when one cannot be held."""
    with ExitStack() as open_ones:
        try:
            holders = [_held(path, open_ones) for path in databases]
            snapshots = [_snapshot(path, open_ones) for path in databases]
        except sqlite3.OperationalError:
            raise CommandRefused("A database could not be held for an instant. Try again.") from None
        for holder in holders:
            holder.execute("ROLLBACK")
        yield snapshots


def _held(path: Path, stack: ExitStack) -> sqlite3.Connection:
    connection = _opened(path, stack)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def _snapshot(path: Path, stack: ExitStack) -> sqlite3.Connection:
    connection = _opened(path, stack)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _opened(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """Open a database that is there: none is made."""
    address = f"{path.as_uri()}?mode=rw"
    return stack.enter_context(closing(sqlite3.connect(address, uri=True, timeout=_HELD_SECONDS, isolation_level=None)))


def _nameless(snapshot: sqlite3.Connection, folder: Path) -> io.BufferedIOBase:
    """Return a copy of a snapshot in a file that has no name any more before anything stands in it."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".copy-")
    content = os.fdopen(descriptor, "rb")
    with closing(sqlite3.connect(name)) as target:
        Path(name).unlink()
        target.execute("PRAGMA journal_mode = OFF")  # a file without a name can have none beside it
        snapshot.backup(target)
    return content


def _tar(files: Iterable[tuple[str, io.BufferedIOBase]]) -> Iterator[bytes]:
    """Yield a tar archive of these files piece by piece, and at its end what is in it. Closes the files."""
    digests: dict[str, str] = {}
    for name, content in files:
        with content:
            digests[name] = hashlib.file_digest(content, "sha256").hexdigest()
            yield from _member(name, content)
    told = {"v": VERSION, "made_at": to_wire(SystemClock().now()), "files": digests}
    yield from _member(MANIFEST, io.BytesIO(json.dumps(told, indent=1).encode()))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(name: str, content: io.BufferedIOBase) -> Iterator[bytes]:
    about = tarfile.TarInfo(name)
    about.size, about.mode = content.seek(0, io.SEEK_END), _PRIVATE
    content.seek(0)
    yield about.tobuf()
    while piece := content.read(_PIECE):
        yield piece
    yield bytes(-about.size % tarfile.BLOCKSIZE)


def _encrypt(pieces: Iterator[bytes], file: Path, readers: Sequence[Any]) -> None:
    """Write what `readers` can open to a file, at once. Raises `CommandRefused`."""
    draft = file.with_name(f".{file.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "wb") as target:
            pyrage.encrypt_io(_Pieces(pieces), target, readers)
            target.flush()
            os.fsync(target.fileno())
        draft.replace(file)
    except (pyrage.EncryptError, OSError):
        draft.unlink(missing_ok=True)
        raise CommandRefused(f"{file} could not be written. Is there room, in the home as well?") from None


class _Pieces(io.RawIOBase):
    """Pieces of bytes, read as a file is."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)
