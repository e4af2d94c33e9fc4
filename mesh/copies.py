"""Moving a deployable's records, or those of a whole home, from one database into another.

All databases of a home are held at once and committed one after another when every one of them has arrived whole, so
that a fault found in the last leaves all targets empty.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.ledger_copy import check_copy
from mesh.audit import checked, seen_file
from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.revisions import ROOMS
from mesh.roster import DEPLOYABLES, GATEWAY, Deployable
from shared.kernel.errors import MeshError
from shared.ledger.checkpoint import Checkpoint
from shared.storage.copying import Contents, Pair, copy_rows, pair_held


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where the records of one deployable go."""

    deployable: Deployable
    source: str
    target: str


def ways_of(home: Home, name: Deployable | None, *, source: str | None, target: str) -> Sequence[Way]:
    """Return the ways of one deployable, or of all; `{name}` in an address stands for its name.

    Raises `CommandRefused` where several would go to, or come from, one database.
    """
    chosen = DEPLOYABLES if name is None else (name,)
    if name is None and ("{name}" not in target or "{name}" not in (source or "{name}")):
        raise CommandRefused("Name a service, or write {name} into the addresses: each has a database of its own.")
    return [Way(one, _named(source, one) or home.database_url(one), _named(target, one) or "") for one in chosen]


def kept_checkpoint(home: Home, file: Path | None, *, vkey: str | None) -> Checkpoint | None:
    """Return the checkpoint that the copied ledger has to continue: the one named, or the one verified last here.

    Raises `CommandRefused` or `InputRejected` for one that cannot be read or that nobody known has signed.
    """
    chosen = file or seen_file(home)
    if file is None and not chosen.exists():
        return None
    return checked(chosen.read_text(encoding="utf-8"), vkey=vkey, home=home)


def copy(home: Home, ways: Sequence[Way], *, kept: Checkpoint | None = None) -> Iterator[str]:
    """Copy every database on its way and say what each holds now, a line a table; empty tables are not told.

    Raises `CommandRefused`, and then no target holds anything.
    """
    is_ours = any(way.source.startswith(f"sqlite:///{home.root}/") for way in ways)
    with home.lock() if is_ours else nullcontext(), ExitStack() as stack:
        pairs = [(way.deployable, _held(way, stack)) for way in ways]
        told = [line for deployable, pair in pairs for line in _copied(deployable, pair, kept)]
    yield from told


def _held(way: Way, stack: ExitStack) -> Pair:
    if way.source.startswith("sqlite:///") and not Path(way.source.removeprefix("sqlite:///")).is_file():
        raise CommandRefused(f"{way.deployable.name}: there is no database to copy from.")
    stack.enter_context(_named_in_refusals(way.deployable))
    with _named_in_refusals(way.deployable):
        return stack.enter_context(pair_held(way.source, way.target, ROOMS[way.deployable.name]))


def _copied(deployable: Deployable, pair: Pair, kept: Checkpoint | None) -> Iterator[str]:
    with _named_in_refusals(deployable):
        for contents in copy_rows(pair, ROOMS[deployable.name]):
            if contents.rows:
                yield _line(deployable.name, contents)
        if deployable == GATEWAY:
            root = check_copy(pair.source, pair.target, kept=kept)
            since = f"; continues the checkpoint of {kept.size}" if kept else ""
            yield f"{deployable.name}: ledger of {root.size} entries, root {root.root.hex()}{since}"


def _line(name: str, contents: Contents) -> str:
    return f"{name}: {contents.table} {contents.rows} rows, digest {contents.digest}"


@contextmanager
def _named_in_refusals(deployable: Deployable) -> Iterator[None]:
    try:
        yield
    except MeshError as fault:
        raise CommandRefused(f"{deployable.name}: {fault.message} Nothing was copied. ({fault.code})") from fault


def _named(address: str | None, deployable: Deployable) -> str | None:
    return None if address is None else address.replace("{name}", deployable.name)
