"""The catalogue of codes: what each one means, which class of error carries it, and how to mend it.

Owns the stable names by which a machine tells refusals apart (wire contract, section 8). Promises that
a code, once here, keeps its meaning; the reference page of errors is generated from this module, and a
test finds every code that is raised anywhere and is not here. Text is fixed: it says nothing of the
one request that was refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.kernel.errors import (
    Conflict,
    ConsentRequired,
    FatalLedgerError,
    InputRejected,
    InternalFault,
    MeshError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PeerUnavailable,
    TooLarge,
    TooManyRequests,
    UnsupportedMedia,
)


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One row: the code, the class that carries it (and so the HTTP status), its title, and the way out."""

    code: str
    error: type[MeshError]
    title: str
    mend: str


_OURS: Final = "Nothing you sent is wrong. Try again later; if it stays, tell the operator the trace id."
_OPERATOR: Final = "For the operator: read the log line with this trace id, then run the doctor."

_ROWS: Final = (
    # What was sent, as bytes and as a document.
    CodeEntry("message.not-json", InputRejected, "Not JSON", "Send one JSON document in UTF-8."),
    CodeEntry("message.invalid", InputRejected, "Not as the contract says", "Mend each place that errors points at."),
    CodeEntry("message.repeated-name", InputRejected, "A field given twice", "Give each field once."),
    CodeEntry("message.kind", InputRejected, "Unknown kind of message", "Use one of the eight kinds of the contract."),
    CodeEntry("message.too-large", TooLarge, "Too large", "Send less; attachments belong into smaller referrals."),
    CodeEntry("message.media-type", UnsupportedMedia, "Wrong content type", "Send Content-Type: application/json."),
    CodeEntry("message.sender", NotPermitted, "Not your name", "Send messages in the name of the agency you are."),
    CodeEntry("message.recipient", InputRejected, "Wrong recipient", "Address the other party of this referral."),
    CodeEntry(
        "message.stale", InputRejected, "Too old or too new", "Set the clock, make the message anew, send at once."
    ),
    CodeEntry("message.id-reused", Conflict, "Id used before", "Make a new id; an id stands for one exact body."),
    CodeEntry("message.url", InputRejected, "Not what the address says", "Let the body name what the address names."),
    CodeEntry(
        "signature.invalid", InputRejected, "Signature does not hold", "Sign the exact bytes with a published key."
    ),
    CodeEntry("signature.missing", InputRejected, "No signature", "Send the header Referral-Signature."),
    CodeEntry("seal.broken", InputRejected, "Seal does not open", "Seal anew for the key the directory shows now."),
    CodeEntry(
        "seal.shares", InputRejected, "Halves do not fit", "Send one half per compartment, matching share_sha256."
    ),
    CodeEntry("key.invalid", InputRejected, "Not a usable key", "Publish a key of a kind the contract lists."),
    CodeEntry("key.suite", InputRejected, "Unknown suite", "Use a sealing suite the contract lists."),
    CodeEntry("encoding.base64url", InputRejected, "Not base64url", "Write base64url without padding."),
    CodeEntry(
        "encoding.canonical-json", InputRejected, "No canonical form", "Use numbers within 2^53 and text as names."
    ),
    CodeEntry("time.malformed", InputRejected, "Not a time", "Write RFC 3339 with an offset."),
    # Who is calling.
    CodeEntry("token.missing", NotAuthenticated, "No token", "Fetch a token from /oauth/token and send it as Bearer."),
    CodeEntry("token.invalid", NotAuthenticated, "Token does not hold", "Fetch a new token."),
    CodeEntry(
        "token.refused", NotAuthenticated, "No token given", "Check client id, key and audience of the assertion."
    ),
    CodeEntry("token.scope", NotPermitted, "Scope is missing", "Ask for a token with the scope this call needs."),
    CodeEntry("webhook.invalid", NotAuthenticated, "Hop not authenticated", "Check the webhook secret and the clock."),
    CodeEntry("agency.disabled", NotPermitted, "Agency is disabled", "Ask the operator of the directory."),
    CodeEntry("rate.exceeded", TooManyRequests, "Too many calls", "Wait as Retry-After says."),
    # Consent.
    CodeEntry("consent.missing", ConsentRequired, "No consent", "Record her consent for this, or state another basis."),
    CodeEntry("consent.expired", ConsentRequired, "Consent has ended", "Ask her again and record a new consent."),
    CodeEntry(
        "consent.not-yet-valid", ConsentRequired, "Consent not yet valid", "Wait for valid_from, or ask her again."
    ),
    CodeEntry(
        "consent.revoked", ConsentRequired, "Consent taken back", "She took it back; stop, and ask only if she wants."
    ),
    CodeEntry(
        "consent.recipient", ConsentRequired, "Not for this recipient", "Ask whether she agrees to this recipient."
    ),
    CodeEntry(
        "consent.compartment", ConsentRequired, "More than she allowed", "Leave the compartments out, or ask her."
    ),
    CodeEntry("consent.service", ConsentRequired, "Not for this service", "Ask whether she agrees to this service."),
    CodeEntry("consent.subject", ConsentRequired, "Another person's consent", "Name the consent of this case."),
    CodeEntry("consent.onward", ConsentRequired, "Not for passing on", "Ask her; record a consent of your own."),
    CodeEntry("consent.purpose", ConsentRequired, "Not for this purpose", "Ask her for the purpose service."),
    CodeEntry(
        "consent.not-narrower", ConsentRequired, "Wider than its parent", "Grant no more than the consent above."
    ),
    CodeEntry("consent.unknown", NotFound, "No such consent", "Check the consent id."),
    # The procedure.
    CodeEntry("sop.version", InputRejected, "Another version", "Use the version that GET /v1/sop gives."),
    CodeEntry("sop.service-unknown", InputRejected, "Unknown service type", "See GET /v1/sop/service-types."),
    CodeEntry("sop.area-unknown", InputRejected, "No such area", "Use a province or commune code in force."),
    CodeEntry("sop.compartment-unknown", NotFound, "No such compartment", "See GET /v1/sop for the compartments."),
    CodeEntry("sop.compartment-forbidden", ConsentRequired, "Compartment may not travel", "Leave the compartment out."),
    CodeEntry(
        "sop.compartment-missing", ConsentRequired, "Required part missing", "Add it, or choose another service."
    ),
    CodeEntry("sop.compartment-stage", ConsentRequired, "Wrong stage", "Use the stage the service type gives."),
    CodeEntry("sop.sender", ConsentRequired, "Not yours to send", "Let a sector send it that may; see senders."),
    CodeEntry("sop.recipient", ConsentRequired, "Recipient does not offer it", "Ask POST /v1/matches who does."),
    CodeEntry("sop.area", ConsentRequired, "Recipient does not serve there", "Ask POST /v1/matches who does."),
    CodeEntry("sop.precondition", ConsentRequired, "Precondition not met", "Give the facts the service type asks for."),
    CodeEntry("sop.phoned-first", ConsentRequired, "Telephone first", "Call, then send with phoned_first true."),
    CodeEntry("sop.basis", ConsentRequired, "Not on this basis", "Use a basis the service type admits."),
    CodeEntry(
        "sop.decline-forbidden", NotPermitted, "Nobody may decline so", "She need not meet this; give her the service."
    ),
    CodeEntry("sop.decline-barred", NotPermitted, "Barred for this service", "Give a reason this service admits."),
    CodeEntry("sop.decline-article", NotPermitted, "Article is missing", "Name the article of law in data.article."),
    CodeEntry("sop.decline-alternative", NotPermitted, "Alternative is missing", "Name who can help in alternative."),
    CodeEntry("sop.staff-gender", NotPermitted, "Her wish is unanswered", "Give staff_gender, or staff_gender_answer."),
    CodeEntry("sop.outcome", NotPermitted, "Not an outcome of this service", "Use an outcome the service lists."),
    CodeEntry("sop.no-pause", NotPermitted, "No pause in danger", "At urgency immediate, act or hand over."),
    CodeEntry("sop.refused", InternalFault, "Procedure does not load", _OPERATOR),
    CodeEntry("basis.maximum", ConsentRequired, "More than the law carries", "Leave out what is over its maximum."),
    CodeEntry("basis.article", ConsentRequired, "Article is missing", "Name the article of law."),
    CodeEntry("basis.approver", ConsentRequired, "Approver is missing", "Name who approved it."),
    # Referrals and their events.
    CodeEntry("referral.unknown", NotFound, "No such referral", "Check the referral id."),
    CodeEntry("referral.blocked", ConsentRequired, "Kept from this case", "Choose another recipient or person."),
    CodeEntry("referral.ended", ConsentRequired, "Referral has ended", "Nothing more opens; send a new referral."),
    CodeEntry("referral.stage", ConsentRequired, "Not before acceptance", "Accept the referral, then open."),
    CodeEntry("referral.transition", Conflict, "Not from this state", "Read the referral; see the lifecycle."),
    CodeEntry("referral.parent", InputRejected, "Parent does not fit", "Name the parent's chain and subject."),
    CodeEntry("event.fact-missing", NotPermitted, "A fact is missing", "Add the facts this event needs."),
    CodeEntry("event.reason-unknown", InputRejected, "Unknown reason", "Use a reason the procedure lists."),
    CodeEntry("agency.unknown", NotFound, "No such agency", "See GET /v1/agencies."),
    CodeEntry("route.unknown", NotFound, "No such address", "See /openapi.json."),
    CodeEntry("route.method", InputRejected, "Method not allowed here", "See /openapi.json."),
    # Availability and faults of ours.
    CodeEntry("peer.unreachable", PeerUnavailable, "Other side unreachable", "Try again later, with the same id."),
    CodeEntry("peer.answer", PeerUnavailable, "Other side answers wrongly", "Try again later, with the same id."),
    CodeEntry("peer.refused", NotPermitted, "Other side refuses", "Ask the other side's operator."),
    CodeEntry("storage.busy", PeerUnavailable, "Too busy", "Try again as Retry-After says, with the same id."),
    CodeEntry("storage.unavailable", PeerUnavailable, "Store unreachable", "Try again later, with the same id."),
    CodeEntry("storage.conflict", Conflict, "Recorded already", "Read what is there before you write."),
    CodeEntry("internal.fault", InternalFault, "Our fault", _OURS),
    CodeEntry("ledger.unknown-state", FatalLedgerError, "Ledger state unknown", _OPERATOR),
)

#: Every stable code of a problem or a reason.
CODES: Final[Mapping[str, CodeEntry]] = {row.code: row for row in _ROWS}

#: Codes that stand in `errors[].code`, beside a pointer; each message there says how to mend it.
FIELD_CODES: Final[Mapping[str, str]] = {
    "field.required": "The field is missing.",
    "field.unknown": "The contract has no such field.",
    "field.type": "Another type of JSON value is needed.",
    "field.choice": "The value is not one of those listed.",
    "field.form": "The text does not have the form of this field.",
    "field.time": "Not an RFC 3339 time with an offset.",
    "field.fact": "Not a coded value.",
    "field.too-long": "The text is too long.",
    "field.too-short": "The text is too short.",
    "field.too-many": "The list has too many members.",
    "field.too-few": "The list has too few members.",
    "field.range": "The number is out of range.",
    "field.order": "Two times are in the wrong order.",
    "field.same": "Two fields do not agree.",
    "field.repeated": "A member of the list is there twice.",
    "field.invalid": "The value is not accepted.",
    "fact.unknown": "The procedure has no such fact here.",
    "fact.value": "The procedure does not list this value for the fact.",
}
