"""Reading of the rules of case conferences (fact sheet sections 4.4 and 6.6, COO-01).

Refuses a conference without reasons or actions.
"""

from shared.sop.conference import ConferenceRules
from shared.sop.model import Name
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources


def read_conference(sheet: Sheet, sources: Sources) -> ConferenceRules:
    """Read `conference.toml`."""
    rules = ConferenceRules(
        reasons=_names(sheet.sheet("reasons")),
        actions=_names(sheet.sheet("actions")),
        basis=sources.one(sheet),
    )
    sheet.done()
    if not rules.reasons or not rules.actions:
        raise sheet.refuse("a conference has reasons, and actions to agree on")
    return rules


def _names(sheet: Sheet) -> dict[str, Name]:
    names = {code: sheet.name(code) for code in sheet.codes()}
    sheet.done()
    return names
