"""`mesh users`: who may sign in at a service. What is done is in `mesh.accounts`, imported only when it runs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mesh.home import Home

users = typer.Typer(help="Who works at a service: add, list, bind, disable, let in again.", no_args_is_help=True)

HomeOption = Annotated[Path, typer.Option("--home", help="Folder the mesh lives in.", envvar="MESH_HOME")]
LoginArgument = Annotated[str, typer.Argument(help="What she signs in with.")]
ServiceOption = Annotated[str, typer.Option("--service", help="gateway, police, health, legal-aid or social.")]


@users.command("add")
def add_user(
    *,
    service: ServiceOption,
    login: Annotated[str, typer.Option(help="What she signs in with: small letters, digits, '.', '_', '-'.")],
    name: Annotated[str, typer.Option(help="What her colleagues call her.")],
    role: Annotated[
        str, typer.Option(help="caseworker, supervisor, administrator; at the gateway auditor, coordinator.")
    ],
    gender: Annotated[str | None, typer.Option(help="female or male: a survivor may choose.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Code of a language she speaks; repeatable.")] = None,
    unit: Annotated[str | None, typer.Option(help="Where she works.")] = None,
    pseudonym: Annotated[str | None, typer.Option(help="How other agencies see her; drawn without.")] = None,
    oidc_subject: Annotated[
        str | None, typer.Option(help="Her subject at the identity provider; then she gets no password here.")
    ] = None,
    home: HomeOption = Path("var"),
) -> None:
    """Give somebody an account; prints it with her first password once, as JSON."""
    from mesh.accounts import add, role_named
    from shared.people.enrolment import Newcomer

    newcomer = Newcomer(
        login=login,
        name=name,
        role=role_named(role),
        gender=gender,
        languages=tuple(language or ()),
        unit=unit,
        pseudonym=pseudonym,
        oidc_subject=oidc_subject,
    )
    typer.echo(json.dumps(add(Home(home), service, newcomer), ensure_ascii=False))


@users.command("list")
def list_users(service: ServiceOption, home: HomeOption = Path("var")) -> None:
    """List who has an account, as JSON lines."""
    from mesh.accounts import listed

    for line in listed(Home(home), service):
        typer.echo(json.dumps(line, ensure_ascii=False))


@users.command("disable")
def disable_user(login: LoginArgument, service: ServiceOption, home: HomeOption = Path("var")) -> None:
    """Take an account back at once, and end its sessions."""
    from mesh.accounts import disable

    typer.echo(json.dumps(disable(Home(home), service, login), ensure_ascii=False))


@users.command("restore")
def restore_user(login: LoginArgument, service: ServiceOption, home: HomeOption = Path("var")) -> None:
    """Let somebody whose account was disabled in again."""
    from mesh.accounts import restore

    typer.echo(json.dumps(restore(Home(home), service, login), ensure_ascii=False))


@users.command("password")
def renew_password_of_user(login: LoginArgument, service: ServiceOption, home: HomeOption = Path("var")) -> None:
    """Make a new first password for somebody who forgot hers, and end her sessions; prints it once, as JSON."""
    from mesh.accounts import renew_password

    typer.echo(json.dumps(renew_password(Home(home), service, login), ensure_ascii=False))


@users.command("codes")
def drop_codes_of_user(login: LoginArgument, service: ServiceOption, home: HomeOption = Path("var")) -> None:
    """Take one-time codes away from somebody who lost her telephone, and end her sessions."""
    from mesh.accounts import drop_codes

    typer.echo(json.dumps(drop_codes(Home(home), service, login), ensure_ascii=False))


@users.command("lift-hold")
def lift_hold_of_user(login: LoginArgument, service: ServiceOption, home: HomeOption = Path("var")) -> None:
    """Lift the hold that too many wrong tries put on an account."""
    from mesh.accounts import lift_hold

    typer.echo(json.dumps(lift_hold(Home(home), service, login), ensure_ascii=False))


@users.command("bind")
def bind_user(
    login: LoginArgument,
    service: ServiceOption,
    oidc_subject: Annotated[
        str | None, typer.Option(help="Her subject at the identity provider; she is bound to none without.")
    ] = None,
    home: HomeOption = Path("var"),
) -> None:
    """Bind somebody to another subject at the identity provider, or to none, and end her sessions."""
    from mesh.accounts import bind

    typer.echo(json.dumps(bind(Home(home), service, login, oidc_subject), ensure_ascii=False))
