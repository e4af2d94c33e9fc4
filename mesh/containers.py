"""Commands for a mesh whose processes others start, in containers or as services of a machine.

What is done is in other rooms, imported only when a command runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from mesh.home import Home
from mesh.roster import DEPLOYABLES, Addresses, Deployable, deployable_named

HomeOption = Annotated[Path, typer.Option("--home", help="Folder the mesh lives in.", envvar="MESH_HOME")]
UrlsOption = Annotated[str, typer.Option(help="Where each service answers; {name} stands for its name.")]
WaitOption = Annotated[float, typer.Option(min=0, help="Wait so many seconds for databases that others start.")]
DEFAULT_HOME = Path("var")


def secrets(
    home: HomeOption = DEFAULT_HOME,
    databases: Annotated[
        str, typer.Option(help="Where each database answers; {name} stands for its service.")
    ] = "{name}-database/mesh",
) -> None:
    """Make keys, passphrases and passwords as files, before anything runs (for containers)."""
    from mesh.minting import mint

    mint(Home(home), databases=databases)
    typer.echo("The secrets are there.")


def provision(
    home: HomeOption = DEFAULT_HOME,
    urls: UrlsOption = "http://{name}:8000",
    wait: WaitOption = 0,
) -> None:
    """Make keys, the sample directory and credentials without starting anything (for containers)."""
    from mesh.patience import when_it_can
    from mesh.provisioning import provision as make

    place = Home(home)
    with place.lock():
        when_it_can(lambda: make(place, Addresses(pattern=urls)), within=wait)
    typer.echo(f"Ready: {place.credentials_file}")


def serve(
    name: Annotated[str, typer.Argument(help="gateway, police, health, legal-aid or social")],
    host: str = "0.0.0.0",  # noqa: S104  # inside a container, where the port is published on purpose
    port: int = 8000,
) -> None:
    """Serve one deployable in this process (for containers), by the `MESH_*` settings of the environment."""
    from mesh.programs import become

    become(named_deployable(name), host=host, port=port)


def migrate(
    name: Annotated[list[str] | None, typer.Argument(help="Services whose databases these are; all without.")] = None,
    home: HomeOption = DEFAULT_HOME,
    database: Annotated[
        list[str] | None,
        typer.Option(help="NAME=URL of a database that is not in the home, or NAME=@FILE with its URL; repeatable."),
    ] = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(help="NAME=ACCOUNT that a service works under, where that owns no table; repeatable."),
    ] = None,
    wait: WaitOption = 0,
) -> None:
    """Bring every database forward to what this release needs; services that share one wait for it."""
    from mesh.patience import when_it_can
    from mesh.revisions import bring_forward

    only = [named_deployable(one) for one in name or []] or DEPLOYABLES
    places, accounts = by_name(database), by_name(runtime)

    def forward() -> None:
        urls = {service: read_value(place) for service, place in places.items()}
        for line in bring_forward(Home(home), urls=urls, runtime_roles=accounts, only=only):
            typer.echo(line)

    when_it_can(forward, within=wait)


def by_name(given: list[str] | None) -> dict[str, str]:
    """Return the values of NAME=VALUE by the names of services."""
    pairs = [one.partition("=") for one in given or []]
    if not all(name and value for name, _, value in pairs):
        raise typer.BadParameter("write NAME=VALUE")
    return {named_deployable(name).name: value for name, _, value in pairs}


def read_value(value: str) -> str:
    """Return a value, or what is in the file that @FILE names. Raises `FileNotFoundError`."""
    return Path(value[1:]).read_text(encoding="utf-8").strip() if value.startswith("@") else value


def named_deployable(name: str) -> Deployable:
    """Return the service of this name. Raises `typer.BadParameter`."""
    deployable = deployable_named(name)
    if deployable is None:
        raise typer.BadParameter("no such service")
    return deployable
