"""Why something stays here, and why a referral was refused, in words that a caseworker can act on."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.agency.minimising import HeldBackFor
from shared.kernel.errors import MeshError, Reason
from shared.pages.catalogue import N_
from shared.sop.model import Name, Sop

HELD_BACK: Final[Mapping[HeldBackFor, str]] = {
    HeldBackFor.NOT_ASKED_BY_SERVICE: N_("The service does not need it."),
    HeldBackFor.FORBIDDEN_BY_SERVICE: N_("The service must not learn it."),
    HeldBackFor.NOT_CONSENTED: N_("She did not agree that this agency learns it."),
    HeldBackFor.WITHHELD: N_("She keeps it back."),
    HeldBackFor.BEYOND_BASIS: N_("The law does not carry that much."),
    HeldBackFor.UNSAFE_CAREGIVER: N_("It leads to somebody who is not safe."),
    HeldBackFor.SECTOR_RULE: N_("A rule of your own sector keeps it here."),
}
#: Refusals that people meet here, by the code of their reason; others say the rule they rest on.
_WHY: Final[Mapping[str, str]] = {
    "consent.missing": N_("There is no consent of hers that covers this."),
    "consent.recipient": N_("Her consent does not name this agency."),
    "consent.service": N_("Her consent does not name this service."),
    "consent.compartment": N_("Her consent does not name all kinds of information that would be sent."),
    "consent.expired": N_("Her consent has run out. Talk with her again."),
    "consent.revoked": N_("She has taken her consent back."),
    "consent.not-yet-valid": N_("Her consent is not valid yet."),
    "consent.not-narrower": N_(
        "This asks for more than she agreed to before. Talk with her, and record a new consent."
    ),
    "consent.onward": N_("She did not agree that this is passed on. Talk with her, and record a new consent."),
    "consent.validity": N_("The consent would be valid for too long, or is over already. Choose another day."),
    "consent.purpose": N_("Her consent is not for being helped."),
    "consent.subject": N_("The consent is about another person."),
    "consent.who": N_("At her age somebody else must consent, or must not. Look at who gave consent."),
    "consent.assent": N_("The child must be asked, and what it said must be written down."),
    "consent.decision": N_("Two different workers must decide, one of them a social worker, and give a reason."),
    "sop.sender": N_("Your sector may not send this service. Ask an agency that may."),
    "sop.recipient": N_("This agency does not give this service. Choose another."),
    "sop.area": N_("This agency does not serve this area. Choose another."),
    "sop.compartment-missing": N_("Something that the service cannot begin without is not there."),
    "sop.compartment-forbidden": N_("Something would be sent that the service must not learn."),
    "sop.phoned-first": N_("Telephone 113 or 115 first, then tick that you have. Nobody is sent out by this page."),
    "sop.basis": N_("This service may not be asked for on that law."),
    "basis.maximum": N_("The law does not carry that much."),
    "basis.decision": N_("Two different workers must decide, one of them a social worker, and give a reason."),
    "basis.unconfirmed": N_("A second person must confirm this emergency first."),
    "referral.blocked": N_("The case is kept from this agency. Choose another."),
    "referral.linked": N_("The referral that this one is linked to does not fit."),
}


def reasons_of(error: MeshError, sop: Sop) -> Sequence[tuple[str | Name, str]]:
    """Return why something was refused: in words, with what the rule rests on."""
    return list(dict.fromkeys((_said(reason, sop), reason.basis) for reason in error.reasons))


def _said(reason: Reason, sop: Sop) -> str | Name:
    """Say a reason by its code, else by its rule; a precondition of a service by its own sentence."""
    if reason.code in _WHY:
        return _WHY[reason.code]
    own = {one.id: one.says for service in sop.services.values() for one in service.preconditions}
    rule = sop.rules.get(reason.rule)
    return own.get(reason.rule) or (rule.says if rule else N_("A rule of the procedure stands against it."))
