"""What an operator does to an agency service from the command line, while it runs or not."""

from shared.agency.adapters.store import SqlStore
from shared.agency.partners import CLIENT_ID, new_secret, partner_of
from shared.agency.ports import Desk
from shared.agency.records import Partner
from shared.agency.settings import AgencySettings
from shared.kernel.clock import SystemClock
from shared.kernel.errors import InputRejected


def add_partner(settings: AgencySettings, client_id: str) -> str:
    """Let a partner system call this service, with every scope, and return its new secret.

    For a client that is there already the secret is replaced. Raises `InputRejected` (`message.invalid`).
    """
    if not CLIENT_ID.fullmatch(client_id):
        raise InputRejected("message.invalid", "Write 3 to 63 letters, digits, '.', '_' or '-'.")
    secret = new_secret()
    partner = partner_of(client_id, secret=secret, jwks=None, at=SystemClock().now())

    def work(desk: Desk) -> None:
        known = desk.get(Partner, client_id)
        if known is None:
            desk.add(partner)
        else:
            desk.change(known, secret_hash=partner.secret_hash)

    store = SqlStore(settings.database_url.get_secret_value())
    try:
        store.write_blocking(work)
    finally:
        store.close()
    return secret
