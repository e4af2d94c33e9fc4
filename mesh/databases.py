"""`mesh db`: what an operator does with databases. What is done is in `mesh.copies`, imported only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.roster import deployable_named

databases = typer.Typer(help="The databases of the services: copy.", no_args_is_help=True)


@databases.callback()
def database() -> None:
    """Work with the databases of the services."""


@databases.command("copy")
def copy_database(
    name: Annotated[
        str | None, typer.Argument(help="gateway, police, health, legal-aid or social; all five without.")
    ] = None,
    *,
    to: Annotated[str, typer.Option(help="Address of the empty database; {name} stands for the service's name.")],
    source: Annotated[
        str | None, typer.Option("--from", help="Address of the database to copy; those of the home without.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Signed checkpoint the ledger has to continue; the home's last without.")
    ] = None,
    vkey: Annotated[str | None, typer.Option(help="Key that signed it; the one kept in the home without.")] = None,
    home: Annotated[Path, typer.Option("--home", help="Folder the mesh lives in.", envvar="MESH_HOME")] = Path("var"),
) -> None:
    """Copy databases, such as SQLite's to PostgreSQL, while no service runs; checks every row and the ledger's tree."""
    from mesh.copies import copy, kept_checkpoint, ways_of

    chosen = None if name is None else deployable_named(name)
    if name is not None and chosen is None:
        raise CommandRefused("There is no such service.")
    place = Home(home)
    ways = ways_of(place, chosen, source=source, target=to)
    for line in copy(place, ways, kept=kept_checkpoint(place, checkpoint, vkey=vkey)):
        typer.echo(line)
