"""The fence around the pages, tried at every route of every deployable: who gets in, and what a foreign site can do."""

import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.responses import Response

from shared.pages.cookies import Cookies
from shared.pages.guard import CSRF
from shared.pages.routes import page_router
from shared.people.doorway import TRIES
from shared.people.records import AGENCY_ROLES, OVERSIGHT_ROLES, Role
from shared.people.staff import Details
from shared.web.factory import MeshApp
from shared.web.routes import join
from tests.support.agency_services import CANARY, World, world
from tests.support.page_client import PASSWORD, Page, PageClient, an_account, front_of, somebody
from tests.support.page_routes import PageSeen, guarded, pages_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

KINDS = ("police", "health", "legal_aid", "social")
DEPLOYABLES = (*KINDS, "gateway")
#: Posts that need nobody who is signed in: each is described where it stands.
PUBLIC_POSTS = {"/sign-in", "/locked", "/language"}
#: Everything that is not about cases: administrators see nothing else.
NO_CASES = ("/administration", "/account", "/sign-out")
EVIL = ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "https:evil.example", "javascript:alert(1)", "/%09/evil.example\r\nX: y", "/x\\@evil.example",
        "evil.example"]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("fence"), *KINDS) as made:
        yield made


def app_of(mesh: World, deployable: str) -> MeshApp:
    return mesh.gateway if deployable == "gateway" else mesh.services[deployable].app


def roles_of(deployable: str) -> frozenset[Role]:
    return OVERSIGHT_ROLES if deployable == "gateway" else AGENCY_ROLES


async def tried(client: PageClient, page: PageSeen, **fields: str) -> httpx.Response:
    """Ask for a page once, wherever it leads."""
    client.http.follow_redirects = False
    if page.method == "GET":
        return (await client.get(page.address)).response
    return (await client.post(page.address, fields)).response


async def csrf_of(client: PageClient) -> str:
    client.http.follow_redirects = True
    page = await client.get("/account")
    return next(value for form in page.forms for name, value in form.fields if name == CSRF)


def cookie(client: PageClient, what: str) -> str:
    """The value of a cookie by what it is for."""
    (value,) = {one.value for one in client.http.cookies.jar if one.name.endswith(f"-{what}")}
    assert value is not None
    return value


def plant(client: PageClient, what: str, value: str, owner: str = "social-test") -> None:
    """Put a cookie into a browser as somebody else would."""
    client.http.cookies.set(f"mesh-{owner}-{what}", value, domain="pages.test")


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_every_page_is_declared_and_a_post_is_guarded_or_on_the_list(mesh: World, deployable: str) -> None:
    app = app_of(mesh, deployable)
    pages = pages_of(app)
    unguarded = {page.path for page in pages if not page.guards}
    assert len(pages) > 20
    assert unguarded <= app.state.public_paths
    assert {page.path for page in pages if page.method != "GET" and not page.guards} == PUBLIC_POSTS
    assert {page.method for page in pages} == {"GET", "POST"}
    assert not [page for page in pages if len(page.guards) > 1]


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_whoever_is_signed_out_sees_no_page_and_is_led_to_the_entrance(mesh: World, deployable: str) -> None:
    client = PageClient(app_of(mesh, deployable))
    for page in guarded(app_of(mesh, deployable)):
        answer = await tried(client, page)
        assert answer.status_code == 303, page
        assert answer.headers["location"].partition("?")[0] == "/sign-in", page
        assert answer.content == b"", page


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_every_role_sees_the_pages_that_are_declared_for_it_and_no_other(mesh: World, deployable: str) -> None:
    app = app_of(mesh, deployable)
    counted: dict[bool, int] = {True: 0, False: 0}
    for role in sorted(roles_of(deployable)):
        client = await somebody(app, role)
        for page in guarded(app):
            answer = await tried(client, page)
            is_refused = answer.status_code == 403 and "page.role" in answer.text
            assert is_refused is not page.lets_in(role), (role, page, answer.status_code)
            assert answer.status_code < 500, (role, page)
            counted[page.lets_in(role)] += 1
    assert counted[True] > 20
    assert deployable == "gateway" or counted[False] > 20


@pytest.mark.parametrize("deployable", KINDS)
async def test_an_administrator_is_let_in_where_there_are_no_cases_only(mesh: World, deployable: str) -> None:
    let_in = {page.path for page in guarded(app_of(mesh, deployable)) if page.lets_in(Role.ADMINISTRATOR)}
    assert [path for path in let_in if not path.startswith(NO_CASES)] == []


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_no_post_is_taken_without_the_secret_of_the_session(mesh: World, deployable: str) -> None:
    app = app_of(mesh, deployable)
    posts = [page for page in guarded(app) if page.method == "POST"]
    for role in sorted(roles_of(deployable)):
        client = await somebody(app, role)
        other = await csrf_of(await somebody(app, role))
        for page in (one for one in posts if one.lets_in(role)):
            for given in ({}, {CSRF: ""}, {CSRF: other}):
                answer = await tried(client, page, **given)
                assert (answer.status_code, "form.foreign" in answer.text) == (403, True), (page, given)
    assert len(posts) >= 5


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_no_post_is_taken_from_another_site_though_it_knew_the_secret(mesh: World, deployable: str) -> None:
    app = app_of(mesh, deployable)
    role = Role.COORDINATOR if deployable == "gateway" else Role.SUPERVISOR
    client = await somebody(app, role)
    secret = await csrf_of(client)
    for page in (one for one in guarded(app) if one.method == "POST" and one.lets_in(role)):
        for headers in (
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
            {"Origin": "https://x.example"},
        ):
            answer = await client.post(page.address, {CSRF: secret}, **headers)
            assert (answer.status, "form.foreign" in answer.text) == (403, True), (page, headers)


@pytest.mark.parametrize("deployable", DEPLOYABLES)
async def test_every_page_is_framed_by_nobody_sniffed_by_nobody_and_kept_nowhere(mesh: World, deployable: str) -> None:
    app = app_of(mesh, deployable)
    clients = [await somebody(app, role) for role in sorted(roles_of(deployable))]
    for page in (one for one in pages_of(app) if "/assets/" not in one.path and one.path not in {"/exit", "/locked"}):
        for client in [*clients, PageClient(app)]:
            headers = (await tried(client, page)).headers
            assert headers["x-frame-options"] == "DENY", page
            assert "frame-ancestors 'none'" in headers["content-security-policy"], page
            assert "unsafe" not in headers["content-security-policy"], page
            assert headers["x-content-type-options"] == "nosniff", page
            assert headers["referrer-policy"] == "no-referrer", page
            assert headers["cache-control"] == "no-store" or page.path == "/favicon.ico", page


async def test_a_session_that_was_planted_is_worth_nothing_after_signing_in(mesh: World) -> None:
    app = app_of(mesh, "social")
    await an_account(front_of(app), "mai", Role.CASEWORKER)
    victim, attacker = PageClient(app), PageClient(app)
    plant(victim, "session", "planted-by-somebody-else")
    await victim.sign_in("mai")
    assert cookie(victim, "session") != "planted-by-somebody-else"
    plant(attacker, "session", "planted-by-somebody-else")
    assert (await attacker.get("/inbox")).path == "/sign-in"


async def test_signing_in_over_somebody_elses_session_ends_that_session(mesh: World) -> None:
    app = app_of(mesh, "social")
    await an_account(front_of(app), "attacker", Role.CASEWORKER)
    await an_account(front_of(app), "victim", Role.CASEWORKER)
    attacker, victim = PageClient(app), PageClient(app)
    await attacker.sign_in("attacker")
    plant(victim, "session", cookie(attacker, "session"))
    await victim.sign_in("victim")
    assert (await attacker.get("/account")).path == "/sign-in"
    assert "<dd>victim</dd>" in (await victim.get("/account")).text


@pytest.mark.parametrize("before", [None, "guessed"])
async def test_nobody_is_signed_in_by_a_form_of_another_site(mesh: World, before: str | None) -> None:
    app = app_of(mesh, "social")
    client = PageClient(app)
    if before:
        plant(client, "before", before)
    fields = {"login": "lan", "password": PASSWORD, CSRF: "something else"}
    assert (await client.post("/sign-in", fields)).status == 403
    foreign = {"login": "lan", "password": PASSWORD, CSRF: before or ""}
    assert (await client.post("/sign-in", foreign, Origin="https://evil.example")).status == 403
    assert not [one for one in client.http.cookies.jar if one.name.endswith("-session")]


async def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_sites(mesh: World) -> None:
    app = app_of(mesh, "social")
    await an_account(front_of(app), "cookie", Role.CASEWORKER)
    client = PageClient(app)
    page = await client.get("/sign-in")
    client.http.follow_redirects = False
    answer = await client.send(page, "/sign-in", login="cookie", password=PASSWORD)
    for told in answer.response.headers.get_list("set-cookie"):
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in told.split(";")}, told
        assert "domain" not in told.lower()


async def test_over_https_the_cookies_belong_to_this_host_alone() -> None:
    cookies, response = Cookies("social", secure=True), Response()
    cookies.put(response, cookies.session, "x")
    told = response.headers["set-cookie"]
    assert told.startswith("__Host-mesh-social-session=")
    assert "Secure" in told


async def test_nobody_is_led_to_another_site(mesh: World) -> None:
    app = app_of(mesh, "social")
    await an_account(front_of(app), "led", Role.CASEWORKER, language="en")
    for wanted in EVIL:
        client = PageClient(app)
        page = await client.get(f"/sign-in?{httpx.QueryParams({'next': wanted})}")
        assert page.form("/sign-in").fields[1] == ("next", ""), wanted
        client.http.follow_redirects = False
        answer = await client.send(page, "/sign-in", login="led", password=PASSWORD, next=wanted)
        assert answer.response.headers["location"] == "/inbox", wanted
        answer = await client.post("/language", {"language": "en", "next": wanted})
        assert answer.response.headers["location"].startswith("/"), wanted
        assert "evil" not in answer.response.headers["location"], wanted


async def answers(app: MeshApp, tries: Mapping[str, str]) -> set[tuple[int, str]]:
    """What the entrance answers to logins and passwords, without the secret of each form."""
    found = set()
    for login, password in tries.items():
        client = PageClient(app)
        page: Page = await client.sign_in(login, password)
        found.add((page.status, re.sub(r'value="[^"]*"', "", page.text)))
    return found


async def test_nobody_learns_from_an_answer_whether_a_login_exists_is_held_or_is_disabled(mesh: World) -> None:
    app = app_of(mesh, "social")
    front = front_of(app)
    for login in ("known", "held", "gone"):
        account = await an_account(front, login, Role.CASEWORKER)
    await front.staff.disable(account.account_id, by=None)
    for _ in range(TRIES):
        await PageClient(app).sign_in("held", "mot hai ba bon nam")
    tries = {"known": "mot hai ba bon nam", "nobody": "mot hai ba bon nam", "held": PASSWORD, "gone": PASSWORD}
    found = await answers(app, tries)
    assert [status for status, _ in found] == [401]


async def test_five_wrong_passwords_hold_and_an_administrator_lifts_the_hold(mesh: World) -> None:
    app = app_of(mesh, "social")
    account = await an_account(front_of(app), "clumsy", Role.CASEWORKER)
    for _ in range(TRIES):
        await PageClient(app).sign_in("clumsy", "mot hai ba bon nam")
    assert (await PageClient(app).sign_in("clumsy")).status == 401
    boss = await somebody(app, Role.ADMINISTRATOR)
    page = await boss.get(f"/administration/people/{account.account_id}")
    await boss.send(page, f"/administration/people/{account.account_id}/hold")
    assert (await PageClient(app).sign_in("clumsy")).path == "/inbox"


async def test_a_locked_session_shows_nothing_and_says_so_to_a_page_that_refreshes_itself(mesh: World) -> None:
    client = await somebody(app_of(mesh, "social"), Role.CASEWORKER)
    await client.get("/exit")
    assert (await client.get("/inbox")).path == "/locked"
    answer = await client.get("/inbox", X_Refresh="1")
    assert (answer.status, answer.text) == (401, "")


async def test_another_role_counts_with_the_next_page(mesh: World) -> None:
    app = app_of(mesh, "social")
    account = await an_account(front_of(app), "demoted", Role.ADMINISTRATOR)
    client = PageClient(app)
    await client.sign_in("demoted")
    assert (await client.get("/administration")).status == 200
    await front_of(app).staff.change(account.account_id, Details(name="D", role=Role.CASEWORKER), by="boss")
    assert (await client.get("/administration")).path == "/sign-in"
    await client.sign_in("demoted")
    assert (await client.get("/administration")).status == 403


async def test_with_a_password_that_somebody_else_chose_every_page_leads_to_choosing_ones_own(mesh: World) -> None:
    app = app_of(mesh, "social")
    account = await an_account(front_of(app), "newcomer", Role.CASEWORKER)
    first = await front_of(app).staff.renew_password(account.account_id, by="boss")
    client = PageClient(app)
    assert (await client.sign_in("newcomer", first)).path == "/account/password"
    for page in (one for one in guarded(app) if one.lets_in(Role.CASEWORKER)):
        answer = await tried(client, page)
        leads_away = answer.status_code == 303 and answer.headers["location"].startswith("/account/password")
        assert leads_away or page.path in {"/account/password", "/sign-out"}, page
    client.http.follow_redirects = True
    page = await client.get("/account/password")
    own = "con duong qua lang cu"
    page = await client.send(page, "/account/password", old=first, new=own, again=own)
    assert page.path == "/account"
    assert (await client.get("/inbox")).path == "/inbox"


async def test_no_secret_of_an_account_stands_on_any_page(mesh: World) -> None:
    app = app_of(mesh, "social")
    boss = await somebody(app, Role.ADMINISTRATOR)
    accounts = await front_of(app).staff.everybody()
    hidden = [one.password_hash for one in accounts if one.password_hash]
    pages = ["/administration", "/administration/people", "/account"]
    pages += [f"/administration/people/{one.account_id}" for one in accounts]
    for path in pages:
        text = (await boss.get(path)).text
        assert not [one for one in hidden if one in text], path
        assert "$argon2" not in text, path


async def test_what_somebody_types_at_the_entrance_is_in_no_log(mesh: World, caplog: pytest.LogCaptureFixture) -> None:
    client = PageClient(app_of(mesh, "social"))
    await client.sign_in(CANARY, CANARY, code=CANARY)
    await client.get(f"/sign-in?next=/{CANARY}")
    await client.get(f"/sign-in/oidc/callback?code={CANARY}&state={CANARY}")
    await client.post("/language", {"language": CANARY})
    told = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "page.refused" in told
    assert CANARY not in told


async def test_the_table_of_evil_addresses_is_one_that_a_careless_check_would_let_through() -> None:
    leading_out = [one for one in EVIL if urlsplit(urljoin("http://pages.test/x", one)).netloc != "pages.test"]
    assert len(leading_out) >= 3


async def test_a_post_that_somebody_forgot_to_guard_is_found() -> None:
    router, app = page_router(), FastAPI()

    @router.post("/forgotten")
    async def forgotten() -> Response:
        return Response()

    join(app, [router])
    assert [page.path for page in pages_of(app) if not page.guards] == ["/forgotten"]  # type: ignore[arg-type]
