"""One referral in the making before its writer: what was typed in each step, and what that means.

A step is kept as it was typed, right or wrong, and read again whenever it is needed; so going back loses nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.agency.acting import Caller
from shared.agency.office import Office
from shared.agency.pages.desk import PageDesk, client_of
from shared.agency.unsent import Opened
from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import sha256_hex
from shared.pages.catalogue import N_
from shared.pages.forms import Form
from shared.pages.guard import CSRF
from shared.people.records import Person
from shared.sop.model import Sop

Step = Literal["wants", "consent", "whom", "what", "review"]
STEPS: Final[Mapping[Step, str]] = {
    "wants": N_("What she wants"),
    "consent": N_("Her consent"),
    "whom": N_("Which agency"),
    "what": N_("What they are told"),
    "review": N_("Last look"),
}
#: Fields that are the form's own and no part of what was typed.
_OWN: Final = frozenset({CSRF, "go", "more"})


@dataclass(frozen=True, slots=True)
class Writing:
    """Somebody at work on one referral."""

    desk: PageDesk
    person: Person
    opened: Opened

    @property
    def office(self) -> Office:
        """The agency."""
        return self.desk.practice.office

    @property
    def sop(self) -> Sop:
        """The procedure."""
        return self.office.sop

    def typed(self, step: Step) -> Form:
        """Return what was typed in a step."""
        given = self.opened.steps.get(step, {})
        return Form([(name, value) for name, values in given.items() for value in values])

    def known(self, name: str) -> Any:
        """Return what was found out of itself: a parent, candidates; None where nothing was."""
        return self.opened.known.get(name)

    def path(self, step: str) -> str:
        """Return where a step is."""
        return f"/new/{self.opened.draft_id}/{step}"

    def caller(self, act: str, content: Mapping[str, Any]) -> Caller:
        """Return who acts. The same act with the same content is done once, however often it is sent."""
        digest = sha256_hex(canonical_json(content))
        key = f"{self.opened.draft_id}.{act}.{digest[:24]}"
        return Caller(client_of(self.person), self.person.pseudonym, key, digest)


def pairs_of(form: Form) -> Mapping[str, Sequence[str]]:
    """Return what of a form is kept: what was typed."""
    return {name: list(form.all(name)) for name in form if name not in _OWN}


def after(step: Step) -> Step:
    """Return the next step."""
    order = list(STEPS)
    return order[min(order.index(step) + 1, len(order) - 1)]


def before(step: Step) -> Step:
    """Return the step before."""
    order = list(STEPS)
    return order[max(order.index(step) - 1, 0)]
