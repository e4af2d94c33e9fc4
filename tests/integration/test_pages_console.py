"""The console of oversight: found, shown, proved, written down; on both databases where a query is new."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.adapters.deliveries import TRIED_OFTEN
from gateway.adapters.tables import LEDGER_ENTRIES, OVERSIGHT_READINGS, REFERRALS
from shared.kernel.clock import ManualClock, SystemClock, from_wire
from shared.kernel.errors import InputRejected
from shared.ledger.tree import leaf_hash
from shared.referral.number import number_of, spoken
from shared.sop.calendar import ZONE
from tests.support.agency import a_grant
from tests.support.agency_services import CANARY
from tests.support.console import ROOMS, Story, auditor, coordinator, opened, tamper, told
from tests.support.mesh import HEALTH, POLICE, SHELTER_HOUSE, SOCIAL, Enrolled, Mesh, running_mesh
from tests.support.overrides import acts
from tests.support.page_client import PageClient
from tests.support.page_payloads import ALL_IN_ONE, PROBE, assert_inert
from tests.support.page_routes import NOBODY, pages_of

pytestmark = pytest.mark.slow


@pytest.fixture
async def story(mesh: Mesh) -> Story:
    return await told(mesh)


@pytest.fixture
async def small(enrolled_file: Enrolled, tmp_path: Path) -> AsyncIterator[Mesh]:
    """A gateway on SQLite alone: what is asked here has nothing to do with the database."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    (tmp_path / "gateway.db").write_bytes(Path(enrolled_file.url.removeprefix("sqlite:///")).read_bytes())
    clock = ManualClock(SystemClock().now())
    async with running_mesh(url, tmp_path, clock=clock, secrets=enrolled_file.secrets) as running:
        yield running


# Finding a chain.


async def test_a_chain_is_found_by_its_number_and_by_every_id_of_it(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    spoken_number = spoken(number_of(story.second.id)).lower()
    for number in (story.first.id, story.second.id, spoken_number, story.second.id.upper()):
        assert (await thu.get(f"/console/chains?number={number}")).path == story.chain
    unknown = await thu.get(f"/console/chains?number={mesh[HEALTH].ids.new()}")
    assert unknown.status == 404
    slip = await thu.get("/console/chains?number=" + spoken_number[:-1] + ("0" if spoken_number[-1] != "0" else "1"))
    assert slip.status == 422
    assert "slip of the tongue" in slip.text


async def test_referrals_are_found_by_agency_state_and_day(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    today = mesh.clock.now().astimezone(ZONE).date()
    shown = {number_of(one.id): one for one in (story.first, story.second, story.override)}

    async def found(client: PageClient = thu, **asked: str) -> set[str]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        page = await opened(client, f"/console/chains?{query}")
        return {shown[number].id for number in shown if spoken(number) in page.text}

    first, second, other = story.first.id, story.second.id, story.override.id
    assert await found() == {first, second, other}
    assert await found(agency=SOCIAL) == {first, second}
    assert await found(agency=POLICE) == {other}
    assert await found(state="sent") == {other}
    assert await found(agency=SHELTER_HOUSE, state="revoked") == {second}
    assert await found(since=str(today), until=str(today)) == {first, second, other}
    assert await found(since=str(today + timedelta(days=1))) == set()
    assert await found(until=str(today - timedelta(days=1))) == set()
    mesh.advance(timedelta(days=30))
    assert await found(await auditor(mesh), late="on") == {other}


async def test_the_list_goes_on_page_by_page_and_shows_each_referral_once(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    expected = [
        str(row["referral_id"]) for row in sorted(mesh.rows(REFERRALS), key=lambda row: str(row["received_at"]))
    ]
    numbers = {spoken(number_of(one)) for one in expected}
    path: str | None = "/console/chains?limit=1"
    seen: list[str] = []
    while path:
        page = await opened(thu, path)
        seen += [number for number in numbers if number in page.text]
        onward = re.search(r'class="button" href="([^"]+after=[^"]+)"', page.text)
        path = onward.group(1).replace("&amp;", "&") if onward else None
    assert sorted(seen) == sorted(numbers)


async def test_a_filter_that_is_none_is_said_beside_its_field(small: Mesh) -> None:
    thu = await auditor(small)
    page = await thu.get("/console/chains?agency=No+Agency&since=2026-13-40&state=lost")
    assert page.status == 422
    assert all(f'id="{name}-fault"' in page.text for name in ("agency", "since", "state"))


# A chain, proved.


async def test_the_file_of_a_chain_shows_every_entry_proved(mesh: Mesh, story: Story) -> None:
    page = await opened(await auditor(mesh), story.chain)
    assert "not proved" not in page.text
    assert "entries on this page are proved" in page.text
    assert len(re.findall(r"✓&nbsp;proved", page.text)) == len(re.findall(r'id="e\d+"', page.text)) > 5
    for shown in ("Referral sent", "Consent withdrawn", "begins the chain", story.consent["id"], "<svg"):
        assert shown in page.text
    assert page.headings.count("Limits, kept and missed") == 1


async def test_no_time_an_agency_may_write_hides_its_chain(mesh: Mesh) -> None:
    ends = {"valid_from": "0001-01-01T00:00:00.000Z", "valid_to": "9999-12-31T23:59:59.000Z"}
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL), **ends)
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    page = await opened(await auditor(mesh), f"/console/chains/{sent.id}")
    assert "31 Dec 9999" in page.text
    assert "1 Jan 1," in page.text


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("UPDATE ledger_entries SET leaf = replace(leaf, 'accepted', 'declined') WHERE code = 'accepted'", "changed"),
        ("UPDATE ledger_entries SET code = 'declined' WHERE code = 'accepted'", "other facts"),
        ("UPDATE ledger_entries SET leaf_hash = 'zz' WHERE code = 'accepted'", "hash"),
        ("DELETE FROM ledger_entries WHERE idx = (SELECT max(idx) - 1 FROM ledger_entries)", "hashes are missing"),
        (
            "UPDATE referrals SET state = 'completed' WHERE parent_id IS NULL AND consent_id IS NOT NULL",
            "another state",
        ),
    ],
)
async def test_what_was_changed_in_the_database_is_said_loudly(small_then: Mesh, change: str, finding: str) -> None:
    story = await told(small_then)
    thu = await auditor(small_then)
    assert 'role="alert"' not in (await opened(thu, story.chain)).text
    assert tamper(small_then, change) >= 1
    page = await opened(thu, story.chain)
    assert 'class="trouble" role="alert"' in page.text
    assert finding in page.text


@pytest.fixture
async def small_then(enrolled_file: Enrolled, tmp_path: Path) -> AsyncIterator[Mesh]:
    """A gateway whose ledger a test spoils: it is not held to be whole in the end."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    (tmp_path / "gateway.db").write_bytes(Path(enrolled_file.url.removeprefix("sqlite:///")).read_bytes())
    clock = ManualClock(SystemClock().now())
    with suppress(AssertionError, InputRejected):
        async with running_mesh(url, tmp_path, clock=clock, secrets=enrolled_file.secrets) as running:
            yield running


async def test_a_leaf_that_was_rewritten_with_its_hash_does_not_lead_to_the_root(small_then: Mesh) -> None:
    await told(small_then)
    thu = await auditor(small_then)
    row = next(row for row in small_then.rows(LEDGER_ENTRIES) if row["kind"] == "referral")
    leaf = str(row["leaf"]).replace(HEALTH, POLICE)
    change = "UPDATE ledger_entries SET leaf = ?, leaf_hash = ?, actor = ? WHERE idx = ?"
    tamper(small_then, change, leaf, leaf_hash(leaf.encode()).hex(), POLICE, row["idx"])
    page = await opened(thu, f"/console/ledger/entries/{row['idx']}")
    assert "This entry cannot be proved" in page.text
    assert "does not lead to the root" in page.text
    assert "does not lead to the root" in (await opened(thu, f"/console/ledger/entries/{int(row['idx']) - 1}")).text


async def test_no_case_data_is_on_any_page(mesh: Mesh, story: Story) -> None:
    thu, binh = await auditor(mesh), await coordinator(mesh)
    paths = [f"/console{room}" for room in ROOMS] + [story.chain, f"/console/overrides/{story.override.id}"]
    text = "".join([(await opened(client, path)).text for client in (thu, binh) for path in paths])
    sent = (story.first, story.second, story.override)
    secrets = [str(one.message["subject"]) for one in sent]
    secrets += [share for one in sent for share in one.hub_shares.values()]
    secrets += [str(part["ciphertext"]) for one in sent for part in one.message["compartments"]]
    assert not [secret for secret in (*secrets, CANARY) if secret in text]


# Refusals, overrides, withdrawals.


async def test_refusals_are_listed_in_words_and_filtered(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    page = await opened(thu, "/console/refusals")
    assert "consent.subject" in page.text
    assert "Another person's consent" in html.unescape(page.text)
    assert (
        "consent.subject</span>" in (await opened(thu, f"/console/refusals?agency={HEALTH}&code=consent.subject")).text
    )
    assert "Nothing was refused" in (await opened(thu, f"/console/refusals?agency={POLICE}")).text
    yesterday = (mesh.clock.now().astimezone(ZONE) - timedelta(days=1)).date()
    assert "Nothing was refused" in (await opened(thu, f"/console/refusals?until={yesterday}")).text


async def test_a_coordinator_reviews_and_an_auditor_only_reads(mesh: Mesh, story: Story) -> None:
    thu, binh = await auditor(mesh), await coordinator(mesh)
    path = f"/console/overrides/{story.override.id}"
    assert path in (await opened(thu, "/console/overrides?state=unconfirmed")).text
    read_only = await opened(thu, path)
    assert not [form for form in read_only.forms if form.action.endswith("/review")]
    csrf = dict((await opened(thu, "/console/ledger")).form("/kept").fields)["csrf"]
    refused = await thu.post(f"{path}/review", {"csrf": csrf, "outcome": "justified"})
    assert refused.status == 403
    form = await opened(binh, path)
    nothing = await binh.send(form, "/review", measures=["access_ended"])
    assert nothing.status == 422
    assert 'id="outcome-fault"' in nothing.text
    done = await binh.send(form, "/review", outcome="partly", measures=["guidance_given", "access_ended"])
    assert (done.status, done.path) == (200, path)
    assert "Justified in part" in done.text
    assert acts(mesh, story.override) == ["opened:vital_interest", "reviewed:partly", "ended:basis.review"]
    again = await binh.send(form, "/review", outcome="justified")
    assert again.status == 422
    assert "reviewed already" in again.text


async def test_who_has_not_confirmed_a_withdrawal_is_shown_with_how_late(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    page = await opened(thu, "/console/withdrawals")
    assert SOCIAL in page.text
    assert SHELTER_HOUSE in page.text
    assert "Nothing is outstanding" in (await opened(thu, "/console/withdrawals?late=on")).text
    await mesh[SOCIAL].reported(story.first, "sealed", result="extended", extension_days=10, reason="backups")
    mesh.advance(timedelta(hours=25))
    late = await opened(await auditor(mesh), "/console/withdrawals?late=on")
    assert "put off by 10 days" in late.text
    assert "late" in late.text


# The ledger.


async def test_the_ledger_page_shows_a_signed_head_and_holds_a_kept_one_against_it(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    page = await opened(thu, "/console/ledger")
    assert "no: this gateway names no witnesses" in page.text
    kept = (await mesh.oversight.http.get("/ledger/checkpoint")).text
    await mesh[HEALTH].record_consent()
    same = await thu.send(page, "/kept", note=kept)
    assert "it only grew" in same.text
    size = int(kept.splitlines()[1])
    grown = await opened(thu, f"/console/ledger/growth?first={size // 2}&second={size}")
    assert "it only grew" in grown.text
    for wrong in (kept.replace(kept.splitlines()[1], str(size + 1), 1), "hello", ""):
        assert (await thu.send(page, "/kept", note=wrong)).status == 422
    assert (await thu.get("/console/ledger/growth?first=2&second=9999")).status == 422
    assert (await thu.get("/console/ledger/entries?index=0")).path == "/console/ledger/entries/0"
    assert (await thu.get("/console/ledger/entries/99999")).status == 404
    assert (await thu.get("/console/ledger/entries?index=first")).status == 422
    assert story.first.id


# What does not arrive.


async def test_what_does_not_arrive_is_listed_and_tried_again_by_a_coordinator_alone(mesh: Mesh) -> None:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    thu, binh = await auditor(mesh), await coordinator(mesh)
    assert "Everything arrives" in (await opened(thu, "/console/deliveries")).text
    for _ in range(TRIED_OFTEN):
        await mesh[SOCIAL].inbox()
    replay = f"/console/deliveries/{sent.id}/replay"
    seen = await opened(thu, "/console/deliveries")
    assert SOCIAL in seen.text
    assert replay not in seen.text
    page = await opened(binh, "/console/deliveries")
    assert (await binh.send(page, replay)).path == "/console/deliveries"
    await mesh[SOCIAL].take_in()
    late = await binh.send(page, replay)
    assert late.status == 409
    assert "does not wait any more" in late.text
    assert "Everything arrives" in (await opened(thu, "/console/deliveries")).text
    asked_for = [row["about"] for row in mesh.rows(OVERSIGHT_READINGS) if row["page"] == "replay"]
    assert asked_for == [sent.id, sent.id]


# Who looked.


async def test_every_page_writes_down_who_looked_before_it_is_answered(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    paths = {
        "start": "/console",
        "find": "/console/chains",
        "chain": story.chain,
        "refusals": "/console/refusals",
        "overrides": "/console/overrides",
        "override": f"/console/overrides/{story.override.id}",
        "withdrawals": "/console/withdrawals",
        "deliveries": "/console/deliveries",
        "ledger": "/console/ledger",
        "entry": "/console/ledger/entries/0",
        "growth": "/console/ledger/growth?first=1&second=2",
        "readings": "/console/readings",
    }
    for page, path in paths.items():
        before = len(mesh.rows(OVERSIGHT_READINGS))
        await opened(thu, path)
        readings = sorted(mesh.rows(OVERSIGHT_READINGS), key=lambda row: str(row["id"]))
        assert [row["page"] for row in readings[before:]] == [page]
    readers = {row["reader"] for row in mesh.rows(OVERSIGHT_READINGS)}
    assert len(readers) == 1
    assert all(str(reader).startswith("staff-") for reader in readers)
    minh = await coordinator(mesh)
    assert readers.pop() in (await opened(minh, f"/console/readings?about={story.first.id}")).text
    listed = await opened(minh, "/console/readings")
    assert [page for page in paths if f">{page}</td>" in listed.text] == []


async def test_no_page_of_the_console_is_opened_unseen(small: Mesh) -> None:
    thu = await auditor(small)
    for seen in pages_of(small.app):
        if seen.method != "GET" or not seen.path.startswith("/console"):
            continue
        before = len(small.rows(OVERSIGHT_READINGS))
        page = await thu.get(seen.address.replace(NOBODY, "0") if "{index}" in seen.path else seen.address)
        assert page.status in {200, 404, 422}, (seen.path, page.status)
        assert len(small.rows(OVERSIGHT_READINGS)) > before, f"{seen.path} was opened, and nobody knows"


async def test_a_look_that_finds_nothing_and_one_that_is_refused_are_written_down(small: Mesh) -> None:
    thu = await auditor(small)
    unknown = small[HEALTH].ids.new()
    assert (await thu.get(f"/console/chains/{unknown}")).status == 404
    assert (await thu.get(f"/console/chains?number={unknown}")).status == 404
    assert (await thu.get("/console/chains?number=Nguyen+Thi+Mau")).status == 422
    csrf = dict((await opened(thu, "/console/ledger")).form("/kept").fields)["csrf"]
    assert (await thu.post(f"/console/overrides/{unknown}/review", {"csrf": csrf})).status == 403
    rows = sorted(small.rows(OVERSIGHT_READINGS), key=lambda row: str(row["id"]))
    told_of = [(row["page"], row["about"], row["refused"]) for row in rows]
    assert told_of[1:] == [  # the start page comes first, after the sign-in
        ("chain", unknown, "chain.unknown"),
        ("find", unknown, None),
        ("find", None, "number.form"),
        ("ledger", None, None),
        ("overrides", None, "page.role"),
    ]


async def test_nobody_sees_the_console_who_is_not_signed_in(small: Mesh) -> None:
    stranger = PageClient(small.app)
    for room in ROOMS:
        assert (await stranger.get(f"/console{room}")).path == "/sign-in"
    assert small.rows(OVERSIGHT_READINGS) == []


# What others may write.


async def test_what_agencies_write_is_shown_as_text(small_then: Mesh) -> None:
    story = await told(small_then)
    thu = await auditor(small_then)
    for statement in (
        "UPDATE agencies SET name_vi = ?1, name_en = ?1",
        "UPDATE ledger_entries SET code = ?1, actor = ?1, state = ?1 WHERE kind = 'refusal'",
        "UPDATE ledger_entries SET leaf = replace(leaf, 'consent.subject', ?1) WHERE kind = 'refusal'",
        "UPDATE overrides SET approver = ?1, article = ?1, ended_by = ?1, service_type = ?1",
        "UPDATE holds SET article = ?1, agency = ?1, via = ?1",
        "UPDATE referrals SET service_type = ?1",
        "UPDATE messages SET recipient = ?1",
    ):
        assert tamper(small_then, statement, ALL_IN_ONE) >= 1
    index = next(row["idx"] for row in small_then.rows(LEDGER_ENTRIES) if row["kind"] == "refusal")
    pages = [f"/console{room}" for room in ROOMS]
    pages += [story.chain, f"/console/overrides/{story.override.id}", f"/console/ledger/entries/{index}"]
    typed = quote(ALL_IN_ONE[:80])
    pages += [f"/console/chains?agency={typed}", f"/console/chains?number={typed}", f"/console/readings?about={typed}"]
    found = 0
    for path in pages:
        page = await thu.get(path)
        assert page.status in {200, 422}, (path, page.status)
        assert_inert(page.text)
        found += page.text.count(PROBE)
    assert found > 100


async def test_the_start_page_says_what_is_late(mesh: Mesh, story: Story) -> None:
    thu = await auditor(mesh)
    calm = await opened(thu, "/console")
    assert "Nothing is late" in calm.text
    assert f"/console/overrides/{story.override.id}" in calm.text
    mesh.advance(timedelta(days=9))
    busy = await opened(await auditor(mesh), "/console")
    assert "has a duty that is late" in busy.text
    assert from_wire(str(mesh.rows(REFERRALS)[0]["received_at"])) < mesh.clock.now()
