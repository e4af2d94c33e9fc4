"""Messages of sitting down with her."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, StrictBool

from services.police.rules.checklist import Answer
from services.police.rules.interviews import Again, Ending, Guardian, Interpreting, Support, Tie
from services.police.rules.officers import Gender
from shared.sop.model import Sector
from shared.wire.fields import Actor, AgencyId, Closed, Code, Line, Open, Time

_JOINT_MOST = 8
_ITEMS_MOST = 32


class InterpreterV1(Closed):
    """Who interprets: a code of the person, never a name, and how that person stands to her."""

    interpreter: Actor
    gender: Gender
    tie: Tie
    adult: StrictBool
    certified: StrictBool
    confidentiality_signed: StrictBool

    def read(self) -> Interpreting:
        """Return what the rules ask about."""
        return Interpreting(
            gender=self.gender,
            tie=self.tie,
            adult=self.adult,
            confidentiality_signed=self.confidentiality_signed,
        )


class JointV1(Closed):
    """Somebody of another agency who hears her together with the officer, so that she tells it once."""

    agency: AgencyId
    sector: Sector
    worker: Actor


class InterviewRequest(Closed):
    """Who sits down with her, and how. What must be asked or decided by a person has no default."""

    actor: Actor
    officer: Actor
    started_at: Time
    support_person: Support
    interpreter: InterpreterV1 | None
    interpreter_declined_by_her: StrictBool = False
    present_for_child: Annotated[tuple[Guardian, ...], Field(max_length=3)] = ()
    friendly_room: StrictBool
    joint_with: Annotated[tuple[JointV1, ...], Field(max_length=_JOINT_MOST)] = ()
    again: Again | None = None
    prior_reference: Line | None = None

    def people(self) -> Iterator[tuple[str, str]]:
        """Yield everybody who would hear her, with the place in the body that names them."""
        yield "/officer", self.officer
        if self.interpreter is not None:
            yield "/interpreter/interpreter", self.interpreter.interpreter
        for index, one in enumerate(self.joint_with):
            yield f"/joint_with/{index}/agency", one.agency
            yield f"/joint_with/{index}/worker", one.worker


class EndingRequest(Closed):
    """When and how a session ended, and the whole checklist (`GET /v1/police/interview-checklist`)."""

    actor: Actor
    ended_at: Time
    ending: Ending
    checklist: Annotated[dict[Code, Answer], Field(max_length=_ITEMS_MOST)]


class InterviewV1(Open):
    """A session; `details` and `checklist` null once the referral was sealed off."""

    id: str
    referral_id: str
    started_at: str
    ended_at: str | None
    ending: Ending | None
    over_time: bool | None
    officer: str
    joint: bool
    details: dict[str, Any] | None
    checklist: dict[str, Answer] | None


class ChecklistItemV1(Open):
    """One item of the checklist, and what it is derived from."""

    code: str
    vi: str
    en: str
    basis: str


class ChecklistV1(Open):
    """The checklist of an interview."""

    items: list[ChecklistItemV1]
