"""The private keys of the deployables of a home: opened, or made where there are none.

Promises that keys are never written over: without them nothing that is kept can be read.
"""

import secrets

from mesh.home import PASSPHRASE, Home
from mesh.refusal import CommandRefused
from mesh.roster import Deployable
from shared.seal.keys import AgencyKeys


def keys_of(home: Home, deployable: Deployable) -> AgencyKeys | None:
    """Return the keys of a deployable; None when it has none yet.

    Raises `CommandRefused` where their passphrase is missing, `InputRejected` (`keys.unreadable`).
    """
    file, passphrase = home.key_file(deployable), home.secrets(deployable).get(PASSPHRASE)
    if not file.exists():
        return None
    if passphrase is None:
        raise CommandRefused(
            f"{file} is here without its passphrase: put {home.secrets_folder(deployable) / PASSPHRASE.lower()} "
            "back from where it was, or from a backup. New keys are not made: they would open nothing that is kept."
        )
    return AgencyKeys.load(file, passphrase)


def ensure_keys(home: Home, deployable: Deployable) -> AgencyKeys:
    """Return the keys of a deployable, made when it has none: under the passphrase that is there, or a fresh one.

    Raises `CommandRefused` where their passphrase is missing, `InputRejected` (`keys.unreadable`, `keys.unwritable`).
    """
    if (known := keys_of(home, deployable)) is not None:
        return known
    keys, passphrase = AgencyKeys.generate(), home.secrets(deployable).get(PASSPHRASE) or secrets.token_urlsafe(32)
    home.keep_secrets(deployable, {PASSPHRASE: passphrase})
    keys.save(home.key_file(deployable), passphrase, first=True)
    return keys
