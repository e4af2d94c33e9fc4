"""Reading of what is owed after a disclosure without consent: who confirms, who tells her, who reviews, by when.

Refuses limits by which access would end before the second person's time is over, and a ground that is consent
(fact sheet sections 2.8, 2.9).
"""

from shared.sop.model import ClockUnit, LegalBasisKind, Name, OverrideRules, TimeLimit
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources

_OUTCOMES = frozenset({"justified", "not_justified", "partly"})


def read_overrides(sheet: Sheet, sources: Sources) -> OverrideRules:
    """Read `overrides.toml`."""
    confirmation, publishing = sheet.sheet("confirmation"), sheet.sheet("publishing")
    rounding = sheet.sheet("rounding")
    rules = OverrideRules(
        two_person=frozenset(confirmation.members("bases", LegalBasisKind)),
        confirmation=_limit(confirmation, sources, "override.confirmation"),
        access=_limit(sheet.sheet("access"), sources, "override.access"),
        telling=_limit(sheet.sheet("telling"), sources, "override.telling"),
        review=_limit(sheet.sheet("review"), sources, "override.review"),
        smallest_published=publishing.number("smallest"),
        publishing_basis=sources.one(publishing),
        rounded_to=rounding.number("to"),
        least_agencies=rounding.number("agencies"),
        rounding_basis=sources.one(rounding),
        outcomes=_named(sheet.sheet("outcomes")),
        measures=_named(sheet.sheet("measures")),
    )
    publishing.done()
    rounding.done()
    sheet.done()
    _check(rules, sheet)
    return rules


def _check(rules: OverrideRules, sheet: Sheet) -> None:
    if LegalBasisKind.CONSENT in rules.two_person:
        raise sheet.refuse("confirmation is for grounds other than consent")
    confirmation, access = rules.confirmation, rules.access
    if confirmation.unit is not access.unit or confirmation.amount >= access.amount:
        raise sheet.refuse("access would end before a second person can confirm it")
    if rules.outcomes.keys() != _OUTCOMES:
        raise sheet.refuse("the outcomes of a review are justified, not_justified and partly")
    if rules.smallest_published < 1:
        raise sheet.refuse("smallest must be a count")
    if rules.rounded_to < 1 or rules.least_agencies < 1:
        raise sheet.refuse("rounding must be to a number, and agencies a count")


def _limit(sheet: Sheet, sources: Sources, name: str) -> TimeLimit:
    limit = TimeLimit(name, sheet.number("amount"), sheet.member("unit", ClockUnit), sources.one(sheet))
    sheet.done()
    if limit.amount < 1:
        raise sheet.refuse("amount must be a time")
    return limit


def _named(sheet: Sheet) -> dict[str, Name]:
    names = {code: sheet.name(code) for code in sheet.codes()}
    sheet.done()
    return names
