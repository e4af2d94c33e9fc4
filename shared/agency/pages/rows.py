"""One line of a list: what a colleague may see at a glance, and nothing about a person (R-07, R-20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.agency.lists import Listed
from shared.agency.office import Office
from shared.agency.pages.desk import PageDesk
from shared.agency.pages.words import agency_of, state_of
from shared.agency.records import Box, Referral
from shared.agency.standing import has_ended
from shared.people.records import Account
from shared.referral.number import spoken
from shared.sop.model import Name, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A referral in a list. `instruction` is what people must do themselves at once, where its urgency says so."""

    referral_id: str
    number: str
    urgency: str
    level: Name
    service: Name
    received: bool
    other: Name | str
    due: str | None
    state: Name | str
    holder: str | None
    instruction: Name | None


def rows_of(listed: Listed, office: Office, names: Mapping[str, str]) -> Sequence[Row]:
    """Return referrals as lines; `names` are those of colleagues, by pseudonym."""
    return [_row(one, listed, office, names) for one in listed.referrals]


async def accounts_of(desk: PageDesk) -> Sequence[Account]:
    """Return everybody who has, or had, an account of this agency."""
    return await desk.front.people.read(lambda reading: reading.find(Account))


def names_of(accounts: Sequence[Account]) -> Mapping[str, str]:
    """Return the names of colleagues by pseudonym."""
    return {one.pseudonym: one.name for one in accounts}


def _row(referral: Referral, listed: Listed, office: Office, names: Mapping[str, str]) -> Row:
    level = office.sop.urgencies[Urgency(referral.urgency)]
    holder = listed.holders.get(referral.referral_id)
    return Row(
        referral_id=referral.referral_id,
        number=spoken(referral.number),
        urgency=referral.urgency,
        level=level.name,
        service=office.sop.services[referral.service_type].name,
        received=referral.box == Box.RECEIVED,
        other=agency_of(referral.other(office.agency_id), listed.agencies),
        due=referral.next_due_at,
        state=state_of(referral.state, office.sop),
        holder=None if holder is None else names.get(holder, holder),
        instruction=None if has_ended(referral.state) else level.instruction,
    )
