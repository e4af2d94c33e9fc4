"""Client assertions and access tokens: what they carry, and the attacks on them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.errors import NotAuthenticated
from shared.seal.jws import sign_compact
from shared.seal.signing import KeyRing, SigningKey
from shared.seal.tokens import (
    AccessToken,
    AccessTokenReader,
    Assertion,
    issue_access_token,
    make_assertion,
    read_access_token,
    read_assertion,
    unverified_client_id,
)
from tests.support import forgery

AT = datetime(2026, 11, 21, 8, 15, 30, 500000, tzinfo=UTC)
NOW = int(AT.timestamp())
ENDPOINT = "https://gateway.example/oauth/token"
ISSUER = "https://gateway.example"
KEY = SigningKey.generate()
RING = KeyRing(KEY.public)


class SeenOnce:
    """A replay guard in memory: what the token endpoint does in its database."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], datetime] = {}

    def first_use(self, assertion: Assertion, *, at: datetime) -> bool:
        self._seen = {key: until for key, until in self._seen.items() if until > at}
        return self._seen.setdefault((assertion.client_id, assertion.jti), assertion.expires_at) is assertion.expires_at


def assertion(**changes: Any) -> str:
    claims = {"iss": "police-38", "sub": "police-38", "aud": ENDPOINT, "exp": NOW + 300, "iat": NOW, "jti": "j-1"}
    return _token("JWT", claims, changes)


def access_token(**changes: Any) -> str:
    claims = {"iss": ISSUER, "sub": "police-38", "client_id": "police-38", "aud": ISSUER, "scope": "referrals.send"}
    return _token("at+jwt", {**claims, "iat": NOW, "exp": NOW + 300, "jti": "j-2"}, changes)


def _token(typ: str, claims: dict[str, Any], changes: dict[str, Any]) -> str:
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not ...}
    return forgery.token(forgery.header(KEY, typ=typ), claims, KEY)


def read(token: str, *, at: datetime = AT, ring: KeyRing = RING) -> Assertion:
    return read_assertion(token, ring, audiences={ENDPOINT, ISSUER}, at=at)


def read_access(token: str, *, at: datetime = AT, ring: KeyRing = RING) -> AccessToken:
    return read_access_token(token, ring, issuer=ISSUER, audience=ISSUER, at=at)


def refused(call: Callable[[str], Any], token: str) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        call(token)
    assert refusal.value.code == "token.invalid"
    assert refusal.value.message == "This token is not valid here. Ask for a new one."


def test_an_assertion_says_who_for_whom_and_until_when() -> None:
    token = make_assertion(KEY, client_id="police-38", audience=ISSUER, at=AT, jti="j-9")
    until = AT.replace(microsecond=0) + timedelta(seconds=300)
    assert read(token) == Assertion("police-38", ISSUER, "j-9", until)
    assert unverified_client_id(token) == "police-38"


def test_an_access_token_says_who_may_do_what_until_when() -> None:
    token = issue_access_token(
        KEY, issuer=ISSUER, audience=ISSUER, subject="police-38", scopes=["b", "a"], at=AT, jti="j-3", lifetime=60
    )
    access = read_access(token)
    assert (access.subject, access.scopes, access.jti) == ("police-38", frozenset({"a", "b"}), "j-3")
    assert access.expires_at - access.issued_at == timedelta(seconds=60)


def test_a_token_without_scopes_may_do_nothing() -> None:
    assert read_access(access_token(scope="")).scopes == frozenset()


def test_an_access_token_used_as_an_assertion_is_refused() -> None:
    refused(read, access_token(aud=ENDPOINT, iss="police-38"))


def test_an_assertion_used_as_an_access_token_is_refused() -> None:
    refused(read_access, assertion(iss=ISSUER, aud=ISSUER, client_id="police-38", scope="referrals.send"))


@pytest.mark.parametrize("typ", ["rm+jws", "jwt", "dpop+jwt", "at+jwt", "JWT "])
def test_another_typ_is_no_assertion(typ: str) -> None:
    claims = {"iss": "p-1", "sub": "p-1", "aud": ENDPOINT, "exp": NOW + 60, "jti": "j"}
    refused(read, sign_compact(json.dumps(claims).encode(), KEY, typ))


@pytest.mark.parametrize("typ", ["JWT", "client-authentication+jwt", None])
def test_an_assertion_may_leave_out_its_typ_or_name_that_of_client_authentication(typ: str | None) -> None:
    claims = {"iss": "p-1", "sub": "p-1", "aud": ENDPOINT, "exp": NOW + 60, "jti": "j"}
    assert read(forgery.token(forgery.header(KEY, typ=typ), claims, KEY)).client_id == "p-1"


def test_an_access_token_without_its_typ_is_refused() -> None:
    claims = {"iss": ISSUER, "sub": "p-1", "client_id": "p-1", "aud": ISSUER, "scope": "", "jti": "j"}
    times = {"iat": NOW, "exp": NOW + 300}
    refused(read_access, forgery.token(forgery.header(KEY, typ=None), {**claims, **times}, KEY))


@pytest.mark.parametrize("aud", ["https://elsewhere.example", "", [ENDPOINT], [ENDPOINT, ISSUER], [], None, ..., 1])
def test_an_assertion_for_anyone_but_exactly_us_is_refused(aud: Any) -> None:
    refused(read, assertion(aud=aud))


@pytest.mark.parametrize("aud", ["https://elsewhere.example", ENDPOINT, [ISSUER], None, ...])
def test_an_access_token_for_anyone_but_exactly_us_is_refused(aud: Any) -> None:
    refused(read_access, access_token(aud=aud))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti"])
def test_an_assertion_without_a_claim_is_refused(name: str) -> None:
    refused(read, assertion(**{name: ...}))


@pytest.mark.parametrize("name", ["iss", "sub", "client_id", "aud", "exp", "iat", "jti", "scope"])
def test_an_access_token_without_a_claim_is_refused(name: str) -> None:
    refused(read_access, access_token(**{name: ...}))


def test_an_assertion_for_another_client_is_refused() -> None:
    refused(read, assertion(iss="health-38"))
    refused(read_access, access_token(client_id="health-38"))


def test_an_access_token_of_another_issuer_is_refused() -> None:
    refused(read_access, access_token(iss="https://elsewhere.example"))


@pytest.mark.parametrize("exp", [NOW, NOW - 1, 0, -1])
def test_an_expired_token_is_refused(exp: int) -> None:
    refused(read, assertion(exp=exp))
    refused(read_access, access_token(exp=exp))


@pytest.mark.parametrize("exp", [NOW + 332, NOW + 3_600, 253_402_300_800, 10**30])
def test_an_assertion_that_lives_too_long_is_refused(exp: int) -> None:
    refused(read, assertion(exp=exp))


def test_a_client_clock_half_a_minute_ahead_is_borne() -> None:
    assert read(assertion(iat=NOW + 30, nbf=NOW + 30, exp=NOW + 330)).jti == "j-1"
    assert read_access(access_token(iat=NOW + 30)).subject == "police-38"


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_an_assertion_from_the_future_is_refused(name: str) -> None:
    refused(read, assertion(**{name: NOW + 32}))


def test_an_access_token_from_the_future_is_refused() -> None:
    refused(read_access, access_token(iat=NOW + 32))


@pytest.mark.parametrize("value", ["1", True, None, [], 1.5, float(NOW + 60), -5])
def test_a_time_that_is_no_whole_second_is_refused(value: Any) -> None:
    refused(read, assertion(exp=value))
    refused(read_access, access_token(exp=value))


@pytest.mark.parametrize("value", ["", "x" * 513, 7, None, ["j"], {}])
def test_a_misshapen_jti_is_refused(value: Any) -> None:
    refused(read, assertion(jti=value))


def test_a_replayed_jti_is_seen_until_the_assertion_expires() -> None:
    guard, token = SeenOnce(), assertion()
    first = read(token)
    assert guard.first_use(first, at=AT)
    again = read(token, at=AT + timedelta(seconds=299))
    assert not guard.first_use(again, at=AT + timedelta(seconds=299))
    refused(lambda spent: read(spent, at=first.expires_at), token)  # when the guard forgets, the clock refuses
    assert guard.first_use(read(assertion(jti="j-2")), at=AT)


def test_a_token_of_another_key_or_an_unknown_kid_is_refused() -> None:
    other = SigningKey.generate()
    for call in (read, read_access):
        refused(lambda token, call=call: call(token, ring=KeyRing(other.public)), assertion())
        refused(lambda token, call=call: call(token, ring=KeyRing(other.public)), access_token())
    stolen = forgery.token(forgery.header(other, typ="JWT", kid=KEY.kid), {"iss": "a", "sub": "a"}, other)
    refused(read, stolen)


@pytest.mark.parametrize("member", ["crit", "jwk", "jku", "x5u", "x5c", "cty"])
def test_a_token_header_with_a_further_member_is_refused(member: str) -> None:
    claims = {"iss": "p-1", "sub": "p-1", "aud": ENDPOINT, "exp": NOW + 60, "jti": "j"}
    refused(read, forgery.token(forgery.header(KEY, typ="JWT", **{member: "x"}), claims, KEY))


@pytest.mark.parametrize("alg", ["none", "HS256", "HS384", "RS256", "ES384", "RS384"])
def test_a_token_that_names_another_algorithm_than_its_keys_is_refused(alg: str) -> None:
    refused(read, forgery.token(forgery.header(KEY, typ="JWT", alg=alg), {"iss": "p-1", "sub": "p-1"}, KEY))


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"exp":NaN}', b'{"sub":"a","sub":"b"}', b"[" * 5_000, b"1" * 5_000],
)
def test_claims_that_are_no_object_are_refused(payload: bytes) -> None:
    refused(read, forgery.token(forgery.header(KEY, typ="JWT"), payload, KEY))
    refused(read_access, forgery.token(forgery.header(KEY, typ="at+jwt"), payload, KEY))
    refused(unverified_client_id, forgery.token(forgery.header(KEY, typ="JWT"), payload, KEY))


def test_a_claim_that_says_two_things_is_refused() -> None:
    twice = f'{{"iss":"p-1","sub":"p-1","sub":"p-1","aud":"{ENDPOINT}","exp":{NOW + 60},"jti":"j"}}'
    refused(read, forgery.token(forgery.header(KEY, typ="JWT"), twice.encode(), KEY))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "null", "e30.e30.e30"])
def test_what_is_no_token_is_refused(token: str) -> None:
    for call in (read, read_access, unverified_client_id):
        refused(call, token)


def test_an_oversize_token_is_refused() -> None:
    for call in (read, read_access, unverified_client_id):
        refused(call, assertion(padding="x" * 10_000))


def test_a_remembered_access_token_still_expires() -> None:
    reader, token = AccessTokenReader(RING, issuer=ISSUER, audience=ISSUER), access_token()
    assert reader.read(token, at=AT) is reader.read(token, at=AT + timedelta(seconds=299))
    refused(lambda text: reader.read(text, at=AT + timedelta(seconds=300)), token)
    refused(lambda text: reader.read(text, at=AT), token[:-1] + ("A" if token[-1] != "A" else "Q"))
