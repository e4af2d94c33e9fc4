"""A protected site under attack: whoever asks, compares, filters, counts or provokes errors learns nothing of it.

The strongest of these tests plays one long attack against two worlds that differ only in what is secret of the
site, and wants every answer to be the same.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapters.tables import AGENCIES
from shared.kernel.clock import ManualClock
from shared.kernel.errors import InputRejected
from tests.support.agency import Agency, a_grant
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh, enrolment, running_mesh
from tests.support.places import COMMUNES, ask, held, hold, import_communes, join, let_go, matched, refusal, state

SITE = "site-7"
SECRETS = {"name_vi": "Nhà tạm lánh phường Hạc Thành", "name_en": "Hac Thanh House"}
NOON = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)
NEW_EVERY_TIME = {"lease_id", "instance", "trace_id", "ledger_index"}
MASK = {"vi": "Cơ sở được bảo vệ", "en": "Protected site"}


def protected(mesh: Mesh, **changes: Any) -> Agency:
    site = join(mesh, SITE, **{"protected": True, "hours": "24/7", **SECRETS, **changes})
    mesh.agencies[SITE] = site  # type: ignore[index]  # so that it can be sealed for
    return site


async def seen_by(attacker: Agency) -> list[str]:
    """Everything of the directory that an agency can read, as text."""
    calls = [
        await attacker.get("/v1/agencies"),
        await attacker.get(f"/v1/agencies/{SITE}"),
        await attacker.get("/v1/agencies", sector="social"),
        await attacker.get("/v1/agencies", service="SOC-01", limit=1),
        await attacker.get("/hsds/services", per_page=200),
        await attacker.get("/hsds/organizations", per_page=200),
        await attacker.get("/hsds/services", per_page=200, search="protected"),
        *[await ask(attacker, area=area) for area in ("38", "40", *(commune for commune, _ in COMMUNES))],
    ]
    assert all(answer.status_code == 200 for answer in calls)
    return [answer.text for answer in calls]


@pytest.mark.rule("R-18")
async def test_name_count_and_age_of_a_protected_site_are_seen_by_nobody_else(mesh: Mesh) -> None:
    import_communes(mesh)
    site = protected(mesh)
    await state(site, capacity=17)
    for attacker in (mesh[HEALTH], mesh[SOCIAL], mesh.oversight):
        seen = await seen_by(attacker)
        assert not any(secret in text for text in seen for secret in SECRETS.values())
        found = (await matched(attacker, area="14758"))[SITE]
        assert (found["name"], found["protected"]) == (MASK, True)
        assert (found["capacity"], found["stated_at"]) == (None, None)
        assert not any("capacity" in reason for reason in found["reasons"])


async def test_protected_site_sees_itself_as_it_is(mesh: Mesh) -> None:
    site = protected(mesh)
    entry = (await site.get(f"/v1/agencies/{SITE}")).json()
    assert entry["name"] == {"vi": SECRETS["name_vi"], "en": SECRETS["name_en"]}
    assert (await mesh[HEALTH].get(f"/v1/agencies/{SITE}")).json()["name"] == MASK


async def test_gateway_is_not_told_where_in_its_province_a_protected_site_is(mesh: Mesh) -> None:
    stated = enrolment(SITE, "social", "SOC-", protected=True, areas=frozenset({"38", "14758"}))
    with pytest.raises(InputRejected, match=r"agency\.enrolment"):
        mesh.provision(lambda desk: desk.enroll(stated))
    assert SITE not in {row["id"] for row in mesh.rows(AGENCIES)}


async def test_site_that_becomes_protected_must_first_give_up_its_commune(mesh: Mesh) -> None:
    join(mesh, SITE, areas=frozenset({"14758"}))
    with pytest.raises(InputRejected, match=r"agency\.enrolment"):
        join(mesh, SITE, areas=frozenset({"14758"}), protected=True)


async def test_stating_a_protected_site_anew_does_not_uncover_it_by_mistake(mesh: Mesh) -> None:
    protected(mesh)
    with pytest.raises(InputRejected, match=r"agency\.enrolment"):
        join(mesh, SITE, areas=frozenset({"14758"}), **SECRETS)
    assert (await mesh[HEALTH].get(f"/v1/agencies/{SITE}")).json()["name"] == MASK


@pytest.mark.rule("R-18")
async def test_asking_in_every_commune_does_not_find_the_one_it_is_in(mesh: Mesh) -> None:
    import_communes(mesh)
    await state(protected(mesh), capacity=3)
    found = [(await matched(mesh[HEALTH], area=area))[SITE] for area in ("38", "14758", "15043")]
    assert all({**item, "area": ""} == {**found[0], "area": ""} for item in found)


async def test_referring_in_every_commune_does_not_find_the_one_it_is_in(mesh: Mesh) -> None:
    import_communes(mesh)
    protected(mesh)
    health = mesh[HEALTH]
    consent = await health.record_consent(a_grant(SITE))
    statuses = {
        area: (await health.refer(SITE, consent, area=area)).answer.status_code for area in ("38", "14758", "15043")
    }
    assert set(statuses.values()) == {202}


@pytest.mark.parametrize("capacity", [1, 2, 40])
async def test_holding_places_does_not_count_them(mesh: Mesh, capacity: int) -> None:
    await state(protected(mesh), capacity=capacity)
    before = (await ask(mesh[HEALTH])).json()
    lease = await held(mesh[HEALTH], SITE)
    refused = [await hold(mesh[HEALTH], SITE) for _ in range(3)]
    assert {refusal(answer) for answer in refused} == {(409, "lease.none")}
    assert (await ask(mesh[HEALTH])).json() == before
    assert (await ask(mesh[POLICE])).json()["items"] == before["items"]
    assert (await let_go(mesh[HEALTH], lease)).status_code == 204
    await held(mesh[HEALTH], SITE)


async def test_refusal_of_a_full_site_reads_like_any_other_refusal_of_a_place(mesh: Mesh) -> None:
    site = protected(mesh)
    refusals = []
    for facts in ({"capacity": 0}, {"capacity": 1}, {"accepting": False, "capacity": 9}, {}):
        await state(site, **facts)
        taken = await hold(mesh[POLICE], SITE) if facts.get("capacity") == 1 else None
        refusals.append(comparable(await hold(mesh[HEALTH], SITE)))
        if taken is not None:
            await let_go(mesh[POLICE], taken.json()["lease_id"])
    refusals.append(comparable(await hold(mesh[HEALTH], SOCIAL)))  # no protected site, and nothing stated
    assert all(answer == refusals[0] for answer in refusals)


async def test_not_even_the_ledger_says_whose_places_are_held(mesh: Mesh) -> None:
    await state(protected(mesh), capacity=3)
    await held(mesh[HEALTH], SITE)
    await hold(mesh[HEALTH], SITE)
    leaves = [json.loads(item.leaf) for item in await all_entries(mesh.oversight)]
    about = [leaf for leaf in leaves if "lease" in (leaf["kind"], leaf.get("state"))]
    assert [leaf["code"] for leaf in about] == ["granted", "lease.none"]
    assert not any(secret in json.dumps(leaf) for leaf in about for secret in (SITE, "SOC-01"))


async def attack(mesh: Mesh, site: Agency) -> list[Any]:
    """Everything an agency can think of in an afternoon; what it got to see."""
    health, police = mesh[HEALTH], mesh[POLICE]
    seen: list[Any] = list(await seen_by(health))
    for preferences in ({"staff_gender": "female"}, {"staff_gender": "male"}, {"language": "hmn", "interpreter": True}):
        seen.append((await ask(health, preferences=preferences)).json())
    for facts in ({"open_only": True}, {"children": True}, {"disability_access": True}, {"exclude": [SOCIAL]}):
        seen.append((await ask(health, **facts)).json())
    for _ in range(3):
        seen.append(comparable(await hold(health, SITE, minutes=30)))
        seen.append((await ask(health)).json())
        seen.append((await ask(police, area="14758")).json())
    seen.append(comparable(await hold(health, SITE, service_type="SOC-02")))
    seen.append(comparable(await health.call("PUT", f"/v1/agencies/{SITE}/availability", json={})))
    mesh.advance(timedelta(minutes=31))
    seen.append(comparable(await hold(health, SITE)))
    seen.append((await health.get("/v1/ledger/entries", limit=100)).status_code)
    mesh.advance(timedelta(hours=25))
    seen.append((await ask(health)).json())
    seen.append((await ask(health, area="40")).json())
    return seen


async def test_two_worlds_that_differ_in_the_secrets_of_a_site_look_the_same(tmp_path: Path) -> None:
    worlds: list[Mapping[str, Any]] = [
        {"capacity": 2, "held": False, "changes": SECRETS},
        {"capacity": 60, "held": True, "changes": {"name_vi": "Nhà khác", "name_en": "Another House"}},
    ]
    transcripts = []
    for number, world in enumerate(worlds):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with running_mesh(f"sqlite:///{folder / 'mesh.db'}", folder, clock=ManualClock(NOON)) as mesh:
            import_communes(mesh)
            site = protected(mesh, **world["changes"])
            await state(site, capacity=world["capacity"], staff_genders=["female"], children_welcome=True)
            if world["held"]:
                await held(mesh[SOCIAL], SITE)  # others hold places there as well
            transcripts.append(await attack(mesh, site))
    for one, other in zip(*transcripts, strict=True):
        assert one == other


def comparable(answer: httpx.Response) -> tuple[int, str]:
    """An answer without what is new in every answer."""
    document = answer.json()
    kept = {name: value for name, value in document.items() if name not in NEW_EVERY_TIME}
    return answer.status_code, json.dumps(kept, sort_keys=True)
