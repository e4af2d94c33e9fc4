"""What is over is forgotten after its months, and no sooner; the ledger and the answer to the same bytes stay."""

import json
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest

from gateway.adapters.gauges import Gauges
from gateway.adapters.kept_chains import keep_chain, let_chain_go
from gateway.adapters.kept_tables import KEPT_CHAINS
from gateway.adapters.number_tables import REFERRAL_NUMBERS
from gateway.adapters.retention import FORGOTTEN
from gateway.adapters.tables import (
    CONFLICTS,
    CONSENTS,
    HOLDS,
    LEDGER_ENTRIES,
    MESSAGES,
    OVERRIDES,
    REFERRALS,
    STATEMENT_REQUESTS,
    STATEMENTS,
)
from gateway.bootstrap import open_retention
from gateway.domain.retention import MONTHS_KEPT
from gateway.web.counts import open_counts
from shared.kernel.clock import to_wire
from shared.kernel.errors import InputRejected, NotFound
from tests.support.agency import Message, Sent, a_grant
from tests.support.evidence import assert_ledger_intact
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh
from tests.support.ticking import beside
from tests.support.withdrawals import EVIDENCE, taken_back, taken_in

#: What the gateway holds of people beside the ledger.
OF_PEOPLE = (REFERRALS, REFERRAL_NUMBERS, CONSENTS, HOLDS, OVERRIDES, STATEMENTS, STATEMENT_REQUESTS, CONFLICTS)
OF_ONE = {"referrals", "referral_numbers", "consents", "conflicts"}
OTHER_CHAIN = "0192f0c1-0000-7000-8000-000000000001"
ALMOST, OVER = timedelta(days=720), timedelta(days=2 * 366 + 40)  # the consent ends 30 days after it was given


async def swept(mesh: Mesh) -> None:
    """Have another process forget what is due."""
    core = beside(mesh)
    try:
        await open_retention(core, open_counts(core, months=MONTHS_KEPT).releases, months=MONTHS_KEPT).sweep()
    finally:
        core.close()


async def ended(mesh: Mesh) -> tuple[Message, Sent, Message]:
    """A consent, a referral that was declined, and the message that declined it; everybody has what they were sent."""
    health, social = mesh[HEALTH], mesh[SOCIAL]
    consent = await health.record_consent(a_grant(SOCIAL))
    sent = await health.refer(SOCIAL, consent)
    await social.take_in()
    decline = social.event_message(sent, "declined", reason="D05")
    answer = await social.post(f"/v1/referrals/{sent.id}/events", decline)
    assert answer.status_code == 202, answer.text
    await health.take_in()
    return consent, sent, decline


def left(mesh: Mesh) -> set[str]:
    """The tables in which something of people is left."""
    return {table.name for table in OF_PEOPLE if mesh.rows(table)}


async def test_what_is_over_is_forgotten_after_24_months_and_the_ledger_says_so(mesh: Mesh) -> None:
    consent, sent, _ = await ended(mesh)
    mesh.advance(ALMOST)
    await swept(mesh)
    assert left(mesh) == OF_ONE
    mesh.advance(OVER - ALMOST)
    await swept(mesh)
    assert left(mesh) == set()
    texts = json.dumps(mesh.rows(MESSAGES))
    assert consent["subject"] not in texts
    assert "service_type" not in texts
    forgotten = [row for row in mesh.rows(LEDGER_ENTRIES) if row["code"] == FORGOTTEN]
    assert [(row["chain_id"], row["consent_id"]) for row in forgotten] == [
        (sent.message["chain_id"], None),
        (None, consent["id"]),
    ]
    await assert_ledger_intact(mesh.oversight, mesh.verifier)


async def test_same_bytes_get_the_first_receipt_after_all_else_is_forgotten(mesh: Mesh) -> None:
    consent, sent, decline = await ended(mesh)
    mesh.advance(OVER)
    await swept(mesh)
    again = await mesh[HEALTH].post("/v1/referrals", sent.message, hub_shares=sent.hub_shares)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == {"receipt": sent.answer.json()["receipt"]}
    for path, agency, message in (
        ("/v1/consents", HEALTH, consent),
        (f"/v1/referrals/{sent.id}/events", SOCIAL, decline),
    ):
        answer = await mesh[agency].post(path, message)
        assert (answer.headers["Idempotent-Replayed"], list(answer.json())) == ("true", ["receipt"])
    changed = await mesh[HEALTH].post("/v1/consents", {**consent, "sent_at": to_wire(mesh.clock.now())})
    assert (changed.status_code, changed.json()["code"]) == (409, "message.id-reused")
    assert left(mesh) == set()


async def test_referral_that_has_not_ended_is_kept_with_its_consent(mesh: Mesh) -> None:
    await mesh[HEALTH].refer(SOCIAL, await mesh[HEALTH].record_consent(a_grant(SOCIAL)))
    await mesh[SOCIAL].take_in()
    mesh.advance(OVER)
    await swept(mesh)
    assert left(mesh) == {"referrals", "referral_numbers", "consents"}


async def test_chain_in_which_somebody_owes_an_answer_is_kept(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    await mesh[HEALTH].refer(SOCIAL, consent)
    await mesh[SOCIAL].take_in()
    assert (await mesh[HEALTH].revoke(consent)).status_code == 202
    await mesh[SOCIAL].take_in()
    mesh.advance(OVER)
    await swept(mesh)
    assert left(mesh) == {"referrals", "referral_numbers", "consents", "holds"}


async def test_chain_of_which_a_holder_keeps_a_part_by_law_stays_until_it_is_sealed_off(mesh: Mesh) -> None:
    grant = a_grant(POLICE, services=["POL-01"], compartments=list(EVIDENCE))
    consent = await mesh[HEALTH].record_consent(grant)
    sent = await mesh[HEALTH].refer(POLICE, consent, service_type="POL-01", plaintexts=EVIDENCE)
    await taken_in(mesh, sent)
    await mesh[POLICE].open(sent, *EVIDENCE)
    await taken_back(mesh[HEALTH], consent)
    await mesh[POLICE].reported(sent, "sealed", result="legal_hold", article="CPC-2015/99")
    for agency in (HEALTH, POLICE):
        await mesh[agency].take_in()
    mesh.advance(OVER)
    await swept(mesh)
    assert left(mesh) == {"referrals", "referral_numbers", "consents", "holds"}
    await mesh[POLICE].reported(sent, "sealed", result="sealed")
    await mesh[HEALTH].take_in()
    mesh.advance(OVER)
    await swept(mesh)
    assert left(mesh) == set()


async def test_chain_that_an_operator_keeps_stays_until_it_is_let_go(mesh: Mesh) -> None:
    _, sent, _ = await ended(mesh)
    with closing(beside(mesh)) as core:
        day = (mesh.clock.now() + timedelta(days=2000)).date()
        keep = partial(keep_chain, chain_id=sent.message["chain_id"], reason="court.order", review_on=day)
        await core.writer.submit(keep)
        mesh.advance(OVER)
        await swept(mesh)
        assert left(mesh) == OF_ONE
        await core.writer.submit(partial(let_chain_go, chain_id=sent.message["chain_id"]))
        await swept(mesh)
        assert left(mesh) == OF_ONE  # the ledger heard of it only now
        mesh.advance(OVER)
        await swept(mesh)
        assert left(mesh) == set()
    assert mesh.rows(KEPT_CHAINS) == []


async def test_keeping_is_refused_without_a_code_a_day_to_come_and_a_chain(mesh: Mesh) -> None:
    _, sent, _ = await ended(mesh)
    chain, day = sent.message["chain_id"], mesh.clock.now().date()
    with closing(beside(mesh)) as core:
        for facts in (
            {"reason": "Nguyen Thi A", "review_on": day + timedelta(days=1)},
            {"reason": "court.order", "review_on": day},
        ):
            with pytest.raises(InputRejected):
                await core.writer.submit(partial(keep_chain, chain_id=chain, **facts))
        unknown = partial(keep_chain, chain_id=OTHER_CHAIN, reason="court.order", review_on=day + timedelta(days=1))
        with pytest.raises(NotFound):
            await core.writer.submit(unknown)


async def test_the_day_to_look_again_is_a_day_of_viet_nam(mesh: Mesh) -> None:
    _, sent, _ = await ended(mesh)
    at_night = (mesh.clock.now() + timedelta(days=1)).replace(hour=18, minute=30)  # 01:30 there, on the day after
    mesh.advance(at_night - mesh.clock.now())
    today = at_night.date() + timedelta(days=1)
    with closing(beside(mesh)) as core:
        keep = partial(keep_chain, chain_id=sent.message["chain_id"], reason="court.order")
        with pytest.raises(InputRejected):
            await core.writer.submit(partial(keep, review_on=today))
        await core.writer.submit(partial(keep, review_on=today + timedelta(days=1)))
        gauges = Gauges(core.engine, core.clock)
        assert (await gauges.read())["mesh_chains_kept_to_review"] == 0
        mesh.advance(timedelta(days=1))
        assert (await gauges.read())["mesh_chains_kept_to_review"] == 1
