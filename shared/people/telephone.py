"""The secrets of one-time codes at rest, and how a telephone takes one: an `otpauth` address, shown as a picture."""

import pyotp

from shared.people.records import Account
from shared.people.sealing import seal, unseal
from shared.seal.at_rest import Vault


class TelephoneSecrets:
    """Makes, keeps and opens the secrets that people's telephones hold."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def new(self) -> str:
        """Return a fresh secret in base32, as authenticators take it."""
        return pyotp.random_base32()

    def keep(self, account_id: str, secret: str) -> bytes:
        """Return a secret as it is kept with its account."""
        return seal(self._vault, secret.encode(), place=_place(account_id))

    def open(self, account: Account) -> str:
        """Return the secret of an account. Raises `InternalFault` (`at-rest.unreadable`)."""
        return self.open_for(account.account_id, account.totp or b"")

    def open_for(self, account_id: str, kept: bytes) -> str:
        """Return a secret that was kept for an account. Raises `InternalFault` (`at-rest.unreadable`)."""
        return unseal(self._vault, kept, place=_place(account_id)).decode()


def picture(secret: str, *, login: str, issuer: str) -> str:
    """Return the QR code of a secret as SVG, without style attributes: black on white, with a quiet zone.

    The address holds the login and the name of the service, nothing else about the person.
    """
    import segno  # noqa: PLC0415 - drawn once in the life of a telephone

    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    code = segno.make(address, error="m", micro=False)
    return str(code.svg_inline(border=4, dark="black", light="white", svgclass="qr", lineclass=None, omitsize=True))


def _place(account_id: str) -> str:
    return f"account/{account_id}/telephone"
