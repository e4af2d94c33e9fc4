"""`mesh chains`: chains of referrals that are not forgotten in their time, because a proceeding needs them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mesh.home import Home

chains = typer.Typer(help="Chains of referrals kept for a proceeding: keep, let go, list.", no_args_is_help=True)

HomeOption = Annotated[Path, typer.Option("--home", help="Folder the mesh lives in.", envvar="MESH_HOME")]
DEFAULT_HOME = Path("var")


@chains.command("keep")
def keep_chain(
    chain_id: str,
    reason: Annotated[str, typer.Option(help="Why, as a code, such as court.order; no names.")],
    review_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day on which to look again.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Keep a chain from being forgotten when its time is over, because a proceeding needs it."""
    from mesh.operation import directory

    with directory(Home(home)) as gateway:
        gateway.keep_chain(chain_id, reason=reason, review_on=review_on.date())
    typer.echo(f"{chain_id} is kept; look again on {review_on.date()}.")


@chains.command("let-go")
def let_chain_go(chain_id: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Keep a chain no longer than others."""
    from mesh.operation import directory

    with directory(Home(home)) as gateway:
        gateway.let_chain_go(chain_id)
    typer.echo(f"{chain_id} is kept no longer than others.")


@chains.command("kept")
def kept_chains(home: HomeOption = DEFAULT_HOME) -> None:
    """List the chains that are kept, why and until when, as JSON lines; the next to look at first."""
    from dataclasses import asdict

    from mesh.operation import directory

    with directory(Home(home)) as gateway:
        for one in gateway.kept_chains():
            typer.echo(json.dumps(asdict(one), default=str))
