"""The command line. Each command is a few lines over a room of its own, which is imported only when it runs."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from mesh.chains import chains
from mesh.containers import migrate, named_deployable, provision, secrets, serve
from mesh.databases import databases
from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.roster import Addresses
from mesh.users import users
from shared.kernel.errors import MeshError

app = typer.Typer(
    name="mesh",
    help="Run the referral mesh on this machine, try it out, look after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
agencies = typer.Typer(help="Who takes part: enroll, list, disable.", no_args_is_help=True)
keys = typer.Typer(help="The keys of each service: list, rotate, drop.", no_args_is_help=True)
areas = typer.Typer(help="The communes the directory knows.", no_args_is_help=True)
deliveries = typer.Typer(help="Messages that do not arrive: list, try again.", no_args_is_help=True)
ledger = typer.Typer(help="The record of every decision.", no_args_is_help=True)
certificate = typer.Typer(help="Proofs of what came of a withdrawal.", no_args_is_help=True)
app.add_typer(agencies, name="agencies")
app.add_typer(users, name="users")
app.add_typer(databases, name="db")
app.add_typer(keys, name="keys")
app.add_typer(areas, name="areas")
app.add_typer(deliveries, name="deliveries")
app.add_typer(chains, name="chains")
app.add_typer(ledger, name="ledger")
app.add_typer(certificate, name="certificate")
for command in (secrets, migrate, provision, serve):
    app.command()(command)

HomeOption = Annotated[Path, typer.Option("--home", help="Folder the mesh lives in.", envvar="MESH_HOME")]
PortOption = Annotated[
    int,
    typer.Option("--port-base", min=1024, max=65531, help="Port of the gateway; the four agency services follow."),
]

DEFAULT_HOME = Path("var")


def run() -> None:
    """Run the command line; what goes wrong is told in one sentence, and the exit status is 1.

    The first process of a container is ended by no signal it does not handle: SIGTERM ends a command that waits.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app()
    except CommandRefused as refusal:
        sys.exit(str(refusal))
    except MeshError as error:
        where = "".join(f"\n  {fault.pointer.removeprefix('/')}: {fault.message}" for fault in error.faults)
        sys.exit(f"{error.message} ({error.code}){where}")


@app.command()
def up(
    home: HomeOption = DEFAULT_HOME,
    port_base: PortOption = 8000,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Start the gateway and the four agency services; ctrl-C stops them."""
    from mesh.provisioning import provision
    from mesh.screens import show_addresses, show_fault, show_starting
    from mesh.up import serve

    place, addresses = Home(home), Addresses(port_base)
    if not quiet:
        show_starting(place)
    serve(
        place,
        addresses,
        prepare=lambda: provision(place, addresses),
        when_ready=lambda: None if quiet else show_addresses(place, addresses),
        on_fault=show_fault,
    )


@app.command()
def down(home: HomeOption = DEFAULT_HOME) -> None:
    """Stop the mesh that runs in a home."""
    from mesh.up import stop

    typer.echo("Stopped." if stop(Home(home)) else "No mesh runs here.")


@app.command()
def demo(
    home: HomeOption = DEFAULT_HOME,
    port_base: PortOption = 8000,
    wait: Annotated[float, typer.Option(min=0, help="Wait so many seconds for a mesh that others start.")] = 0,
) -> None:
    """Tell one whole referral story against a running mesh, or one started for it, and verify the ledger."""
    from mesh.demo.run import play

    play(Home(home), port_base=port_base, wait=wait)


@agencies.command("enroll")
def enroll_agency(
    *,
    agency_id: Annotated[str, typer.Option("--id", help="Id it is known by: small letters, digits, hyphens.")],
    name: Annotated[str, typer.Option(help="Name people know it by.")],
    sector: Annotated[
        list[str], typer.Option(help="Its sector, such as police; authority, hotline or rescuing_force.")
    ],
    area: Annotated[list[str], typer.Option(help="Code of a province or commune it serves; repeatable.")],
    jwks: Annotated[Path, typer.Option(help="File with its public keys (a JWK Set).")],
    service: Annotated[list[str] | None, typer.Option(help="Service type it gives; all of its sector without.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Where it takes deliveries; without, it polls.")] = None,
    hours: Annotated[
        str | None, typer.Option(help="24/7, or rules: 'Mo-Fr 07:30-11:30,13:30-17:00; Sa 08:00-12:00; PH off'.")
    ] = None,
    protected: Annotated[bool, typer.Option("--protected", help="A shelter whose place and name stay secret.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Enrol an agency, or state it anew; prints its webhook secret once, as JSON."""
    from mesh.operation import directory
    from mesh.stated import enrolment

    stated = enrolment(
        agency_id,
        name=name,
        sectors=sector,
        areas=area,
        services=service or [],
        jwks_file=jwks,
        base_url=base_url,
        hours=hours,
        protected=protected,
    )
    with directory(Home(home)) as gateway:
        secret = gateway.enroll(stated)
    typer.echo(json.dumps({"id": agency_id, "webhook_secret": secret}))


@agencies.command("list")
def list_agencies(home: HomeOption = DEFAULT_HOME) -> None:
    """List who takes part, as JSON lines."""
    from mesh.operation import directory, line_of

    with directory(Home(home)) as gateway:
        for agency in gateway.list():
            typer.echo(json.dumps(line_of(agency), ensure_ascii=False))


@agencies.command("disable")
def disable_agency(agency_id: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Stop an agency from sending and receiving, at once."""
    from mesh.operation import directory

    with directory(Home(home)) as gateway:
        gateway.disable(agency_id)
    typer.echo(f"{agency_id} is disabled.")


NameArgument = Annotated[str, typer.Argument(help="gateway, police, health, legal-aid or social")]


@keys.command("list")
def list_keys(name: NameArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """List the public keys of a service, as JSON lines."""
    from mesh.rotation import listed

    for line in listed(Home(home), named_deployable(name)):
        typer.echo(json.dumps(line))


@keys.command("rotate")
def rotate_keys(
    name: NameArgument,
    only: Annotated[str | None, typer.Option(help="signing or encryption; both without.")] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Give a service fresh keys, also while the mesh runs; the old ones stay beside them for what is on its way."""
    from mesh.rotation import ENCRYPTION, SIGNING, rotate

    kinds = frozenset({only} if only else {SIGNING, ENCRYPTION})
    if not kinds <= {SIGNING, ENCRYPTION}:
        raise typer.BadParameter("write signing or encryption")
    for line in rotate(Home(home), named_deployable(name), kinds):
        typer.echo(line)


@keys.command("drop", context_settings={"ignore_unknown_options": True})  # one kid in 64 begins with a dash
def drop_key(name: NameArgument, kid: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Let go of an older key: 7 days after it was exchanged, or at once when others may know it."""
    from mesh.rotation import drop

    for line in drop(Home(home), named_deployable(name), kid):
        typer.echo(line)


@keys.command("witness")
def witness_key(
    name: NameArgument,
    under: Annotated[str, typer.Option("--as", help="The name it signs under, such as mesh.example/police.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Print the verifier key by which a policy of the ledger names this service as a witness."""
    from mesh.rotation import witness_vkey

    typer.echo(witness_vkey(Home(home), named_deployable(name), under))


@areas.command("import")
def import_areas(file: Path, home: HomeOption = DEFAULT_HOME) -> None:
    """Replace the list of communes by a CSV file: code, full_name, province_code."""
    from mesh.operation import directory
    from mesh.stated import read_areas

    rows = list(read_areas(file))
    with directory(Home(home)) as gateway:
        known = gateway.import_areas((row.code, row.province_code) for row in rows if row.province_code)
    typer.echo(f"{known} communes are known now.")


@deliveries.command("dead")
def dead_deliveries(home: HomeOption = DEFAULT_HOME) -> None:
    """List messages that were given up, or tried in vain a dozen times, as JSON lines; ids and times, no texts."""
    from dataclasses import asdict

    from mesh.operation import directory

    with directory(Home(home)) as gateway:
        for one in gateway.dead_deliveries():
            typer.echo(json.dumps(asdict(one)))


@deliveries.command("replay")
def replay_delivery(message_id: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Try a message that still waits at once; one that was given up its sender sends anew."""
    from mesh.operation import directory

    with directory(Home(home)) as gateway:
        gateway.replay_delivery(message_id)
    typer.echo(f"{message_id} is tried again.")


@ledger.command("verify")
def verify_ledger(
    vkey: Annotated[str | None, typer.Option(help="Verifier key you pinned; without, the key in this home.")] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Read the whole ledger, recompute it and compare it with its signed checkpoint."""
    from mesh.audit import verify
    from mesh.screens import show_verdict

    if not show_verdict(verify(Home(home), vkey=vkey)):
        raise typer.Exit(1)


@certificate.callback()
def certificates() -> None:
    """Work with withdrawal certificates."""


@certificate.command("verify")
def verify_certificate(
    file: Annotated[Path, typer.Argument(help="The certificate, as GET /v1/consents/{id}/certificate answered it.")],
    jwks: Annotated[Path, typer.Option(help="The gateway's published keys: /.well-known/jwks.json, kept as a file.")],
    vkey: Annotated[str | None, typer.Option(help="The ledger's verifier key you pinned.")] = None,
) -> None:
    """Check a certificate offline: signature, every answer, every proof. Needs no running mesh."""
    from mesh.certificates import told, verify

    verdict = verify(file, jwks=jwks, vkey=vkey)
    for line in told(verdict, checkpoint_checked=vkey is not None):
        typer.echo(line)
    if verdict.findings:
        raise typer.Exit(1)


@app.command("backup-key")
def backup_key(
    file: Annotated[Path, typer.Argument(help="Where to write the key; keep it away from this machine.")],
) -> None:
    """Make the key that opens copies; prints the recipient to make copies for."""
    from mesh.backup import new_key

    typer.echo(new_key(file))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the copy.")],
    to: Annotated[list[str], typer.Option(help="Recipient who can open it (age1...); repeatable.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Copy a whole home, also while the mesh runs, into a file that only a recipient can open."""
    from mesh.backup import back_up

    typer.echo(f"{back_up(Home(home), file, recipients=to)} files are in {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The copy.")],
    identity: Annotated[Path, typer.Option(help="File with the key that opens it.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write a copy into an empty home; start it with `mesh up` then."""
    from mesh.restoring import restore as write

    typer.echo(f"{write(file, Home(home), identity=identity)} files are in {home}.")


@app.command(hidden=True)
def revise(
    room: Annotated[str, typer.Argument(help="The room whose tables have changed.")],
    message: Annotated[str, typer.Argument(help="What changes, in a few words.")],
) -> None:
    """Write the next revision of a room's tables (for whoever changes the code)."""
    from mesh.revisions import revise as write

    typer.echo(write(room, message))


@app.command()
def doctor(home: HomeOption = DEFAULT_HOME) -> None:
    """Say what is wrong with this mesh, if anything, and how to mend it."""
    from mesh.doctor import examine
    from mesh.screens import show_findings

    if not show_findings(examine(Home(home))):
        raise typer.Exit(1)


@app.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when a page is out of date.")] = False,
) -> None:
    """Write the generated reference into docs/reference."""
    from mesh.reference.pages import outdated, write

    changed = outdated() if check else write()
    for path in changed:
        typer.echo(f"{'out of date' if check else 'written'}: {path}")
    if check and changed:
        raise CommandRefused("The generated reference is out of date. Write it: make docs")
