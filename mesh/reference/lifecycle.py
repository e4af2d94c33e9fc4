"""The page of the lifecycle: its diagram and its table."""

from collections.abc import Iterator

from mesh.reference.markdown import code, codes, page, table
from shared.referral.lifecycle import mermaid
from shared.sop.loader import load_sop
from shared.sop.model import ENDS, Sop, Transition

INTRODUCTION = """
What can happen to a referral after it was sent, and who may say so. Anything else is refused with
`409 referral.transition`. Terms and guards are derived from the sources named in the last column.
"""


def render() -> str:
    """Return the page."""
    sop = load_sop()
    return page(
        "Lifecycle of a referral",
        INTRODUCTION,
        f"```mermaid\n{mermaid(sop)}```",
        "## States",
        table(("state", "Vietnamese", "English", "an end"), states(sop)),
        "## Transitions",
        table(("row", "event", "by", "from", "to", "needs", "derived from"), map(row_of, sop.transitions)),
    )


def states(sop: Sop) -> Iterator[tuple[str, str, str, str]]:
    """Yield each state with its names."""
    for state, name in sop.state_names.items():
        yield code(state), name.vi, name.en, "yes" if state in ENDS else ""


def row_of(transition: Transition) -> tuple[str, ...]:
    """Return one line of the table."""
    return (
        transition.id,
        code(transition.event),
        codes(transition.by),
        codes(transition.sources),
        code(transition.target or ""),
        codes(transition.needs),
        transition.basis.citation,
    )
