"""The directory in the form of Open Referral HSDS: pages, ids that stay, and who may read it."""

from uuid import UUID

import pytest

from tests.support.mesh import HEALTH, SOCIAL, Mesh


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def test_pages_hold_every_service_of_every_agency_once(mesh: Mesh) -> None:
    agencies = (await mesh[HEALTH].get("/v1/agencies", limit=200)).json()["items"]
    offered = {(each["id"], code) for each in agencies for code in each["services"]}
    first = (await mesh[HEALTH].get("/hsds/services", per_page=20)).json()
    assert (first["total_items"], first["size"], first["page_number"]) == (len(offered), 20, 1)
    assert (first["first_page"], first["last_page"], first["empty"]) == (True, False, False)
    found = []
    for number in range(1, first["total_pages"] + 1):
        found += (await mesh[HEALTH].get("/hsds/services", per_page=20, page=number)).json()["contents"]
    assert {(each["organization"]["alternate_name"], each["alternate_name"]) for each in found} == offered
    assert len({UUID(each["id"]) for each in found}) == len(offered)
    beyond = (await mesh[HEALTH].get("/hsds/services", page=1000)).json()
    assert (beyond["empty"], beyond["last_page"], beyond["contents"]) == (True, True, [])


async def test_service_is_read_by_its_id_with_whose_it_is_and_where(mesh: Mesh) -> None:
    listed = (await mesh[HEALTH].get("/hsds/organizations", per_page=200)).json()["contents"]
    (social,) = (each for each in listed if each["alternate_name"] == SOCIAL)
    of_social = (await mesh[HEALTH].get("/hsds/services", organization_id=social["id"])).json()["contents"]
    assert {each["organization"]["id"] for each in of_social} == {social["id"]}
    (shelter,) = (each for each in of_social if each["alternate_name"] == "SOC-01")
    assert (await mesh[HEALTH].get(f"/hsds/services/{shelter['id']}")).json() == shelter
    assert (shelter["status"], shelter["description"]) == ("active", "Emergency shelter")
    assert [area["name"] for area in shelter["service_areas"]] == ["38"]
    assert [each["taxonomy_term"]["code"] for each in shelter["attributes"]] == ["SOC-01"]
    assert (await mesh[HEALTH].get(f"/hsds/organizations/{social['id']}")).json() == social


async def test_services_are_found_by_their_kind_by_their_sector_and_by_words(mesh: Mesh) -> None:
    async def found(**asked: object) -> set[str]:
        listed = (await mesh[HEALTH].get("/hsds/services", per_page=200, **asked)).json()["contents"]
        return {each["alternate_name"] for each in listed}

    everything = await found()
    (taxonomy,) = (await mesh[HEALTH].get("/hsds/taxonomies")).json()["contents"]
    sectors = (await mesh[HEALTH].get("/hsds/taxonomy_terms", top_only=True)).json()["contents"]
    (social,) = (each for each in sectors if each["code"] == "social")
    below = (await mesh[HEALTH].get("/hsds/taxonomy_terms", parent_id=social["id"])).json()["contents"]
    (shelter,) = (each for each in below if each["code"] == "SOC-01")
    assert (shelter["description"], shelter["taxonomy_id"]) == ("Emergency shelter", taxonomy["id"])
    assert (await mesh[HEALTH].get(f"/hsds/taxonomy_terms/{shelter['id']}")).json() == shelter
    assert (await mesh[HEALTH].get(f"/hsds/taxonomies/{taxonomy['id']}")).json() == taxonomy
    assert await found(taxonomy_term_id=shelter["id"], full=True, format="json") == {"SOC-01"}
    assert await found(taxonomy_term_id=social["id"]) == {code for code in everything if code.startswith("SOC-")}
    assert await found(taxonomy_id=taxonomy["id"]) == everything
    assert await found(taxonomy_id=UUID(int=7)) == set()
    assert await found(search="EMERGENCY shelter") == {"SOC-01"}


async def test_parameter_that_cannot_be_answered_is_refused_and_not_ignored(mesh: Mesh) -> None:
    for name, value in (("modified_after", "2026-01-01"), ("postcode", "40000"), ("format", "ndjson")):
        assert (await mesh[HEALTH].get("/hsds/services", **{name: value})).status_code == 422


async def test_what_the_directory_does_not_have_is_not_found(mesh: Mesh) -> None:
    for kind in ("services", "organizations", "taxonomies", "taxonomy_terms"):
        answer = await mesh[HEALTH].get(f"/hsds/{kind}/{UUID(int=7)}")
        assert (answer.status_code, answer.json()["code"]) == (404, "hsds.unknown")


async def test_it_says_which_version_it_is_and_is_for_members_alone(mesh: Mesh) -> None:
    about = (await mesh[HEALTH].get("/hsds/")).json()
    assert about["version"] == "3.1"
    assert about["openapi_url"].endswith("/openapi.json")
    for path in ("/hsds/", "/hsds/services", "/hsds/organizations", "/hsds/taxonomies", "/hsds/taxonomy_terms"):
        assert (await mesh[HEALTH].http.get(path)).status_code == 401
