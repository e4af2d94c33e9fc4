"""Tells the story at the terminal: chapters, what was done, what was seen, and the step at which it broke."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from mesh.refusal import CommandRefused
from shared.kernel.errors import MeshError


class StoryBroken(CommandRefused):
    """A step did not go as it must."""


class Narrator:
    """Writes to a console and counts the steps that held."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.steps = 0

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._console.print(f"\n[bold]{title}[/bold]")

    @contextmanager
    def step(self, says: str) -> Iterator[None]:
        """Tell one step; it counts when nothing inside breaks. Raises `StoryBroken` with the step's words."""
        try:
            with self._console.status(says):
                yield
        except MeshError as error:
            self._fail(says)
            raise StoryBroken(f"{says}: {error.message} ({error.code})") from error
        except StoryBroken:
            self._fail(says)
            raise
        self.steps += 1
        self._console.print(f" [green]✓[/green] {says}", soft_wrap=True, highlight=False)

    def detail(self, says: str) -> None:
        """Tell what was seen within a step."""
        self._console.print(f"   [dim]{says}[/dim]", soft_wrap=True, highlight=False)

    def end(self) -> None:
        """Say that the whole story held."""
        self._console.print(f"\n[bold green]All {self.steps} steps held, and the ledger verifies.[/bold green]")

    def _fail(self, says: str) -> None:
        self._console.print(f" [red]✗[/red] {says}", soft_wrap=True, highlight=False)


def expect(condition: bool, otherwise: str) -> None:  # reads as a sentence: expect(x, "...")
    """Go on when `condition` holds. Raises `StoryBroken`."""
    if not condition:
        raise StoryBroken(otherwise)
