"""Asking before somebody dials: may she be contacted now, and in this way (R-03)."""

from typing import Final

from services.social.messages.contact import ContactCheckRequest
from services.social.rules.contact import contact_refused
from services.social.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.ports import Desk
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import contact_of, open_file
from shared.agency.sector.practice import Practice

_POINTERS: Final = dict.fromkeys(("social.telephone-unknown", "social.telephone-unnamed"), "/telephone")


async def check_contact(practice: Practice, caller: Caller, referral_id: str, asked: ContactCheckRequest) -> Done:
    """Say that she may be contacted; question and refusal are in the journal, her words and numbers are not.

    Raises `Conflict` (`social.channel-unsafe`, `social.outside-safe-hours`, `social.safe-hours-unclear`,
    `social.telephone-unknown`, `social.telephone-unnamed`, `social.contact-unread`), and as `open_file`.
    """
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SERVICES)
        said = contact_of(practice.office, referral_id, desk)
        if said is None:
            raise practice.rulebook.refused("social.contact-unread")
        refusal = contact_refused(said, asked.method, at=now, telephone=asked.telephone)
        if refusal is not None:
            raise practice.rulebook.refused(refusal, pointer=_POINTERS.get(refusal, "/method"))
        return Outcome(referral_id)

    return await practice.perform(
        caller, Act(name="social.check-contact", actor=asked.actor, referral_id=referral_id), work
    )
