"""Who may read what of the ledger."""

from tests.support.agency import a_grant
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh


async def test_entries_are_for_oversight_and_hashes_for_everybody(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    await health.refer(SOCIAL, await health.record_consent(a_grant(SOCIAL)))
    assert (await health.http.get("/ledger/tile/0/000.p/1")).status_code == 200
    assert (await health.http.get("/ledger/checkpoint")).status_code == 200
    assert (await health.http.get("/ledger/tile/entries/000.p/1")).status_code == 401
    assert (await health.get("/ledger/tile/entries/000.p/1")).status_code == 403
    assert (await mesh.oversight.get("/ledger/tile/entries/000.p/1")).status_code == 200


async def test_an_agency_outside_a_referral_reads_no_entry_of_it(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    sent = await health.refer(SOCIAL, await health.record_consent(a_grant(SOCIAL)))
    own = (await mesh[SOCIAL].get("/v1/ledger/entries", referral_id=sent.id)).json()["items"]
    others = (await mesh[POLICE].get("/v1/ledger/entries", referral_id=sent.id)).json()["items"]
    assert own
    assert others == []
