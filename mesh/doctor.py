"""What is wrong with this mesh, if anything: looks, changes nothing, says how to mend it."""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from mesh.home import PASSPHRASE, SELF, Home
from mesh.roster import DEPLOYABLES, Deployable
from shared.kernel.errors import MeshError
from shared.seal.keys import AgencyKeys
from shared.sop.loader import load_sop

OLDEST_PYTHON: Final = (3, 11)
FREE_BYTES: Final = 1 << 30
PRIVATE: Final = 0o600
ANSWER_WITHIN: Final = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` says what to do when it is not well."""

    subject: str
    is_well: bool
    mend: str = ""


def examine(home: Home) -> Iterator[Finding]:
    """Look at everything, the cheap first."""
    yield Finding("Python 3.11 or later", sys.version_info >= OLDEST_PYTHON, "Install a later Python.")
    yield attempt("the procedure loads", load_sop, "Restore shared/sop/data from the release.")
    yield Finding("a gigabyte of disk is free", free_bytes(home) > FREE_BYTES, f"Make room below {home.root}.")
    if home.credentials() is None:
        yield Finding("the mesh was started once", is_well=False, mend=f"{SELF} up --home {home.root}")
        return
    yield from files(home)
    yield from services(home)


def files(home: Home) -> Iterator[Finding]:
    """Look at what must be private, and whether the keys open."""
    yield privacy(home.credentials_file)
    for deployable in DEPLOYABLES:
        for file in home.secret_files(deployable):
            yield privacy(file)
        yield attempt(
            f"the keys of {deployable.name} open",
            partial(open_keys, home, deployable),
            "Restore keys.json and secrets/ together from the same backup.",
        )


def services(home: Home) -> Iterator[Finding]:
    """Look whether each service of a running mesh answers."""
    state = home.state()
    if state is None or not home.is_running():
        yield Finding("the mesh runs", is_well=False, mend=f"{SELF} up --home {home.root}")
        return
    for name, service in state["services"].items():
        told = not_ready(service["url"])
        mend = f"{told} Read {home.root / 'logs'}/{name}.log"
        yield Finding(f"{name} is ready at {service['url']}", told is None, mend if told else "")


def privacy(path: Path) -> Finding:
    """Look whether a file is there, and readable by this account alone."""
    is_private = path.exists() and stat.S_IMODE(path.stat().st_mode) == PRIVATE
    return Finding(f"{path} is private", is_private, f"chmod 600 {path}")


def open_keys(home: Home, deployable: Deployable) -> None:
    """Open a key file with its passphrase. Raises what the key file raises."""
    AgencyKeys.load(home.key_file(deployable), home.secrets(deployable).get(PASSPHRASE, ""))


def attempt(subject: str, action: Callable[[], object], mend: str) -> Finding:
    """Look whether an action succeeds."""
    try:
        action()
    except (MeshError, OSError, httpx.HTTPError):
        return Finding(subject, is_well=False, mend=mend)
    return Finding(subject, is_well=True)


def not_ready(url: str) -> str | None:
    """Ask a service once whether it is ready; return None, or what it says is not."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=ANSWER_WITHIN, trust_env=False)
        return None if answer.is_success else str(answer.json()["detail"])
    except httpx.HTTPError:
        return "It does not answer."
    except (ValueError, LookupError, TypeError):
        return "Something else answers in its place."


def free_bytes(home: Home) -> int:
    """Return the free space where the home is, or will be."""
    there = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    return shutil.disk_usage(there).free
