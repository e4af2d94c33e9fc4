"""Reading of the rules on going on to the next agency by itself (fact sheet sections 6.2 and 7.2 T20).

Refuses a number that is no bound, and a reason for declining that the next agency would have to give as well.
"""

from collections.abc import Mapping
from typing import Final

from shared.sop.model import DeclineReason
from shared.sop.reroute import RerouteRules, Stopped
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources

#: More in a row is no help to anybody: so many have learned of her by then.
_MOST: Final = 5
#: Reasons that hold wherever she turns: not eligible, wrong service, duplicate, no consent, served already, barred.
_HERS: Final = frozenset({"D02", "D04", "D08", "D09", "D10", "D11", "D15", "D99"})


def read_reroutes(sheet: Sheet, sources: Sources, declines: Mapping[str, DeclineReason]) -> RerouteRules:
    """Read `reroutes.toml`; `declines` are the reasons it speaks of."""
    why = sheet.sheet("why")
    rules = RerouteRules(
        most=sheet.number("most"),
        declines=frozenset(sheet.texts("declines")),
        why={reason: why.name(reason) for reason in Stopped},
        basis=sources.one(sheet),
    )
    why.done()
    sheet.done()
    if not 1 <= rules.most <= _MOST:
        raise sheet.refuse(f"most must be a bound: from 1 to {_MOST}")
    may_be_given = {code for code, reason in declines.items() if not reason.forbidden}
    if not rules.declines <= may_be_given - _HERS:
        raise sheet.refuse("declines names a reason that nobody may give, or that holds wherever she turns")
    return rules
