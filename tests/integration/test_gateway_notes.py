"""What a note may say that it rests on: what its referral rests on, and nothing else."""

from typing import Any

import httpx
import pytest

from tests.support.agency import Sent, a_grant
from tests.support.mesh import HEALTH, SOCIAL, Mesh
from tests.support.overrides import BREAK_GLASS


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


@pytest.fixture
async def sent(mesh: Mesh) -> Sent:
    return await mesh[HEALTH].refer(SOCIAL, await mesh[HEALTH].record_consent(a_grant(SOCIAL)))


async def noted(mesh: Mesh, sent: Sent, **changes: Any) -> httpx.Response:
    message, shares = mesh[HEALTH].note_message(sent, "an invented sentence", **changes)
    return await mesh[HEALTH].post(f"/v1/referrals/{sent.id}/notes", message, hub_shares=shares)


async def test_note_names_the_basis_of_its_referral_or_none(mesh: Mesh, sent: Sent) -> None:
    for basis in (sent.message["basis"], ...):
        assert (await noted(mesh, sent, basis=basis)).status_code == 202
    other = await mesh[HEALTH].record_consent(a_grant(SOCIAL), subject=sent.message["subject"])
    for basis in ({"kind": "consent", "consent_id": other["id"]}, BREAK_GLASS):
        refused = await noted(mesh, sent, basis=basis)
        assert (refused.status_code, refused.json()["code"]) == (422, "message.basis")
        assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/basis"]
