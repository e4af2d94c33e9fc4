"""Taking a case or handing it over, against an agency that tries to learn whom the centre acts for."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.agency_services import World, agency_id, world
from tests.support.legal_aid import case, taken_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What differs between two cases of which the same is said: ids, times, hashes, keys, signatures.
_OWN = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{32,64}|[A-Za-z0-9_.-]{40,}"
    r'|(?<="ledger_index": )\d+|(?<="index": )\d+'
)


#: What may stand in an address or a header of this sector: ids, the name of a worklist, how to page.
KNOWN = {f"{one}_id" for one in ("hearing", "deadline", "order", "claim", "offer", "proceeding")} | {
    *("id", "name", "limit", "after", "Access-Reason", "Access-Actor", "Idempotency-Key", "If-None-Match")
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service, the police and a legal-aid centre."""
    async with world(tmp_path_factory.mktemp("legal"), "health", "police", "legal_aid") as made:
        yield made


def plain(seen: Any) -> str:
    """What an attacker can compare of what was seen."""
    return _OWN.sub("#", json.dumps(seen, sort_keys=True))


async def seen_by_sender(mesh: World, referral_id: str, *, sender: str = "health") -> str:
    """All that the sending agency can ask of a case that came back to it."""
    await mesh[sender].until(referral_id, lambda seen: seen["state"] == "declined", query="")
    shown = await mesh[sender].seen(referral_id)
    del shown["compartments"]  # what the sender has written itself
    chain = (await mesh[sender].get(f"/v1/referrals/{referral_id}/chain")).json()
    leaves = [json.loads(one["leaf"]) for one in chain["entries"]]
    others = [leaf for leaf in leaves if leaf["actor"] != agency_id(sender)]  # its own receipts come when they come
    return plain([shown, chain["referrals"], others])


@pytest.mark.rule("R-11", "R-17")
async def test_a_sender_cannot_tell_whether_the_centre_acts_for_the_other_side_or_has_nobody_free(mesh: World) -> None:
    """The attacker works where she was sent from, and compares everything the mesh shows of two cases."""
    assert (await taken_in(mesh, await case(mesh, "Lê Văn Tám", None, sender="police")))["taken"]
    hit, busy = await case(mesh, "Vũ Thị Lan", "Lê Văn Tám"), await case(mesh, "Đỗ Thị Cúc", "Hà Văn Bảy")
    asked: list[list[str]] = []
    answers = []
    for referral_id, take in ((hit, True), (busy, False)):
        before = len(mesh.wire.requests)
        answers.append(await taken_in(mesh, referral_id, take=take))
        await mesh["legal_aid"].until(referral_id, lambda seen: seen["state"] == "declined")
        paths = [_OWN.sub("#", request.url.path) for request in mesh.wire.requests[before:]]
        asked.append([path for path in paths if path not in {"/v1/inbox", "/v1/inbox/receipts"}])
    assert plain(answers[0]) == plain(answers[1])
    assert asked[0] == asked[1]
    seen = [await seen_by_sender(mesh, referral_id) for referral_id in (hit, busy)]
    assert seen[0] == seen[1]
    assert '"reason": "D99"' in seen[0]


@pytest.mark.rule("R-11")
async def test_the_journal_and_the_records_of_the_centre_itself_do_not_say_why_either(mesh: World) -> None:
    await taken_in(mesh, await case(mesh, "Trần Thị Sáu", "Trần Văn Mười", sender="police"))
    hit, busy = await case(mesh, "Trần Văn Mười", None), await case(mesh, "Bùi Thị Hạnh", None)
    for referral_id, take in ((hit, True), (busy, False)):
        assert not (await taken_in(mesh, referral_id, take=take))["taken"]
    journals = [(await mesh["legal_aid"].get(f"/v1/referrals/{one}/acts")).json() for one in (hit, busy)]
    assert [entry["act"] for entry in journals[0]["items"]] == ["legal-aid.intake"]
    assert plain(journals[0]) == plain(journals[1])


async def test_the_same_side_twice_is_no_conflict(mesh: World) -> None:
    for _ in range(2):
        assert (await taken_in(mesh, await case(mesh, "Ngô Thị Xuân", "Ngô Văn Đông")))["taken"]


@pytest.mark.rule("R-11", "R-17")
async def test_nothing_takes_a_name_to_look_for(mesh: World) -> None:
    """The attacker is a partner system of the centre itself, with every scope."""
    client = mesh["legal_aid"]
    document = (await client.get("/openapi.json")).json()
    paths = {path: item for path, item in document["paths"].items() if path.startswith("/v1/legal-aid/")}
    asked = {one["name"] for item in paths.values() for act in item.values() for one in act.get("parameters", ())}
    assert asked <= KNOWN
    referral_id = await case(mesh, "Lý Thị Thu", None)
    for field in ("name", "perpetrator", "party"):
        body = {"actor": "clerk-1", "take": True, field: "Lê Văn Tám"}
        answer = await client.post(f"/v1/legal-aid/referrals/{referral_id}/intake", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "message.invalid")


@pytest.mark.rule("R-11", "R-17")
async def test_no_name_stands_in_the_database_of_the_centre(mesh: World) -> None:
    """The attacker has a copy of the database."""
    her, him = "Phạm Thị Ngân Hà", "Phạm Văn Trường Sơn"
    await taken_in(mesh, await case(mesh, her, him))
    stored = b"".join(path.read_bytes() for path in mesh.folder.glob("legal_aid.db*"))
    for name in (her, him, "pham thi ngan ha", "phạm văn trường sơn"):
        assert name.encode() not in stored


@pytest.mark.rule("R-11", "R-16")
async def test_once_a_case_is_sealed_off_it_stands_against_nobody(mesh: World) -> None:
    first = await case(mesh, "Hoàng Thị Thơm", "Hoàng Văn Sáng", sender="police")
    await taken_in(mesh, first)
    await mesh["legal_aid"].done(f"/v1/referrals/{first}/withdraw", {"reason": "survivor_asked"})
    await mesh["legal_aid"].until(first, lambda seen: seen["sealed_off_at"] is not None)
    assert (await taken_in(mesh, await case(mesh, "Hoàng Văn Sáng", None)))["taken"]


async def test_a_case_that_was_handed_over_is_not_decided_again(mesh: World) -> None:
    referral_id = await case(mesh, "Cao Thị Mơ", None)
    first = await taken_in(mesh, referral_id, take=False, alternative=agency_id("police"))
    assert (first["taken"], first["alternative"]) == (False, agency_id("police"))
    again = await mesh["legal_aid"].post(
        f"/v1/legal-aid/referrals/{referral_id}/intake", {"actor": "clerk-1", "take": True}
    )
    assert again.status_code in {403, 409}
    assert again.json()["code"] in {"legal-aid.handed-over", "referral.ended"}
    came_back = await mesh["health"].until(referral_id, lambda seen: seen["state"] == "declined", query="")
    said = next(one for one in came_back["history"] if one["type"] == "declined")
    assert said["data"] == {"reason": "D99", "alternative": agency_id("police")}


@pytest.mark.rule("R-11")
async def test_whoever_tries_name_after_name_meets_a_second_person(mesh: World) -> None:
    """The attacker refers one invented woman after the other, each time naming another man."""
    for number in ("Nhất", "Nhì", "Ba"):
        await taken_in(mesh, await case(mesh, f"Mai Thị {number}", "Mai Văn Lâm"), take=False)
    referral_id = await case(mesh, "Mai Thị Tư", "Mai Văn Lâm")
    path = f"/v1/legal-aid/referrals/{referral_id}/intake"
    for alone in ({}, {"second": "clerk-1"}):
        answer = await mesh["legal_aid"].post(path, {"actor": "clerk-1", "take": True, **alone})
        assert (answer.status_code, answer.json()["code"]) == (409, "legal-aid.second-person")
        assert answer.json()["reasons"][0]["rule"] == "LEG-PROBING"
    assert (await taken_in(mesh, referral_id))["taken"]
