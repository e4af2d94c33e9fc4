"""Reading of who may consent at which age, and of what a best-interest decision takes.

Refuses a table with an age band that has no way, an unknown age that asks for less than a child's, a child that nobody
could help when its caregiver is unsafe, and a decision that one worker could make alone (fact sheet section 2.5).
"""

from collections.abc import Mapping

from shared.sop.age import AgeRules, BestInterestRules, CaregiverRules, ConsentWay
from shared.sop.codes import AgeBand, Assent, Grantor, Sector
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources

#: Bands for which somebody else consents, so that the table must say what happens when nobody of the family may.
_YOUNG = frozenset({AgeBand.UNDER_6, AgeBand.FROM_6, AgeBand.FROM_12, AgeBand.UNKNOWN})
_TWO = 2


def read_ages(sheet: Sheet, sources: Sources) -> AgeRules:
    """Read `ages.toml`."""
    found = [_way(each, sources) for each in sheet.sheets("ways")]
    rules = AgeRules(
        ways={band: tuple(way for way in found if way.age_band is band) for band in AgeBand},
        best_interest=_best_interest(sheet.sheet("best_interest"), sources),
        unsafe=_unsafe(sheet.sheet("unsafe_caregiver"), sources),
    )
    sheet.done()
    if len({way.id for way in found}) != len(found):
        raise sheet.refuse("two ways have the same id")
    _check(rules, sheet)
    return rules


def _way(sheet: Sheet, sources: Sources) -> ConsentWay:
    way = ConsentWay(
        id=sheet.text("id"),
        age_band=sheet.member("age_band", AgeBand),
        grantors=frozenset(sheet.members("grantors", Grantor)),
        assent=frozenset(sheet.members("assent", Assent)),
        says=sheet.name("says"),
        basis=sources.one(sheet),
    )
    sheet.done()
    if not way.grantors:
        raise sheet.refuse("grantors is empty: nobody could go this way")
    return way


def _best_interest(sheet: Sheet, sources: Sources) -> BestInterestRules:
    reasons = sheet.sheet("reasons")
    rules = BestInterestRules(
        id=sheet.text("id"),
        workers=sheet.number("workers"),
        sector=sheet.member("sector", Sector),
        reasons={code: reasons.name(code) for code in reasons.codes()},
        says=sheet.name("says"),
        basis=sources.one(sheet),
    )
    sheet.done()
    if rules.workers < _TWO:
        raise sheet.refuse("a single worker never decides in a child's best interest")
    return rules


def _unsafe(sheet: Sheet, sources: Sources) -> CaregiverRules:
    rules = CaregiverRules(
        id=sheet.text("id"),
        reason=sheet.text("reason"),
        named_as=frozenset(sheet.texts("named_as")),
        says=sheet.name("says"),
        basis=sources.one(sheet),
    )
    sheet.done()
    return rules


def _check(rules: AgeRules, sheet: Sheet) -> None:
    empty = [band for band, ways in rules.ways.items() if not ways]
    if empty:
        raise sheet.refuse(f"nobody may consent for {', '.join(empty)}")
    if rules.unsafe.reason not in rules.best_interest.reasons:
        raise sheet.refuse("an unsafe caregiver is no reason for a best-interest decision")
    grantors = {band: _grantors(ways) for band, ways in rules.ways.items()}
    if any(Grantor.SELF in grantors[band] for band in _YOUNG):
        raise sheet.refuse("a child under 16, or of unknown age, does not consent alone")
    if any(Grantor.BEST_INTEREST_DECISION not in grantors[band] for band in _YOUNG):
        raise sheet.refuse("nobody could decide for a child whose caregiver is unsafe")
    if any(Grantor.BEST_INTEREST_DECISION in grantors[band] for band in AgeBand if band not in _YOUNG):
        raise sheet.refuse("from 16 on nobody decides over her head")
    _check_unknown(rules.ways, sheet)


def _check_unknown(ways: Mapping[AgeBand, tuple[ConsentWay, ...]], sheet: Sheet) -> None:
    """Refuse an unknown age that could be less than a child of 12 to 15, of whom the most is asked."""
    strictest = ways[AgeBand.FROM_12]
    for way in ways[AgeBand.UNKNOWN]:
        above = [one for one in strictest if one.grantors >= way.grantors]
        if not any(way.assent <= one.assent | {Assent.UNABLE} for one in above):
            raise sheet.refuse("an unknown age asks for less than that of a child")


def _grantors(ways: tuple[ConsentWay, ...]) -> frozenset[Grantor]:
    return frozenset(grantor for way in ways for grantor in way.grantors)
