"""What messages are made of: the head, sealed compartments, the basis, preferences, the lines of a grant.

Follows the wire contract, sections 3 and 4. The head of a message is laid out by each message itself,
because who is addressed differs; see `shared.wire.messages`.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, StrictBool, Tag, model_validator
from pydantic_core import PydanticCustomError

from shared.kernel.errors import FieldFault
from shared.sop.model import Compartment, Sector, Stage
from shared.wire.faults import BRANCH_CONSENT, BRANCH_OTHER, pointer_to
from shared.wire.fields import (
    Actor,
    AgencyId,
    Ciphertext,
    Closed,
    Code,
    Digest,
    EncapsulatedKey,
    Language,
    Line,
    ServiceCode,
    Time,
    Uuid7,
)

COMPARTMENTS_MOST: Final = 16
GRANTS_MOST: Final = 32
RECIPIENTS_MOST: Final = 64
WORKERS_MOST: Final = 4

#: HPKE suites (RFC 9180): the first must be supported, the second should be.
Suite = Literal["x25519-hkdf-sha256-aes256gcm", "mlkem768x25519-hkdf-sha256-aes256gcm"]
StaffGender = Literal["any", "female", "male"]


def refuse(*faults: FieldFault) -> PydanticCustomError:
    """Return the error a validator raises for rules that span fields, with its faults inside."""
    return PydanticCustomError("wire_rules", "rules", {"faults": faults})


def repeated(names: Sequence[Any], *parts: str | int, leaf: str | None = None) -> list[FieldFault]:
    """Return one fault for each member of `names` that stood there before; `parts` lead to the array."""
    if len(set(names)) == len(names):
        return []
    seen: set[Any] = set()
    faults = []
    for index, name in enumerate(names):
        if name in seen:
            where = pointer_to(*parts, index, *((leaf,) if leaf else ()))
            faults.append(FieldFault(where, "field.repeated", "This is already in the list; leave the second one out."))
        seen.add(name)
    return faults


class Sealed(Closed):
    """The recipient's halves of the compartment keys: one HPKE message, single-shot base mode."""

    suite: Suite
    kid: Digest
    enc_ct: EncapsulatedKey


class SealedCompartment(Closed):
    """A compartment under its own key, with the digest of the half that the gateway holds."""

    name: Compartment
    stage: Stage
    share_sha256: Digest
    ciphertext: Ciphertext


class Preferences(Closed):
    """How she wants to be met."""

    staff_gender: StaffGender = "any"
    language: Language = "vi"
    interpreter: StrictBool = False
    accompanied: StrictBool = False


class WorkerV1(Closed):
    """One of those who decided: a pseudonym, and the sector of the work she does."""

    actor: Actor
    sector: Sector


class BestInterestV1(Closed):
    """A decision in a child's best interest: who made it together, why (a code of the procedure), and when."""

    workers: Annotated[tuple[WorkerV1, ...], Field(min_length=1, max_length=WORKERS_MOST)]
    reason: Code
    at: Time


class ConsentBasisV1(Closed):
    """The disclosure rests on a registered consent."""

    kind: Literal["consent"]
    consent_id: Uuid7


class OtherBasisV1(Closed):
    """The disclosure rests on law, not on consent: which article, and who approved it.

    `best_interest_child` also says by which workers that was decided.
    """

    kind: Literal["vital_interest", "legal_obligation", "state_function", "court_order", "best_interest_child"]
    article: Line
    approver: Actor
    notify_unsafe: StrictBool = False
    decision: BestInterestV1 | None = None


def _branch(value: Any) -> str | None:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return _BRANCH_OF.get(kind) if isinstance(kind, str) else None


_BRANCH_OF: Final = {
    "consent": BRANCH_CONSENT,
    "vital_interest": BRANCH_OTHER,
    "legal_obligation": BRANCH_OTHER,
    "state_function": BRANCH_OTHER,
    "court_order": BRANCH_OTHER,
    "best_interest_child": BRANCH_OTHER,
}

BasisV1 = Annotated[
    Annotated[ConsentBasisV1, Tag(BRANCH_CONSENT)] | Annotated[OtherBasisV1, Tag(BRANCH_OTHER)],
    Discriminator(_branch),
]


class GrantV1(Closed):
    """One line of a consent: these agencies, for these services, may have these compartments."""

    recipients: Annotated[tuple[AgencyId, ...], Field(max_length=RECIPIENTS_MOST)]
    service_types: Annotated[tuple[ServiceCode, ...], Field(max_length=64)]
    compartments: Annotated[tuple[Compartment, ...], Field(max_length=COMPARTMENTS_MOST)]
    onward: StrictBool

    @model_validator(mode="after")
    def _no_repeats(self) -> "GrantV1":
        faults = [
            *repeated(self.recipients, "recipients"),
            *repeated(self.service_types, "service_types"),
            *repeated(self.compartments, "compartments"),
        ]
        if faults:
            raise refuse(*faults)
        return self


class WithheldV1(Closed):
    """A compartment she does not want passed on, and why, as a code."""

    compartment: Compartment
    reason: Code
