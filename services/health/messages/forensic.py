"""Messages of evidence: her consent to it by part, who examines her, and what is taken."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from services.health.rules.forensic import Examiner, GenderAnswer, Part, Specimen
from shared.wire.fields import Actor, Closed, Time

#: The number on a seal or a shelf: no words.
SealNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9./-]{0,39}$")]


class ForensicConsentRequest(Closed):
    """Her answer about evidence, asked apart from treatment (R-21). Each part must be said; no to all is an answer."""

    actor: Actor
    told_treatment_does_not_depend: bool
    examination: bool
    specimens: bool
    photographs: bool
    handing_over: bool
    form: Literal["written", "thumbprint", "spoken_with_witness"]
    given_by: Literal["herself", "guardian", "two_workers"]

    def parts(self) -> frozenset[Part]:
        """Return the parts she agreed to."""
        return frozenset(part for part in Part if getattr(self, part.value))


class ExaminationRequest(Closed):
    """Who examines her; `same_gender_offered` and her answer must be said, whether or not she had chosen (R-01)."""

    actor: Actor
    examined_at: Time
    examiner: Actor
    examiner_gender: Literal["female", "male"]
    same_gender_offered: bool
    her_answer: GenderAnswer | None

    def choice(self) -> Examiner:
        """Return what was said about who examines her."""
        return Examiner(
            gender=self.examiner_gender, same_gender_offered=self.same_gender_offered, her_answer=self.her_answer
        )


class SpecimenRequest(Closed):
    """A specimen that was taken, with the number of its seal and of the place where it is kept."""

    actor: Actor
    kind: Specimen
    collected_at: Time
    seal: SealNumber
    kept_at: SealNumber
