"""One referral from consent to completion, as the two agencies see it."""

import json

from tests.support.agency import a_grant
from tests.support.mesh import HEALTH, SOCIAL, Mesh


async def test_referral_travels_opens_and_completes(mesh: Mesh) -> None:
    health, social = mesh[HEALTH], mesh[SOCIAL]
    consent = await health.record_consent(a_grant(SOCIAL))
    sent = await health.refer(SOCIAL, consent)
    assert sent.answer.status_code == 202, sent.answer.text
    (item,) = await social.take_in()
    assert json.loads(item["body"]) == sent.message
    assert item["hub_shares"].keys() == {"safety", "preferences", "dependants"}
    assert social.unseal(item, "safety", item["hub_shares"]["safety"]) == {}
    await social.reported(sent, "acknowledged", "accepted")
    opened = (await social.open(sent, "identity")).json()
    assert social.unseal(item, "identity", opened["shares"]["identity"]) == {}
    await social.reported(sent, "started")
    await social.reported(sent, "completed", outcome="admitted")
    seen = (await health.get(f"/v1/referrals/{sent.id}")).json()
    assert seen["state"] == "completed"
    assert {part["state"] for part in seen["compartments"]} == {"opened", "destroyed"}
