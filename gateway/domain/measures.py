"""What one referral, or one case, says for each indicator: whether it counts there, and whether what was due was done.

Follows the formulas of `shared/sop/data/indicators.toml`. A duty counts once it was done or its time is over: one that
still runs, or that ended because she or the sender needed it no longer, says nothing of the recipient.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.course import Chain, Course
from gateway.domain.mark import MET
from shared.sop.indicators import IndicatorRules
from shared.sop.model import ENDS, ClockPhase, EventType

#: How many referrals there are: no indicator, but what every table of sizes is of.
REFERRALS: Final = "referrals"
SHELTER: Final = "SOC-01"
NO_CAPACITY, CONFLICT = "D01", "D05"
ATTEMPTS: Final = 3
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_E = EventType
#: Primero's buckets: up to so many days.
_DELAYS: Final = ((3, "d0_3"), (5, "d4_5"), (14, "d6_14"), (30, "d15_30"), (90, "d31_90"))
DELAYS: Final = (*(name for _, name in _DELAYS), "d91")


@dataclass(frozen=True, slots=True)
class Finding:
    """That a referral counts for an indicator: whether it `met` what is asked, how long or how much, of which kind."""

    indicator: str
    met: bool = False
    value: float | None = None
    kind: str | None = None


def of_course(course: Course, chain: Chain, *, rules: IndicatorRules, at: datetime) -> Iterator[Finding]:
    """Yield what a referral says, as things stood `at` a moment."""
    yield Finding(REFERRALS)
    yield from _duties(course, at)
    yield from _contact(course)
    yield from _completion(course, rules, at)
    yield from _ending(course, chain, rules)
    yield from _contents(course)
    yield from _wishes(course)
    yield Finding("I29", _again(course, chain, rules))
    if course.service == SHELTER:
        yield Finding("I30", course.reason == NO_CAPACITY)


def of_chain(chain: Chain) -> Iterator[Finding]:
    """Yield what a case says whose first referral is counted."""
    courses = chain.courses
    yield Finding("I33", value=len(courses))
    yield Finding("I33.services", value=len({one.service for one in courses}))
    opening = chain.opening
    if opening.incident_at is not None:
        days = max(0, (opening.sent_at - opening.incident_at) // _DAY)
        yield Finding("I34", kind=next((name for most, name in _DELAYS if days <= most), DELAYS[-1]))
    closed = all(one.state in ENDS for one in courses)
    yield Finding("I37.closed", closed)
    ends = [max(one.last.values()) for one in courses if one.last]
    if closed and len(ends) == len(courses):
        yield Finding("I37", value=(max(ends) - opening.sent_at) / _DAY)


def _duties(course: Course, at: datetime) -> Iterator[Finding]:
    answered = course.at(_E.ACKNOWLEDGED, _E.INFO_REQUESTED, _E.ACCEPTED, _E.DECLINED)
    decided = course.at(_E.ACCEPTED, _E.DECLINED)
    begun = course.at(_E.STARTED)
    yield from _duty("I01", course, ClockPhase.ACKNOWLEDGE, answered, at)
    yield from _duty("I02", course, ClockPhase.DECIDE, decided, at)
    if course.happened(_E.ACCEPTED):
        yield from _duty("I03", course, ClockPhase.CONTACT, begun, at)
        yield from _duty("I06", course, ClockPhase.COMPLETE, course.at(_E.COMPLETED), at)


def _duty(indicator: str, course: Course, phase: ClockPhase, done: datetime | None, at: datetime) -> Iterator[Finding]:
    due = course.due.get(phase)
    if due is None:
        return
    needless = course.at(_E.CANCELLED, _E.WITHDRAWN, _E.REVOKED)
    if done is None and (due >= at or (needless is not None and needless <= due)):
        return
    took = None if done is None else (done - course.sent_at) / _HOUR
    yield Finding(indicator, done is not None and done <= due, value=took)


def _contact(course: Course) -> Iterator[Finding]:
    begun = course.at(_E.STARTED)
    if begun is not None:
        yield Finding("I04", value=(begun - course.sent_at) / _HOUR)  # also where there is no time limit
    if course.happened(_E.ACCEPTED):
        yield Finding("I31", course.attempts >= ATTEMPTS and begun is None)


def _completion(course: Course, rules: IndicatorRules, at: datetime) -> Iterator[Finding]:
    completed, limit = course.at(_E.COMPLETED), course.sent_at + rules.completed
    if completed is not None or limit <= at:
        yield Finding("I05", completed is not None and completed <= limit)


def _ending(course: Course, chain: Chain, rules: IndicatorRules) -> Iterator[Finding]:
    declined, expired = course.at(_E.DECLINED), course.at(_E.EXPIRED)
    yield Finding("I08", declined is not None)
    yield Finding("I11", expired is not None)
    if course.reason is not None:
        yield Finding("I08.reason", kind=course.reason)
    given_up = declined or expired
    following = chain.named(course.replaced_by)
    if given_up is not None:
        taken = following.at(_E.ACCEPTED) if following else None
        yield Finding("I10", taken is not None and taken - given_up <= rules.reroute)
    if declined is not None and course.reason == CONFLICT and following is not None:
        yield Finding("I39", value=(following.sent_at - declined) / _HOUR)
    if any(course.happened(one) for one in (_E.COMPLETED, _E.DECLINED, _E.FAILED, _E.EXPIRED)):
        yield Finding("I07", course.told is True)


def _contents(course: Course) -> Iterator[Finding]:
    yield Finding("I16", course.beyond > 0)
    yield Finding("I16.mean", value=course.compartments)


def _wishes(course: Course) -> Iterator[Finding]:
    if course.wish is not None:
        yield Finding("I24", course.wish == MET)
    if course.helped in {"yes", "partly", "no"}:
        yield Finding("I35", course.helped != "no")


def _again(course: Course, chain: Chain, rules: IndicatorRules) -> bool:
    return any(_is_soon_after(course, one, rules) for one in _alike(course, chain.courses))


def _alike(course: Course, others: Sequence[Course]) -> Iterator[Course]:
    for one in others:
        if (one.subject, one.service) == (course.subject, course.service) and one is not course:
            yield one


def _is_soon_after(course: Course, before: Course, rules: IndicatorRules) -> bool:
    completed = before.at(_E.COMPLETED)
    return completed is not None and timedelta(0) <= course.sent_at - completed <= rules.again
