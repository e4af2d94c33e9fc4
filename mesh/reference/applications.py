"""The OpenAPI documents of the five services, as they serve them.

Each is made in a process of its own, from a throw-away home with fresh keys, so that nothing it opens stays open here.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from mesh.home import WEBHOOK_SECRET, Home
from mesh.keys import ensure_keys
from mesh.programs import CHECKOUT, process_environment, settings_of
from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES, Addresses, Deployable
from shared.transport.webhooks import new_webhook_secret

PRINT: Final = """
import importlib, json, sys
module, _, factory = sys.argv[1].partition(":")
json.dump(getattr(importlib.import_module(module), factory)().openapi(), sys.stdout)
"""
WITHIN: Final = 60


def documents() -> Mapping[str, dict[str, Any]]:
    """Return the OpenAPI document of each service by its name."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        home = Home(Path(folder))
        made = pool.map(lambda deployable: document(home, deployable), DEPLOYABLES)
        return dict(zip([deployable.name for deployable in DEPLOYABLES], made, strict=True))


def document(home: Home, deployable: Deployable) -> dict[str, Any]:
    """Return the OpenAPI document of one service. Raises `CommandRefused` when it cannot be made."""
    ensure_keys(home, deployable)
    home.keep_secrets(deployable, {WEBHOOK_SECRET: new_webhook_secret()})
    outcome = subprocess.run(
        [sys.executable, "-c", PRINT, deployable.factory],
        cwd=CHECKOUT,
        env=process_environment() | settings_of(home, deployable, Addresses()),
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN,
    )
    if outcome.returncode != 0:
        raise CommandRefused(f"{deployable.name} cannot be made:\n{outcome.stderr}")
    made: dict[str, Any] = json.loads(outcome.stdout)
    return made
