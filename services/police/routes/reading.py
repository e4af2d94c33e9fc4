"""Routes by which the police read what is on record of a case: every reading has a reason and is logged (R-24)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import APIRouter

from services.police import records
from services.police.acts.cancellations import shown_cancellation
from services.police.acts.contacts import shown_breach, shown_contact
from services.police.acts.interviews import shown_interview
from services.police.acts.needs import shown_check
from services.police.acts.officers import shown_assignment
from services.police.acts.orders import shown_order, shown_request
from services.police.acts.reports import shown_report
from services.police.acts.statements import shown_statement
from services.police.acts.supervision import shown_supervision
from services.police.acts.verification import shown_verification
from services.police.messages.cancellations import CancellationV1
from services.police.messages.contacts import BreachV1, ContactV1
from services.police.messages.interviews import InterviewV1
from services.police.messages.needs import NeedsCheckV1
from services.police.messages.officers import OfficerV1
from services.police.messages.orders import OrderRequestV1, OrderV1
from services.police.messages.reports import CrimeReportV1
from services.police.messages.statements import StatementRecordV1
from services.police.messages.supervision import SupervisionV1
from services.police.messages.verification import VerificationV1
from shared.agency.ports import Look
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.wire.fields import Open

T = TypeVar("T", bound=Open)


class ListV1(Open, Generic[T]):
    """What is on record of a case, oldest first."""

    items: list[T]


@dataclass(frozen=True, slots=True)
class Listed:
    """One kind of record that can be read: where, as what, and how it is shown."""

    path: str
    tag: str
    kind: type[Any]
    model: type[Open]
    show: Callable[[Practice, Look, str], Mapping[str, Any]]


LISTED: Final = (
    Listed("officers", "officers", records.Assignment, OfficerV1, shown_assignment),
    Listed("needs-checks", "statements", records.NeedsCheck, NeedsCheckV1, shown_check),
    Listed("interviews", "statements", records.Interview, InterviewV1, shown_interview),
    Listed("statements", "statements", records.Statement, StatementRecordV1, shown_statement),
    Listed("order-requests", "no-contact orders", records.OrderRequest, OrderRequestV1, shown_request),
    Listed("orders", "no-contact orders", records.Order, OrderV1, shown_order),
    Listed("cancellations", "no-contact orders", records.Cancellation, CancellationV1, shown_cancellation),
    Listed("supervisions", "supervision", records.Supervision, SupervisionV1, shown_supervision),
    Listed("contacts", "supervision", records.ExceptionalContact, ContactV1, shown_contact),
    Listed("breaches", "supervision", records.Breach, BreachV1, shown_breach),
    Listed("crime-reports", "crime reports", records.CrimeReport, CrimeReportV1, shown_report),
    Listed("verifications", "trafficking", records.Verification, VerificationV1, shown_verification),
)


def reading_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police")
    for one in LISTED:
        router.add_api_route(
            f"/referrals/{{id}}/{one.path}",
            _reading(practice, one),
            methods=["GET"],
            name=f"read_{one.path.replace('-', '_')}",
            response_model=ListV1[one.model],  # type: ignore[name-defined]  # the model is a value here
            summary=f"Read the {one.path.replace('-', ' ')} of a case",
            tags=[f"police: {one.tag}"],
        )
    return router


def _reading(practice: Practice, one: Listed) -> Callable[..., Awaitable[Any]]:
    key = fields(one.kind)[0].name

    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> Any:
        def look(reading: Look) -> list[Mapping[str, Any]]:
            found = reading.find(one.kind, referral_id=id)
            return [one.show(practice, reading, getattr(record, key)) for record in found]

        return {"items": await practice.visit(visitor, one.path, id, look)}

    return read
