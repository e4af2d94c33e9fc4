"""What every page of an agency stands on, and what its people look like: brand, navigation, who acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.agency.acting import Caller
from shared.agency.pages.form_key import form_key
from shared.agency.pages.panel_reading import PanelState, states_of
from shared.agency.pages.panels import NO_PANELS, SectorPanels
from shared.agency.profile import AgencyProfile
from shared.agency.reading import Visitor
from shared.agency.records import Referral
from shared.agency.sector.practice import Practice
from shared.pages.catalogue import N_
from shared.pages.forms import Form
from shared.pages.front import Front
from shared.pages.rendering import Brand, NavLink, Pages
from shared.people.records import Person, Role
from shared.sop.model import Sector

ROOM: Final = "shared.agency.pages"
HOME: Final = "/inbox"
CASEWORK: Final = frozenset({Role.CASEWORKER, Role.SUPERVISOR})

LINKS: Final[Sequence[NavLink]] = (
    NavLink(N_("Inbox"), HOME, CASEWORK),
    NavLink(N_("New referral"), "/new", CASEWORK),
    NavLink(N_("Supervision"), "/supervision", frozenset({Role.SUPERVISOR})),
    NavLink(N_("Administration"), "/administration", frozenset({Role.ADMINISTRATOR})),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDesk:
    """An agency at work, as its pages need it."""

    practice: Practice
    front: Front
    panels: SectorPanels = NO_PANELS

    @property
    def pages(self) -> Pages:
        """What renders."""
        return self.front.pages

    async def panels_for(self, referral: Referral) -> Sequence[PanelState]:
        """Return how each panel of the profession stands for a referral, without a word about a person."""
        return await states_of(self.practice, self.panels, referral)

    def visitor(self, person: Person, reason: str | None = None) -> Visitor:
        """Return who reads, and why (a code of `Access-Reason`)."""
        return Visitor(client_of(person), person.pseudonym, person.pseudonym, reason)

    def caller(self, person: Person, form: Form, *, path: str) -> Caller:
        """Return who acts. The same form sent twice acts once: its key was made with the page (`form_key`)."""
        return Caller(client_of(person), person.pseudonym, *form_key(form, path))


def client_of(person: Person) -> str:
    """Return the name under which a person's acts stand beside those of partner systems."""
    return f"person:{person.account.account_id}"


def brand_of(profile: AgencyProfile) -> Brand:
    """Return what an agency's pages look like. The colour goes by sector."""
    slug = "legal-aid" if profile.sector is Sector.LEGAL_AID else profile.sector.value
    return Brand(slug=slug, name=profile.name, home=HOME, links=LINKS)
