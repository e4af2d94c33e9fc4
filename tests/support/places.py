"""Agencies that have places, ask for places and hold them: short words for what tests of matching and leases do."""

from typing import Any

import httpx

from tests.support.agency import Agency
from tests.support.mesh import Mesh, enrolment, keys_of

SHELTER = "SOC-01"
#: Communes of provinces 38 and 40, as an operator imports them.
COMMUNES = (("14758", "38"), ("15043", "38"), ("16738", "40"))


def join(mesh: Mesh, agency_id: str, *, sector: str = "social", codes: str = "SOC-", **changes: Any) -> Agency:
    """Enrol one more agency of Thanh Hoa with a running mesh."""
    mesh.provision(lambda desk: desk.enroll(enrolment(agency_id, sector, codes, **changes)))
    other = next(iter(mesh.agencies.values()))
    return Agency(agency_id, keys_of(agency_id), other.http, mesh.clock, other.ids, other.sop, mesh.agencies)


def import_communes(mesh: Mesh) -> None:
    """Let the directory know the communes above."""
    mesh.provision(lambda desk: desk.import_areas(COMMUNES))


async def state(agency: Agency, *, accepting: bool = True, service_type: str = SHELTER, **facts: Any) -> None:
    """Say what the agency can take now."""
    stated = {"service_type": service_type, "accepting": accepting, **facts}
    answer = await agency.call("PUT", f"/v1/agencies/{agency.id}/availability", json=stated)
    assert answer.status_code == 204, answer.text


async def ask(agency: Agency, *, service_type: str = SHELTER, area: str = "38", **facts: Any) -> httpx.Response:
    """Ask who could take her."""
    return await agency.call("POST", "/v1/matches", json={"service_type": service_type, "area": area, **facts})


async def matched(agency: Agency, **facts: Any) -> dict[str, dict[str, Any]]:
    """Who could take her, by id, best first."""
    answer = await ask(agency, **facts)
    assert answer.status_code == 200, answer.text
    return {item["agency"]: item for item in answer.json()["items"]}


async def hold(holder: Agency, agency_id: str, *, minutes: int = 15, **facts: Any) -> httpx.Response:
    """Try to hold a place."""
    wanted = {"agency": agency_id, "service_type": SHELTER, "minutes": minutes, **facts}
    return await holder.call("POST", "/v1/leases", json=wanted)


async def held(holder: Agency, agency_id: str, **facts: Any) -> str:
    """Hold a place, which must be there; return the lease's id."""
    answer = await hold(holder, agency_id, **facts)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["lease_id"])


async def let_go(holder: Agency, lease_id: str) -> httpx.Response:
    """Release a lease."""
    return await holder.call("DELETE", f"/v1/leases/{lease_id}")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]
