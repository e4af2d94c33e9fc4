"""The casework of the police in tests: cases of one who has chosen a woman, and what is sent to the routes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.police.rules.checklist import checklist
from services.police.tables import ROWS
from shared.agency.adapters.store import SqlStore
from shared.agency.records import Visit
from shared.kernel.clock import to_wire
from tests.support.agency_services import World
from tests.support.casework import a_case

OFFICER = "officer-7"
CHAIR = {"office": "commune_committee_chair", "commune": "14845"}
SHE = {"staff_gender": "female"}
REPORT: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "incident": {"types": ["physical"]},
    "preferences": SHE,
}
ORDER: Mapping[str, Any] = {**REPORT, "safety": {"band": "R3"}, "perpetrator": {"name": "Tran Van Mau"}}
TRAFFICKED: Mapping[str, Any] = {**REPORT, "documents": {"held": ["identity_card"]}}
CHECKED = {
    "actor": OFFICER,
    "medical": "seen_to",
    "safety": "seen_to",
    "food_and_rest": "no_need",
    "child": "no_need",
}


def ago(**length: float) -> str:
    """A moment of the past, as wire text."""
    return to_wire(datetime.now(UTC) - timedelta(**length))


def refused(answer: httpx.Response, status: int, code: str, rule: str) -> None:
    """Check that a rule refused, and cites what it is derived from."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    reason = answer.json()["reasons"][0]
    assert (reason["code"], reason["rule"]) == (code, rule)
    assert reason["basis"]


async def case(mesh: World, service: str = "POL-03", *, until: str = "accept", **changes: Any) -> str:
    """A case at the police; the adult it is about has chosen a woman."""
    parts = {"POL-04": ORDER, "POL-08": TRAFFICKED}.get(service, REPORT)
    given = {"compartments": parts, "preferences": SHE, "age_band": "adult", **changes}
    return await a_case(mesh, "social", "police", service, until=until, accept=SHE, **given)


async def assigned(mesh: World, referral_id: str, **changes: Any) -> httpx.Response:
    request = {"actor": "desk-1", "officer": OFFICER, "gender": "female", **changes}
    return await mesh["police"].post(f"/v1/police/referrals/{referral_id}/officers", request)


async def ready(mesh: World, **changes: Any) -> str:
    """A case in which she may be asked: her needs are seen to, and an officer is assigned."""
    referral_id = await case(mesh, **changes)
    await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", CHECKED)
    assert (await assigned(mesh, referral_id)).status_code == 201
    return referral_id


def a_session(**changes: Any) -> dict[str, Any]:
    return {
        "actor": OFFICER,
        "officer": OFFICER,
        "started_at": ago(minutes=30),
        "support_person": "there",
        "interpreter": None,
        "friendly_room": True,
        **changes,
    }


def an_ending(**changes: Any) -> dict[str, Any]:
    answers = {item.code: "done" for item in checklist()}
    return {"actor": OFFICER, "ended_at": ago(seconds=1), "ending": "finished", "checklist": answers, **changes}


async def sat(mesh: World, referral_id: str, **changes: Any) -> httpx.Response:
    return await mesh["police"].post(f"/v1/police/referrals/{referral_id}/interviews", a_session(**changes))


async def told(mesh: World, referral_id: str, **changes: Any) -> dict[str, Any]:
    """A statement, registered from one session."""
    session = (await sat(mesh, referral_id, **changes)).json()["id"]
    path = f"/v1/police/referrals/{referral_id}"
    await mesh["police"].done(f"{path}/interviews/{session}/end", an_ending())
    kept = {"actor": OFFICER, "reference": "HS 14/2026, trang 3", "sha256": None, "interviews": [session]}
    return await mesh["police"].done(f"{path}/statements", kept)


async def clocks(mesh: World, referral_id: str) -> dict[str, dict[str, Any]]:
    items = (await mesh["police"].get(f"/v1/referrals/{referral_id}/clocks")).json()["items"]
    return {one["rule"]: one for one in items}


async def journal(mesh: World, referral_id: str) -> list[tuple[str, str, str | None]]:
    items = (await mesh["police"].get(f"/v1/referrals/{referral_id}/acts")).json()["items"]
    return [(one["act"], one["outcome"], one["rule"]) for one in items]


async def visits(mesh: World, referral_id: str) -> Sequence[Visit]:
    """Who has looked, as it lies in the database."""
    store = SqlStore(mesh.services["police"].settings.database_url.get_secret_value(), rows=ROWS)
    try:
        return await store.read(lambda reading: reading.visits(referral_id))
    finally:
        store.close()


def an_order(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "12/QD-UBND",
        "effective_at": ago(hours=1),
        "valid_to": ago(hours=-70),
        "received_at": ago(minutes=50),
        "keeps_away": "Tran Van Mau",
        "protects": "Nguyen Thi Mau",
        "zone": [{"kind": "home", "place": "thon Mau, xa Mau"}],
        **changes,
    }


async def asked(mesh: World, referral_id: str, **changes: Any) -> httpx.Response:
    request = {"actor": OFFICER, "asked_at": ago(hours=3), "asked_by": "self", "life_threat": False, **changes}
    return await mesh["police"].post(f"/v1/police/referrals/{referral_id}/order-requests", request)


async def decided(mesh: World, referral_id: str, request_id: str, **changes: Any) -> httpx.Response:
    decision = {
        "actor": OFFICER,
        "authority": CHAIR,
        "decided_at": ago(hours=2),
        "decided": "granted",
        "order": an_order(),
        **changes,
    }
    path = f"/v1/police/referrals/{referral_id}/order-requests/{request_id}/decision"
    return await mesh["police"].post(path, decision)


async def ordered(mesh: World, **changes: Any) -> tuple[str, str]:
    """An order that the chair made; the referral's id and its own."""
    referral_id = await case(mesh, "POL-04")
    request_id = (await asked(mesh, referral_id, **changes)).json()["id"]
    answer = await decided(mesh, referral_id, request_id)
    assert answer.status_code == 200, answer.text
    return referral_id, answer.json()["order"]["id"]


def supervisor(**changes: Any) -> dict[str, Any]:
    return {
        "actor": OFFICER,
        "supervisor": "village-3",
        "role": "village_head",
        "assigned_at": ago(minutes=40),
        "decision": "13/QD-CA",
        **changes,
    }
