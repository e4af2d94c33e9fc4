"""The table of who may consent at which age is complete, is the one of the fact sheet, and is served with its bases."""

import json

import pytest

from shared.sop.loader import load_sop
from shared.sop.model import AgeBand, Assent, Compartment, Grantor
from shared.sop.register import as_document

SOP = load_sop()
AGES = SOP.ages
GUARDIANS = {Grantor.PARENT, Grantor.GUARDIAN, Grantor.LEGAL_REPRESENTATIVE}
HEARD = {"verbal", "written", "refused", "unable"}

#: By band: who may, and what the child must have said. As the fact sheet, section 2.5, with the stricter age at 15.
TABLE: dict[str, dict[str, set[str]]] = {
    "under_6": {"guardian": set(), "best_interest_decision": set()},
    "6_11": {"guardian": {"verbal", "written"}, "best_interest_decision": HEARD},
    "12_15": {"guardian": {"written"}, "best_interest_decision": HEARD},
    "16_17": {"self": set(), "guardian": {"written"}},
    "adult": {"self": set(), "legal_representative": set()},
    "unknown": {"guardian": {"written", "unable"}, "best_interest_decision": HEARD},
}


def test_every_age_has_a_way_and_every_way_one_id() -> None:
    ways = [way for each in AGES.ways.values() for way in each]
    assert all(AGES.ways[band] for band in AgeBand)
    assert len({way.id for way in ways}) == len(ways)
    assert all(way.age_band is band for band, each in AGES.ways.items() for way in each)


@pytest.mark.parametrize("band", AgeBand)
def test_the_table_is_the_one_of_the_fact_sheet(band: AgeBand) -> None:
    found: dict[str, set[str]] = {}
    for way in AGES.ways[band]:
        names = {"guardian"} if way.grantors == GUARDIANS else {str(one) for one in way.grantors}
        found |= {name: {str(assent) for assent in way.assent} for name in names}
    assert found == TABLE[band]


def test_only_grown_ups_and_those_nearly_so_consent_alone() -> None:
    alone = {band for band in AgeBand for way in AGES.ways[band] if Grantor.SELF in way.grantors}
    assert alone == {AgeBand.FROM_16, AgeBand.ADULT}


def test_nobody_but_a_representative_by_law_consents_for_an_adult() -> None:
    grantors = {grantor for way in AGES.ways[AgeBand.ADULT] for grantor in way.grantors}
    assert grantors == {Grantor.SELF, Grantor.LEGAL_REPRESENTATIVE}


def test_unknown_age_never_asks_for_less_than_a_child_of_12_to_15() -> None:
    for way in AGES.ways[AgeBand.UNKNOWN]:
        (known,) = [one for one in AGES.ways[AgeBand.FROM_12] if one.grantors == way.grantors]
        assert way.assent <= known.assent | {Assent.UNABLE}


def test_two_workers_decide_one_of_them_of_social_work() -> None:
    assert (AGES.best_interest.workers, AGES.best_interest.sector) == (2, "social")
    assert set(AGES.best_interest.reasons) == {"guardian_unsafe", "guardian_absent", "guardian_refuses"}


def test_the_table_is_served_with_the_basis_of_every_rule() -> None:
    served = json.loads(json.dumps(as_document(SOP)))["ages"]
    assert len(served["ways"]) == sum(map(len, AGES.ways.values()))
    for rule in (*served["ways"], served["best_interest"], served["unsafe_caregiver"]):
        assert rule["basis"]["instrument"]
        assert rule["says"]["vi"]
        assert rule["says"]["en"]


def test_the_mothers_record_has_no_room_for_who_a_child_is() -> None:
    dependants = SOP.schemas[Compartment.DEPENDANTS]["properties"]
    of_a_child = set(dependants["children"]["items"]["properties"])
    assert of_a_child == {"age", "age_band", "relation", "accompanying", "lives_with", "in_danger", "school", "care"}
    assert set(dependants["caregiver"]["properties"]) == {"name", "relation", "safe_to_contact", "consent_by"}


def test_a_shelter_is_told_how_many_children_come_and_how_old_they_are() -> None:
    rule = SOP.services["SOC-01"].compartments[Compartment.DEPENDANTS]
    assert set(rule.only) == {"count", "ages", "accompanying"}
