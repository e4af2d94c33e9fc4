"""A small identity provider of the tests' own: OpenID Connect with authorization code and PKCE, behind a real socket.

It signs in whoever its `subject` says, without asking. What it should do wrong is set on it, one thing at a time.
"""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shared.kernel.clock import Clock, SystemClock
from tests.support.serving import serving

CLIENT_ID, CLIENT_SECRET = "mesh-health", "a secret for tests"


@dataclass
class IdentityProvider:
    """What the provider knows, and what it does wrong: `claims` and `header` replace those of its next tokens."""

    subject: str = "subject-mai"
    issuer: str = ""
    clock: Clock = field(default_factory=SystemClock)
    claims: dict[str, Any] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    names_itself: str | None = None
    other_iss: str | None = None
    refuses: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    redeemed: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signs_with: RSAKey | None = None

    def mend(self) -> None:
        """Do everything right again."""
        self.claims, self.left_out, self.signs_with = {}, set(), None
        self.names_itself = self.other_iss = self.refuses = None

    def app(self) -> Starlette:
        """The provider as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/jwks", self._jwks),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.names_itself or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        answer = {"state": asked["state"], "iss": self.other_iss or self.issuer}
        if self.refuses:
            answer["error"] = self.refuses
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(form.get("code", ""), None)
        given = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if given != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if asked is None or not _fits(form, asked):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.redeemed.append(form["code"])
        return JSONResponse({"access_token": "of no use", "token_type": "Bearer", "id_token": self._sign(asked)})

    def _sign(self, asked: Mapping[str, str]) -> str:
        at = int(self.clock.now().timestamp())
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": asked["client_id"], "nonce": asked["nonce"],
            "iat": at, "exp": at + 300, "auth_time": at, **self.claims,
        }  # fmt: skip
        kept = {name: value for name, value in claims.items() if name not in self.left_out}
        return jwt.encode({"alg": "RS256", "kid": "one"}, kept, self.signs_with or self.key)


def _fits(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    return (digest, form["redirect_uri"]) == (asked["code_challenge"], asked["redirect_uri"])


def answered(address: str) -> dict[str, str]:
    """What an address answers with, in its query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@asynccontextmanager
async def identity_provider(**details: Any) -> AsyncIterator[IdentityProvider]:
    """Run a provider on a free port."""
    provider = IdentityProvider(**details)
    async with serving(provider.app()) as url:
        provider.issuer = url
        yield provider
