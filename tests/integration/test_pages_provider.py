"""Signing in at an identity provider, in front of a real service and a real small provider, with every known attack."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey

from shared.people.enrolment import Newcomer
from shared.people.records import Account, Role
from tests.support.agency_services import World, agency_settings, serving, world
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, answered, identity_provider
from tests.support.page_client import Page, PageClient, an_account, front_of

ORIGIN = "http://pages.test"
START, BACK = "/sign-in/oidc", "/sign-in/oidc/callback"
SUBJECT = "subject-mai"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Institution:
    """A service whose people sign in elsewhere."""

    world: World
    app: Any
    provider: IdentityProvider

    def browser(self) -> PageClient:
        self.provider.mend()
        return PageClient(self.app)

    async def went(self, browser: PageClient, query: str = "") -> str:
        """Go to the provider; return where it sends the browser back to."""
        browser.http.follow_redirects = False
        started = await browser.http.get(START + query)
        assert started.status_code == 303, started.text
        async with httpx.AsyncClient() as outside:
            answer = await outside.get(started.headers["location"])
        return str(answer.headers["location"])

    async def came(self, browser: PageClient, address: str) -> Page:
        """Come back from the provider."""
        browser.http.follow_redirects = True
        assert address.startswith(ORIGIN + BACK)
        return await browser.get(address.removeprefix(ORIGIN))

    async def accounts(self) -> int:
        return len(await front_of(self.app).people.read(lambda reading: reading.find(Account)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Institution]:
    folder = tmp_path_factory.mktemp("institution")
    async with identity_provider(subject=SUBJECT) as provider, world(folder, "social", enrolled=["health"]) as made:
        settings = agency_settings(folder, made.database_url, "health").model_copy(
            update={
                "oidc_issuer": provider.issuer,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": _secret(CLIENT_SECRET),
                "pages_url": ORIGIN,
            }
        )
        async with serving("health", settings, made.wire) as service:
            front = front_of(service.app)
            mai = Newcomer(login="mai", name="Mai", role=Role.CASEWORKER, language="en", oidc_subject=SUBJECT)
            await front.staff.add(mai, by=None)
            yield Institution(made, service.app, provider)


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


def is_refused(page: Page) -> bool:
    return page.status == 401 and page.headings[0] in {"Sign in", "Đăng nhập"}


async def test_somebody_proves_there_who_she_is_and_is_led_where_she_wanted_to_go(at: Institution) -> None:
    browser = at.browser()
    page = await at.came(browser, await at.went(browser, "?next=%2Faccount"))
    assert (page.status, page.path, page.headings[0]) == (200, "/account", "Your account")


async def test_the_question_has_a_fresh_state_nonce_and_challenge_and_asks_for_a_sign_in_now(at: Institution) -> None:
    browser = at.browser()
    await at.went(browser)
    await at.went(browser)
    first, second = at.provider.asked[-2:]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 32, name
        assert first[name] != second[name], name
    assert (first["code_challenge_method"], first["response_type"], first["scope"]) == ("S256", "code", "openid")
    assert (first["prompt"], first["max_age"], first["redirect_uri"]) == ("login", "0", ORIGIN + BACK)


async def test_the_way_is_offered_where_there_is_a_provider_and_nowhere_else(at: Institution) -> None:
    assert START in (await at.browser().get("/sign-in")).text
    elsewhere = PageClient(at.world.services["social"].app)
    assert START not in (await elsewhere.get("/sign-in")).text
    assert (await elsewhere.get(START)).status == 404


async def test_an_answer_in_a_browser_that_never_asked_is_refused(at: Institution) -> None:
    address = await at.went(at.browser())
    before = len(at.provider.redeemed)
    assert is_refused(await at.came(at.browser(), address))
    assert len(at.provider.redeemed) == before


@pytest.mark.parametrize("change", [{"state": "another"}, {"state": ""}, {"iss": "https://evil.example"}, {"iss": ""}])
async def test_an_answer_with_another_state_or_issuer_is_refused_before_the_code_is_sent(
    at: Institution, change: dict[str, str]
) -> None:
    browser = at.browser()
    answer = answered(await at.went(browser)) | change
    before = len(at.provider.redeemed)
    kept = {name: value for name, value in answer.items() if value}
    assert is_refused(await at.came(browser, f"{ORIGIN}{BACK}?{urlencode(kept)}"))
    assert len(at.provider.redeemed) == before


async def test_an_answer_counts_once(at: Institution) -> None:
    browser = at.browser()
    address = await at.went(browser)
    assert (await at.came(browser, address)).status == 200
    assert is_refused(await at.came(browser, address))


async def test_a_code_that_was_redeemed_before_is_refused(at: Institution) -> None:
    browser = at.browser()
    address = await at.went(browser)
    at.provider.codes.pop(answered(address)["code"])
    assert is_refused(await at.came(browser, address))


async def test_a_code_that_somebody_else_got_does_not_fit_the_verifier(at: Institution) -> None:
    attacker, victim = at.browser(), at.browser()
    stolen = answered(await at.went(attacker))["code"]
    own = answered(await at.went(victim)) | {"code": stolen}
    assert is_refused(await at.came(victim, f"{ORIGIN}{BACK}?{urlencode(own)}"))


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"iat": 32_503_680_000},
        {"auth_time": 1},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "bm90aGluZw"},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_for_now_and_for_this_question_is_refused(
    at: Institution, claims: dict[str, Any]
) -> None:
    browser = at.browser()
    at.provider.claims = claims
    assert is_refused(await at.came(browser, await at.went(browser)))


@pytest.mark.parametrize("name", ["nonce", "aud", "iss", "exp", "auth_time", "sub"])
async def test_a_token_that_leaves_out_what_matters_is_refused(at: Institution, name: str) -> None:
    browser = at.browser()
    at.provider.left_out = {name}
    assert is_refused(await at.came(browser, await at.went(browser)))


async def test_a_token_signed_by_somebody_else_is_refused(at: Institution) -> None:
    browser = at.browser()
    at.provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert is_refused(await at.came(browser, await at.went(browser)))


async def test_a_subject_that_nobody_bound_is_refused_and_gets_no_account(at: Institution) -> None:
    browser, before = at.browser(), await at.accounts()
    at.provider.claims = {"sub": "somebody-new"}
    page = await at.came(browser, await at.went(browser))
    assert is_refused(page)
    assert await at.accounts() == before


async def test_whoever_says_no_at_the_provider_is_back_at_the_entrance(at: Institution) -> None:
    browser = at.browser()
    at.provider.refuses = "access_denied"
    assert is_refused(await at.came(browser, await at.went(browser)))


async def test_whatever_was_wrong_the_answer_is_one(at: Institution) -> None:
    texts = set()
    for claims in ({"nonce": "x"}, {"sub": "nobody"}, {"aud": "x"}):
        browser = at.browser()
        at.provider.claims = claims
        page = await at.came(browser, await at.went(browser))
        texts.add(page.text.replace(browser.http.cookies.get("mesh-health-test-before", ""), ""))
    assert len(texts) == 1


async def test_what_the_browser_keeps_meanwhile_tells_nothing_and_is_dropped(at: Institution) -> None:
    browser = at.browser()
    address = await at.went(browser)
    kept = browser.http.cookies["mesh-health-test-attempt"]
    assert at.provider.asked[-1]["state"] not in kept
    await at.came(browser, address)
    assert "mesh-health-test-attempt" not in browser.http.cookies


async def test_an_attempt_that_was_altered_is_refused(at: Institution) -> None:
    browser = at.browser()
    address = await at.went(browser)
    kept = browser.http.cookies["mesh-health-test-attempt"]
    browser.http.cookies.clear()
    browser.http.cookies.set("mesh-health-test-attempt", kept[:-8] + "AAAAAAAA", domain="pages.test")
    assert is_refused(await at.came(browser, address))


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/exit"])
async def test_nobody_is_led_to_another_site_afterwards(at: Institution, wanted: str) -> None:
    browser = at.browser()
    page = await at.came(browser, await at.went(browser, "?" + urlencode({"next": wanted})))
    assert (page.response.url.host, page.path) == ("pages.test", "/inbox")


async def test_whoever_has_no_password_here_goes_on_at_the_lock_by_the_provider(at: Institution) -> None:
    browser = at.browser()
    await at.came(browser, await at.went(browser))
    before = browser.http.cookies["mesh-health-test-session"]
    await browser.get("/exit")
    locked = await browser.get("/account")
    assert locked.path == "/locked"
    assert START + "?next=/account" in locked.text
    assert 'name="password"' not in locked.text
    page = await at.came(browser, await at.went(browser, "?next=%2Faccount"))
    assert page.path == "/account"
    assert browser.http.cookies["mesh-health-test-session"] != before


async def test_somebody_else_at_the_lock_gets_her_own_session_and_not_the_one_that_waits(at: Institution) -> None:
    browser = at.browser()
    front = front_of(at.app)
    await an_account(front, "lien", Role.CASEWORKER)
    await browser.sign_in("lien")
    old = browser.http.cookies["mesh-health-test-session"]
    await browser.get("/exit")
    page = await at.came(browser, await at.went(browser, "?next=%2Faccount"))
    assert "<dd>mai</dd>" in page.text
    browser.http.cookies.set("mesh-health-test-session", old, domain="pages.test")
    assert (await browser.get("/account")).path == "/sign-in"


async def test_whoever_has_no_password_here_is_offered_none(at: Institution) -> None:
    browser = at.browser()
    await at.came(browser, await at.went(browser))
    assert "/account/password" not in (await browser.get("/account")).text
    assert (await browser.get("/account/password")).status == 403


async def test_the_provider_must_be_the_one_that_was_named(at: Institution) -> None:
    at.provider.mend()
    at.provider.names_itself = "https://evil.example"
    fresh = front_of(at.app).provider
    assert fresh is not None
    fresh._known = None
    browser = PageClient(at.app)
    page = await browser.get(START)
    assert is_refused(page)
    assert urlsplit(str(page.response.url)).path == START
