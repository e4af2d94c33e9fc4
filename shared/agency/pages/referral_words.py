"""Words for the codes of a referral that the procedure's data gives no names for.

Every text is English and stands in the catalogue; it is translated where it is shown. A code that is not here is shown
as it is: it comes from a partner system, which may use codes of its own.
"""

from collections.abc import Mapping
from typing import Final

from shared.agency.records import QUEUED, REFUSED
from shared.pages.catalogue import N_

#: Coded values of facts, whichever fact it is.
CODES: Final[Mapping[str, str]] = {
    "female": N_("Woman"),
    "male": N_("Man"),
    "waived": N_("It was offered; she does not mind"),
    "alternative_accepted": N_("Nobody is free; she agreed to somebody else"),
    "refused": N_("She refused"),
    "yes": N_("Yes, it helped"),
    "partly": N_("It helped in part"),
    "no": N_("It did not help"),
    "not_asked": N_("She was not asked"),
    "phone": N_("By telephone"),
    "text": N_("By text message"),
    "in_person": N_("In person"),
    "relay": N_("Through somebody she trusts"),
    "visit": N_("By a visit"),
    "other": N_("Something else"),
    "area": N_("Where she is"),
    "age_band": N_("Her age band"),
    "urgency": N_("How urgent it is"),
    "incident_time": N_("When it happened"),
    "consent_scope": N_("What she agreed to"),
    "compartment_missing": N_("A part that we need is missing"),
    "interpreter_language": N_("Which language the interpreter needs"),
    "accessibility": N_("What she needs to be able to come"),
    "dependants": N_("Her children and dependants"),
    "eligibility": N_("Whether she is entitled to it"),
    "safe_contact": N_("How to contact her safely"),
    "duplicate": N_("Whether it is a duplicate"),
    "provided_by_note": N_("Answered in a sealed note"),
    "provided_by_new_referral": N_("Answered by a new referral"),
    "not_known": N_("We do not know"),
    "not_consented": N_("She does not agree to tell"),
    "confirmed": N_("It is right as it was sent"),
    "corrected": N_("It was corrected"),
    "need_gone": N_("The need is gone"),
    "sent_by_mistake": N_("Sent by mistake"),
    "wrong_recipient": N_("The wrong agency"),
    "survivor_asked": N_("She asked for it"),
    "survivor_wish": N_("At her wish"),
    "survivor_declined": N_("She declined"),
    "unable_to_contact": N_("She could not be reached"),
    "not_eligible_after_assessment": N_("Not entitled, after assessment"),
    "service_not_possible": N_("The service was not possible"),
    "safety_risk": N_("It would put her at risk"),
    "waiting_for_document": N_("Waiting for a document"),
    "waiting_for_service": N_("Waiting for another service"),
    "waiting_for_authority": N_("Waiting for an authority"),
    "wrong_person": N_("It is about another person"),
    "wrong_data": N_("What was sent is wrong"),
    "never_opened": N_("It had never been opened"),
    "sealed": N_("All of it is destroyed"),
    "legal_hold": N_("A law makes us keep a part of it"),
    "extended": N_("We need more time to decide"),
    "custody_handover": N_("Evidence was handed over"),
}

#: What stands in the timeline.
HAPPENINGS: Final[Mapping[str, str]] = {
    "delivered": N_("It arrived"),
    "acknowledged": N_("Somebody has read it and confirmed"),
    "info_requested": N_("A question was asked"),
    "info_provided": N_("The question was answered"),
    "accepted": N_("It was accepted"),
    "declined": N_("It was declined"),
    "scheduled": N_("An appointment was made"),
    "started": N_("The service has begun"),
    "contact_attempted": N_("Somebody tried to reach her"),
    "on_hold": N_("It was put on hold"),
    "resumed": N_("It goes on"),
    "completed": N_("It was completed"),
    "failed": N_("The service was not possible"),
    "sealed": N_("It was answered what became of the data"),
    "recorded": N_("The digest of a record was put into the ledger"),
    "cancelled": N_("The sender cancelled it"),
    "closed": N_("The loop was closed with her"),
    "withdrawn": N_("She does not want this service any more"),
    "entered_in_error": N_("It was marked as entered in error"),
    "expired": N_("Nobody answered in time"),
    "revoked": N_("She took her consent back"),
    "clock_warning": N_("A duty is about to be late"),
    "clock_missed": N_("A duty is late"),
    "override_review": N_("A disclosure without consent is under review"),
    "undeliverable": N_("It could not be delivered"),
    "handed_over": N_("It was handed over to a colleague"),
}

#: What a closed compartment says by its code.
CLOSED: Final[Mapping[str, str]] = {
    "peer.unreachable": N_("The gateway cannot be reached. Try again in a moment."),
    "seal.undecided": N_("She took her consent back. A person must decide whether a law makes us keep it."),
    "consent.revoked": N_("She took her consent back."),
    "consent.expired": N_("Her consent has ended."),
    "consent.missing": N_("There is no consent for this."),
    "consent.compartment": N_("Her consent does not cover this part."),
    "consent.recipient": N_("Her consent does not name this agency."),
    "referral.blocked": N_("This part is kept from you."),
    "referral.ended": N_("This referral has ended."),
    "referral.stage": N_("It opens when the referral is accepted."),
    "seal.broken": N_("It cannot be opened: the sender has to send it again."),
    "compartment.invalid": N_("It cannot be opened: the sender has to send it again."),
}

DUTIES: Final[Mapping[str, str]] = {
    "acknowledge": N_("Confirm that a person has read it"),
    "decide": N_("Accept or decline"),
    "contact": N_("First contact with her"),
    "complete": N_("Complete the service"),
}

#: States that only this service knows, beside those of the procedure.
OWN_STATES: Final[Mapping[str, str]] = {
    QUEUED: N_("Waiting to be sent"),
    REFUSED: N_("Refused by the gateway"),
}

#: Ways to lead to what a visit looked at.
LOOKED_AT: Final[Mapping[str, str]] = {
    "outline": N_("The page of the referral, without what is closed"),
    "referral": N_("What is written in the referral"),
    "notes": N_("The notes"),
    "chain": N_("The chain"),
    "acts": N_("The journal of casework"),
    "legal-file": N_("Her legal file"),
    "visits": N_("Who looked"),
}

#: Why somebody reads (`Access-Reason`).
REASONS: Final[Mapping[str, str]] = {
    "triage": N_("To decide whether we can help"),
    "first_contact": N_("To contact her safely"),
    "case_work": N_("To give her the service"),
    "handover": N_("To take over from a colleague"),
    "check": N_("To check or correct what is recorded"),
    "supervision": N_("To supervise the work"),
    "legal_hold": N_("For the proceedings because of which a law makes us keep it"),
}
