"""Markup in everything that another agency or a partner system can send: on every page it is text."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.people.records import Role
from shared.sop.compartments import check_plaintext
from shared.sop.loader import load_sop
from tests.support.agency_services import World, a_consent, a_grant, referred, world
from tests.support.page_client import PageClient, somebody
from tests.support.page_payloads import ALL_IN_ONE, PAYLOADS, PROBE, assert_inert, filled

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

SOP = load_sop()
#: One service type of each sector that is asked here; what it does not take stays behind by itself.
ASKED = {"social": "SOC-01", "legal_aid": "LEG-01", "police": "POL-01"}
CASE = {name.value: filled(schema) for name, schema in SOP.schemas.items() if name.value != "note"}

#: Whoever is never to be called is nobody who can be called elsewhere on the form.
CASE["contact"]["never_contact"] = [{"who": f"<{PROBE}> never", "number": "0900 000 009", "reason": ALL_IN_ONE[:80]}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("payloads"), "health", *ASKED) as made:
        yield made


async def sent(mesh: World, kind: str) -> str:
    """A referral whose every free text holds payloads."""
    grant = a_grant(kind, ASKED[kind], names=list(CASE))
    body = a_consent(grant, subject_details={"reference": ALL_IN_ONE[:100]})
    consent = (await mesh["health"].done("/v1/consents", body))["consent"]
    recipient = grant["recipients"][0]
    referral_id = await referred(
        mesh["health"], consent, recipient=recipient, service_type=ASKED[kind], compartments=CASE, phoned_first=True
    )
    await mesh[kind].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh["health"].done(f"/v1/referrals/{referral_id}/notes", {"text": ALL_IN_ONE})
    return referral_id


async def opened(worker: PageClient, referral_id: str) -> str:
    """Every part of a referral that can be opened, as its page shows it."""
    page = await worker.get(f"/referrals/{referral_id}/open")
    parts = page.form("/open").choices["part"]
    shown = await worker.send(page, f"/referrals/{referral_id}/open", part=parts, reason="case_work")
    assert shown.status == 200, shown.text
    return shown.text


async def test_the_payloads_stand_in_every_free_text_of_every_compartment() -> None:
    for name, schema in SOP.schemas.items():
        assert check_plaintext(SOP, name, filled(schema)) == (), name
    assert str(CASE).count(PROBE) > 100


@pytest.mark.parametrize("kind", list(ASKED))
async def test_whatever_an_agency_can_send_is_text_on_every_page(mesh: World, kind: str) -> None:
    referral_id = await sent(mesh, kind)
    worker = await somebody(mesh.services[kind].app, Role.SUPERVISOR, gender="female")
    here = f"/referrals/{referral_id}"
    texts = [
        (await worker.get(path)).text for path in (here, "/inbox", "/supervision", f"{here}/looked", f"{here}/notes")
    ]
    assert not [text for text in texts if PROBE in text], (
        "what is written about her stands on a page that is not opened"
    )
    for verb in ("acknowledge", "accept"):
        page = await worker.get(f"{here}/{verb}")
        choices = page.form(f"{here}/{verb}").choices
        told = {"staff_gender": "female"} if "staff_gender" in choices else {}
        assert (await worker.send(page, f"{here}/{verb}", **told)).path == here
    parts = await opened(worker, referral_id)
    assert parts.count(PROBE) > 20
    async with asyncio.timeout(30):
        while "Read the notes (1)" not in (page := await worker.get(f"{here}/notes")).text:
            await asyncio.sleep(0.02)
    notes = await worker.send(page, "/notes/read", reason="case_work")
    assert PROBE in notes.text
    for text in (*texts, parts, notes.text, (await worker.get(f"{here}/panels")).text):
        assert_inert(text)


async def test_a_page_that_runs_a_payload_would_be_found() -> None:
    for payload in PAYLOADS:
        careless = f'<p title="x">{payload}</p><p title=\'{payload}\'>x</p><a href="{payload}">x</a>'
        if payload.startswith(("&lt;", "{{")):
            continue
        with pytest.raises(AssertionError):
            assert_inert(careless)
