"""Step 1: what she wants, how urgent it is, where, how old she is, and how she wants to be met (R-01, R-05, R-06)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.pages.new.writing import Writing
from shared.kernel.errors import FieldFault, InputRejected
from shared.pages.catalogue import N_
from shared.pages.code_words import LANGUAGE_CODES, language_name
from shared.pages.forms import Form, wrong
from shared.sop.model import AgeBand, Name, Sender, ServiceType, Urgency

#: The urgency that a service type usually has.
USUAL: Final = "usual"
AGES: Final = {
    AgeBand.ADULT: N_("18 years or more"),
    AgeBand.FROM_16: N_("16 or 17 years"),
    AgeBand.FROM_12: N_("12 to 15 years"),
    AgeBand.FROM_6: N_("6 to 11 years"),
    AgeBand.UNDER_6: N_("Under 6 years"),
    AgeBand.UNKNOWN: N_("Not known (treated as a child)"),
}
GENDERS: Final = {"female": N_("A woman"), "male": N_("A man"), "any": N_("It does not matter")}
_COMMUNE: Final = 5
_PHONE: Final = N_("Telephone 113 or 115 first, then tick that you have. Nobody is sent out by this page.")
_COMMUNE_FORM: Final = N_("A commune code has five digits.")


@dataclass(frozen=True, slots=True)
class Wants:
    """What she wants."""

    service: ServiceType
    urgency: Urgency
    phoned_first: bool
    area: str
    age_band: AgeBand
    staff_gender: str
    language: str
    interpreter: bool
    accompanied: bool

    @property
    def preferences(self) -> dict[str, Any]:
        """How she wants to be met, as a referral says it."""
        return {
            "staff_gender": self.staff_gender,
            "language": self.language,
            "interpreter": self.interpreter,
            "accompanied": self.accompanied,
        }


def read_wants(writing: Writing, form: Form) -> Wants:
    """Return what she wants. Raises `InputRejected` with everything that is wrong."""
    offered = {code: service for _, group in offers(writing) for code, service, _ in group}
    faults: list[FieldFault] = []

    def chosen(name: str, among: Sequence[str]) -> str:
        try:
            return form.choice(name, among)
        except InputRejected as refusal:
            faults.extend(refusal.faults)
            return ""

    code = chosen("service_type", tuple(offered))
    urgency = chosen("urgency", (USUAL, *Urgency))
    province = chosen("province", tuple(writing.sop.provinces))
    age = chosen("age_band", tuple(AGES))
    gender = chosen("staff_gender", tuple(GENDERS))
    language = chosen("language", LANGUAGE_CODES)
    commune = form.text("commune")
    if commune and not (commune.isdecimal() and commune.isascii() and len(commune) == _COMMUNE):
        faults.append(FieldFault("/commune", "field.format", _COMMUNE_FORM))
    if faults:
        raise InputRejected("form.invalid", "Look at what is marked below.", faults=tuple(faults))
    service = offered[code]
    return _phoned(
        Wants(
            service=service,
            urgency=service.urgency if urgency == USUAL else Urgency(urgency),
            phoned_first=form.ticked("phoned_first"),
            area=commune or province,
            age_band=AgeBand(age),
            staff_gender=gender,
            language=language,
            interpreter=form.ticked("interpreter"),
            accompanied=form.ticked("accompanied"),
        )
    )


def offers(writing: Writing) -> Sequence[tuple[Name, Sequence[tuple[str, ServiceType, Name]]]]:
    """Return the wishes this agency may act on, by kind: those it may send, or anybody's at her own request."""
    own = {Sender(writing.office.profile.sector.value), Sender.SELF}
    services = writing.sop.services
    groups = (
        (
            group.name,
            [(code, services[code], says) for code, says in group.wishes.items() if services[code].senders & own],
        )
        for group in writing.sop.wishes
    )
    return [(name, wishes) for name, wishes in groups if wishes]


def shown(writing: Writing, form: Form) -> dict[str, Any]:
    """Return what the page of this step shows."""
    return {
        "offers": offers(writing),
        "levels": list(writing.sop.urgencies.values()),
        "provinces": [(code, one.name) for code, one in writing.sop.provinces.items()],
        "ages": list(AGES.items()),
        "genders": list(GENDERS.items()),
        "tongues": [(code, language_name(code)) for code in LANGUAGE_CODES],
        "typed": form,
    }


def _phoned(wants: Wants) -> Wants:
    if wants.urgency is Urgency.IMMEDIATE and not wants.phoned_first:
        raise wrong("phoned_first", "sop.phoned-first", _PHONE)
    return wants
