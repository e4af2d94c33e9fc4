"""Words for states and sides of a referral, for every page that shows one.

The procedure names its own states and events (`names.toml`, by the glossary); here stand only those that this service
has beside them. Texts are translated where they are shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.agency.records import QUEUED, REFUSED, Box
from shared.agency.working import Tab
from shared.pages.catalogue import N_
from shared.sop.model import Name, ReferralState, Sop

#: States that only this service knows: before the gateway has answered, and when it said no.
OWN_STATES: Final[Mapping[str, str]] = {
    QUEUED: N_("Waiting to be sent"),
    REFUSED: N_("Refused by the gateway"),
}
#: On which side of a referral this agency stands.
BOXES: Final[Mapping[str, str]] = {
    Box.RECEIVED: N_("Received"),
    Box.SENT: N_("Sent"),
}
#: The tabs of the inbox; what the sector calls its team stands in its profile.
TABS: Final[Mapping[Tab, str]] = {
    Tab.NEW: N_("New"),
    Tab.MINE: N_("Mine"),
    Tab.SENT: N_("Sent"),
    Tab.WAITING: N_("Waiting for others"),
    Tab.CLOSED: N_("Closed"),
}
GENDERS: Final[Mapping[str, str]] = {"female": N_("Woman"), "male": N_("Man")}


def state_of(state: str, sop: Sop) -> Name | str:
    """Return a state in words: a name of the procedure, or a text of the catalogue."""
    return OWN_STATES[state] if state in OWN_STATES else sop.state_names[ReferralState(state)]


def agency_of(agency_id: str, known: Mapping[str, Mapping[str, Any]]) -> Name | str:
    """Return the name of an agency as the directory last gave it, else its id."""
    name = known.get(agency_id)
    return Name(vi=str(name["vi"]), en=str(name["en"])) if name else agency_id
