"""An agency that weighs whether a law makes it keep evidence: unread meanwhile, and all the rest gone at once."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from services.police.profile import PROFILE as POLICE
from shared.agency.adapters.store import SqlStore
from shared.agency.records import Referral
from shared.agency.vault import CaseVault
from shared.kernel.errors import InternalFault
from tests.support.agency_services import a_consent, contents, keys_of, shared_databases, states
from tests.support.chains import Chain, a_chain, hop_id

__all__ = ["shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE = "POL-01"
ACCOUNT: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "safety": {"band": "R3"},
    "preferences": {"staff_gender": "any"},
    "identity": {"name": "M.", "sex": "female"},
    "incident": {"types": ["physical"]},
}
ARTICLE = "CPC-2015/99"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[Chain]:
    """A social worker and a police unit that weighs."""
    folder, unit = tmp_path_factory.mktemp("pair"), replace(POLICE, weighs_holds=True)
    async with a_chain(folder, 1, database_url=shared_databases, profiles={1: unit}) as chain:
        yield chain


async def reported(chain: Chain, **part: Any) -> tuple[Mapping[str, Any], str]:
    """Her report reaches the police, who accept and read it; then she takes her consent back, or a part of it."""
    grant = {
        "recipients": [hop_id(1)],
        "service_types": [SERVICE],
        "compartments": list(ACCOUNT),
        "onward": False,
    }
    consent = (await chain[0].done("/v1/consents", a_consent(grant)))["consent"]
    request = {
        "service_type": SERVICE,
        "recipient": hop_id(1),
        "consent_id": consent["id"],
        "compartments": ACCOUNT,
        "phoned_first": True,
    }
    referral_id = (await chain[0].done("/v1/referrals", request))["referral"]["referral_id"]
    await chain[1].until(referral_id, lambda seen: seen["state"] == "delivered")
    await chain[1].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await chain[1].done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})
    assert contents(await chain[1].until(referral_id, lambda seen: len(contents(seen)) == len(ACCOUNT), query=""))
    await chain[0].done(f"/v1/consents/{consent['id']}/revocations", {"by": "survivor", **part})
    await chain[1].until(referral_id, lambda seen: states(seen)["incident"] == "held", query="")
    return consent, referral_id


async def at_rest(chain: Chain, referral_id: str) -> tuple[bytes | None, bytes | None]:
    """What a copy of the police unit's database has: the wrapped key of a referral, and the evidence under it."""
    store = SqlStore(chain.database_url(hop_id(1)), rows=POLICE.rows)
    try:
        referral = await store.read(lambda reading: reading.get(Referral, referral_id))
        holdings = await store.read(lambda reading: reading.holdings(referral_id))
    finally:
        store.close()
    assert referral is not None
    return referral.wrapped_key, next(one.content for one in holdings if one.name == "incident")


def opens(referral_id: str, wrapped: bytes | None, evidence: bytes | None) -> bool:
    """Whether somebody with this unit's key file reads evidence of one copy with the wrapped key of another."""
    if wrapped is None or evidence is None:
        return False
    case = CaseVault(keys_of(hop_id(1)).vault()).open_referral(referral_id, wrapped)
    try:
        return bool(case.unlock("incident", evidence) == ACCOUNT["incident"])
    except InternalFault:
        return False


async def result(chain: Chain, consent: Mapping[str, Any]) -> str:
    (holder,) = (await chain.propagation(consent))["holders"]
    return str(holder["result"])


async def test_evidence_is_put_aside_unread_and_all_else_destroyed_at_once(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    seen = await pair[1].seen(referral_id)
    assert contents(seen) == {}
    assert states(seen) == {**dict.fromkeys(ACCOUNT, "destroyed"), "incident": "held"}
    for reason in ("case_work", "legal_hold"):
        assert contents(await pair[1].seen(referral_id, Access_Reason=reason)) == {}
    assert await result(pair, consent) == "pending"


async def test_hold_by_law_is_answered_with_its_article_and_read_for_that_reason_alone(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "legal_hold", "article": ARTICLE})
    (holder,) = (await pair.propagation(consent))["holders"]
    assert (holder["result"], holder["article"], holder["kept"]) == ("legal_hold", ARTICLE, ["incident"])
    assert contents(await pair[1].seen(referral_id)) == {}
    kept = contents(await pair[1].seen(referral_id, Access_Reason="legal_hold"))
    assert kept == {"incident": ACCOUNT["incident"]}


async def test_hold_that_ends_destroys_what_was_kept(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "legal_hold", "article": ARTICLE})
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    assert await result(pair, consent) == "sealed"
    seen = await pair[1].seen(referral_id, Access_Reason="legal_hold")
    assert (contents(seen), set(states(seen).values())) == ({}, {"destroyed"})


async def test_person_may_decide_to_seal_off(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    assert await result(pair, consent) == "sealed"
    assert set(states(await pair[1].seen(referral_id)).values()) == {"destroyed"}
    again = await pair[1].post(f"/v1/referrals/{referral_id}/seal", {"result": "legal_hold", "article": ARTICLE})
    assert (again.status_code, again.json()["code"]) == (409, "seal.not-asked")


async def test_sealing_off_what_was_put_aside_destroys_its_key_too(pair: Chain) -> None:
    _, referral_id = await reported(pair)
    wrapped, evidence = await at_rest(pair, referral_id)
    assert opens(referral_id, wrapped, evidence)
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    assert await at_rest(pair, referral_id) == (None, None)


async def test_sealing_off_a_part_that_was_put_aside_leaves_the_rest_under_a_key_that_does_not_open_it(
    pair: Chain,
) -> None:
    _, referral_id = await reported(pair, compartments=["incident"])
    wrapped, evidence = await at_rest(pair, referral_id)
    assert opens(referral_id, wrapped, evidence)
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    another, _ = await at_rest(pair, referral_id)
    assert another is not None
    assert not opens(referral_id, another, evidence)
    left = {name: content for name, content in ACCOUNT.items() if name != "incident"}
    assert contents(await pair[1].seen(referral_id)) == left


@pytest.mark.parametrize("decided", [True, False])
async def test_what_a_law_may_make_it_keep_outlives_the_referral(pair: Chain, decided: bool) -> None:
    consent, referral_id = await reported(pair, compartments=["incident"])
    hold = {"result": "legal_hold", "article": ARTICLE}
    if decided:
        await pair[1].done(f"/v1/referrals/{referral_id}/seal", hold)
    await pair[0].done(f"/v1/referrals/{referral_id}/cancel", {"reason": "need_gone"})
    seen = await pair[1].until(referral_id, lambda seen: seen["state"] == "cancelled", query="")
    assert (contents(seen), states(seen)) == ({}, {**dict.fromkeys(ACCOUNT, "destroyed"), "incident": "held"})
    if not decided:
        await pair[1].done(f"/v1/referrals/{referral_id}/seal", hold)
    kept = contents(await pair[1].seen(referral_id, Access_Reason="legal_hold"))
    assert (kept, await result(pair, consent)) == ({"incident": ACCOUNT["incident"]}, "legal_hold")
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    assert await at_rest(pair, referral_id) == (None, None)


async def test_person_may_put_off_deciding_once_and_decide_later(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    more = {"result": "extended", "extension_days": 10, "reason": "legal_check"}
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", more)
    assert states(await pair[1].seen(referral_id))["incident"] == "held"
    (holder,) = (await pair.propagation(consent))["holders"]
    assert (holder["result"], holder["extension"]["days"]) == ("pending", 10)
    again = await pair[1].post(f"/v1/referrals/{referral_id}/seal", more)
    assert (again.status_code, again.json()["code"]) == (403, "sop.extension")
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    assert await result(pair, consent) == "sealed"


async def test_hold_without_an_article_stays_undecided(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    refused = await pair[1].post(f"/v1/referrals/{referral_id}/seal", {"result": "legal_hold"})
    assert (refused.status_code, refused.json()["code"]) == (422, "event.fact-missing")
    assert await result(pair, consent) == "pending"
    assert contents(await pair[1].seen(referral_id, Access_Reason="legal_hold")) == {}
    for said in ({}, {"result": "never_opened"}):
        wrong = await pair[1].post(f"/v1/referrals/{referral_id}/seal", said)
        assert (wrong.status_code, wrong.json()["code"]) == (422, "message.invalid")


async def test_nothing_is_sealed_that_nobody_took_back(pair: Chain) -> None:
    grant = {"recipients": [hop_id(1)], "service_types": [SERVICE], "compartments": list(ACCOUNT), "onward": False}
    consent = (await pair[0].done("/v1/consents", a_consent(grant)))["consent"]
    request = {"service_type": SERVICE, "recipient": hop_id(1), "consent_id": consent["id"], "compartments": ACCOUNT}
    sent = await pair[0].done("/v1/referrals", {**request, "phoned_first": True})
    referral_id = sent["referral"]["referral_id"]
    await pair[1].until(referral_id, lambda seen: seen["state"] == "delivered")
    refused = await pair[1].post(f"/v1/referrals/{referral_id}/seal", {"result": "sealed"})
    assert (refused.status_code, refused.json()["code"]) == (409, "seal.not-asked")


async def test_certificate_comes_through_the_agency_as_data_and_as_a_page(pair: Chain) -> None:
    consent, referral_id = await reported(pair)
    await pair[1].done(f"/v1/referrals/{referral_id}/seal", {"result": "legal_hold", "article": ARTICLE})
    path = f"/v1/consents/{consent['id']}/certificate"
    assert (await pair[0].get(path)).json()["certificate"]["complete"] is True
    page = await pair[0].get(f"{path}?format=html&lang=en")
    assert page.headers["content-type"].startswith("text/html")
    assert ARTICLE in page.text
    assert (await pair[0].get("/assets/page.css")).status_code == 200
    assert (await pair[1].get(path)).status_code == 404
