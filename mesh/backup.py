"""A copy of a whole home, made while the mesh runs, that only the holder of a key kept elsewhere can read.

What is copied is one moment of all five databases: each is held for an instant (the gateway first), a snapshot of each
is opened, all are let go, and then the snapshots are copied. So nothing in one copy has been answered by another that
does not have it: an agency may be ahead of the gateway by what it will send again, never behind what the gateway has
forgotten. The file is a tar archive encrypted to X25519 recipients in the format age (age-encryption.org/v1), so that
the machine that makes copies cannot read them, and another tool can.

    HOME/...            the files of the home, as they are named there
    manifest.json       when, and the SHA-256 digest of each file
"""

import hashlib
import io
import json
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pyrage  # type: ignore[import-untyped]  # a compiled module without stubs

from mesh.home import Home, write_private
from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES
from shared.kernel.clock import SystemClock, to_wire

MANIFEST: Final = "manifest.json"
_LOOSE: Final = ("credentials.json", "ledger.vkey", "checkpoint.txt")
_PRIVATE: Final = 0o600
_HELD_SECONDS: Final = 10.0


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
    with tempfile.TemporaryDirectory(dir=home.root, prefix=".backup-") as folder:
        archive = Path(folder) / "archive.tar"
        count = _archive(home, Path(folder), archive)
        draft = file.with_name(f".{file.name}.part")
        pyrage.encrypt_file(str(archive), str(draft), readers)
        draft.chmod(_PRIVATE)
        draft.replace(file)
    return count


def restore(file: Path, home: Home, *, identity: Path) -> int:
    """Write a copy into an empty home; return how many files that were. Raises `CommandRefused`, changing nothing."""
    if home.root.exists() and any(home.root.iterdir()):
        raise CommandRefused(f"{home.root} is not empty. Restore into an empty folder, then move it.")
    home.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.root.parent, prefix=".restore-") as folder:
        archive = Path(folder) / "archive.tar"
        _decrypt(file, archive, identity)
        with tarfile.open(archive) as tar:
            contents = {member.name: member for member in tar if member.isfile()}
            manifest = _manifest(tar, contents)
            for name, digest in manifest["files"].items():
                _write(home.root / name, _content(tar, contents[name], digest))
    return len(manifest["files"])


def _archive(home: Home, folder: Path, archive: Path) -> int:
    digests: dict[str, str] = {}
    with tarfile.open(archive, "w") as tar:
        for name, path in _files(home, folder):
            digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            tar.add(path, arcname=name)
        told = {"v": 1, "made_at": to_wire(SystemClock().now()), "files": digests}
        text = json.dumps(told, indent=1).encode()
        about = tarfile.TarInfo(MANIFEST)
        about.size = len(text)
        tar.addfile(about, io.BytesIO(text))
    return len(digests)


def _files(home: Home, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file of a home under its name there; databases as copies of one moment."""
    databases = {one.name: home.folder(one) / "data.sqlite" for one in DEPLOYABLES}
    with _snapshots(list(databases.values())) as snapshots:
        for (name, path), snapshot in zip(databases.items(), snapshots, strict=True):
            copy = folder / f"{name}.sqlite"
            with closing(sqlite3.connect(copy)) as target:
                snapshot.backup(target)
            yield str(path.relative_to(home.root)), copy
    for deployable in DEPLOYABLES:
        for path in (home.key_file(deployable), *home.secret_files(deployable)):
            yield str(path.relative_to(home.root)), path
    yield from ((name, home.root / name) for name in _LOOSE if (home.root / name).exists())


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
    connection = stack.enter_context(closing(sqlite3.connect(path, timeout=_HELD_SECONDS, isolation_level=None)))
    connection.execute("BEGIN IMMEDIATE")
    return connection


def _snapshot(path: Path, stack: ExitStack) -> sqlite3.Connection:
    connection = stack.enter_context(closing(sqlite3.connect(path, timeout=_HELD_SECONDS, isolation_level=None)))
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _decrypt(file: Path, archive: Path, identity: Path) -> None:
    lines = [line for line in identity.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines]
        pyrage.decrypt_file(str(file), str(archive), keys)
    except (pyrage.IdentityError, pyrage.DecryptError, OSError):
        raise CommandRefused("This key does not open this copy, or the copy is damaged.") from None


def _manifest(tar: tarfile.TarFile, contents: dict[str, tarfile.TarInfo]) -> dict[str, Any]:
    """Return what the copy says it holds; its names lead nowhere but into a home."""
    manifest: dict[str, Any] = json.loads(_bytes(tar, contents[MANIFEST])) if MANIFEST in contents else {}
    names = manifest.get("files", {})
    astray = any(Path(name).is_absolute() or ".." in Path(name).parts for name in names)
    if manifest.get("v") != 1 or astray or not names.keys() <= contents.keys():
        raise CommandRefused("This is no copy of a home, or one of another release.")
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, digest: str) -> bytes:
    content = _bytes(tar, member)
    if hashlib.sha256(content).hexdigest() != digest:
        raise CommandRefused("The copy is damaged.")
    return content


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = tar.extractfile(member)
    return opened.read() if opened else b""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=_PRIVATE)
    path.write_bytes(content)
