"""The police service from outside: what is lawful is recorded, what lies on the limit holds, what is not is refused."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.outside import launch, messages
from tests.e2e.outside.agency import Agency
from tests.e2e.outside.keys import Json
from tests.e2e.outside.messages import in_
from tests.e2e.outside.partners import Mesh, some
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ORDER = ("identity", "contact", "safety", "incident", "perpetrator", "preferences")
REPORT = ("identity", "contact", "incident", "preferences")
HANDED_OVER = ("identity", "contact", "safety", "legal", "perpetrator", "preferences")
CHAIR = {"office": "commune_committee_chair", "commune": "14845"}
SUPERVISOR = "village-3"


def arrived(mesh: Mesh, service: str, names: tuple[str, ...], **over: Any) -> str:
    """A referral of health that the police have received; its id."""
    consent = mesh.consent(grants=[messages.grant([mesh.police.id], [service], list(names))])
    asked = mesh.request(consent, service_type=service, recipient=mesh.police.id, compartments=some(*names))
    answer = mesh.health.post("/v1/referrals", {**asked, "age_band": "adult", **over})
    assert answer.status_code == 202, answer.text
    identifier = str(answer.json()["referral"]["referral_id"])
    mesh.arrived(mesh.police, identifier)
    assert mesh.police.step(identifier, "acknowledge").status_code == 202
    return identifier


def accepted(mesh: Mesh, service: str, names: tuple[str, ...], **over: Any) -> str:
    identifier = arrived(mesh, service, names, **over)
    assigned = said(mesh, identifier, "officers", officer="officer-7", gender="female")
    assert assigned.status_code == 201, assigned.text
    assert mesh.police.step(identifier, "accept").status_code == 202
    return identifier


def said(mesh: Mesh, identifier: str, what: str, **facts: Any) -> httpx.Response:
    return mesh.police.post(f"/v1/police/referrals/{identifier}/{what}", {"actor": "officer-7", **facts})


def refused(answer: httpx.Response, status: int, code: str, rule: str) -> None:
    """A problem document that names the rule and what it is derived from."""
    document = problem(answer, status, code)
    assert document["reasons"][0]["rule"] == rule
    assert document["reasons"][0]["basis"]


def an_order(**over: Any) -> Json:
    return {
        "reference": "12/QD-UBND",
        "effective_at": in_(minutes=-30),
        "valid_to": in_(hours=70),
        "received_at": in_(minutes=-20),
        "keeps_away": "Vi Văn Mẫu",
        "protects": "Lò Thị Mẫu",
        "zone": [{"kind": "home", "place": "bản Mẫu"}],
        **over,
    }


def asked_for(mesh: Mesh) -> tuple[str, str]:
    """A request for an order, and the way to its decision."""
    identifier = accepted(mesh, "POL-04", ORDER)
    answer = said(mesh, identifier, "order-requests", asked_at=in_(hours=-1), asked_by="self", life_threat=False)
    assert answer.status_code == 201, answer.text
    return identifier, f"order-requests/{answer.json()['id']}/decision"


def decided(mesh: Mesh, identifier: str, way: str, **facts: Any) -> httpx.Response:
    given = {"authority": CHAIR, "decided_at": in_(minutes=-40), "decided": "granted", **facts}
    return said(mesh, identifier, way, **given)


def assign_supervisor(mesh: Mesh, identifier: str, order_id: str) -> httpx.Response:
    facts = {"supervisor": SUPERVISOR, "role": "village_head", "assigned_at": in_(seconds=-30)}
    return said(mesh, identifier, f"orders/{order_id}/supervisions", decision="13/QD-CA", **facts)


def supervised(mesh: Mesh, path: str) -> httpx.Response:
    """Read with the one scope that a supervisor's system has."""
    token = mesh.police.token(scope="orders.supervise").json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Access-Reason": "supervision", "Access-Actor": SUPERVISOR}
    return mesh.police.http.get(path, headers=headers)


def rules(mesh: Mesh, identifier: str) -> dict[str, str]:
    shown = mesh.police.get(f"/v1/referrals/{identifier}/clocks").json()["items"]
    return {one["rule"]: one["state"] for one in shown}


class TestLawful:
    """What a rule allows is recorded."""

    def test_the_chair_grants_an_order_and_the_village_head_who_supervises_it_sees_nothing_but_the_order(
        self, mesh: Mesh
    ) -> None:
        identifier, way = asked_for(mesh)
        answer = decided(mesh, identifier, way, order=an_order())
        assert answer.status_code == 200, answer.text
        order_id = answer.json()["order"]["id"]
        assert assign_supervisor(mesh, identifier, order_id).status_code == 201
        assert rules(mesh, identifier) == {"VN-DV-05": "met", "VN-DV-12": "met", "VN-DV-13": "running"}
        shown = supervised(mesh, f"/v1/police/supervised-orders/{order_id}")
        assert shown.status_code == 200, shown.text
        order = {"reference", "effective_at", "valid_to", "keeps_away", "protects", "zone"}
        assert shown.json().keys() == order | {"id", "authority", "metres"}
        problem(supervised(mesh, f"/v1/referrals/{identifier}"), 403)

    @pytest.mark.rule("E3")
    def test_the_chair_hands_an_order_over_and_the_hour_to_assign_a_supervisor_runs(self, mesh: Mesh) -> None:
        chair = Agency("out-chair", mesh.running.url)
        try:
            launch.enrol(mesh.running.home, chair.id, sector="authority", jwks=chair.jwks)
            identifier, order = self.handed_over(mesh, chair)
        finally:
            chair.http.close()
        other = {**order, "reference": "99/QD-UBND"}
        refused(said(mesh, identifier, "orders", authority=CHAIR, order=other), 409, "police.order-differs", "E3")
        answer = said(mesh, identifier, "orders", authority=CHAIR, order=order)
        assert answer.status_code == 201, answer.text
        assert rules(mesh, identifier) == {"VN-DV-12": "running"}
        assert assign_supervisor(mesh, identifier, answer.json()["id"]).status_code == 201
        assert rules(mesh, identifier)["VN-DV-12"] == "met"

    def handed_over(self, mesh: Mesh, chair: Agency) -> tuple[str, Json]:
        order = an_order()
        grants = [messages.grant([mesh.police.id], ["POL-05"], list(HANDED_OVER))]
        consent = messages.consent(chair.id, messages.new_subject(), grants)
        assert chair.send("/v1/consents", consent).status_code == 201
        last_day = messages.now() + timedelta(hours=70 + 7)  # the day in Viet Nam
        answer = chair.refer(
            mesh.police.id,
            {**some(*HANDED_OVER), "legal": {"orders": [{"kind": "commune_no_contact", "number": "12/QD-UBND"}]}},
            basis={"kind": "consent", "consent_id": consent["id"]},
            subject=consent["subject"],
            service_type="POL-05",
            urgency="immediate",
            phoned_first=True,
            facts={"order_reference": "12/QD-UBND", "order_valid_to": last_day.date().isoformat()},
        )
        assert answer.status_code == 202, answer.text
        identifier = str(answer.json()["referral"]["referral_id"])
        mesh.arrived(mesh.police, identifier)
        return identifier, order


class TestBoundary:
    """What lies on the limit holds, and what is a millisecond beyond it does not."""

    def test_an_order_of_exactly_three_days_stands_and_one_of_a_millisecond_more_does_not(self, mesh: Mesh) -> None:
        identifier, way = asked_for(mesh)
        signed = messages.now() - timedelta(minutes=30)
        days = timedelta(days=3)
        spans = {"effective_at": messages.wire_time(signed), "valid_to": messages.wire_time(signed + days)}
        longer = messages.wire_time(signed + days + timedelta(milliseconds=1))
        refused(
            decided(mesh, identifier, way, order=an_order(**{**spans, "valid_to": longer})),
            422,
            "police.order-too-long",
            "VN-DV-06",
        )
        assert decided(mesh, identifier, way, order=an_order(**spans)).status_code == 200

    def test_a_report_from_a_remote_commune_may_take_48_hours_to_be_passed_on(self, mesh: Mesh) -> None:
        identifier = accepted(mesh, "POL-03", REPORT, facts={"remote_area": True})
        taken = {"channel": "by_referral", "own_decision": True, "rights_told": True}
        assert said(mesh, identifier, "crime-reports", received_at=in_(hours=-47), **taken).status_code == 201
        states = rules(mesh, identifier)
        assert (states["VN-CR-01"], states["VN-CR-02"]) == ("running", "missed")


class TestRefused:
    """What a rule forbids is refused with the rule and its basis, and is in the journal."""

    def test_no_man_is_assigned_to_her_who_chose_a_woman_and_gave_no_other_answer(self, mesh: Mesh) -> None:
        identifier = arrived(mesh, "POL-03", REPORT)
        answer = said(mesh, identifier, "officers", officer="officer-8", gender="male")
        refused(answer, 422, "police.officer-gender", "R-01")
        acts = mesh.police.get(f"/v1/referrals/{identifier}/acts", headers={"Access-Reason": "review"})
        (entry,) = acts.json()["items"]
        assert (entry["act"], entry["outcome"], entry["rule"]) == ("police.assign-officer", "refused", "R-01")

    def test_no_statement_is_taken_before_her_needs_were_seen_to(self, mesh: Mesh) -> None:
        identifier = accepted(mesh, "POL-03", REPORT)
        session = {"officer": "officer-7", "started_at": in_(seconds=-1), "support_person": "there"}
        answer = said(mesh, identifier, "interviews", interpreter=None, friendly_room=True, **session)
        refused(answer, 409, "police.needs-first", "R-13")
        refused(mesh.police.step(identifier, "start", statement_taken=True), 409, "police.needs-first", "R-13")

    def test_no_order_is_refused_without_written_reasons(self, mesh: Mesh) -> None:
        identifier, way = asked_for(mesh)
        refused(decided(mesh, identifier, way, decided="refused"), 422, "police.reasons-missing", "R-28")
        assert mesh.police.step(identifier, "start").status_code == 202
        answer = mesh.police.step(identifier, "complete", outcome="refused")
        refused(answer, 422, "police.reasons-missing", "R-28")
