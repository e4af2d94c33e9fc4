"""Who could take her: agencies that give the service near enough, best first, with the reasons.

Owns what keeps an agency out and how the others are ranked. Out are: who does not give the service or is
not active, who is excluded or blocked in this case (R-04, R-11: the agency of the perpetrator is blocked
like any other), who does not serve the area nor a province next to it, who said that it takes nobody, has
no room, or cannot meet a need that was named. Everything else only moves an agency up or down.

Of a protected site (R-18) nothing may be learnt by asking often and comparing: it is judged by province
only, and by its own last word on whether it has room, never by a count.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.agency import Agency, Availability
from gateway.domain.masking import is_masked, is_province, shown_areas
from gateway.domain.match_reasons import MATCH_REASONS, MatchReason
from gateway.domain.opening_hours import known_hours
from shared.consent.procedure import serves
from shared.kernel.clock import from_wire
from shared.referral.blocked import is_blocked

ANY = "any"
VIETNAMESE = "vi"
STALE_AFTER = timedelta(hours=24)
OUTDATED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Place:
    """Where help is needed: a province or commune, the province it is in if known, and the provinces around."""

    area: str
    province: str | None
    neighbours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. `asker` is never proposed to itself; `at` is when she would come, `now` is when it is asked.

    `blocked` are the salted hashes of the case `chain_id`; `exclude` are agencies that must not be proposed.
    """

    asker: str
    service_type: str
    place: Place
    at: datetime
    now: datetime
    staff_gender: str = ANY
    language: str = VIETNAMESE
    interpreter: bool = False
    disability_access: bool = False
    children: bool = False
    open_only: bool = False
    exclude: frozenset[str] = frozenset()
    chain_id: str = ""
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agency, what it last said of the service (None: nothing), and how many of its places are held."""

    agency: Agency
    availability: Availability | None
    held: int = 0

    @property
    def room(self) -> int | None:
        """Return how many places are left; None when it counts none. Leases do not show on a protected site."""
        if self.availability is None or self.availability.capacity is None:
            return None
        return self.availability.capacity - (0 if self.agency.protected else self.held)


@dataclass(frozen=True, slots=True)
class Match:
    """An agency that fits: the higher the score the better. `area` is what a referral to it names as its area.

    `room` and `stated_at` are None where they are not known, or not to be known.
    """

    agency: Agency
    area: str
    reasons: tuple[MatchReason, ...]
    is_open: bool | None
    opens_at: datetime | None
    room: int | None
    stated_at: datetime | None

    @property
    def score(self) -> float:
        """Return the sum of what speaks for and against it."""
        return sum(reason.weight for reason in self.reasons)


def rank(candidates: Iterable[Candidate], wanted: Wanted) -> Sequence[Match]:
    """Return what fits, best first; equal ones by id."""
    matches = [
        match
        for candidate in candidates
        if _may_be_proposed(candidate.agency, wanted) and _takes_her(candidate, wanted)
        if (match := _match(candidate, wanted)) is not None
    ]
    return sorted(matches, key=lambda match: (-match.score, match.agency.id))


def _may_be_proposed(agency: Agency, wanted: Wanted) -> bool:
    return (
        agency.is_active
        and agency.id != wanted.asker
        and agency.id not in wanted.exclude
        and wanted.service_type in agency.services
        and not is_blocked(wanted.blocked, chain_id=wanted.chain_id, who=[agency.id])
    )


def _takes_her(candidate: Candidate, wanted: Wanted) -> bool:
    stated = candidate.availability
    if stated is None:
        return True
    return (
        stated.accepting
        and (candidate.room is None or candidate.room > 0)
        and not (wanted.disability_access and stated.disability_access is False)
        and not (wanted.children and stated.children_welcome is False)
    )


def _match(candidate: Candidate, wanted: Wanted) -> Match | None:
    agency, stated = candidate.agency, candidate.availability
    where = _where(agency, wanted)
    hours = known_hours(agency.hours)
    is_open = None if hours is None else hours.is_open(wanted.at)
    if where is None or (wanted.open_only and not is_open):
        return None
    area, area_code = where
    codes = [area_code, _hours_code(is_open), *_availability_codes(candidate, wanted.now)]
    codes.extend(_preference_codes(stated, wanted))
    codes.extend(_need_codes(stated, wanted))
    masked = is_masked(agency, reader=wanted.asker)
    return Match(
        agency=agency,
        area=area,
        reasons=tuple(MATCH_REASONS[code] for code in (*codes, *(["site.protected"] if masked else []))),
        is_open=is_open,
        opens_at=hours.opens_at(wanted.at) if hours is not None and not is_open else None,
        room=None if masked else candidate.room,
        stated_at=None if masked or stated is None else from_wire(stated.updated_at),
    )


def _where(agency: Agency, wanted: Wanted) -> tuple[str, str] | None:
    """Return the area a referral would name, and how near that is; None when it is too far."""
    place = wanted.place
    areas = shown_areas(agency, reader=wanted.asker)
    if place.area in areas:
        return place.area, "area.province" if is_province(place.area) else "area.commune"
    if serves(areas, area=place.area, province=place.province):
        return place.area, "area.unsure" if place.province is None else "area.province"
    near = sorted(areas & place.neighbours)
    return (near[0], "area.neighbour") if near else None


def _hours_code(is_open: bool | None) -> str:
    if is_open is None:
        return "hours.unstated"
    return "hours.open" if is_open else "hours.closed"


def _availability_codes(candidate: Candidate, now: datetime) -> Iterator[str]:
    stated = candidate.availability
    if stated is None:
        yield "availability.unstated"
        return
    age = now - from_wire(stated.updated_at)
    if age <= STALE_AFTER:
        yield "availability.fresh"
    else:
        yield "availability.stale" if age <= OUTDATED_AFTER else "availability.outdated"
    if candidate.room is not None and not candidate.agency.protected:
        yield "capacity.room"


def _preference_codes(stated: Availability | None, wanted: Wanted) -> Iterator[str]:
    genders = stated.staff_genders if stated else frozenset()
    if wanted.staff_gender != ANY:
        yield _answer("staff-gender", None if not genders else wanted.staff_gender in genders)
    languages = stated.languages if stated else frozenset()
    interpreters = stated.interpreter_languages if stated else frozenset()
    can_interpret = _has(interpreters, wanted.language)
    if _has(languages, wanted.language):
        yield "language.met"
    elif can_interpret:
        yield "language.interpreter"
    elif wanted.language != VIETNAMESE or languages:
        yield "language.unmet" if languages else "language.unstated"
    if wanted.interpreter:
        yield _answer("interpreter", can_interpret)


def _need_codes(stated: Availability | None, wanted: Wanted) -> Iterator[str]:
    if wanted.disability_access:
        yield _answer("disability-access", stated.disability_access if stated else None)
    if wanted.children:
        yield _answer("children", stated.children_welcome if stated else None)


def _answer(what: str, met: bool | None) -> str:
    return f"{what}.unstated" if met is None else f"{what}.{'met' if met else 'unmet'}"


def _has(languages: Iterable[str], wanted: str) -> bool:
    """Say whether one of the languages is the wanted one, or one is a variety of the other (RFC 4647 section 3.3.1)."""
    asked = wanted.lower()
    return any(_within(known.lower(), asked) or _within(asked, known.lower()) for known in languages)


def _within(tag: str, language_range: str) -> bool:
    return tag == language_range or tag.startswith(language_range + "-")
