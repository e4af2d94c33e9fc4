"""Somebody's own account and the administrator's pages, clicked in front of a real service."""

import re
from collections.abc import AsyncIterator

import httpx
import pyotp
import pytest
import pytest_asyncio

from shared.kernel.clock import SystemClock
from shared.people.records import Account, Role
from tests.support.agency_services import CANARY, World, a_grant, consented, keys_of, referred, world
from tests.support.page_client import PASSWORD, Page, PageClient, an_account, front_of, somebody
from tests.support.page_payloads import ALL_IN_ONE, PAYLOADS, PROBE, assert_inert

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

NEW = "con duong qua lang cu"
NEWCOMER = {"login": "huong", "name": "Hương", "role": "supervisor", "gender": "female", "languages": "vi, HMN"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("people"), "health", enrolled=["social"]) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def boss(mesh: World) -> PageClient:
    """An administrator of the hospital."""
    return await somebody(mesh.services["health"].app, Role.ADMINISTRATOR)


def browser(mesh: World) -> PageClient:
    return PageClient(mesh.services["health"].app)


async def one(mesh: World, login: str) -> Account:
    return await front_of(mesh.services["health"].app).staff.by_login(login)


def password_on(page: Page) -> str:
    """The first password that a page shows."""
    found = re.search(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", page.text)
    assert found, page.text
    return found[0]


async def signed_in(mesh: World, login: str, **fields: str) -> PageClient:
    client = browser(mesh)
    assert (await client.sign_in(login, **fields)).status == 200
    return client


async def test_somebody_gets_an_account_and_chooses_a_password_of_her_own(mesh: World, boss: PageClient) -> None:
    page = await boss.send(await boss.get("/administration/people/new"), "/administration/people", **NEWCOMER)
    assert page.headings == ["The account is ready"]
    first = password_on(page)
    account = await one(mesh, "huong")
    assert (account.role, account.gender, list(account.languages)) == ("supervisor", "female", ["vi", "hmn"])
    assert first not in (await boss.get(f"/administration/people/{account.account_id}")).text
    client = browser(mesh)
    assert (await client.sign_in("huong", first)).path == "/account/password"
    page = await client.send(await client.get("/account/password"), "/account/password", old=first, new=NEW, again=NEW)
    assert (page.path, page.status) == ("/account", 200)
    assert (await browser(mesh).sign_in("huong", NEW)).path == "/inbox"


@pytest.mark.parametrize(
    ("field", "value"), [("login", "A B"), ("login", "known"), ("role", "auditor"), ("gender", "x"), ("name", "")]
)
async def test_what_is_wrong_with_an_account_stands_beside_its_field(
    mesh: World, boss: PageClient, field: str, value: str
) -> None:
    if value == "known":
        await an_account(front_of(mesh.services["health"].app), "known", Role.CASEWORKER)
    given = {**NEWCOMER, "login": "other", field: value, "unit": "Kept as typed"}
    page = await boss.send(await boss.get("/administration/people/new"), "/administration/people", **given)
    assert page.status == 422
    assert f'id="{field}-fault"' in page.text
    assert "Kept as typed" in page.text


async def test_an_account_is_changed_disabled_and_let_in_again(mesh: World, boss: PageClient) -> None:
    account = await an_account(front_of(mesh.services["health"].app), "minh", Role.CASEWORKER, language="en")
    here = f"/administration/people/{account.account_id}"
    client = await signed_in(mesh, "minh")
    page = await boss.send(await boss.get(here), here, name="Minh Anh", role="caseworker", unit="Khoa Cấp cứu")
    assert (page.path, page.headings[0]) == (here, "Minh Anh")
    assert "Khoa Cấp cứu" in (await client.get("/account")).text
    page = await boss.send(page, f"{here}/disable")
    assert "Disabled since" in page.text
    assert (await client.get("/account")).path == "/sign-in"
    assert (await browser(mesh).sign_in("minh")).status == 401
    await boss.send(page, f"{here}/restore")
    assert (await browser(mesh).sign_in("minh")).status == 200


async def test_a_new_password_is_shown_once_and_ends_the_sessions(mesh: World, boss: PageClient) -> None:
    account = await an_account(front_of(mesh.services["health"].app), "thao", Role.CASEWORKER)
    client = await signed_in(mesh, "thao")
    here = f"/administration/people/{account.account_id}"
    page = await boss.send(await boss.get(here), f"{here}/password")
    assert (await client.get("/account")).path == "/sign-in"
    assert (await browser(mesh).sign_in("thao")).status == 401
    assert (await browser(mesh).sign_in("thao", password_on(page))).path == "/account/password"


@pytest.mark.parametrize("act", ["disable", "password", "codes", "hold"])
async def test_nobody_disables_her_own_account_or_changes_how_she_signs_in_without_her_password(
    mesh: World, boss: PageClient, act: str
) -> None:
    own = next(a for a in await front_of(mesh.services["health"].app).staff.everybody() if a.role == "administrator")
    here = f"/administration/people/{own.account_id}"
    page = await boss.get(here)
    assert {form.action for form in page.forms if form.action.startswith(here)} == {here}
    fields = dict(page.forms[0].fields)
    assert (await boss.post(f"{here}/{act}", {"csrf": fields["csrf"]})).status == 409
    assert (await boss.get(here)).status == 200


async def test_the_keys_are_shown_by_fingerprint_beside_what_the_directory_says(mesh: World, boss: PageClient) -> None:
    page = await boss.get("/administration/keys")
    kids = [key["kid"] for key in keys_of("health").public_jwks()["keys"]]
    assert len(kids) == 2
    assert all(kid in page.text for kid in kids)
    assert "shows the same keys" in page.text
    assert all(value not in page.text for value in keys_of("health").signing.private_jwk().values() if len(value) > 40
               and value not in kids)  # fmt: skip


async def test_delivery_tells_what_waits_and_nothing_of_any_case(mesh: World, boss: PageClient) -> None:
    hook = {"url": "http://127.0.0.1:1/hook", "types": []}
    await mesh["health"].done("/v1/webhooks", hook, Idempotency_Key="hook-1")
    consent = await consented(mesh["health"], a_grant("social"))
    referral_id = await referred(mesh["health"], consent)
    mesh.wire.cut = True
    try:
        note = {"text": CANARY}
        kept = await mesh["health"].post(f"/v1/referrals/{referral_id}/notes", note, Idempotency_Key="note-1")
        page, overview = await boss.get("/administration/delivery"), await boss.get("/administration")
    finally:
        mesh.wire.mend()
    assert kept.status_code == 202, kept.text
    assert "1 message waits to be sent to the gateway" in page.text
    assert "1 message waits" in overview.text
    for text in (page.text, overview.text):
        assert CANARY not in text
        assert referral_id not in text
    assert "partner" in page.text
    assert "never yet" not in page.text.partition("Something last")[0]


async def test_an_administrator_opens_no_case(mesh: World, boss: PageClient) -> None:
    consent = await consented(mesh["health"], a_grant("social"))
    referral_id = await referred(mesh["health"], consent)
    for path in ("/inbox", "/new", f"/referrals/{referral_id}", f"/referrals/{referral_id}/open"):
        page = await boss.get(path)
        assert (page.status, CANARY in page.text) == (403, False), path


async def test_one_time_codes_are_set_up_with_a_picture_or_a_text_and_a_first_code(mesh: World) -> None:
    await an_account(front_of(mesh.services["health"].app), "yen", Role.CASEWORKER, language="en")
    client = await signed_in(mesh, "yen")
    page = await client.get("/account/codes")
    secret = re.search(r'<p class="code">([A-Z2-7 ]+)</p>', page.text)
    assert secret
    assert "<svg" in page.text
    assert_inert(page.text)
    wrong = await client.send(page, "/account/codes", code="000000", password=PASSWORD)
    assert (wrong.status, secret[1] in wrong.text) == (422, True)
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    done = await client.send(wrong, "/account/codes", code=totp.at(SystemClock().now()), password=PASSWORD)
    assert done.path == "/account"
    assert "is asked for when you sign in" in done.text
    assert (await browser(mesh).sign_in("yen")).status == 401
    page = await client.send(await client.get("/account/codes/away"), "/account/codes/away", password=PASSWORD)
    assert page.path == "/account"
    assert (await browser(mesh).sign_in("yen")).status == 200


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"old": "mot hai ba bon nam", "new": NEW, "again": NEW}, "old"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "again"),
    ],
)
async def test_a_password_is_changed_by_whoever_knows_the_old_one(
    mesh: World, fields: dict[str, str], fault: str
) -> None:
    client = await somebody(mesh.services["health"].app, Role.CASEWORKER)
    page = await client.send(await client.get("/account/password"), "/account/password", **fields)
    assert page.status == 422
    assert f'id="{fault}-fault"' in page.text
    assert not [value for value in fields.values() if f'value="{value}"' in page.text]


async def test_other_browsers_are_seen_and_signed_out_one_by_one_or_all(mesh: World) -> None:
    await an_account(front_of(mesh.services["health"].app), "many", Role.CASEWORKER, language="en")
    here, there, third = [await signed_in(mesh, "many") for _ in range(3)]
    page = await here.get("/account")
    assert page.text.count("another browser") == 2
    others = [form for form in page.forms if form.action == "/account/sessions"]
    page = await here.send(page, "/account/sessions", button=others[0].buttons[0])
    assert page.text.count("another browser") == 1
    await here.send(page, "/sign-out", button=("everywhere", "on"))
    for client in (here, there, third):
        assert (await client.get("/account")).path == "/sign-in"


async def test_what_colleagues_write_about_one_another_runs_nowhere(mesh: World, boss: PageClient) -> None:
    staff = front_of(mesh.services["health"].app).staff
    page = await boss.get("/administration/people/new")
    for payload in PAYLOADS:
        fields = {"login": payload, "name": payload, "unit": payload, "languages": payload, "oidc_subject": payload}
        assert_inert((await boss.send(page, "/administration/people", role="caseworker", **fields)).text)
    account = await an_account(front_of(mesh.services["health"].app), "payload", Role.CASEWORKER, language="en")
    here, short = f"/administration/people/{account.account_id}", f"\"'><{PROBE} on{PROBE}=1>{{{{ '{PROBE}'|upper }}}}"
    await boss.send(await boss.get(here), here, name=short, role="caseworker", unit=short, oidc_subject="s<b>1")
    assert (await staff.one(account.account_id)).name == short
    client = await signed_in(mesh, "payload")
    for seen in (await boss.get(here), await boss.get("/administration/people"), await client.get("/account")):
        assert PROBE in seen.text
        assert_inert(seen.text)


@pytest.mark.parametrize("path", ["/sign-in", "/inbox", "/inbox/find", "/administration", "/nowhere", "/calendar"])
async def test_what_stands_in_an_address_runs_nowhere(mesh: World, boss: PageClient, path: str) -> None:
    query = httpx.QueryParams({"next": "/" + ALL_IN_ONE, "number": ALL_IN_ONE, PROBE: ALL_IN_ONE, "tab": ALL_IN_ONE})
    worker = await somebody(mesh.services["health"].app, Role.CASEWORKER)
    for client in (boss, worker, browser(mesh)):
        page = await client.get(f"{path}?{query}", Accept="text/html")
        assert page.status < 500
        assert_inert(page.text)
