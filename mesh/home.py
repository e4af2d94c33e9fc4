"""The folder a mesh lives in: one folder per deployable, the logs, the credentials and the lock.

    HOME/credentials.json      how to reach every service (0600)
    HOME/ledger.vkey           the key that verifies the ledger's checkpoints, for auditors
    HOME/ledger.policy         the ledger, its witnesses, and how many of them suffice, for auditors; the operator's
    HOME/checkpoint.txt        the checkpoint that was verified last
    HOME/NAME/data.sqlite      the database of one deployable, which nobody else opens while it runs
    HOME/NAME/keys.json        its private keys, encrypted
    HOME/NAME/ledger.policy    the same policy, as this deployable reads it
    HOME/NAME/secrets/         a file for each setting that is a secret, named as its variable (0600)
    HOME/logs/NAME.log         what it wrote
    HOME/mesh.lock, mesh.json  whether a mesh runs here, and its processes

Promises that a secret is never readable by another account, not even for a moment, that a file is never seen half
written, and that two meshes never run in one home.
"""

import fcntl
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES, Deployable
from shared.ledger.policy import Policy
from shared.seal.policy_file import PolicyFile


def _interpreter() -> str:
    here = Path(sys.executable)
    return str(here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here)


#: How this program is called again from the folder it was called in.
SELF: Final = f"{_interpreter()} -m mesh"
#: Names of the secrets a deployable is given, and of the address of a database that is not in the home.
PASSPHRASE: Final = "MESH_KEY_PASSPHRASE"  # noqa: S105  # a name, not a secret
WEBHOOK_SECRET: Final = "MESH_WEBHOOK_SECRET"  # noqa: S105  # a name, not a secret
DATABASE_URL: Final = "MESH_DATABASE_URL"
#: What the files of the ledger's policy are called.
POLICY: Final = "ledger.policy"
#: What the files of secrets in a folder are called.
SECRETS: Final = "mesh_*"


class Home:
    """Paths and files below one folder. Creates nothing until something is written."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def credentials_file(self) -> Path:
        """Return where the credentials are."""
        return self.root / "credentials.json"

    @property
    def state_file(self) -> Path:
        """Return where the processes of a running mesh are listed."""
        return self.root / "mesh.json"

    def folder(self, deployable: Deployable) -> Path:
        """Return the folder of one deployable, made private when it is missing."""
        folder = self.root / deployable.name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def database_file(self, deployable: Deployable) -> Path:
        """Return where its database is, unless a secret says that it is elsewhere."""
        return self.folder(deployable) / "data.sqlite"

    def database_url(self, deployable: Deployable) -> str:
        """Return the address of its database: the one among its secrets, else a file in its folder."""
        return self.secrets(deployable).get(DATABASE_URL) or f"sqlite:///{self.database_file(deployable)}"

    def has_own_database(self, deployable: Deployable) -> bool:
        """Say whether its database is the file in its folder."""
        return self.database_url(deployable) == f"sqlite:///{self.database_file(deployable)}"

    def key_file(self, deployable: Deployable) -> Path:
        """Return where its private keys are."""
        return self.folder(deployable) / "keys.json"

    def secrets_folder(self, deployable: Deployable) -> Path:
        """Return where its secrets are, a file for each; it reads them itself (`MESH_SECRETS_DIR`)."""
        return self.folder(deployable) / "secrets"

    def secret_files(self, deployable: Deployable) -> list[Path]:
        """Return the files of its secrets; none when it was never provisioned."""
        return sorted(self.secrets_folder(deployable).glob(SECRETS))

    def log_file(self, deployable: Deployable) -> Path:
        """Return where it writes its log."""
        folder = self.root / "logs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{deployable.name}.log"

    def secrets(self, deployable: Deployable) -> dict[str, str]:
        """Return its secrets by the names of their variables; none when it was never provisioned."""
        return read_secrets(self.secret_files(deployable))

    def keep_secrets(self, deployable: Deployable, secrets: Mapping[str, str]) -> None:
        """Store these of its secrets, readable by this account alone; others stay as they are."""
        known, folder = self.secrets(deployable), self.secrets_folder(deployable)
        for name, value in secrets.items():
            if known.get(name) != value:
                write_private(folder / name.lower(), f"{value}\n")

    def credentials(self) -> dict[str, Any] | None:
        """Return the credentials, or None before the first start."""
        return read_json(self.credentials_file)

    def keep_credentials(self, credentials: Mapping[str, Any]) -> None:
        """Store the credentials, readable by this account alone."""
        write_private(self.credentials_file, json.dumps(credentials, indent=2, ensure_ascii=False) + "\n")

    def vkey(self) -> str:
        """Return the key that verifies the ledger's checkpoints. Raises `CommandRefused` before the first start."""
        file = self.root / "ledger.vkey"
        if not file.exists():
            raise CommandRefused(f"{file} is missing: start the mesh once, or name the key with --vkey.")
        return file.read_text(encoding="utf-8").strip()

    def keep_vkey(self, vkey: str) -> None:
        """Store the key that verifies the ledger's checkpoints; auditors pin it."""
        write_private(self.root / "ledger.vkey", f"{vkey}\n")

    def policy_file(self, deployable: Deployable) -> Path:
        """Return where it reads the policy of the ledger."""
        return self.folder(deployable) / POLICY

    def policy(self) -> Policy | None:
        """Return whose cosignatures of the ledger an auditor believes; None before the first start.

        Raises `InputRejected` (`ledger.policy`).
        """
        return PolicyFile(self.root / POLICY).read()

    def policy_files(self) -> list[Path]:
        """Return where the policy of the ledger is: for auditors, and for each deployable."""
        return [self.root / POLICY, *map(self.policy_file, DEPLOYABLES)]

    def keep_policy(self, policy: Policy, *, before: Policy | None) -> None:
        """Store the policy of the ledger where there is none; `before` is what an earlier start stated.

        A file that is there belongs to the operator: of its words only those change that an earlier start stated and
        this one states otherwise. A file that is missing beside others says what they say.
        """
        moved = {} if before is None else dict(zip(before.text().split(), policy.text().split(), strict=True))
        known = {file: file.read_text(encoding="utf-8") for file in self.policy_files() if file.exists()}
        texts = {file: restated(text, moved) for file, text in known.items()}
        missing = next(iter(texts.values()), policy.text())
        for file in self.policy_files():
            text = texts.get(file, missing)
            if text != known.get(file):
                write_private(file, text)

    def state(self) -> dict[str, Any] | None:
        """Return the processes of the running mesh, or None."""
        return read_json(self.state_file)

    def keep_state(self, state: Mapping[str, Any]) -> None:
        """Note the processes of the running mesh."""
        write_private(self.state_file, json.dumps(state, indent=2) + "\n")

    def is_running(self) -> bool:
        """Say whether a mesh, or what is left of one, runs in this home."""
        try:
            with self.lock():
                return False
        except CommandRefused:
            return True

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Hold this home for one mesh and yield the lock's file descriptor.

        Processes that inherit the descriptor hold the lock too, so a home stays locked until the last of them is
        gone. Raises `CommandRefused`.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.root / "mesh.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            os.close(descriptor)
            raise CommandRefused(f"A mesh already runs in {self.root}. {self._hint()}") from busy
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _hint(self) -> str:
        state = self.state()
        where = f"It answers at {state['services']['gateway']['url']}. " if state else ""
        return f"{where}Stop it with `{SELF} down --home {self.root}`, or choose another --home."


def restated(text: str, moved: Mapping[str, str]) -> str:
    """Return a text in which each word that has `moved` is the new one; all else stays as somebody wrote it."""
    return re.sub(r"\S+", lambda word: moved.get(word[0], word[0]), text)


def read_secrets(files: Iterable[Path]) -> dict[str, str]:
    """Return what is in files of secrets, by the names of their variables."""
    return {file.name.upper(): file.read_text(encoding="utf-8").strip() for file in files}


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` so that only this account can read it, or whom `mode` lets, and nobody sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file of ours, or None when there is no such file."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return document
