"""Who may call the gateway, for what."""

from collections.abc import Mapping

from shared.sop.model import Sector, Sender

#: Each scope with its meaning, as the OpenAPI document tells it.
SCOPES_MEANING: Mapping[str, str] = {
    "referrals.send": "Send referrals, and events and notes about them.",
    "referrals.handle": "Receive referrals, report events, open compartments.",
    "consents.write": "Record consents and take them back.",
    "directory.read": "Read the directory and ask who fits.",
    "directory.write": "State your own agency's availability.",
    "ledger.read": "Read ledger entries and proofs that concern you.",
    "oversight.read": "Trace every chain and read the whole ledger.",
    "oversight.review": "Review overrides.",
}
OVERSIGHT_SCOPES: frozenset[str] = frozenset({"oversight.read", "oversight.review", "ledger.read", "directory.read"})
AGENCY_SCOPES: frozenset[str] = frozenset(SCOPES_MEANING) - {"oversight.read", "oversight.review"}
#: As what an agency can be enrolled: a sector, or somebody outside them who sends and gives no service, such as the
#: chair of a commune People's Committee. The survivor herself is nobody to enrol.
SECTORS: frozenset[str] = frozenset(sector.value for sector in Sector) | {
    sender.value for sender in Sender if sender is not Sender.SELF
}
