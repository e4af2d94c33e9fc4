"""What may be drawn in a life of consents: who, what, for how long; mostly what is lawful, now and then what is not."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st

from tests.support.life_gateway import STAFF, SUITE
from tests.support.life_law import BREAK_GLASS, DUTY, MOST_OF
from tests.support.life_model import DATA, REQUIRED, Given, Line
from tests.support.life_watch import BESIDE_AN_EVENT, BESIDE_THE_SEAL

Value = TypeVar("Value")

MOST_CONSENTS, MOST_TAKINGS = 6, 5
#: Events that may come at any time and end everything; the others come more often.
BREAKING_OFF = frozenset({"cancelled", "withdrawn", "entered_in_error"})

some_agencies = st.frozensets(st.sampled_from(SUITE), min_size=1)
some_data = st.frozensets(st.sampled_from(DATA), min_size=1)
lines = st.builds(
    Line,
    recipients=st.just(frozenset(SUITE)) | some_agencies,
    names=st.sampled_from([frozenset(DATA), frozenset(DATA), REQUIRED]) | some_data,
    onward=st.sampled_from((True, True, False)),
)
grants = st.just([Line(frozenset(SUITE), frozenset(DATA), onward=True)]) | st.lists(lines, min_size=1, max_size=3)
givers = st.sampled_from([Given.HERSELF, Given.HERSELF, Given.PARENT, *Given])
lasting = st.sampled_from([timedelta(hours=2), timedelta(hours=2), timedelta(days=2), timedelta(days=30)])
urgencies = st.sampled_from(["urgent", "prompt", "immediate"])
#: Whom a new referral is kept from: mostly nobody, else an agency or one of somebody's staff.
kept = st.sampled_from([frozenset()] * 3 + [frozenset({one}) for one in (SUITE[2], SUITE[2], *SUITE[2:], *STAFF)])
grounds = st.sampled_from([BREAK_GLASS, BREAK_GLASS, BREAK_GLASS, DUTY, *MOST_OF])
passing = st.sampled_from(
    [timedelta(minutes=1), timedelta(minutes=16), timedelta(minutes=50), timedelta(hours=3), timedelta(days=1),
     timedelta(days=3), timedelta(days=8)]
)  # fmt: skip
places = st.sampled_from([*BESIDE_THE_SEAL, *BESIDE_AN_EVENT])


def mostly(lawful: Sequence[Value], anything: Sequence[Value]) -> st.SearchStrategy[Value]:
    """Draw what is lawful three times of four, if anything is."""
    return st.one_of(*[st.sampled_from(lawful or anything)] * 3, st.sampled_from(anything))
