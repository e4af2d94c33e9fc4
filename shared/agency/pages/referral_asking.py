"""Whom a form may name: colleagues who can take a case, and agencies that could be asked instead."""

from collections.abc import Sequence

from shared.agency.giving_back import other_agencies
from shared.agency.office import Office
from shared.agency.pages.desk import CASEWORK, PageDesk
from shared.agency.pages.referral_values import Said
from shared.agency.pages.referral_verbs import Option
from shared.agency.records import Referral
from shared.people.records import Account, Role
from shared.sop.model import Name


async def people_here(desk: PageDesk, *, but: str | None = None) -> Sequence[Option]:
    """Return the colleagues who do casework, by name."""
    accounts = await desk.front.people.read(lambda reading: reading.find(Account))
    found = [one for one in accounts if Role(one.role) in CASEWORK and one.disabled_at is None and one.pseudonym != but]
    return [Option(one.pseudonym, Said("raw", one.name)) for one in sorted(found, key=lambda one: one.name)]


async def agencies_instead(office: Office, referral: Referral) -> Sequence[Option]:
    """Return the agencies that could be asked instead, best first; none while the gateway is away."""
    found = await other_agencies(office, referral)
    return [Option(str(one["agency"]), Said("name", Name(vi=one["name"]["vi"], en=one["name"]["en"]))) for one in found]
