"""Reading of the rules on telling the story once (R-02): who asks, what says that it was told, how it is passed on.

Refuses a service that cannot carry a statement, because whoever is warned there could never be sent the existing one,
and an outcome that the service does not have (fact sheet section 5, R-02 and R-13).
"""

from collections.abc import Mapping

from shared.sop.model import ClockUnit, Compartment, ServiceType, TimeLimit
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources
from shared.sop.statement import AskingService, StatementRules


def read_statements(sheet: Sheet, sources: Sources, services: Mapping[str, ServiceType]) -> StatementRules:
    """Read `statements.toml`; `services` are the service types it speaks of."""
    asking = [_asking(each, sources) for each in sheet.sheets("services")]
    rules = StatementRules(
        services={one.code: one for one in asking},
        carried_in=sheet.members("carried_in", Compartment),
        warning_code=sheet.text("warning_code"),
        warning=sheet.name("warning"),
        answer=_answer(sheet.sheet("answer"), sources),
        basis=sources.one(sheet),
    )
    sheet.done()
    if len(rules.services) != len(asking):
        raise sheet.refuse("names a service twice")
    for one in asking:
        _check(one, rules, services, sheet)
    return rules


def _answer(sheet: Sheet, sources: Sources) -> TimeLimit:
    limit = TimeLimit("statement.answer", sheet.number("amount"), sheet.member("unit", ClockUnit), sources.one(sheet))
    sheet.done()
    if limit.amount < 1:
        raise sheet.refuse("amount must be a time")
    return limit


def _asking(sheet: Sheet, sources: Sources) -> AskingService:
    service = AskingService(sheet.text("code"), frozenset(sheet.texts("taken_by")), sources.one(sheet))
    sheet.done()
    return service


def _check(asking: AskingService, rules: StatementRules, services: Mapping[str, ServiceType], sheet: Sheet) -> None:
    service = services.get(asking.code)
    if service is None or not asking.taken_by <= set(service.outcomes):
        raise sheet.refuse(f"{asking.code} is no service type, or does not have these outcomes")
    if service.allowed.isdisjoint(rules.carried_in):
        raise sheet.refuse(f"{asking.code} carries no compartment in which a statement could travel")
