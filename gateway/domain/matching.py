"""Who could take her: agencies that offer the service where it is needed, best first, with the reasons as codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.agency import Agency, Availability
from shared.consent.procedure import serves

ANY = "any"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `asker` is never proposed to itself; `exclude` are agencies that must not be."""

    asker: str
    service_type: str
    area: str
    staff_gender: str
    language: str
    exclude: frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agency, and what it last said of the service; None when it never said anything."""

    agency: Agency
    availability: Availability | None


@dataclass(frozen=True, slots=True)
class Match:
    """An agency that fits: the higher the score the better, `reasons` say what it rests on."""

    agency: Agency
    score: float
    reasons: tuple[str, ...]


def rank(candidates: Iterable[Candidate], wanted: Wanted, *, province: str | None) -> Sequence[Match]:
    """Return what fits, best first; equal ones by id. `province` is that of a commune, if known."""
    matches = [_judge(candidate, wanted, province) for candidate in candidates if _fits(candidate, wanted, province)]
    return sorted(matches, key=lambda match: (-match.score, match.agency.id))


def _fits(candidate: Candidate, wanted: Wanted, province: str | None) -> bool:
    agency, stated = candidate.agency, candidate.availability
    return (
        agency.is_active
        and agency.id != wanted.asker
        and agency.id not in wanted.exclude
        and wanted.service_type in agency.services
        and serves(agency.areas, area=wanted.area, province=province)
        and (stated is None or (stated.accepting and stated.capacity != 0))
    )


def _judge(candidate: Candidate, wanted: Wanted, province: str | None) -> Match:
    agency, stated = candidate.agency, candidate.availability
    points: list[tuple[str, float]] = []
    points.append(("area.commune", 2.0) if wanted.area in agency.areas else ("area.province", 1.0))
    if stated is None:
        points.append(("availability.unstated", 0.0))
    else:
        points.append(("availability.accepting", 2.0))
        points.extend(_preferences(stated, wanted))
    return Match(agency, sum(score for _, score in points), tuple(reason for reason, _ in points))


def _preferences(stated: Availability, wanted: Wanted) -> list[tuple[str, float]]:
    points: list[tuple[str, float]] = []
    if wanted.staff_gender != ANY:
        met = wanted.staff_gender in stated.staff_genders
        points.append(("staff-gender.met", 2.0) if met else ("staff-gender.unmet", -2.0))
    if stated.languages:
        met = wanted.language in stated.languages
        points.append(("language.met", 1.0) if met else ("language.unmet", -1.0))
    return points
