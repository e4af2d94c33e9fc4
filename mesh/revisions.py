"""The tables of every deployable, their histories, and the way forward: for operators, and for whoever changes one."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.adapters.schema import METADATA as GATEWAY_TABLES
from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES, Deployable
from services.health.tables import MAPPERS as HEALTH
from services.legal_aid.tables import MAPPERS as LEGAL_AID
from services.police.tables import MAPPERS as POLICE
from services.social.tables import MAPPERS as SOCIAL
from shared.agency.adapters.schema import METADATA as AGENCY_TABLES
from shared.people.tables import METADATA as PEOPLE_TABLES
from shared.storage.engine import open_engine
from shared.storage.history import Tables, configuration, history_of, migrate

#: What each deployable keeps, by the name of its room.
ROOMS: Final[Mapping[str, Sequence[Tables]]] = {
    "gateway": (GATEWAY_TABLES, PEOPLE_TABLES),
    "police": (AGENCY_TABLES, POLICE.metadata, PEOPLE_TABLES),
    "health": (AGENCY_TABLES, HEALTH.metadata, PEOPLE_TABLES),
    "legal_aid": (AGENCY_TABLES, LEGAL_AID.metadata, PEOPLE_TABLES),
    "social": (AGENCY_TABLES, SOCIAL.metadata, PEOPLE_TABLES),
}
#: Every room that has tables, by the name of its history.
TABLES: Final[Mapping[str, Tables]] = {
    str(metadata.info["history"]): metadata for rooms in ROOMS.values() for metadata in rooms
}


def bring_forward(
    home: Home,
    *,
    urls: Mapping[str, str],
    runtime_roles: Mapping[str, str] | None = None,
    only: Sequence[Deployable] = DEPLOYABLES,
) -> Iterator[str]:
    """Bring the databases of a mesh forward, one after another; yield what was done, a line each.

    By deployable, `urls` names databases that are not in the home, and `runtime_roles` the accounts that services
    work under where these own nothing. Raises `MeshError`.
    """
    for deployable in only:
        url = urls.get(deployable.name) or home.database_url(deployable)
        yield from _forward(deployable, url, (runtime_roles or {}).get(deployable.name))


def _forward(deployable: Deployable, url: str, runtime_role: str | None) -> Iterator[str]:
    engine = open_engine(url)
    try:
        for name, before, now in migrate(engine, *ROOMS[deployable.name], runtime_role=runtime_role):
            way = now if before == now else f"{before or 'empty'} -> {now}"
            yield f"{deployable.name}: {name} {way}"
    finally:
        engine.dispose()


def revise(room: str, message: str) -> Path:
    """Write the next revision of a room from what its tables say now and its revisions do not yet.

    Raises `CommandRefused` for a room without tables, or where there is nothing to write.
    """
    from alembic import command  # noqa: PLC0415 - a second to import

    if room not in TABLES:
        raise CommandRefused(f"Name one of these rooms: {', '.join(TABLES)}.")
    history = history_of(TABLES[room])
    history.folder.mkdir(exist_ok=True)
    number = f"{int(history.newest) + 1:04}"
    name = f"{number}_{'_'.join(message.lower().split())}.py"
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/empty.db")
        with engine.begin() as connection:
            config = configuration(connection, history)
            config.set_main_option("file_template", name.removesuffix(".py"))
            command.upgrade(config, "head")
            command.revision(config, message, autogenerate=True, rev_id=number, version_path=str(history.folder))
        engine.dispose()
    written = history.folder / name
    lines = written.read_text(encoding="utf-8").splitlines(keepends=True)
    written.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    return written
