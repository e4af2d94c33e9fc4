"""Who may call the gateway, for what."""

from shared.sop.model import Sector

AGENCY_SCOPES: frozenset[str] = frozenset(
    {
        "referrals.send",
        "referrals.handle",
        "consents.write",
        "directory.read",
        "directory.write",
        "ledger.read",
    }
)
OVERSIGHT_SCOPES: frozenset[str] = frozenset({"oversight.read", "oversight.review", "ledger.read", "directory.read"})
SECTORS: frozenset[str] = frozenset(sector.value for sector in Sector)
