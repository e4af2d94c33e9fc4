"""The pages of the procedure: service types, urgency, legal bases, reasons for declining, hotlines."""

from collections.abc import Iterator, Mapping

from mesh.reference.markdown import code, codes, page, table
from shared.sop.conference import INVITATION
from shared.sop.loader import load_sop
from shared.sop.model import ClockRule, FactField, Name, Presence, ServiceType, Sop
from shared.sop.statement import StatementRules

#: A longer list is the sum of others on this page.
_VALUES_MOST = 20

INTRODUCTION = """
The procedure as data, version `{version}`, last verified {verified_on}. It is derived from the United Nations Essential
Services Package, Vietnamese law and inter-agency guidance, never copied from an official text, and it is not legal
advice. Each rule says on what it rests: statute (STAT), clinical window (CLIN), standard (STD) or our own policy (POL),
and how sure we are of it.
"""


def render() -> str:
    """Return the page."""
    sop = load_sop()
    return page(
        "The procedure",
        INTRODUCTION.format(version=sop.version, verified_on=sop.verified_on),
        "## Service types",
        table(("code", "Vietnamese", "English", "sector", "urgency", "who may send"), map(summary, services(sop))),
        *(part for service in services(sop) for part in detail(service)),
        "## Urgency",
        table(("level", "Vietnamese", "English", "clocks"), urgencies(sop)),
        "## Who consents, by age",
        table(("rule", "age", "who consents", "the child says", "Vietnamese", "English", "derived from"), ways(sop)),
        f"{sop.ages.best_interest.says.en} {sop.ages.unsafe.says.en}",
        "## Legal bases",
        table(("basis", "name", "most that may be disclosed", "derived from"), legal_bases(sop)),
        "## After a disclosure without consent",
        table(("owed", "by when", "derived from"), owed(sop)),
        f"Confirmed by a second person: {codes(sop.overrides.two_person)}.",
        "## After consent was taken back",
        table(("owed", "by when", "derived from"), withdrawal(sop)),
        f"A holder may put off its answer once: {codes(sop.withdrawal.extension_reasons)}.",
        "## Going on to the next agency",
        f"At most {sop.reroutes.most} times in a row; a declined one after {codes(sorted(sop.reroutes.declines))}. "
        f"Derived from: {sop.reroutes.basis.citation}.",
        table(("stopped with", "Vietnamese", "English"), stopped(sop)),
        "## Coded facts",
        "Of the envelope:",
        table(("fact", "type", "values", "English"), facts(sop.facts)),
        "Of events:",
        table(("fact", "type", "values", "English"), facts(sop.event_facts)),
        "## Telling the story once",
        table(("service type", "outcomes that say it was told", "derived from"), asking(sop)),
        passing_on(sop.statements),
        "## Reasons for declining",
        table(("code", "Vietnamese", "English", "may be given", "derived from"), declines(sop)),
        *conference(sop),
        "## Hotlines",
        table(("number", "name", "derived from"), hotlines(sop)),
    )


def conference(sop: Sop) -> tuple[str, ...]:
    """Return the part of case conferences."""
    rules = sop.conference
    asked = " ".join(one.says.en for one in sop.services[INVITATION].preconditions)
    return (
        "## Case conferences",
        f"Invited to by `{INVITATION}`. {asked}",
        f"Derived from: {rules.basis.citation}.",
        table(("why", "Vietnamese", "English"), named(rules.reasons)),
        table(("action", "Vietnamese", "English"), named(rules.actions)),
    )


def named(names: Mapping[str, Name]) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each code with its names."""
    for key, name in names.items():
        yield code(key), name.vi, name.en


def services(sop: Sop) -> list[ServiceType]:
    """Return the service types in the order of their codes."""
    return [sop.services[name] for name in sorted(sop.services)]


def summary(service: ServiceType) -> tuple[str, ...]:
    """Return a service's line in the overview."""
    names = (service.name.vi, service.name.en)
    return (code(service.code), *names, service.sector, service.urgency, codes(service.senders))


def detail(service: ServiceType) -> tuple[str, ...]:
    """Return what a referral of this service carries, and its limits."""
    return (
        f"### {service.code} {service.name.en}",
        table(("compartment", "rule", "opens"), compartments(service)),
        table(("duty", "limit", "derived from"), ((c.phase, limit(c), c.basis.citation) for c in service.clocks))
        if service.clocks
        else "No limit of its own: those of its urgency hold.",
        f"Outcomes: {codes(service.outcomes)}. Derived from: {'; '.join(b.citation for b in service.basis)}.",
    )


def compartments(service: ServiceType) -> Iterator[tuple[str, str, str]]:
    """Yield each compartment's rule; a forbidden one never opens."""
    for name, rule in service.compartments.items():
        opens = "" if rule.presence is Presence.FORBIDDEN else f"at {rule.stage}"
        yield code(name), rule.presence, opens


def limit(clock: ClockRule) -> str:
    """Return a clock's limit in words."""
    words = f"{clock.amount} {clock.unit} after {clock.start}"
    return f"at once; late after {words}" if clock.at_once else words


def urgencies(sop: Sop) -> Iterator[tuple[str, ...]]:
    """Yield each level of urgency with its clocks."""
    for level in sop.urgencies.values():
        yield (
            code(level.urgency),
            level.name.vi,
            level.name.en,
            "; ".join(f"{c.phase} {limit(c)}" for c in level.clocks),
        )


def ways(sop: Sop) -> Iterator[tuple[str, ...]]:
    """Yield who may consent at each age."""
    for each in sop.ages.ways.values():
        for way in each:
            who, said = codes(sorted(way.grantors)), codes(sorted(way.assent))
            yield code(way.id), code(way.age_band), who, said, way.says.vi, way.says.en, way.basis.citation


def legal_bases(sop: Sop) -> Iterator[tuple[str, ...]]:
    """Yield each legal basis with its maximum."""
    for basis in sop.legal_bases.values():
        yield code(basis.kind), basis.name.en, codes(basis.maximum), basis.basis.citation


def owed(sop: Sop) -> Iterator[tuple[str, str, str]]:
    """Yield what is owed after a disclosure without consent."""
    rules = sop.overrides
    for one in (rules.confirmation, rules.access, rules.telling, rules.review):
        yield code(one.id), f"{one.amount} {one.unit}", one.basis.citation


def withdrawal(sop: Sop) -> Iterator[tuple[str, str, str]]:
    """Yield the limits for answering a withdrawal, and by how much the last one may be put off."""
    rules = sop.withdrawal
    for one in (rules.unreached, rules.answer, rules.statute, rules.stop, rules.third_party, rules.extension):
        yield code(one.id), f"{one.amount} {one.unit}", one.basis.citation


def stopped(sop: Sop) -> Iterator[tuple[str, str, str]]:
    """Yield why a referral does not go on by itself, and what a person can do."""
    for why, says in sop.reroutes.why.items():
        yield code(why.code), says.vi, says.en


def facts(listed: Mapping[str, FactField]) -> Iterator[tuple[str, str, str, str]]:
    """Yield coded facts with what may be written; long lists of other tables are not repeated."""
    for fact in listed.values():
        shown = (
            codes(fact.values) if len(fact.values) <= _VALUES_MOST else f"{len(fact.values)} codes, see `GET /v1/sop`"
        )
        yield code(fact.name), fact.type, shown, fact.label.en if fact.label else ""


def passing_on(rules: StatementRules) -> str:
    """Say how a statement that exists is passed on, and by when."""
    due = rules.answer
    return (
        f"A statement travels in {codes(rules.carried_in)}. One that is asked for is due within "
        f"{due.amount} {due.unit}. Derived from: {due.basis.citation}."
    )


def asking(sop: Sop) -> Iterator[tuple[str, str, str]]:
    """Yield the service types in which she is asked what happened."""
    for service in sop.statements.services.values():
        yield code(service.code), codes(service.taken_by), service.basis.citation


def declines(sop: Sop) -> Iterator[tuple[str, ...]]:
    """Yield the reasons that may be given, and those that never may."""
    for reason in sop.decline_reasons.values():
        allowed = "never" if reason.forbidden else "yes"
        yield code(reason.code), reason.name.vi, reason.name.en, allowed, reason.basis.citation


def hotlines(sop: Sop) -> Iterator[tuple[str, ...]]:
    """Yield the numbers people can call."""
    for line in sop.hotlines:
        yield line.number, f"{line.name.vi} / {line.name.en}", line.basis.citation
