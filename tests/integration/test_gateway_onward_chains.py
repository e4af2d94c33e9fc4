"""Random chains over the real gateway: an onward referral never carries what the root did not allow, and ends with it.

One gateway serves all examples of a test, each with a case of its own: what one leaves behind does not concern another.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from shared.kernel.clock import ManualClock, SystemClock
from shared.seal.certificates import verify_certificate
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, Presence
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh, keys_of, running_mesh
from tests.support.withdrawals import certificate, derive, propagation, taken_back

SERVICES = {SOCIAL: "SOC-01", SHELTER_HOUSE: "SOC-06", POLICE: "POL-01", LEGAL: "LEG-02"}
AGENCIES = (HEALTH, *SERVICES)
DATA = ("contact", "safety", "preferences", "dependants", "needs", "identity", "incident", "legal")
DEPTH = BREADTH = 10
SOP = load_sop()


def minimum(recipient: str) -> list[str]:
    """What the service of a recipient cannot be given without."""
    return sorted(SOP.services[SERVICES[recipient]].required)


def takes(recipient: str, parts: list[str]) -> list[str]:
    """What of some compartments the service of a recipient may have."""
    rules = SOP.services[SERVICES[recipient]].compartments
    listed = [name for name in parts if Compartment(name) in rules]
    return [name for name in listed if rules[Compartment(name)].presence is not Presence.FORBIDDEN]


def blank(parts: list[str]) -> dict[str, Any]:
    """Compartments with nothing in them: what is in them does not matter to the gateway, which cannot read it."""
    return {name: {} for name in parts}


def inside(consent: Message, recipient: str, names: set[str]) -> bool:
    """Say whether a consent, as it was signed, grants all this to a recipient; grant by grant."""
    service = SERVICES[recipient]
    granted = {
        name
        for grant in consent["grants"]
        if recipient in grant["recipients"] and service in grant["service_types"]
        for name in grant["compartments"]
    }
    return names <= granted


some_data = st.lists(st.sampled_from(DATA), unique=True, min_size=1)
recipients = st.sampled_from(sorted(SERVICES))
grants = st.builds(
    lambda to, parts, onward: a_grant(
        to, services=[SERVICES[to]], compartments=sorted({*minimum(to), *parts}), onward=onward
    ),
    recipients,
    some_data,
    st.sampled_from((True, True, False)),
)
#: Everything to everybody, so that chains grow deep; beside roots that stop most of what is tried.
WIDE = [a_grant(to, services=[SERVICES[to]], compartments=sorted(DATA), onward=True) for to in sorted(SERVICES)]
roots = st.just(WIDE) | st.lists(grants, min_size=1, max_size=4)
#: What is done, to whom, with what; and how far back from the last referral and the last consent.
back = st.sampled_from((0, 0, 0, 1, 2))
moves = st.tuples(st.sampled_from(("refer", "refer", "refer", "derive")), recipients, some_data, back, back)


async def admitted_inside_the_root(mesh: Mesh, root_grants: list[Message], plan: list[Any]) -> None:
    """Try every move of a plan; whatever the gateway admits must lie inside the root. Then take the root back."""
    root = await mesh[HEALTH].record_consent(*root_grants)
    consents, sent = [root], list[Sent]()
    for act, recipient, parts, before, earlier in plan:
        parent = sent[-1 - before] if len(sent) > before else None
        speaker = mesh[parent.message["recipient"]] if parent else mesh[HEALTH]
        consent = consents[max(0, len(consents) - 1 - earlier)]
        if act == "derive":
            narrower = a_grant(
                recipient, services=[SERVICES[recipient]], compartments=sorted({*minimum(recipient), *parts})
            )
            made = speaker.consent_message(
                {**narrower, "onward": before == 0},
                subject=root["subject"],
                derived_from=consent["id"],
                **{name: root[name] for name in ("valid_from", "valid_to")},
            )
            if (await speaker.post("/v1/consents", made)).status_code == 201:
                consents.append(made)
                assert all(inside(root, recipient, set(grant["compartments"])) for grant in made["grants"])
            continue
        names = sorted({*minimum(recipient), *takes(recipient, parts)})
        chain = {"chain_id": parent.message["chain_id"], "parent_id": parent.id} if parent else {}
        one = await speaker.refer(
            recipient,
            consent,
            service_type=SERVICES[recipient],
            plaintexts=blank(names),
            phoned_first=True,
            **chain,
        )
        if one.answer.status_code == 202:
            sent.append(one)
            assert inside(root, recipient, set(names)), names
            assert inside(consent, recipient, set(names)), names
    event(f"referrals {min(len(sent), 6)}")
    event(f"derived consents {min(len(consents) - 1, 3)}")
    await nothing_opens_after(mesh, root, sent)


async def nothing_opens_after(mesh: Mesh, root: Message, sent: list[Sent]) -> None:
    """Take the root back: every referral of the chain is held to account, and none opens any more."""
    answer = await taken_back(mesh[HEALTH], root)
    assert answer.status_code == 202, answer.text
    holders = (await propagation(mesh[HEALTH], root))["holders"]
    assert {holder["referral_id"] for holder in holders} == {one.id for one in sent}
    for one in sent:
        opened = await mesh[one.message["recipient"]].open(one, *(part["name"] for part in one.message["compartments"]))
        assert opened.json().get("shares", {}) == {}


@pytest.mark.slow
def test_random_chains_stay_inside_their_root_and_end_with_it(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        running = running_mesh(f"sqlite:///{tmp_path / 'test.db'}", tmp_path, clock=ManualClock(SystemClock().now()))
        mesh = runner.run(running.__aenter__())

        @given(root=roots, plan=st.lists(moves, min_size=4, max_size=14))
        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def holds(root: list[Message], plan: list[Any]) -> None:
            runner.run(admitted_inside_the_root(mesh, root, plan))

        holds()
        runner.run(running.__aexit__(None, None, None))


@pytest.mark.slow
async def test_ten_deep_and_ten_wide_all_are_told_and_proved(mesh: Mesh) -> None:
    parts = ["contact", "safety", "preferences", "dependants"]
    root = await mesh[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE, compartments=parts, onward=True))
    consent, sender, parent = root, HEALTH, None
    sent: list[Sent] = []
    for depth in range(DEPTH):
        towards = SHELTER_HOUSE if sender == SOCIAL else SOCIAL
        chain = {"chain_id": parent.message["chain_id"], "parent_id": parent.id} if parent else {}
        level = [await mesh[sender].refer(towards, consent, plaintexts=blank(parts), **chain) for _ in range(BREADTH)]
        assert {one.answer.status_code for one in level} == {202}
        wider = await mesh[sender].refer(towards, consent, plaintexts=blank([*parts, "identity"]), **chain)
        assert wider.answer.json()["code"] == "consent.compartment"
        sent += level
        parent, sender = level[depth % BREADTH], towards
        await mesh[sender].take_in()
        if depth % 2 == 0:  # every other hop under a consent of its own
            consent = await derive(
                mesh[sender], consent, a_grant(SOCIAL, SHELTER_HOUSE, compartments=parts, onward=True)
            )
    answer = await taken_back(mesh[HEALTH], root)
    assert answer.status_code == 202, answer.text
    found = await propagation(mesh[HEALTH], root)
    assert {holder["referral_id"] for holder in found["holders"]} == {one.id for one in sent}
    for one in sent:
        await mesh[one.message["recipient"]].reported(one, "sealed", result="sealed")
    signed = await certificate(mesh[HEALTH], root)
    assert signed["certificate"]["complete"] is True
    depth, level_below = 0, signed["certificate"]["holders"]
    while level_below:
        assert len(level_below) == BREADTH
        depth, level_below = depth + 1, [below for hop in level_below for below in hop["onward"]]
    assert depth == DEPTH
    response = await mesh[HEALTH].get(f"/v1/consents/{root['id']}/certificate")
    verdict = verify_certificate(response.content, jwks=keys_of("gateway").public_jwks(), verifier=mesh.verifier)
    assert (verdict.findings, verdict.counted) == ([], DEPTH * BREADTH)
