"""The secrets of one-time codes at rest: each under a key of its own, wrapped by the deployable's master key."""

import pyotp

from shared.kernel.errors import InternalFault
from shared.people.records import Account
from shared.seal.at_rest import Vault

_LENGTH_BYTES = 2


class TelephoneSecrets:
    """Makes, keeps and opens the secrets that people's telephones hold."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def new(self) -> str:
        """Return a fresh secret in base32, as authenticators take it."""
        return pyotp.random_base32()

    def keep(self, account_id: str, secret: str) -> bytes:
        """Return a secret as it is kept with its account."""
        key, wrapped = self._vault.new_key(_place(account_id))
        sealed = key.encrypt(secret.encode(), context=_place(account_id))
        return len(wrapped).to_bytes(_LENGTH_BYTES) + wrapped + sealed

    def open(self, account: Account) -> str:
        """Return the secret of an account. Raises `InternalFault` (`at-rest.unreadable`)."""
        kept = account.totp or b""
        end = _LENGTH_BYTES + int.from_bytes(kept[:_LENGTH_BYTES])
        if len(kept) <= end:
            raise InternalFault("at-rest.unreadable", "A secret of one-time codes is not whole.")
        key = self._vault.unwrap(kept[_LENGTH_BYTES:end], _place(account.account_id))
        return key.decrypt(kept[end:], context=_place(account.account_id)).decode()


def _place(account_id: str) -> str:
    return f"account/{account_id}/telephone"
