"""What tests of social services ask of the service: who refused by which rule, and how the clocks stand."""

from typing import Any

import httpx

from tests.support.agency_services import World


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check that a rule refused, with its basis, and return which rule."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    reason = answer.json()["reasons"][0]
    assert reason["code"] == code
    assert reason["basis"]
    return str(reason["rule"])


async def journal(mesh: World, referral_id: str) -> list[tuple[str, str, str | None, str | None]]:
    """What was done in a case: act, outcome, code and rule of a refusal."""
    items: list[dict[str, Any]] = (await mesh["social"].get(f"/v1/referrals/{referral_id}/acts")).json()["items"]
    return [(one["act"], one["outcome"], one["code"], one["rule"]) for one in items]


async def clocks(mesh: World, referral_id: str) -> dict[str, str]:
    """The clocks of a case: the state of each rule's latest."""
    items = (await mesh["social"].get(f"/v1/referrals/{referral_id}/clocks")).json()["items"]
    return {one["rule"]: one["state"] for one in items}
