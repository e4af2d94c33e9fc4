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
    """One row: the code, the class that carries it where nothing else is said, its title, and the way out.

    The class gives the HTTP status. Where the same fact is met in another place it can come as another
    class: an agency that is not there is 404 in a path and 422 in a body.
    """

    code: str
    error: type[MeshError]
    title: str
    mend: str


_OURS: Final = "Nothing you sent is wrong. Try again later; if it stays, tell the operator the trace id."
_OPERATOR: Final = "For the operator: read the log line with this trace id, then run the doctor."

_ROWS: Final[tuple[tuple[str, type[MeshError], str, str], ...]] = (
    # What was sent, as bytes and as a document.
    ("message.not-json", InputRejected, "Not JSON", "Send one JSON document in UTF-8."),
    ("message.invalid", InputRejected, "Not as the contract says", "Mend each place that errors points at."),
    ("message.repeated-name", InputRejected, "A field given twice", "Give each field once."),
    ("message.kind", InputRejected, "Unknown kind of message", "Use one of the eight kinds of the contract."),
    ("message.about", InputRejected, "Body and address differ", "Name in the body what the address names."),
    ("message.too-large", TooLarge, "Too large", "Send less; attachments belong into smaller referrals."),
    ("message.media-type", UnsupportedMedia, "Wrong content type", "Send Content-Type: application/json."),
    ("message.sender", NotPermitted, "Not your name", "Send messages in the name of the agency you are."),
    ("message.recipient", InputRejected, "Wrong recipient", "Address the other party of this referral."),
    ("message.stale", InputRejected, "Too old or too new", "Set the clock, make the message anew, send at once."),
    ("receipt.invalid", InputRejected, "Receipt does not hold", "Sign the receipt with your own published key."),
    ("message.id-reused", Conflict, "Id used before", "Make a new id; an id stands for one exact body."),
    ("signature.invalid", InputRejected, "Signature does not hold", "Sign the exact bytes with a published key."),
    ("seal.broken", InputRejected, "Seal does not open", "Seal anew for the key the directory shows now."),
    ("seal.shares", InputRejected, "Halves do not fit", "Send one half per compartment, matching share_sha256."),
    ("seal.key", InputRejected, "Not the recipient's key", "Seal for the key the directory shows now."),
    ("seal.compartment-absent", NotFound, "No such compartment here", "Ask for compartments the referral carries."),
    ("seal.half-destroyed", ConsentRequired, "Never to be opened again", "Its half is destroyed; ask the sender anew."),
    ("seal.not-asked", Conflict, "Nothing to decide", "Seal only what was taken back and put aside for you."),
    ("seal.undecided", ConsentRequired, "Taken back, not decided", "Decide: seal it, or name the law that keeps it."),
    ("seal.compartments", InputRejected, "Nothing to seal", "Seal one to sixteen compartments by their names."),
    ("hub-shares.malformed", InputRejected, "Halves cannot be read", "Send Hub-Shares as the contract says."),
    ("key.invalid", InputRejected, "Not a usable key", "Publish a key of a kind the contract lists."),
    ("key.suite", InputRejected, "Unknown suite", "Use a sealing suite the contract lists."),
    ("keys.passphrase", InputRejected, "Passphrase missing or weak", "Give a longer passphrase for the key file."),
    ("keys.unreadable", InputRejected, "Key file does not open", "Check file and passphrase."),
    ("keys.unwritable", InputRejected, "Key file cannot be written", "Check the folder and its permissions."),
    ("note.malformed", InputRejected, "Not a signed note", "Fetch the checkpoint again; it has its own text form."),
    ("note.signature", InputRejected, "Note does not verify", "Use the log's published key; if it stays, raise alarm."),
    ("note.signer", InputRejected, "Not a name for a signer", "Use a name without spaces and plus signs."),
    ("note.vkey", InputRejected, "Not a verifier key", "Write name+hash+key as published."),
    ("encoding.base64url", InputRejected, "Not base64url", "Write base64url without padding."),
    ("encoding.canonical-json", InputRejected, "No canonical form", "Use numbers within 2^53 and text as names."),
    ("time.malformed", InputRejected, "Not a time", "Write RFC 3339 with an offset."),
    # Who is calling.
    ("token.missing", NotAuthenticated, "No token", "Fetch a token from /oauth/token and send it as Bearer."),
    ("token.invalid", NotAuthenticated, "Token does not hold", "Fetch a new token."),
    ("token.refused", NotAuthenticated, "No token given", "Check client id, key and audience of the assertion."),
    ("token.scope", NotPermitted, "Scope is missing", "Ask for a token with the scope this call needs."),
    ("token.scope-unknown", InputRejected, "No such scope for you", "Ask for scopes of the discovery document."),
    ("client.unknown", NotAuthenticated, "Client is not known", "Check the client id; enrol first."),
    ("client.invalid", NotAuthenticated, "Client is not proved", "Sign a fresh assertion with a published key."),
    ("client.replayed", NotAuthenticated, "Assertion used before", "Make a new assertion for every token."),
    ("webhook.invalid", NotAuthenticated, "Hop not authenticated", "Check the webhook secret and the clock."),
    ("agency.disabled", NotPermitted, "Agency is disabled", "Ask the operator of the directory."),
    ("rate.exceeded", TooManyRequests, "Too many calls", "Wait as Retry-After says."),
    # Consent.
    ("consent.missing", ConsentRequired, "No consent", "Record her consent for this, or state another basis."),
    ("consent.expired", ConsentRequired, "Consent has ended", "Ask her again and record a new consent."),
    ("consent.not-yet-valid", ConsentRequired, "Consent not yet valid", "Wait for valid_from, or ask her again."),
    ("consent.revoked", ConsentRequired, "Consent taken back", "She took it back; stop, and ask only if she wants."),
    ("consent.recipient", ConsentRequired, "Not for this recipient", "Ask whether she agrees to this recipient."),
    ("consent.compartment", ConsentRequired, "More than she allowed", "Leave the compartments out, or ask her."),
    ("consent.service", ConsentRequired, "Not for this service", "Ask whether she agrees to this service."),
    ("consent.subject", ConsentRequired, "Another person's consent", "Name the consent of this case."),
    ("consent.onward", ConsentRequired, "Not for passing on", "Ask her; record a consent of your own."),
    ("consent.who", ConsentRequired, "Not theirs to give", "See ages in GET /v1/sop: who may at her age."),
    ("consent.assent", ConsentRequired, "The child was not heard", "Ask the child; record its answer in assent."),
    ("consent.decision", ConsentRequired, "Not decided by two", "Two workers decide, one of social work."),
    ("consent.purpose", ConsentRequired, "Not for this purpose", "Ask her for the purpose service."),
    ("consent.not-narrower", ConsentRequired, "Wider than its parent", "Grant no more than the consent above."),
    ("consent.validity", InputRejected, "Has ended already", "Record a consent that ends later than now."),
    ("consent.too-deep", InputRejected, "Derived too often", "Derive from an earlier consent of the line."),
    ("consent.unknown", NotFound, "No such consent", "Check the consent id."),
    ("consent.revoker", NotPermitted, "Not theirs to take back", "Report her own word, or let its recorder do it."),
    ("consent.not-revoked", Conflict, "Nothing was taken back", "Ask again once something of it was taken back."),
    # The procedure.
    ("sop.version", InputRejected, "Another version", "Use the version that GET /v1/sop gives."),
    ("sop.service-unknown", InputRejected, "Unknown service type", "See GET /v1/sop/service-types."),
    ("sop.compartment-forbidden", ConsentRequired, "Compartment may not travel", "Leave the compartment out."),
    ("sop.compartment-missing", ConsentRequired, "Required part missing", "Add it, or choose another service."),
    ("sop.sender", ConsentRequired, "Not yours to send", "Let a sector send it that may; see senders."),
    ("sop.recipient", ConsentRequired, "Recipient does not offer it", "Ask POST /v1/matches who does."),
    ("sop.stage", InputRejected, "Another stage is due", "Give each compartment the stage of the service type."),
    ("sop.area", ConsentRequired, "Recipient does not serve there", "Ask POST /v1/matches who does."),
    ("sop.precondition", ConsentRequired, "Precondition not met", "Give the facts the service type asks for."),
    ("sop.phoned-first", ConsentRequired, "Telephone first", "Call, then send with phoned_first true."),
    ("sop.basis", ConsentRequired, "Not on this basis", "Use a basis the service type admits."),
    ("sop.decline-forbidden", NotPermitted, "Nobody may decline so", "She need not meet this; give her the service."),
    ("sop.decline-barred", NotPermitted, "Barred for this service", "Give a reason this service admits."),
    ("sop.decline-alternative", NotPermitted, "Alternative is missing", "Name who can help in alternative."),
    ("sop.staff-gender", NotPermitted, "Her wish is unanswered", "Give staff_gender, or staff_gender_answer."),
    ("sop.outcome", NotPermitted, "Not an outcome of this service", "Use an outcome the service lists."),
    ("sop.no-pause", NotPermitted, "No pause in danger", "At urgency immediate, act or hand over."),
    ("sop.info-requests", NotPermitted, "Asked back already", "One question back is all; decide, or call the sender."),
    ("sop.legal-hold", NotPermitted, "No law keeps this here", "Seal it off; see withdrawal.holdable in GET /v1/sop."),
    ("sop.statement", NotPermitted, "Not at work", "Say statement_taken with started, completed or failed."),
    ("sop.contact-attempts", NotPermitted, "Tried three times", "Give it back: report failed with the reason."),
    ("sop.refused", InternalFault, "Procedure does not load", _OPERATOR),
    ("basis.maximum", ConsentRequired, "More than the law carries", "Leave out what is over its maximum."),
    ("basis.article", ConsentRequired, "Article is missing", "Name the article of law."),
    ("basis.approver", ConsentRequired, "Approver is missing", "Name who approved it."),
    ("basis.decision", ConsentRequired, "Not decided by two", "Two workers decide, one of social work."),
    ("basis.unconfirmed", ConsentRequired, "Nobody confirmed it", "Access has ended; send a new referral if need be."),
    ("override.unknown", NotFound, "No such override", "Check the referral id; consent needs no confirmation."),
    ("override.not-owed", Conflict, "Nothing to confirm", "Only grounds of two_person in GET /v1/sop ask for this."),
    ("override.same-person", NotPermitted, "Not a second person", "Let a colleague of the approver confirm it."),
    ("override.ended", Conflict, "Access has ended", "Nobody confirmed in time; send a new referral."),
    ("override.done", Conflict, "Stated already", "Read GET /v1/overrides; what was stated first stands."),
    # Referrals and their events.
    ("referral.unknown", NotFound, "No such referral", "Check the referral id."),
    ("record.unknown", NotFound, "No such record in this case", "Check the id of the record and of the referral."),
    ("referral.blocked", ConsentRequired, "Kept from this case", "Choose another recipient or person."),
    ("referral.ended", ConsentRequired, "Referral has ended", "Nothing more opens; send a new referral."),
    ("referral.stage", ConsentRequired, "Not before acceptance", "Accept the referral, then open."),
    ("referral.not-recipient", NotPermitted, "Not yours to open", "Only the recipient opens a referral."),
    ("referral.would-hold-back", NotPermitted, "Something stays here", "Leave out what reasons name, or drop strict."),
    ("statement.none", Conflict, "Nobody else holds one", "Read statements of the referral; there is none to send."),
    ("statement.not-asked", Conflict, "She is not asked here", "See statements in GET /v1/sop; ask her nothing."),
    ("statement.request", InputRejected, "No such request to you", "Name the request of the notice you were sent."),
    ("referral.linked", InputRejected, "Link does not fit", "Link to another person's referral of this chain."),
    ("contact.unsafe", InputRejected, "Not a safe contact", "Leave out whoever is unsafe, or is never to be called."),
    ("compartment.invalid", InputRejected, "Content does not fit", "See GET /v1/sop/compartments/{name}."),
    ("idempotency.key", InputRejected, "Not an idempotency key", "Send Idempotency-Key in the form of the draft."),
    ("idempotency.reused", Conflict, "Key used before", "Make a new key; a key stands for one exact body."),
    ("referral.transition", Conflict, "Not from this state", "Read the referral; see the lifecycle."),
    ("referral.service-other", Conflict, "Another service", "Do this in a referral of a service that the act is for."),
    ("referral.not-accepted", Conflict, "Not accepted", "Accept the referral first."),
    ("referral.over", Conflict, "Has ended", "Refer her anew if more is needed."),
    ("conference.unknown", NotFound, "No such conference", "List the conferences that your agency called."),
    ("conference.reason", InputRejected, "Not a reason", "Give a reason of the procedure."),
    ("conference.action", InputRejected, "Not an action", "Choose an action of the procedure."),
    ("conference.day", InputRejected, "Day before the conference", "Name a day after the conference was held."),
    ("conference.not-invited", InputRejected, "Did not accept", "Name agencies that accepted their invitation."),
    ("conference.invited", Conflict, "Invited already", "See the referral that invites the agency."),
    ("conference.held", Conflict, "Was held", "Call another conference."),
    ("conference.action-unknown", NotFound, "No such action", "List the actions that your agency owns."),
    ("conference.reported", Conflict, "Reported already", "Read the action; it is settled."),
    ("conference.risk", ConsentRequired, "Not without her consent", "Ask her, or record the risk band."),
    ("step.differs", InputRejected, "Differs from the record", "Leave the fact out, or mend the record first."),
    (
        "sop.extension",
        ConsentRequired,
        "More time is not allowed",
        "Once, for at most 15 days, with a listed reason, before the law's limit passes; the reasons say which.",
    ),
    (
        "referral.replaces",
        InputRejected,
        "Nothing to stand in for",
        "Name your own referral of this chain that expired, failed or was declined.",
    ),
    (
        "referral.replaced",
        Conflict,
        "Another stands in its place",
        "Read which referral was sent instead; a referral is replaced once.",
    ),
    ("referral.parent", InputRejected, "Parent does not fit", "Name the parent's chain and subject."),
    ("event.fact-missing", InputRejected, "A fact is missing", "Add the facts this event needs."),
    ("event.reason-unknown", InputRejected, "Unknown reason", "Use a reason the procedure lists."),
    ("agency.unknown", NotFound, "No such agency", "See GET /v1/agencies."),
    ("agency.enrolment", InputRejected, "Cannot be enrolled so", "Mend what the message says, then enrol again."),
    ("area.unknown", InputRejected, "No such area", "Use a province of 2 digits or a commune of 5 digits."),
    ("agency.hours", InputRejected, "Not opening hours", "Write 24/7, or rules such as Mo-Fr 07:30-17:00; PH off."),
    ("area.list", InputRejected, "Not a list of communes", "Give pairs of a commune code and its province."),
    ("lease.none", Conflict, "No place to hold", "Choose another agency of POST /v1/matches, or refer without."),
    ("lease.unknown", NotFound, "No such lease", "Check the lease id; it may have run out or been used."),
    ("lease.ended", Conflict, "Lease has ended", "Hold a place anew, or send without lease_id."),
    ("match.none", NotFound, "Nobody takes people there now", "Choose another area or an agency yourself."),
    ("availability.agency", NotPermitted, "Another agency's entry", "State only your own availability."),
    ("availability.service", NotPermitted, "Not a service of yours", "Ask the directory's operator to add it."),
    ("chain.unknown", NotFound, "No such chain", "Check the chain id."),
    ("ledger.range", InputRejected, "Outside the ledger", "Ask for entries that the checkpoint covers."),
    ("ledger.tile", NotFound, "No such tile", "Ask for tiles that the checkpoint covers."),
    ("ledger.bundle", InputRejected, "Not an entry bundle", "Fetch the tile again."),
    ("ledger.checkpoint", InputRejected, "Not a checkpoint", "Fetch the checkpoint again."),
    ("ledger.evidence", InputRejected, "Evidence cannot be read", "Export the chain again."),
    ("ledger.leaf", InputRejected, "Not a leaf of the ledger", "Give the exact text of the leaf."),
    ("route.unknown", NotFound, "No such address", "See /openapi.json."),
    ("route.method", InputRejected, "Method not allowed here", "See /openapi.json."),
    # Availability and faults of ours.
    ("peer.unreachable", PeerUnavailable, "Other side unreachable", "Try again later, with the same id."),
    ("peer.answer", PeerUnavailable, "Other side answers wrongly", "Try again later, with the same id."),
    ("peer.refused", NotPermitted, "Other side refuses", "Ask the other side's operator."),
    ("storage.busy", PeerUnavailable, "Too busy", "Try again as Retry-After says, with the same id."),
    ("storage.unavailable", PeerUnavailable, "Store unreachable", "Try again later, with the same id."),
    ("storage.closed", PeerUnavailable, "Shutting down", "Try again as Retry-After says, with the same id."),
    ("storage.url", InputRejected, "Not a database address", "Write sqlite:///... or postgresql+psycopg://... ."),
    ("storage.conflict", Conflict, "Recorded already", "Read what is there before you write."),
    # The pages that people use.
    ("sign-in.refused", NotAuthenticated, "Not let in", "Check login, password and code; after five tries wait."),
    ("session.none", NotAuthenticated, "Not signed in", "Sign in first."),
    ("session.locked", NotAuthenticated, "Locked", "Give your password to go on."),
    ("page.role", NotPermitted, "For other colleagues", "Ask your administrator if you need this page."),
    ("form.foreign", NotPermitted, "Not a form of ours", "Open the page again and send it once more."),
    ("form.unreadable", InputRejected, "Form unreadable", "Go back and send it again."),
    ("form.invalid", InputRejected, "Form not complete", "Mend each place that is marked."),
    ("password.length", InputRejected, "Password too short or too long", "Choose 12 to 200 characters."),
    ("account.login", InputRejected, "Not a login", "Write 3 to 63 lower-case letters, digits, '.', '_' or '-'."),
    ("account.known", Conflict, "Login taken", "Choose another login."),
    ("account.unknown", NotFound, "No such account", "Check the list of accounts."),
    ("internal.fault", InternalFault, "Our fault", _OURS),
    ("service.not-ready", PeerUnavailable, "Not ready yet", "Ask /readyz again in some seconds."),
)

#: Faults of ours. The caller sees `internal.fault`; these stand in the log, for the operator.
_FAULTS: Final[Mapping[str, str]] = {
    "at-rest.master-key": "The key file's master key has the wrong length",
    "at-rest.unreadable": "Stored content does not decrypt",
    "keys.locked": "A data key does not unwrap",
    "outbox.letter": "A letter in the outbox cannot be read",
    "outbox.results": "The gateway answered a batch with another number of results",
    "profile.wrong": "The service's profile does not fit the procedure",
    "rule.unknown": "A rule or refusal that the sector does not list was asked for",
    "records.kind": "A record has no table",
    "calendar.malformed": "An appointment cannot be written into a calendar",
    "settings.refused": "A setting is missing or wrong; the message names it",
    "sop.time-without-offset": "A time without offset reached the calendar",
    "storage.absent": "A row to be changed is not there",
    "storage.columns": "Columns do not fit the table",
    "storage.fault": "The database refused a statement",
    "storage.key": "A row has no primary key",
    "storage.lock-order": "Rows were locked in the wrong order",
    "storage.nested-unit": "A unit of work inside another",
    "storage.select-after-write": "A unit of work read after it wrote",
    "storage.unit-failed": "A unit of work failed with an unforeseen error",
    "webhook.secret": "A webhook secret has the wrong form",
}

#: The ledger stops writing at these.
_FATAL: Final[Mapping[str, str]] = {
    "ledger.frontier": "The ledger's frontier does not fit its size",
    "ledger.head-missing": "The ledger's head cannot be read",
    "ledger.nodes": "The ledger's hashes are incomplete",
}

#: Every stable code of a problem or a reason.
CODES: Final[Mapping[str, CodeEntry]] = {
    **{row[0]: CodeEntry(*row) for row in _ROWS},
    **{code: CodeEntry(code, InternalFault, title, _OPERATOR) for code, title in _FAULTS.items()},
    **{code: CodeEntry(code, FatalLedgerError, title, _OPERATOR) for code, title in _FATAL.items()},
}

#: Codes that stand in `errors[].code`, beside a pointer; each message there says how to mend it.
FIELD_CODES: Final[Mapping[str, str]] = {
    "field.required": "The field is missing.",
    "field.unknown": "The contract has no such field.",
    "field.type": "Another type of JSON value is needed.",
    "field.choice": "The value is not one of those listed.",
    "field.form": "The text does not have the form of this field.",
    "field.day": "Not a day of the calendar, year-month-day.",
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
    "field.missing": "A field of the compartment is missing.",
    "field.not-listed": "The value is not one that the compartment's field takes.",
    "field.format": "The value does not have the form of the compartment's field.",
    "field.empty": "The compartment's field is there, but empty.",
    "field.invalid": "The value is not accepted.",
    "fact.unknown": "The procedure has no such fact here.",
    "fact.value": "The procedure does not list this value for the fact.",
}
