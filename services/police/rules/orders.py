"""No-contact orders: who decides, for how long, on whose wish, and with which reasons (R-28, E4).

Derived from Law 13/2022 Arts 25 and 26, Decree 76/2023 and Circular 66/2025 as the fact sheet cites them (sections 4.3
and 6.3). The commune People's Committee chair decides, three days at a time, or a court within a civil case, for at
most four months. The police prepare, hand over and record; they decide no order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.police.rules.objections import Objection
from shared.sop.calendar import day_in_viet_nam, in_viet_nam, months_after


class Office(StrEnum):
    """Who may be named as having decided. Only the first two may decide an order at all."""

    COMMUNE_CHAIR = "commune_committee_chair"
    COURT = "court"
    COMMUNE_POLICE = "commune_police"
    OTHER = "other"


class AskedBy(StrEnum):
    """Who asks for an order: she, her guardian or representative, or an agency for her."""

    SELF = "self"
    GUARDIAN = "guardian"
    AGENCY = "agency"


class Decided(StrEnum):
    """What came of a request for an order."""

    GRANTED = "granted"
    REFUSED = "refused"


class RefusedFor(StrEnum):
    """Why an order was refused, beside the written reasons."""

    NO_FAMILY_TIE = "no_family_tie"
    NO_HARM_OR_THREAT_SHOWN = "no_harm_or_threat_shown"
    SHE_DOES_NOT_AGREE = "she_does_not_agree"
    ORDER_IN_FORCE = "order_in_force"
    OTHER_COMMUNE = "other_commune"


class CancelFor(StrEnum):
    """Why an order is asked to be cancelled."""

    SHE_DISAGREES = "she_disagrees"  # with an order made without her, as her life was threatened
    SHE_ASKS = "she_asks"
    NOT_LAWFUL = "not_lawful"


class Cancelled(StrEnum):
    """What came of a request to cancel."""

    CANCELLED = "cancelled"
    UPHELD = "upheld"


class PlaceKind(StrEnum):
    """What kind of place an order keeps somebody away from. A shelter is none that may be written down (R-18)."""

    HOME = "home"
    WORK = "work"
    SCHOOL = "school"
    OTHER = "other"
    SHELTER = "shelter"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when an order holds, and by whom it was made."""

    office: Office
    effective_at: datetime
    valid_to: datetime


def ex_officio(asked_by: AskedBy, *, consented: bool, life_threat: bool) -> bool | Objection:
    """Say whether an order is asked for without her, or object (E4).

    An agency asks with her consent. Where her life is threatened it needs none, and she may have the order cancelled.
    """
    if asked_by is not AskedBy.AGENCY or consented:
        return False
    return True if life_threat else Objection("police.order-consent", "/life_threat")


def not_theirs_to_decide(office: Office, *, may: frozenset[Office]) -> Iterator[Objection]:
    """Object to a decision of somebody who may not decide an order."""
    if office not in may:
        yield Objection("police.order-authority", "/authority/office")


def badly_decided(decided: Decided, *, has_order: bool, reasons: str | None) -> Iterator[Objection]:
    """Object to a refusal without written reasons (R-28), and to a decision that says both or neither."""
    if decided is Decided.REFUSED and not (reasons or "").strip():
        yield Objection("police.reasons-missing", "/reasons")
    if has_order is not (decided is Decided.GRANTED):
        yield Objection("police.order-text", "/order")
    if decided is Decided.GRANTED and reasons is not None:
        yield Objection("police.order-text", "/reasons")


#: Outcomes that say that an order was made.
GRANTED: Final = frozenset({"granted", "granted_then_cancelled"})
_REFUSED: Final = "refused"
_SAYS: Final = {**dict.fromkeys(GRANTED, True), _REFUSED: False}
#: Outcomes of any service; where an order was asked for, they say that it was made, or that it was not.
_IN_SUBSTANCE: Final = {"completed_full": True, "completed_partial": True, "not_eligible_after_assessment": False}


def badly_completed(outcome: str, *, asked: bool, decided: bool, granted: bool, explained: bool) -> Iterator[Objection]:
    """Object to an outcome that says yes or no before the authority did, or otherwise; to a no without reasons (R-28).

    `asked`: a request is on record, and whatever says in substance what came of it is the authority's to say.
    """
    if outcome == _REFUSED and not explained:
        yield Objection("police.reasons-missing", "/outcome")
    says = _SAYS.get(outcome, _IN_SUBSTANCE.get(outcome) if asked else None)
    if says is not None and not decided:
        yield Objection("police.order-undecided", "/outcome")
    if says is not None and says is not granted:
        yield Objection("police.outcome-differs", "/outcome")


def too_long(span: Span, *, commune_until: datetime, court_months: int) -> Iterator[Objection]:
    """Object to an order that holds longer than who made it may say, or that ends before it begins."""
    if span.valid_to <= span.effective_at:
        yield Objection("police.times", "/order/valid_to")
    most = after_months(span.effective_at, court_months) if span.office is Office.COURT else commune_until
    if span.valid_to > most:
        yield Objection("police.order-too-long", "/order/valid_to")


def after_months(start: datetime, months: int) -> datetime:
    """Return the same day and time of the day some months later, or the last day of that month."""
    local = in_viet_nam(start)
    return datetime.combine(months_after(local.date(), months), local.timetz())


def day_of(at: datetime) -> str:
    """Return the day in Viet Nam on which a moment falls, as the facts of the procedure write days."""
    return day_in_viet_nam(at).isoformat()


def betrays_a_shelter(kinds: list[PlaceKind]) -> Iterator[Objection]:
    """Object to a zone that would tell where a shelter is (R-18)."""
    for index, kind in enumerate(kinds):
        if kind is PlaceKind.SHELTER:
            yield Objection("police.zone-shelter", f"/order/zone/{index}/kind")


def not_hers_to_cancel(ground: CancelFor, *, made_without_her: bool) -> Iterator[Objection]:
    """Object to her disagreement with an order that was made at her own wish: then she asks (E4)."""
    if ground is CancelFor.SHE_DISAGREES and not made_without_her:
        yield Objection("police.cancel-ground", "/ground")


def badly_cancelled(decided: Cancelled, *, reasons: str | None) -> Iterator[Objection]:
    """Object to an order that is upheld against a request without written reasons."""
    if decided is Cancelled.UPHELD and not (reasons or "").strip():
        yield Objection("police.reasons-missing", "/reasons")


def is_over(valid_to: datetime, *, cancelled: bool, now: datetime) -> bool:
    """Say whether an order holds no more. No act makes it longer: only a new decision does."""
    return cancelled or now > valid_to


class Occasion(StrEnum):
    """The three occasions on which contact may be allowed."""

    WEDDING_OR_FUNERAL = "wedding_or_funeral"
    ACCIDENT_OR_SERIOUS_ILLNESS = "accident_or_serious_illness"
    DISASTER_OR_EPIDEMIC = "disaster_or_epidemic"


def contact_prolonged(
    begins: datetime, ends: datetime, others: Iterable[tuple[datetime, datetime]]
) -> Iterator[Objection]:
    """Object to exceptional contact that overlaps or adjoins another under the same order: together they are longer."""
    if any(begins <= other_ends and other_begins <= ends for other_begins, other_ends in others):
        yield Objection("police.contact-prolonged", "/begins_at")


def contact_not_allowed(
    *, begins: datetime, ends: datetime, most_until: datetime, signed_at: datetime | None, written: bool
) -> Iterator[Objection]:
    """Object to exceptional contact without written notice, not signed first by the supervisor, or for too long."""
    if not written:
        yield Objection("police.contact-notice", "/written_notice")
    if signed_at is None or signed_at > begins:
        yield Objection("police.contact-unsigned", "/supervisor_signed_at")
    if ends - begins <= timedelta(0):
        yield Objection("police.times", "/ends_at")
    if ends > most_until:
        yield Objection("police.contact-too-long", "/ends_at")
