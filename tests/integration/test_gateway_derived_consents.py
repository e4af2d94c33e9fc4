"""How a derived consent is shown after something was taken back of the one above it."""

import pytest

from tests.support.agency import Agency, Message
from tests.support.console import auditor, opened
from tests.support.mesh import HEALTH, SHELTER_HOUSE, SOCIAL, Mesh
from tests.support.withdrawals import a_line


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def standing(reader: Agency, consent: Message) -> tuple[str, list[Message]]:
    """Return how a consent stands for a reader, and what was taken back; alone and in a list it is the same."""
    alone = (await reader.get(f"/v1/consents/{consent['id']}")).json()
    assert (await reader.get("/v1/consents", ids=consent["id"])).json()["items"] == [alone]
    return alone["consent"]["state"], alone["takings"]


async def test_derived_consent_stands_as_what_was_taken_back_above_it_leaves_it(mesh: Mesh) -> None:
    consent, derived, _, _ = await a_line(mesh)
    readers = (mesh[SOCIAL], mesh[SHELTER_HOUSE])
    await mesh[HEALTH].revoke(consent, recipients=[SOCIAL])
    assert [await standing(reader, derived) for reader in readers] == [("active", [])] * 2
    await mesh[HEALTH].revoke(consent, recipients=[SOCIAL, SHELTER_HOUSE], compartments=["safety", "identity"])
    for reader in readers:
        state, (taking,) = await standing(reader, derived)
        assert (state, taking["recipients"], taking["compartments"]) == ("narrowed", [SHELTER_HOUSE], ["safety"])
    own = await mesh[SOCIAL].revoke(derived, compartments=["contact"])
    assert own.json()["consent"]["state"] == "narrowed"
    await mesh[HEALTH].revoke(consent)
    assert {(await standing(reader, derived))[0] for reader in readers} == {"revoked"}


async def test_last_thing_taken_back_of_a_derived_consent_leaves_nothing_of_it(mesh: Mesh) -> None:
    consent, derived, _, _ = await a_line(mesh)
    await mesh[HEALTH].revoke(consent, compartments=["contact", "safety", "preferences"])
    answer = await mesh[SOCIAL].revoke(derived, compartments=["dependants"])
    assert answer.json()["consent"]["state"] == "revoked"


async def test_oversight_is_shown_a_derived_consent_taken_back_with_the_one_above_it(mesh: Mesh) -> None:
    consent, derived, first, _ = await a_line(mesh)
    await mesh[HEALTH].revoke(consent)
    page = await opened(await auditor(mesh), f"/console/chains/{first.id}")
    card = page.text.partition(f'<p class="code fine">{derived["id"]}</p>')[2].partition("</dl>")[0]
    assert "<dt>State</dt><dd>taken back</dd>" in card
    assert "by her own word: all of it" in card
