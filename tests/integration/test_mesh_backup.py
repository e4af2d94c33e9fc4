"""A copy of a home is whole or is not made, a home is restored whole or not at all, and nothing readable is left."""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pyrage
import pytest

from mesh.backup import MANIFEST, back_up, new_key
from mesh.home import DATABASE_URL, Home
from mesh.refusal import CommandRefused
from mesh.restoring import restore
from mesh.roster import AGENCIES, GATEWAY
from tests.support.checkout import ROOT

#: A database, a file of keys and a policy for each of five, nine secrets, and how all are reached and verified.
FILES = 5 + 5 + 5 + 9 + 3
OWN_POLICY = "# as its operator wrote it\nquorum none\n"


@pytest.fixture
def home(copied_home: Callable[[Path], Path], tmp_path: Path) -> Home:
    """A home that was provisioned and does not run."""
    return Home(copied_home(tmp_path / "home"))


class Keeper:
    """Whoever keeps the key that opens copies, on another machine."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "key.txt"
        self.recipient = new_key(self.file)

    def sealed(self, file: Path, archive: bytes) -> Path:
        """Something that was encrypted for her and is no copy of ours."""
        file.write_bytes(pyrage.encrypt(archive, [pyrage.x25519.Recipient.from_str(self.recipient)]))
        return file

    def opened(self, file: Path) -> bytes:
        """What is in a copy."""
        keys = [pyrage.x25519.Identity.from_str(self.file.read_text().splitlines()[-1])]
        return bytes(pyrage.decrypt(file.read_bytes(), keys))


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path)


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but those that a database keeps beside itself while it is open."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.match("data.sqlite-*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """An archive as another tool would write it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return archive.getvalue()


def agencies_in(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM agencies").fetchone()[0])


def test_what_comes_back_is_what_was_copied(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    (home.root / "ledger.policy").write_text(OWN_POLICY)
    before = everything(home.root)
    assert back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient]) == FILES
    assert everything(home.root).keys() == before.keys()
    elsewhere = Home(tmp_path / "deep" / "elsewhere")
    assert restore(tmp_path / "copy.age", elsewhere, identity=keeper.file) == FILES
    found = everything(elsewhere.root)
    assert {name: found[name] for name in found if not name.endswith(".sqlite")}.items() <= before.items()
    assert found["ledger.policy"] == OWN_POLICY.encode()
    assert agencies_in(elsewhere.database_file(GATEWAY)) == agencies_in(home.database_file(GATEWAY)) == len(AGENCIES)
    assert elsewhere.root.stat().st_mode & 0o077 == 0
    assert [path.name for path in elsewhere.root.parent.iterdir()] == ["elsewhere"]


def test_any_tool_for_archives_reads_what_is_in_a_copy(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    (tmp_path / "copy.tar").write_bytes(keeper.opened(tmp_path / "copy.age"))
    listed = subprocess.run(["tar", "-tf", tmp_path / "copy.tar"], capture_output=True, text=True, check=True)
    assert {MANIFEST, "credentials.json", "gateway/data.sqlite", "police/keys.json"} <= set(listed.stdout.split())


# What is not there is not copied.


def test_a_mesh_whose_database_is_elsewhere_is_not_copied_without_it(
    home: Home, keeper: Keeper, tmp_path: Path
) -> None:
    assert agencies_in(home.database_file(GATEWAY)) > 0, "a file that was left behind is there"
    home.keep_secrets(GATEWAY, {DATABASE_URL: "postgresql+psycopg://gateway@database.test/gateway"})
    with pytest.raises(CommandRefused, match=r"gateway: MESH_DATABASE_URL .* tools of its server"):
        back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    assert not (tmp_path / "copy.age").exists()


def test_a_database_that_is_missing_is_not_made_by_copying_it(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    missing = home.database_file(AGENCIES[0])
    missing.unlink()
    with pytest.raises(CommandRefused, match="is missing"):
        back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    assert not missing.exists()


def test_a_copy_that_cannot_be_written_leaves_nothing(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    before = everything(home.root).keys()
    with pytest.raises(CommandRefused, match="could not be written"):
        back_up(home, tmp_path / "no" / "such" / "folder.age", recipients=[keeper.recipient])
    assert everything(home.root).keys() == before


# Whoever is killed in the middle leaves nothing that can be read.


@contextmanager
def command(*words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of an operator that runs."""
    with subprocess.Popen([sys.executable, "-m", "mesh", *map(str, words)], cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_backup_that_is_killed_leaves_no_readable_file(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    before = everything(home.root).keys()
    os.mkfifo(tmp_path / ".copy.age.part")  # whoever writes into it waits for who reads
    with command("backup", tmp_path / "copy.age", "--to", keeper.recipient, "--home", home.root) as process:
        with (tmp_path / ".copy.age.part").open("rb") as written:
            assert written.read(100).startswith(b"age-encryption.org/v1")
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert everything(home.root).keys() == before
    assert not (tmp_path / "copy.age").exists()


def test_a_restore_that_is_killed_leaves_nothing(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    place = tmp_path / "place"
    place.mkdir()
    os.mkfifo(tmp_path / "slow.age")
    copy = (tmp_path / "copy.age").read_bytes()
    words = ("restore", tmp_path / "slow.age", "--identity", keeper.file, "--home", place / "home")
    with command(*words) as process, (tmp_path / "slow.age").open("wb", buffering=0) as slow:
        slow.write(copy[: len(copy) // 2])
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(place.iterdir()) == []


def test_what_an_interrupted_restore_had_written_goes_with_the_next(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    half = tmp_path / "place" / ".home.part" / "gateway"
    half.mkdir(parents=True)
    (half / "keys.json").write_text("half")
    restore(tmp_path / "copy.age", Home(tmp_path / "place" / "home"), identity=keeper.file)
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["home"]


# What is not as the manifest says is not restored, and nothing is changed.


def damaged(files: dict[str, bytes]) -> None:
    """Change the last file that would be written."""
    last = [name for name in json.loads(files[MANIFEST])["files"] if name in files][-1]
    files[last] += b"."


def without_one(files: dict[str, bytes]) -> None:
    del files["credentials.json"]


def astray(files: dict[str, bytes]) -> None:
    told = json.loads(files[MANIFEST])
    files["../outside"] = b""
    files[MANIFEST] = json.dumps({**told, "files": {**told["files"], "../outside": ""}}).encode()


def of_another_release(files: dict[str, bytes]) -> None:
    files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), "v": 2}).encode()


def without_a_manifest(files: dict[str, bytes]) -> None:
    files[MANIFEST] = b"[]"


@pytest.mark.parametrize("change", [damaged, without_one, astray, of_another_release, without_a_manifest])
def test_a_copy_that_is_not_as_it_says_changes_nothing(
    home: Home, keeper: Keeper, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    with tarfile.open(fileobj=io.BytesIO(keeper.opened(tmp_path / "copy.age"))) as tar:
        files = {member.name: content.read() for member in tar if (content := tar.extractfile(member))}
    change(files)
    bad, place = keeper.sealed(tmp_path / "bad.age", tar_of(files)), tmp_path / "place"
    place.mkdir()
    with pytest.raises(CommandRefused, match=r"damaged|no copy of a home"):
        restore(bad, Home(place / "home"), identity=keeper.file)
    assert list(place.iterdir()) == []
    assert restore(tmp_path / "copy.age", Home(place / "home"), identity=keeper.file) == FILES


@pytest.mark.parametrize("archive", [b"", b"no archive", tar_of({"a": b"a"})[:600], bytes(10_240)])
def test_what_is_no_archive_is_no_copy(keeper: Keeper, tmp_path: Path, archive: bytes) -> None:
    with pytest.raises(CommandRefused, match="no copy of a home"):
        restore(keeper.sealed(tmp_path / "bad.age", archive), Home(tmp_path / "home"), identity=keeper.file)
    assert not (tmp_path / "home").exists()


def test_a_key_that_is_none_opens_nothing(home: Home, keeper: Keeper, tmp_path: Path) -> None:
    back_up(home, tmp_path / "copy.age", recipients=[keeper.recipient])
    shutil.copy(home.database_file(GATEWAY), tmp_path / "picture")
    for key in (tmp_path / "picture", tmp_path / "nowhere"):
        with pytest.raises(CommandRefused, match="does not open"):
            restore(tmp_path / "copy.age", Home(tmp_path / "elsewhere"), identity=key)
    assert not (tmp_path / "elsewhere").exists()
