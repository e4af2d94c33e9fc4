"""Wire contract, sections 6 and 8: the procedure as data, the directory, availability and matches."""

import pytest
from jsonschema_rs import Draft202012Validator, meta

from tests.e2e.conftest import World
from tests.e2e.outside import keys, messages
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COMPARTMENTS = [
    "identity",
    "contact",
    "demographics",
    "safety",
    "incident",
    "medical",
    "forensic",
    "legal",
    "needs",
    "dependants",
    "documents",
    "preferences",
    "perpetrator",
    "attachments",
    "note",
]
CONDITIONS = {"staff_gender": "any", "language": "vi", "interpreter": False, "accompanied": False}


def test_all_service_types_are_listed(world: World) -> None:
    listed = world.health.http.get("/v1/sop/service-types").json()["items"]
    codes = {each["code"] for each in listed}
    assert len(codes) == 42
    assert {code[:3] for code in codes} == {"POL", "HEA", "LEG", "SOC", "COO"}


def test_service_type_has_the_members_of_section_8(world: World) -> None:
    found = world.health.http.get("/v1/sop/service-types/SOC-01").json()
    assert found["code"] == "SOC-01"
    assert isinstance(found["slug"], str)
    assert found["sector"] == "social"
    assert found["name"].keys() == {"en", "vi"}
    assert found["urgency"] == "urgent"
    for name, rule in found["compartments"].items():
        assert name in COMPARTMENTS
        assert rule["rule"] in {"required", "optional", "forbidden"}
        assert rule["stage"] in {"triage", "accepted"}
    assert {"clocks", "preconditions", "outcomes", "barred_declines", "senders", "basis"} <= found.keys()
    assert {"admitted", "bed_elsewhere", "completed_full"} <= set(found["outcomes"])


def test_barred_declines_are_those_of_the_fact_sheet(world: World) -> None:
    for code, barred in (("POL-01", {"D01", "D03"}), ("HEA-01", {"D01", "D02"}), ("SOC-07", {"D01"})):
        found = world.health.http.get(f"/v1/sop/service-types/{code}").json()
        assert set(found["barred_declines"]) == barred


def test_who_she_is_opens_only_on_acceptance(world: World) -> None:
    for service in world.health.http.get("/v1/sop").json()["service_types"]:
        for name in ("identity", "contact", "medical", "forensic", "documents", "perpetrator"):
            assert service["compartments"][name]["stage"] == "accepted", (service["code"], name)


@pytest.mark.parametrize("name", COMPARTMENTS)
def test_compartment_is_described_by_a_json_schema(world: World, name: str) -> None:
    schema = world.health.http.get(f"/v1/sop/compartments/{name}").json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    meta.validate(schema)
    if name in messages.CONTENTS:
        Draft202012Validator(schema).validate(messages.CONTENTS[name])


@pytest.mark.parametrize("path", ["service-types/SOC-99", "service-types/x", "compartments/secret"])
def test_unknown_name_of_the_procedure_is_not_found(world: World, path: str) -> None:
    answer = world.health.http.get(f"/v1/sop/{path}")
    problem(answer, 404 if answer.status_code == 404 else 422)


def test_directory_entry_is_exactly_section_8(world: World) -> None:
    found = world.health.get("/v1/agencies/out-social").json()
    assert found["id"] == "out-social"
    assert found["name"].keys() == {"vi", "en"}
    assert found["sectors"] == ["social"]
    assert found["areas"] == ["38"]
    assert "SOC-01" in found["services"]
    assert "hours" in found
    assert found["delivery"] == "pull"
    assert world.health.get("/v1/agencies/out-shelter").json()["delivery"] == "push"
    published = {jwk["kid"]: jwk for jwk in found["jwks"]["keys"]}
    assert published.keys() == {world.social.signer.kid, world.social.encryption.jwk["kid"]}
    for jwk in published.values():
        assert jwk["kid"] == keys.thumbprint(jwk)
        assert "d" not in jwk
    assert isinstance(found["status"], str)


def test_disabled_agency_says_so(world: World) -> None:
    assert (
        world.health.get("/v1/agencies/out-gone").json()["status"]
        != world.health.get("/v1/agencies/out-social").json()["status"]
    )


def test_unknown_agency_is_not_found(world: World) -> None:
    problem(world.health.get("/v1/agencies/nobody-here"), 404, secrets=['nobody-here"'])


def test_directory_is_paged(world: World) -> None:
    seen: list[str] = []
    params = {"limit": 2}
    while True:
        page = world.health.get("/v1/agencies", **params).json()
        assert page.keys() == {"items", "next"}
        assert len(page["items"]) <= 2
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        params["after"] = page["next"]
    assert len(seen) == len(set(seen))
    assert {"out-health", "out-social", "out-shelter"} <= set(seen)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_limit_outside_its_bounds_is_refused(world: World, limit: str) -> None:
    problem(world.health.get("/v1/agencies", limit=limit), 422)


def test_made_up_cursor_is_refused(world: World) -> None:
    problem(world.health.get("/v1/agencies", after="not-a-cursor-%"), 422, secrets=["not-a-cursor"])


def offer(**over: object) -> dict[str, object]:
    return {
        "service_type": "SOC-01",
        "accepting": True,
        "capacity": 3,
        "staff_genders": ["female"],
        "languages": ["vi"],
        **over,
    }


def test_agency_says_whether_it_takes_people(world: World) -> None:
    answer = world.shelter.put("/v1/agencies/out-shelter/availability", offer(accepting=False))
    assert answer.status_code in {200, 204}, answer.text
    assert "out-shelter" not in matched(world)
    assert world.shelter.put("/v1/agencies/out-shelter/availability", offer()).status_code in {200, 204}
    assert "out-shelter" in matched(world)


def matched(world: World, **over: object) -> list[str]:
    asked = {"service_type": "SOC-01", "area": "38", "preferences": CONDITIONS, "at": messages.in_(), "exclude": []}
    answer = world.health.post("/v1/matches", {**asked, **over})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    for item in items:
        assert item["reasons"]
    return [item["agency"] for item in items]


def test_matches_know_service_place_and_wishes(world: World) -> None:
    assert {"out-social"} <= set(matched(world))
    assert "out-health" not in matched(world)
    assert "out-gone" not in matched(world)
    assert "out-social" not in matched(world, exclude=["out-social"])
    assert matched(world, area="79") == []
    assert "out-social" in matched(world, area="14845")


def test_match_says_where_the_gender_of_staff_is_not_met(world: World) -> None:
    assert world.shelter.put("/v1/agencies/out-shelter/availability", offer(staff_genders=["male"])).is_success
    asked = {"service_type": "SOC-01", "area": "38", "preferences": {**CONDITIONS, "staff_gender": "female"}}
    items = world.health.post("/v1/matches", asked).json()["items"]
    assert world.shelter.put("/v1/agencies/out-shelter/availability", offer()).is_success
    reasons = {item["agency"]: item["reasons"] for item in items}
    assert "staff-gender.unmet" in reasons.get("out-shelter", ["staff-gender.unmet"])


def test_nobody_states_availability_for_another(world: World) -> None:
    answer = world.health.put("/v1/agencies/out-shelter/availability", offer())
    assert answer.status_code in {403, 404}
    problem(answer, answer.status_code)


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"capacity": -1}, "/capacity"),
        ({"accepting": "yes"}, "/accepting"),
        ({"staff_genders": ["any-other"]}, "/staff_genders/0"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_malformed_availability_is_refused_with_a_pointer(world: World, over: dict[str, object], pointer: str) -> None:
    answer = world.shelter.put("/v1/agencies/out-shelter/availability", offer(**over))
    problem(answer, 422, pointer=pointer, secrets=["any-other"])


def test_availability_for_a_service_one_does_not_give_is_refused(world: World) -> None:
    answer = world.shelter.put("/v1/agencies/out-shelter/availability", offer(service_type="HEA-02"))
    assert answer.status_code in {403, 422}


@pytest.mark.parametrize(
    "over", [{"service_type": "SOC-99"}, {"area": "99"}, {"area": "99999"}, {"area": "thanh hoa"}, {"at": "today"}]
)
def test_match_for_what_does_not_exist_is_refused(world: World, over: dict[str, object]) -> None:
    asked = {"service_type": "SOC-01", "area": "38", "preferences": CONDITIONS, "at": messages.in_(), "exclude": []}
    problem(world.health.post("/v1/matches", {**asked, **over}), 422, pointer=f"/{next(iter(over))}")
