"""Who must never receive or open a case, by salted hash: the hub checks it without learning why.

Follows wire contract section 4 (`blocked`) and rules R-04 and R-11. The chain id is the salt, so
that the same person cannot be followed from one case to another.
"""

from collections.abc import Collection, Iterable

from shared.kernel.encoding import sha256_b64url


def blocked_hash(chain_id: str, who: str) -> str:
    """Return `base64url(SHA-256(chain_id || "|" || who))` for an agency id or a staff pseudonym."""
    return sha256_b64url(f"{chain_id}|{who}".encode())


def is_blocked(blocked: Collection[str], *, chain_id: str, who: Iterable[str]) -> bool:
    """Say whether any of `who` (agency ids, staff pseudonyms) is on the blocked list of this chain."""
    return bool(blocked) and any(blocked_hash(chain_id, one) in blocked for one in who)
