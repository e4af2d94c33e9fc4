"""What the gateway or a rule refused, said in words: each reason with the rule it comes from, beside its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.agency.pages.referral_verbs import StepField
from shared.kernel.errors import FieldFault, InputRejected, MeshError, Reason
from shared.pages.catalogue import N_, Words
from shared.sop.model import Name, Sop

#: Reasons in words, by their code.
_REASONS: Final[Mapping[str, str]] = {
    "event.fact-missing": N_("Something is missing that this step needs."),
    "sop.decline-forbidden": N_("Nobody may decline for this reason."),
    "sop.decline-barred": N_("This service may not be declined for this reason."),
    "sop.decline-alternative": N_("Name another agency that can help: at this urgency nobody is left without one."),
    "sop.staff-gender": N_("She asked for a woman or a man. Say who it is, or what she answered."),
    "sop.outcome": N_("This is no outcome of this service."),
    "sop.no-pause": N_("At this urgency nothing is put on hold."),
    "sop.statement": N_("A statement is taken at work, not before and not after."),
    "consent.revoked": N_("She took her consent back."),
    "consent.expired": N_("Her consent has ended."),
    "consent.missing": N_("There is no consent for this."),
    "referral.blocked": N_("This part is kept from you."),
    "referral.ended": N_("This referral has ended."),
}
#: The field that a reason is about.
_FIELDS: Final[Mapping[str, str]] = {
    "sop.decline-forbidden": "reason",
    "sop.decline-barred": "reason",
    "sop.decline-alternative": "alternative",
    "sop.staff-gender": "staff_gender_answer",
    "sop.outcome": "outcome",
    "sop.statement": "statement_taken",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One reason: what it says, the rule by its name where the procedure names it, and what that rests on."""

    says: str
    rule: Name | None
    basis: str


def reasons_in_words(error: MeshError, sop: Sop, words: Words) -> Sequence[Refused]:
    """Return why a step was refused; a reason without words of its own says its code."""
    return [_in_words(one, sop, words) for one in error.reasons]


def beside_fields(error: MeshError, fields: Sequence[StepField]) -> MeshError:
    """Return a refusal with its faults named as the fields of the page are."""
    names = {one.name for one in fields}
    faults = [FieldFault(f"/{_last(fault.pointer)}", fault.code, fault.message) for fault in error.faults]
    for reason in error.reasons:
        name = _FIELDS.get(reason.code, reason.rule.rpartition(".")[2])
        if name in names and reason.code in _REASONS:
            faults.append(FieldFault(f"/{name}", reason.code, _REASONS[reason.code]))
    return InputRejected(error.code, error.message, faults=faults)


def _in_words(reason: Reason, sop: Sop, words: Words) -> Refused:
    rule = sop.rules.get(reason.rule)
    says = words.gettext(_REASONS[reason.code]) if reason.code in _REASONS else reason.code
    return Refused(says, None if rule is None else rule.says, reason.basis)


def _last(pointer: str) -> str:
    return pointer.rpartition("/")[2]
