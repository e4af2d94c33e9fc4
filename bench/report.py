"""The figures at the terminal: medians over rounds, and the ratio to the floor taken within each round."""

from rich.console import Console
from rich.table import Table

from bench.figures import Row, admissions, loops, other_acts
from bench.results import Results

_LEFT = ("database", "stored", "replicas", "act", "callers", "what", "process", "step")


def show(results: Results, *, console: Console) -> None:
    """Print one table for each kind of measurement."""
    for title, rows in (
        ("Admissions beside the floor (medians over rounds)", admissions(results)),
        ("Other acts at the gateway (medians over rounds)", other_acts(results)),
        ("Full loops", loops(results)),
    ):
        _print(title, rows, console)


def _print(title: str, rows: list[Row], console: Console) -> None:
    if not rows:
        return
    table = Table(title=title)
    for heading in rows[0]:
        table.add_column(heading, justify="left" if heading in _LEFT else "right")
    for row in rows:
        table.add_row(*row.values())
    console.print(table)
