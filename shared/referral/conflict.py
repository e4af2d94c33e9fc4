"""A member of staff who declares a conflict of interest, and from whom the case then disappears (rule R-11).

The declaration is an `opening` whose coded reason is `CONFLICT_REASON`: it opens nothing, and from then on whoever it
names is kept from the whole case at that agency. Nobody says why, to anybody. Where no colleague can take the case
it goes back with `CONFLICT_DECLINE`. Unlike the blocked list (`shared.referral.blocked`) a declaration does not travel:
a pseudonym means somebody at one agency only, and no agency speaks for the people of another.
"""

from typing import Final

from shared.referral.blocked import blocked_hash

#: The reason of an opening by which its actor declares a conflict.
CONFLICT_REASON: Final = "conflict_of_interest"
#: The reason for declining when nobody else at the agency can take the case.
CONFLICT_DECLINE: Final = "D05"
#: What is said to whoever the case is kept from.
KEPT_FROM: Final = "referral.blocked"


def conflict_key(agency_id: str, *, chain_id: str, actor: str) -> str:
    """Return the key of a declaration: the agency, and its member of staff as the salted hash of this case."""
    return f"{agency_id}/{blocked_hash(chain_id, actor)}"
