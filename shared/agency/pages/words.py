"""Words of the lists: tabs, states, agencies.

The procedure names its own states (`names.toml`, by the glossary). Texts are translated where they are shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.agency.pages.referral_words import OWN_STATES
from shared.agency.working import Tab
from shared.pages.catalogue import N_
from shared.sop.model import Name, ReferralState, Sop

#: The tabs of the inbox; what the sector calls its team stands in its profile.
TABS: Final[Mapping[Tab, str]] = {
    Tab.NEW: N_("New"),
    Tab.MINE: N_("Mine"),
    Tab.SENT: N_("Sent by us"),
    Tab.WAITING: N_("Waiting for others"),
    Tab.CLOSED: N_("Closed"),
}


def state_of(state: str, sop: Sop) -> Name | str:
    """Return a state in words: a name of the procedure, or a text of the catalogue."""
    return OWN_STATES[state] if state in OWN_STATES else sop.state_names[ReferralState(state)]


def agency_of(agency_id: str, known: Mapping[str, Mapping[str, Any]]) -> Name | str:
    """Return the name of an agency as the directory last gave it, else its id."""
    name = known.get(agency_id)
    return Name(vi=str(name["vi"]), en=str(name["en"])) if name else agency_id
