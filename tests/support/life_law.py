"""Disclosures that rest on a law and not on her consent, worked out apart from the gateway: for tests to compare with.

Follows the fact sheet, sections 2.8 and 2.9: each ground has its most, an article and an approver; break-glass has a
second person within three days or ends; a body of oversight reviews it, and may end it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

#: The service that is called without consent, what it needs, and what else it may be told.
CALLED = "POL-02"
NEEDED = frozenset({"identity", "contact", "safety", "incident", "preferences"})
TOLD = (*sorted(NEEDED), "needs")

BREAK_GLASS, DUTY, COURT, FOR_A_CHILD = "vital_interest", "legal_obligation", "court_order", "best_interest_child"
#: What each ground carries at most; a court has nothing to do with this service.
MOST_OF = {
    BREAK_GLASS: NEEDED,
    DUTY: NEEDED - {"preferences"},
    COURT: NEEDED,
    FOR_A_CHILD: NEEDED | {"needs"},
}
ENDS_UNLESS_CONFIRMED = timedelta(hours=72)
#: The measure of a review that ends access.
ACCESS_ENDED = "access_ended"


@dataclass(eq=False)
class Law:
    """A disclosure that was admitted on a ground other than consent, and what was done about it."""

    kind: str
    subject: str
    approver: str
    names: frozenset[str]
    made_at: datetime
    confirmed: str | None = None
    told: str | None = None
    review: tuple[str, tuple[str, ...]] | None = None
    ended: bool = False

    def ancestry(self) -> Iterator["Law"]:
        """Yield what it rests on."""
        yield self

    @property
    def root(self) -> "Law":
        """What it rests on."""
        return self

    def is_over(self, at: datetime) -> bool:
        """Say whether access has ended: by a review, or because nobody stood up for it in time."""
        waits = self.kind == BREAK_GLASS and self.confirmed is None
        return self.ended or (waits and at >= self.made_at + ENDS_UNLESS_CONFIRMED)

    def allows(self, _recipient: str, at: datetime) -> frozenset[str]:
        """What its recipient may have at this moment."""
        return frozenset() if self.is_over(at) else self.names

    # What may be done about it.

    def may_be_confirmed(self, actor: str, at: datetime) -> bool:
        """Say whether somebody may stand up for it as the second person."""
        asked = self.kind == BREAK_GLASS and self.confirmed is None and not self.is_over(at)
        return asked and actor.casefold() != self.approver.casefold()


def may_disclose(kind: str, names: frozenset[str], *, child: bool, decided_by_two: bool, whole: bool) -> bool:
    """Say whether the service may be called on this ground with this; `whole`: article and approver are named."""
    fits = kind != COURT and MOST_OF[kind] & NEEDED <= names <= MOST_OF[kind]
    return fits and whole and (kind != FOR_A_CHILD or (child and decided_by_two))
