"""Reading of the rules of case conferences (fact sheet sections 4.4 and 6.6, COO-01).

Refuses a risk band that the coded facts do not have, and a conference without reasons or actions.
"""

from shared.sop.conference import ConferenceRules
from shared.sop.model import FactField, Name
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources


def read_conference(sheet: Sheet, sources: Sources, risk_band: FactField) -> ConferenceRules:
    """Read `conference.toml`; `risk_band` is the coded fact that its bands are values of."""
    rules = ConferenceRules(
        reasons=_names(sheet.sheet("reasons")),
        actions=_names(sheet.sheet("actions")),
        risk_bands=frozenset(sheet.texts("risk_bands")),
        basis=sources.one(sheet),
    )
    sheet.done()
    if not rules.reasons or not rules.actions:
        raise sheet.refuse("a conference has reasons, and actions to agree on")
    if not rules.risk_bands or not rules.risk_bands <= set(risk_band.values):
        raise sheet.refuse("risk_bands names a band that the fact risk_band does not have")
    return rules


def _names(sheet: Sheet) -> dict[str, Name]:
    names = {code: sheet.name(code) for code in sheet.codes()}
    sheet.done()
    return names
