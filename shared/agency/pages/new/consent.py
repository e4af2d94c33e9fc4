"""Step 2: consent as a conversation. What she was read, what she said yes to, for whom, in which form, until when.

Promises: nothing is ticked beforehand, and silence is no consent (R-15); one switch for each agency and kind of
information; what no switch names stays here. Where she did not agree, a law may carry it, with its own most that may be
told. Who may consent at which age is the procedure's (`Sop.ages`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal

from shared.agency.pages.new.candidates import Candidates
from shared.agency.pages.new.wants import Wants
from shared.agency.pages.new.writing import Writing
from shared.agency.requests import ConsentRequest
from shared.kernel.clock import to_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.pages.catalogue import N_
from shared.pages.forms import Form
from shared.sop.calendar import ZONE, day_in_viet_nam
from shared.sop.model import (
    AgeBand,
    Assent,
    Caregiver,
    Compartment,
    Grantor,
    LegalBasis,
    LegalBasisKind,
    Presence,
    ServiceType,
)
from shared.web.body import checked
from shared.wire.parts import OtherBasisV1

Mode = Literal["new", "narrow", "existing", "law"]
#: Which text she was read. Raised when its words change in meaning; both languages say the same.
TEXT_VERSION: Final = "read-aloud-1"

MODES: Final[Mapping[Mode, str]] = {
    "new": N_("We talked, and she decided as written here"),
    "narrow": N_("She agreed before that this may be passed on; less of it is enough here"),
    "existing": N_("She has agreed already; nothing changes"),
    "law": N_("She did not or could not agree, and a law carries this"),
}
FORMS: Final = {
    "written_signature": N_("She signed"),
    "thumbprint": N_("With her thumbprint"),
    "electronic": N_("Electronically"),
    "verbal_witnessed": N_("In words, before a witness"),
    "verbal_recorded": N_("In words, recorded"),
    "sign_language": N_("In sign language"),
    "assisted": N_("With help to understand and to decide"),
}
GRANTORS: Final = {
    Grantor.SELF: N_("She herself"),
    Grantor.PARENT: N_("Her father or mother"),
    Grantor.GUARDIAN: N_("Her guardian"),
    Grantor.LEGAL_REPRESENTATIVE: N_("Who represents her by law"),
    Grantor.BEST_INTEREST_DECISION: N_("Two workers, in the child's best interest"),
}
ASSENTS: Final = {
    Assent.VERBAL: N_("The child agreed in words"),
    Assent.WRITTEN: N_("The child agreed in writing"),
    Assent.REFUSED: N_("The child said no"),
    Assent.UNABLE: N_("The child cannot say"),
}
CAREGIVERS: Final = {
    Caregiver.SAFE: N_("Those who care for her are safe"),
    Caregiver.ANOTHER_UNSAFE: N_("Who consents is safe, somebody else is not"),
    Caregiver.UNSAFE: N_("Not safe"),
}
REASONS: Final = {
    "her_wish": N_("She does not want it told"),
    "not_needed": N_("It is not needed for this"),
    "not_safe": N_("It could put her in danger"),
    "later": N_("She wants to decide later"),
}
#: Kinds of information in words to be read to her.
SPOKEN: Final = {
    Compartment.IDENTITY: N_("who you are: your name, when you were born, your papers"),
    Compartment.CONTACT: N_("how to reach you safely, and whom never to call"),
    Compartment.DEMOGRAPHICS: N_("a few things about you, such as your age and your language"),
    Compartment.SAFETY: N_("how great the danger is, and from where it comes"),
    Compartment.INCIDENT: N_("what happened, in a few words, without your whole story"),
    Compartment.MEDICAL: N_("your health"),
    Compartment.FORENSIC: N_("the examination, and what was kept as evidence"),
    Compartment.LEGAL: N_("your case with the police or the court"),
    Compartment.NEEDS: N_("what you need"),
    Compartment.DEPENDANTS: N_("your children, and who depends on you"),
    Compartment.DOCUMENTS: N_("your papers, and where you may live"),
    Compartment.PREFERENCES: N_("how you want to be met"),
    Compartment.PERPETRATOR: N_("who did it"),
}
_WHICH: Final = N_("Say how it came about that this may be told.")
_NONE: Final = N_("No switch is on: nothing may be told to anybody. Talk with her, or save and leave.")
_READ: Final = N_("Read the text to her, and tick that you have.")
_HELP: Final = N_("Without her yes to being helped nothing can be sent.")
_ARTICLE: Final = N_("Name the article of the law.")
_APPROVER: Final = N_("Choose who approved it.")
_UNTIL: Final = N_("Write a day after today, at most a year ahead.")
_CHOICE: Final = N_("Choose one of what the page offers.")
_TWO: Final = N_("Name the second worker, her sector and the reason.")
_YEAR: Final = timedelta(days=366)
#: Never passed on by a form: documents are scanned by an agency's own system.
_NO_FORM: Final = frozenset({Compartment.ATTACHMENTS, Compartment.NOTE})


@dataclass(frozen=True, slots=True)
class Basis:
    """On what the referral rests: a consent to be recorded, one that is there, or a law. Exactly one is given."""

    mode: Mode
    consent: ConsentRequest | None = None
    consent_id: str | None = None
    law: OtherBasisV1 | None = None

    def allowed(self, agency: str) -> frozenset[Compartment] | None:
        """Return what this agency may learn by a consent that is not recorded yet; None where others decide."""
        if self.consent is None:
            return None
        found = (set(one.compartments) for one in self.consent.grants if agency in one.recipients)
        return frozenset[Compartment]().union(*found)


def kinds_of(service: ServiceType) -> Mapping[Compartment, bool]:
    """Return the kinds of information a service type takes, and which of them it needs."""
    return {
        name: rule.presence is Presence.REQUIRED
        for name, rule in service.compartments.items()
        if rule.presence is not Presence.FORBIDDEN and name not in _NO_FORM
    }


def modes_of(writing: Writing, wants: Wants) -> Sequence[Mode]:
    """Return the ways there are for this referral."""
    known: list[Mode] = ["new"]
    if writing.known("consent_id"):
        known = ["existing", "narrow", "new"] if writing.known("parent_id") else ["existing", "new"]
    return [*known, "law"] if laws_of(writing, wants) else known


def laws_of(writing: Writing, wants: Wants) -> Sequence[LegalBasis]:
    """Return the legal bases on which this service type may be sent without her consent."""
    bases = writing.sop.legal_bases
    return [bases[kind] for kind in sorted(wants.service.legal_bases) if kind is not LegalBasisKind.CONSENT]


def read_basis(writing: Writing, wants: Wants, form: Form) -> Basis:
    """Return on what the referral rests. Raises `InputRejected` with everything that is wrong."""
    mode = form.text("mode")
    if mode == "existing" and "existing" in modes_of(writing, wants):
        return Basis("existing", consent_id=writing.known("consent_id"))
    if mode == "law" and "law" in modes_of(writing, wants):
        return Basis("law", law=_law(writing, wants, form))
    if mode in {"new", "narrow"} and mode in modes_of(writing, wants):
        return Basis("narrow" if mode == "narrow" else "new", consent=_consent(writing, wants, form, mode))
    raise InputRejected(
        "form.invalid", "Look at what is marked below.", faults=(FieldFault("/mode", "field.required", _WHICH),)
    )


class _Faults:
    """Collects what is wrong with a step, so that all of it is said at once."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.found: list[FieldFault] = []

    def add(self, name: str, message: str, *, unless: bool) -> None:
        if not unless:
            self.found.append(FieldFault(f"/{name}", "field.required", message))

    def choice(self, name: str, among: Sequence[str]) -> str:
        value = self._form.text(name)
        self.add(name, _CHOICE, unless=value in among)
        return value

    def done(self) -> None:
        if self.found:
            raise InputRejected("form.invalid", "Look at what is marked below.", faults=tuple(self.found))


def _consent(writing: Writing, wants: Wants, form: Form, mode: str) -> ConsentRequest:
    faults, kinds = _Faults(form), kinds_of(wants.service)
    grants = _grants(wants, form, kinds)
    faults.add("grants", _NONE, unless=bool(grants))
    faults.add("purpose.service", _HELP, unless=form.ticked("purpose.service"))
    faults.add("read_aloud", _READ, unless=form.ticked("read_aloud"))
    grantor = faults.choice("grantor", tuple(grantors_of(writing, wants.age_band)))
    said = {
        "grantor": grantor,
        "form": faults.choice("form", tuple(FORMS)),
        "assent": form.text("assent") or None,
        "caregiver": form.text("caregiver") or None,
        "decision": _decision(writing, form, faults) if grantor == Grantor.BEST_INTEREST_DECISION else None,
        "valid_to": _until(writing, form, faults),
    }
    if grantor not in {"", Grantor.SELF, Grantor.BEST_INTEREST_DECISION}:
        faults.add("caregiver", _CHOICE, unless=bool(said["caregiver"]))
    faults.done()
    switched = {kind for grant in grants for kind in grant["compartments"]}
    return checked(
        ConsentRequest,
        {
            **said,
            "age_band": wants.age_band.value,
            "language": wants.language,
            "interpreter": form.ticked("with_interpreter"),
            "witnessed": form.ticked("witnessed"),
            "information_version": f"{writing.sop.version} {TEXT_VERSION}",
            "purposes": ["service", *(["statistics"] if form.ticked("purpose.statistics") else [])],
            "grants": grants,
            "withheld": [
                {"compartment": kind.value, "reason": form.text(f"stays.{kind.value}")}
                for kind in kinds
                if kind.value not in switched and form.text(f"stays.{kind.value}") in REASONS
            ],
            "derived_from": writing.known("consent_id") if mode == "narrow" else None,
        },
    )


def _grants(wants: Wants, form: Form, kinds: Mapping[Compartment, bool]) -> list[dict[str, Any]]:
    """Return one line of consent for each agency that has a switch on."""
    agencies = sorted(name.removeprefix("may.") for name in form if name.startswith("may."))
    lines = ((agency, [kind.value for kind in kinds if kind.value in form.all(f"may.{agency}")]) for agency in agencies)
    return [
        {
            "recipients": [agency],
            "service_types": [wants.service.code],
            "compartments": told,
            "onward": form.ticked(f"onward.{agency}"),
        }
        for agency, told in lines
        if told
    ]


def grantors_of(writing: Writing, band: AgeBand) -> Sequence[Grantor]:
    """Return who may consent at an age, by the procedure."""
    allowed = {grantor for way in writing.sop.ages.ways[band] for grantor in way.grantors}
    return [grantor for grantor in GRANTORS if grantor in allowed]


def _until(writing: Writing, form: Form, faults: _Faults) -> str | None:
    text, now = form.text("valid_to"), writing.office.clock.now()
    if not text:
        return None
    try:
        at = datetime.combine(date.fromisoformat(text), time(23, 59), tzinfo=ZONE)
    except ValueError:
        at = now
    faults.add("valid_to", _UNTIL, unless=now < at <= now + _YEAR)
    return to_wire(at)


def _decision(writing: Writing, form: Form, faults: _Faults) -> dict[str, Any] | None:
    """Return a decision by two workers: who is signed in, and the one she names."""
    second, sector, reason = form.text("second"), form.text("second_sector"), form.text("decision_reason")
    rules = writing.sop.ages.best_interest
    whole = bool(second) and sector in {one.value for one in writing.sop.sector_names} and reason in rules.reasons
    faults.add("second", _TWO, unless=whole)
    own = {"actor": writing.person.pseudonym, "sector": writing.office.profile.sector.value}
    at = to_wire(datetime.combine(day_in_viet_nam(writing.office.clock.now()), time(), tzinfo=ZONE))
    return {"workers": [own, {"actor": second, "sector": sector}], "reason": reason, "at": at} if whole else None


def _law(writing: Writing, wants: Wants, form: Form) -> OtherBasisV1:
    faults = _Faults(form)
    kind = faults.choice("law", tuple(one.kind.value for one in laws_of(writing, wants)))
    article, approver = form.line("article"), form.text("approver")
    faults.add("article", _ARTICLE, unless=bool(article))
    faults.add("approver", _APPROVER, unless=bool(approver))
    decision = _decision(writing, form, faults) if kind == LegalBasisKind.BEST_INTEREST_CHILD else None
    faults.done()
    return checked(
        OtherBasisV1,
        {
            "kind": kind,
            "article": article,
            "approver": approver,
            "notify_unsafe": form.ticked("notify_unsafe"),
            "decision": decision,
        },
    )


def shown(writing: Writing, wants: Wants, form: Form, found: Candidates) -> dict[str, Any]:
    """Return what the page of this step shows."""
    ages = writing.sop.ages
    grantors = grantors_of(writing, wants.age_band)
    young = any(way.assent for way in ages.ways[wants.age_band])
    return {
        "wants": wants,
        "found": found,
        "kinds": kinds_of(wants.service),
        "kind_names": writing.sop.compartment_names,
        "spoken": SPOKEN,
        "modes": [(mode, MODES[mode]) for mode in modes_of(writing, wants)],
        "forms": list(FORMS.items()),
        "grantors": [(one, GRANTORS[one]) for one in grantors],
        "ways": ages.ways[wants.age_band],
        "assents": list(ASSENTS.items()) if young else [],
        "caregivers": list(CAREGIVERS.items()) if young else [],
        "best_interest": ages.best_interest if Grantor.BEST_INTEREST_DECISION in grantors else None,
        "sectors": list(writing.sop.sector_names.items()),
        "reasons": list(REASONS.items()),
        "laws": [(law, sorted(law.maximum & kinds_of(wants.service).keys())) for law in laws_of(writing, wants)],
        "days": writing.sop.consent_validity_days,
        "typed": form,
    }
