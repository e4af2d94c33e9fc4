"""Registering a statement once, by its reference (R-02): the words stay in the case file of the police, never here."""

from typing import Any

from services.police.acts import unlocked
from services.police.acts.interviews import statements_of
from services.police.acts.needs import ASKING
from services.police.messages.statements import StatementAsTaken
from services.police.records import Interview, Statement
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import open_file, record_of
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire


async def register_statement(practice: Practice, caller: Caller, referral_id: str, asked: StatementAsTaken) -> Done:
    """Register what she said in one or more sessions as one statement (R-02).

    Raises `police.statement-sessions` for sessions that last still, or that belong to another statement.
    """
    statement_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, ASKING)
        referral = file.referral
        sessions = [record_of(desk, Interview, one, referral_id) for one in asked.interviews]
        if any(one.ended_at is None or one.statement_id is not None for one in sessions):
            raise practice.rulebook.refused("police.statement-sessions", pointer="/interviews")
        told = max(referral.statements, len(statements_of(desk, referral)))
        desk.add(
            Statement(
                statement_id=statement_id,
                referral_id=referral_id,
                chain_id=referral.chain_id,
                subject=referral.subject,
                registered_at=at,
                actor=asked.actor,
                officer=sessions[0].officer,
                number=told + 1,
                joint=any(one.joint for one in sessions),
                content=file.lock(_place(statement_id), asked.kept()),
            )
        )
        for one in sessions:
            desk.change(one, statement_id=statement_id)
        return Outcome(statement_id)

    act = Act(name="police.register-statement", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def shown_statement(practice: Practice, look: Look, statement_id: str) -> dict[str, Any]:
    """Return a statement as its routes answer it; without its reference once the referral was sealed off."""
    one = look.get(Statement, statement_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    kept = unlocked(practice, look, one.referral_id, _place(statement_id), one.content) or {}
    return {
        "id": one.statement_id,
        "referral_id": one.referral_id,
        "registered_at": one.registered_at,
        "officer": one.officer,
        "number": one.number,
        "joint": one.joint,
        "reference": kept.get("reference"),
        "sha256": kept.get("sha256"),
        "interviews": kept.get("interviews"),
    }


def _place(statement_id: str) -> str:
    return f"statement/{statement_id}"
