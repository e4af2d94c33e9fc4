"""What an operator does with the directory: enrol, list and disable agencies, import communes.

Works on the gateway's own database, whether or not the gateway runs. Settings come from the home; `MESH_*` variables
in the environment, and files in the folder of secrets it names, win over them: for a gateway set up in another way.
"""

from contextlib import closing
from typing import Any

from gateway.adapters.provisioning import Provisioning
from gateway.bootstrap import open_provisioning
from gateway.domain.agency import Agency
from gateway.settings import GatewaySettings
from mesh.home import DATABASE_URL, SELF, Home
from mesh.programs import given_settings, settings_of
from mesh.provisioning import by_field
from mesh.refusal import CommandRefused
from mesh.roster import GATEWAY, Addresses


def directory(home: Home) -> closing[Provisioning]:
    """Open the directory of the mesh in `home`. Raises `CommandRefused` where there is none."""
    given = given_settings()
    credentials = home.credentials()
    if credentials is None and DATABASE_URL not in given:
        raise CommandRefused(f"{home.root} holds no mesh yet. Start one: {SELF} up --home {home.root}")
    url = credentials["gateway"] if credentials else ""
    own = settings_of(home, GATEWAY, Addresses()) | home.secrets(GATEWAY)
    settings = own | {"MESH_PUBLIC_URL": url} | given
    return closing(open_provisioning(GatewaySettings(**by_field(settings))))


def line_of(agency: Agency) -> dict[str, Any]:
    """Return an agency as `agencies list` shows it."""
    return {
        "id": agency.id,
        "name": agency.name_vi,
        "sectors": sorted(agency.sectors),
        "areas": sorted(agency.areas),
        "services": len(agency.services),
        "delivery": "push" if agency.base_url else "pull",
        "status": agency.status.value,
        "sample": agency.sample,
    }
