"""Small secrets that are kept where others could look: each under a key of its own, wrapped by the master key."""

from typing import Final

from shared.kernel.errors import InternalFault
from shared.seal.at_rest import Vault

_LENGTH_BYTES: Final = 2


def seal(vault: Vault, secret: bytes, *, place: str) -> bytes:
    """Return a secret as it is kept; it opens at this place only."""
    key, wrapped = vault.new_key(place)
    return len(wrapped).to_bytes(_LENGTH_BYTES) + wrapped + key.encrypt(secret, context=place)


def unseal(vault: Vault, kept: bytes, *, place: str) -> bytes:
    """Return what was sealed at a place. Raises `InternalFault` (`at-rest.unreadable`)."""
    end = _LENGTH_BYTES + int.from_bytes(kept[:_LENGTH_BYTES])
    if len(kept) <= end:
        raise InternalFault("at-rest.unreadable", "A sealed secret is not whole.")
    return vault.unwrap(kept[_LENGTH_BYTES:end], place).decrypt(kept[end:], context=place)
