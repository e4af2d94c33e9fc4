"""A home out of a copy: whole, or not at all.

Everything in the copy is verified before anything is written: the encryption, the names, the digest of each file.
Then the home is written beside its place and takes it at once. What was decrypted stands in a file without a name.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyrage  # type: ignore[import-untyped]  # a compiled module without stubs

from mesh.backup import MANIFEST, VERSION
from mesh.home import Home
from mesh.refusal import CommandRefused

_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


def restore(file: Path, home: Home, *, identity: Path) -> int:
    """Write a copy into an empty home; return how many files that were. Raises `CommandRefused`, changing nothing."""
    root = home.root
    if root.exists() and any(root.iterdir()):
        raise CommandRefused(f"{root} is not empty. Restore into an empty folder, then move it.")
    near = next(folder for folder in root.parents if folder.is_dir())
    with tempfile.TemporaryFile(dir=near) as archive:
        _decrypt(file, archive, identity)
        archive.seek(0)
        try:
            with tarfile.open(fileobj=archive, mode="r:") as tar:
                members = _verified(tar)
                _place(tar, members, root)
        except tarfile.TarError:
            raise _no_copy() from None
    return len(members)


def _decrypt(file: Path, archive: BinaryIO, identity: Path) -> None:
    try:
        lines = identity.read_text(encoding="utf-8").splitlines()
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
        with file.open("rb") as copy:
            pyrage.decrypt_io(copy, archive, keys)
    except (pyrage.IdentityError, pyrage.DecryptError, OSError, UnicodeDecodeError):
        raise CommandRefused("This key does not open this copy, or the copy is damaged.") from None


def _verified(tar: tarfile.TarFile) -> Mapping[str, tarfile.TarInfo]:
    """Return what is to be written, by its name in a home: all that the manifest names, and each as it says."""
    contents = {member.name: member for member in tar if member.isfile()}
    files = _files_in(tar, contents.get(MANIFEST))
    if not files.keys() <= contents.keys() or not all(map(_leads_into_a_home, files)):
        raise _no_copy()
    for name, digest in files.items():
        if hashlib.file_digest(_content(tar, contents[name]), "sha256").hexdigest() != digest:
            raise CommandRefused("The copy is damaged.")
    return {name: contents[name] for name in files}


def _files_in(tar: tarfile.TarFile, manifest: tarfile.TarInfo | None) -> Mapping[str, Any]:
    try:
        told = {} if manifest is None else json.load(_content(tar, manifest))
    except ValueError:
        raise _no_copy() from None
    files = told.get("files") if isinstance(told, dict) and told.get("v") == VERSION else None
    if not isinstance(files, dict):
        raise _no_copy()
    return files


def _leads_into_a_home(name: str) -> bool:
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _place(tar: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], root: Path) -> None:
    """Write a home beside its place, and put it there. What an interrupted attempt left beside it goes first."""
    draft = root.with_name(f".{root.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        draft.mkdir(mode=_PRIVATE_FOLDER)
        for name, member in members.items():
            _write(draft / name, _content(tar, member))
        draft.replace(root)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise CommandRefused(f"{root} could not be written. Is there room, and can a folder take its place?") from None


def _write(path: Path, content: io.BufferedReader) -> None:
    path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(file.fileno())


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> io.BufferedReader:
    content = tar.extractfile(member)
    assert isinstance(content, io.BufferedReader)  # noqa: S101 - only files are asked for
    return content


def _no_copy() -> CommandRefused:
    return CommandRefused("This is no copy of a home, or one of another release.")
