"""The secrets of a mesh made before anything else runs: keys, passphrases, webhook secrets, passwords of databases.

For containers, where each is a file that only those who need it are given. Promises to be repeatable: what is there
stays as it is; the key file of a deployable and the first password of a database come last, so that who finds one
finds everything. Never prints a secret.

    HOME/NAME/                     what a deployable gets: its keys and the folder of its secrets
    HOME/databases/NAME/           what its database and its migrations get, and it does not:
        owner_password, service_password, owner_url, superuser_password (the last)
    HOME/broker/                   who may come in at the brokers, the gateway, and the key of what they store:
        accounts.conf, store.conf
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mesh.home import DATABASE_URL, WEBHOOK_SECRET, Home, write_private
from mesh.keys import ensure_keys
from mesh.roster import DEPLOYABLES, GATEWAY, AgencyService, Deployable
from shared.transport.webhooks import new_webhook_secret

#: The accounts at each database: who owns the tables, and who works with them.
OWNER: Final = "mesh_owner"
SERVICE: Final = "mesh_service"
BROKER_PASSWORD: Final = "MESH_BROKER_PASSWORD"  # noqa: S105 - a name, not a secret
#: Whoever is given the folder may read it: databases have accounts of their own.
_TO_WHOM_IT_IS_GIVEN: Final = 0o444


def mint(home: Home, *, databases: str) -> None:
    """Make what is missing. `databases` is where each answers, such as `{name}-database/mesh`."""
    _mint_broker(home)
    for deployable in DEPLOYABLES:
        _mint_database(home, deployable, databases.format(name=deployable.host_name))
        if isinstance(deployable, AgencyService) and WEBHOOK_SECRET not in home.secrets(deployable):
            home.keep_secrets(deployable, {WEBHOOK_SECRET: new_webhook_secret()})
        ensure_keys(home, deployable)


def _mint_database(home: Home, deployable: Deployable, place: str) -> None:
    folder = home.root / "databases" / deployable.name
    passwords = {name: _password(folder / f"{name}_password") for name in ("owner", "service")}
    urls = _urls(place, passwords)
    home.keep_secrets(deployable, {DATABASE_URL: urls[SERVICE]})
    _keep(folder / "owner_url", urls[OWNER])
    _password(folder / "superuser_password")


def _mint_broker(home: Home) -> None:
    password = home.secrets(GATEWAY).get(BROKER_PASSWORD) or secrets.token_urlsafe(32)
    home.keep_secrets(GATEWAY, {BROKER_PASSWORD: password})
    folder = home.root / "broker"
    _keep(folder / "store.conf", f'cipher: aes, key: "{secrets.token_urlsafe(32)}"')
    _keep(folder / "accounts.conf", f'authorization {{ user: gateway, password: "{password}" }}')


def _urls(place: str, passwords: Mapping[str, str]) -> dict[str, str]:
    return {
        account: f"postgresql+psycopg://{account}:{passwords[account.removeprefix('mesh_')]}@{place}"
        for account in (OWNER, SERVICE)
    }


def _password(file: Path) -> str:
    if not file.exists():
        _keep(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="utf-8").strip()


def _keep(file: Path, text: str) -> None:
    if not file.exists():
        write_private(file, f"{text}\n", mode=_TO_WHOM_IT_IS_GIVEN)
