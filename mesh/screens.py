"""What the command line shows to people. Nothing here decides anything."""

from collections.abc import Iterable
from contextlib import suppress

from rich.console import Console
from rich.table import Table

from mesh.audit import Verdict
from mesh.doctor import Finding
from mesh.home import Home
from mesh.roster import DEPLOYABLES, GATEWAY, Addresses, AgencyService


def show_starting(home: Home) -> None:
    """Say that the mesh is being started, and where it lives."""
    Console().print(f"Starting the mesh in [bold]{home.root}[/bold] ...")


def show_addresses(home: Home, addresses: Addresses) -> None:
    """Say where each service answers and where to look next."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "agency", "address"):
        table.add_column(heading, no_wrap=True)
    for deployable in DEPLOYABLES:
        agency = deployable.agency_id if isinstance(deployable, AgencyService) else ""
        table.add_row(deployable.name, agency, addresses.url(deployable))
    console.print(table)
    console.print("Pages:           sign in at any of these addresses; logins are in the credentials")
    console.print(f"API to try out:  each address with /docs, such as {addresses.url(GATEWAY)}/docs")
    console.print(f"Ledger's head:   {addresses.url(GATEWAY)}/ledger/checkpoint")
    console.print(f"Credentials:     {home.credentials_file} (sample agencies)")
    console.print(f"Logs:            {home.root / 'logs'}")
    console.print("[bold]Ready.[/bold] In another terminal: [bold]make demo[/bold]. Stop with ctrl-C.")


def show_fault(fault: str) -> None:
    """Say what the machine does not let us do; where that cannot even be said, go on without."""
    with suppress(OSError):
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"{fault} It is tried again.")


def show_findings(findings: Iterable[Finding]) -> bool:
    """List what the doctor found; return whether all is well."""
    console = Console()
    all_well = True
    for finding in findings:
        mark = "[green]ok[/green]  " if finding.is_well else "[red]fail[/red]"
        console.print(f"{mark} {finding.subject}", soft_wrap=True)
        if not finding.is_well:
            all_well = False
            console.print(f"     {finding.mend}", soft_wrap=True, highlight=False)
    return all_well


def show_verdict(verdict: Verdict) -> bool:
    """Say what was verified and list what is wrong; return whether nothing is."""
    console = Console()
    checkpoint = verdict.checkpoint
    for finding in verdict.findings:
        place = "" if finding.index is None else f" entry {finding.index}:"
        console.print(f"[red]fail[/red]{place} {finding.message} ({finding.code})", soft_wrap=True)
    if verdict.findings:
        return False
    since = "".join(f", and begins with the {known.size} entries verified before" for known in verdict.earlier)
    console.print(
        f"[green]ok[/green] {checkpoint.size} entries are those of the signed checkpoint{since}.", soft_wrap=True
    )
    console.print(f"   {checkpoint.origin} root {checkpoint.root.hex()}", soft_wrap=True, highlight=False)
    console.print(f"   {_witnessed(verdict)}", soft_wrap=True, highlight=False)
    return True


def _witnessed(verdict: Verdict) -> str:
    known = verdict.witnessed
    if known is None or known.note is None or known.checkpoint is None:
        return "Nobody has witnessed it yet."
    return f"{known.checkpoint.size} entries are witnessed by {', '.join(known.note.witnesses)}."
