"""Whatever the two parties report in whatever order, the record is whole: INV-04 and INV-14 of the fact sheet."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.sop.model import ENDS, EventType, ReferralState
from tests.support.agency import Sent, a_grant
from tests.support.mesh import HEALTH, SOCIAL, Mesh, running_mesh

#: Facts by which an event is complete, whichever it is.
FACTS: dict[str, dict[str, Any]] = {
    "declined": {"reason": "D05"},
    "info_requested": {"question": "other"},
    "scheduled": {"scheduled_from": "2026-12-01T08:00:00.000Z"},
    "on_hold": {"reason": "D05", "review_on": "2026-12-01"},
    "completed": {"outcome": "admitted"},
    "failed": {"reason": "D05"},
    "sealed": {"result": "sealed"},
    "recorded": {"record_kind": "custody_handover", "record_sha256": "ab" * 32},
    "closed": {"survivor_told": True},
}
#: What may still be said of a referral that has ended (T16, T18, T19).
AFTER_THE_END = {"closed", "sealed", "recorded", "entered_in_error"}

STEPS = st.lists(st.tuples(st.sampled_from([HEALTH, SOCIAL]), st.sampled_from(list(EventType))), max_size=14)
#: Most random words lead nowhere; these begin as a real case does.
BEGINNINGS = st.sampled_from(
    [[], [(SOCIAL, "acknowledged")], [(SOCIAL, "acknowledged"), (SOCIAL, "accepted")],
     [(SOCIAL, "acknowledged"), (SOCIAL, "accepted"), (SOCIAL, "started")]]
)  # fmt: skip


@pytest.fixture
def running(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BlockingPortal, Mesh]]:
    """One gateway for all examples; its whole ledger is verified at the end."""
    folder = tmp_path_factory.mktemp("gateway")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_mesh(sqlite_url, folder)) as mesh,
    ):
        yield portal, mesh


@settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(beginning=BEGINNINGS, steps=STEPS)
def test_any_history_is_recorded_step_by_step(
    running: tuple[BlockingPortal, Mesh], beginning: list[tuple[str, str]], steps: list[tuple[str, str]]
) -> None:
    portal, mesh = running
    portal.call(_live_through, mesh, [*beginning, *steps])


async def _live_through(mesh: Mesh, steps: list[tuple[str, str]]) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    state, admitted = "sent", []
    for agency, event in steps:
        answer = await mesh[agency].report(sent, str(event), **FACTS.get(str(event), {}))
        after = await _state(mesh, sent)
        if answer.status_code == 202:
            assert ReferralState(state) not in ENDS or str(event) in AFTER_THE_END
            assert after == answer.json()["referral"]["state"]
            admitted.append((str(event), after))
        else:
            assert answer.status_code in {403, 409}, answer.text
            assert after == state, "a refusal changes nothing"
        state = after
    assert await _recorded(mesh, sent) == admitted


async def _state(mesh: Mesh, sent: Sent) -> str:
    return str((await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"])


async def _recorded(mesh: Mesh, sent: Sent) -> list[tuple[str, str]]:
    answer = await mesh.oversight.get("/v1/ledger/entries", referral_id=sent.id, limit=200)
    leaves = [json.loads(item["leaf"]) for item in answer.json()["items"]]
    return [(leaf["code"], leaf["state"]) for leaf in leaves if leaf["kind"] == "event"]
