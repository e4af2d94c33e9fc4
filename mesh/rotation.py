"""Exchanging the keys of a deployable while the mesh runs, without a message lost.

The order is what matters. Others must be able to verify a new signing key before anything is signed with it: it is
published first, then the service takes it up. The service must hold a new encryption key before anybody seals to it:
the service takes it up first, then it is published. The old keys stay beside the new ones until somebody drops them,
for what is signed with them or sealed to them and still on its way.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import httpx

from mesh.home import PASSPHRASE, Home
from mesh.keys import keys_of
from mesh.operation import directory
from mesh.refusal import CommandRefused
from mesh.roster import AgencyService, Deployable
from mesh.supervisor import READY_WITHIN
from shared.seal.keys import AgencyKeys

SIGNING: Final = "signing"
ENCRYPTION: Final = "encryption"
_LOOK_AGAIN: Final = 0.1


def rotate(home: Home, deployable: Deployable, kinds: frozenset[str]) -> Iterator[str]:
    """Give a deployable fresh keys of these kinds; yield what was done, a line each. Raises `CommandRefused`."""
    keys = _keys(home, deployable)
    if SIGNING in kinds:
        keys = keys.new_signing_key()
        yield from _publish(home, deployable, keys)
    if ENCRYPTION in kinds:
        keys = keys.new_encryption_key()
    yield from _take_up(home, deployable, keys)
    if ENCRYPTION in kinds:
        yield from _publish(home, deployable, keys)


def drop(home: Home, deployable: Deployable, kid: str) -> Iterator[str]:
    """Let go of an older key whose time is over. Raises `CommandRefused` for a key that is current or unknown."""
    keys = _keys(home, deployable)
    fewer = keys.without(kid)
    if fewer.public_jwks() == keys.public_jwks():
        raise CommandRefused("No older key of this deployable has this kid.")
    yield from _publish(home, deployable, fewer)
    yield from _take_up(home, deployable, fewer)


def listed(home: Home, deployable: Deployable) -> Iterator[dict[str, str]]:
    """Return the public keys of a deployable: the current ones first of their kind."""
    keys = _keys(home, deployable)
    current = {keys.signing.kid, keys.encryption.kid}
    for jwk in keys.public_jwks()["keys"]:
        yield {"kid": jwk["kid"], "use": jwk["use"], "state": "current" if jwk["kid"] in current else "older"}


def witness_vkey(home: Home, deployable: Deployable, name: str) -> str:
    """Return the verifier key under which a deployable cosigns checkpoints as `name`. Raises `CommandRefused`."""
    return _keys(home, deployable).cosigner(name).verifier.vkey()


def _keys(home: Home, deployable: Deployable) -> AgencyKeys:
    keys = keys_of(home, deployable)
    if keys is None:
        raise CommandRefused(f"{home.root} holds no keys of {deployable.name}. Start the mesh once.")
    return keys


def _publish(home: Home, deployable: Deployable, keys: AgencyKeys) -> Iterator[str]:
    """State the public keys in the directory; the gateway publishes its own by itself."""
    if not isinstance(deployable, AgencyService):
        return
    with directory(home) as gateway:
        known = next((one for one in gateway.list() if one.id == deployable.agency_id), None)
        if known is None:
            raise CommandRefused(f"{deployable.agency_id} is not in the directory of this mesh.")
        gateway.publish_keys(known.id, keys.public_jwks())
    yield "The directory has the new keys."


def _take_up(home: Home, deployable: Deployable, keys: AgencyKeys) -> Iterator[str]:
    """Write the key file, and let a service that runs start again with it."""
    keys.save(home.key_file(deployable), home.secrets(deployable)[PASSPHRASE])
    state = home.state() if home.is_running() else None
    if state is None:
        yield "The key file is written; the service takes it up when it starts."
        return
    service = state["services"][deployable.name]
    with suppress(ProcessLookupError):
        os.kill(service["pid"], signal.SIGTERM)
    _wait_for_another(home, deployable, before=service["pid"])
    yield "The service works with the new keys."


def _wait_for_another(home: Home, deployable: Deployable, *, before: int) -> None:
    """Wait until another process answers in the place of one that was told to end. Raises `CommandRefused`."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        service = (home.state() or {"services": {}})["services"].get(deployable.name, {})
        if service.get("pid") not in {None, before}:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{service['url']}/readyz", trust_env=False, timeout=2).is_success:
                    return
        time.sleep(_LOOK_AGAIN)
    raise CommandRefused(f"{deployable.name} did not come back; see {home.log_file(deployable)}.")
