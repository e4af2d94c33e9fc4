"""What is on record of a case, kind by kind, as the police read it: by their routes and on their panels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

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
from shared.agency.sector.practice import Practice
from shared.wire.fields import Open


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


def on_record(practice: Practice, look: Look, referral_id: str, one: Listed) -> Sequence[Mapping[str, Any]]:
    """Return what is on record of a case of one kind, oldest first."""
    key = fields(one.kind)[0].name
    return [one.show(practice, look, getattr(record, key)) for record in look.find(one.kind, referral_id=referral_id)]
