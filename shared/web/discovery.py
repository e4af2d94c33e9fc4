"""What a client discovers before it has a token: where tokens are had, what for, and whose they are.

Owns three documents that tell the same facts to clients of three kinds: OAuth (RFC 8414), SMART Backend Services (SMART
App Launch 2.2.0) and whoever begins at the resource (RFC 9728). They name nothing that is not there: scopes are those
of the mesh and not SMART's, so `permission-v2` is not among the capabilities.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from shared.web.conditional import ConditionalRoute

_KNOWN: Final = "/.well-known"
PUBLIC_PATHS: Final = frozenset(
    {f"{_KNOWN}/{name}" for name in ("oauth-authorization-server", "smart-configuration", "oauth-protected-resource")}
)
_GRANTS: Final = ("client_credentials",)
_ALGORITHMS: Final = ("ES256", "ES384", "RS384")


class _Metadata(BaseModel):
    model_config = ConfigDict(frozen=True)


class _TokenMetadata(_Metadata):
    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: tuple[str, ...]
    token_endpoint_auth_methods_supported: tuple[str, ...]
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...]
    scopes_supported: tuple[str, ...]


class DiscoveryV1(_TokenMetadata):
    """Authorization server metadata (RFC 8414)."""

    response_types_supported: tuple[str, ...]
    service_documentation: str


class SmartConfigurationV1(_TokenMetadata):
    """The same for clients of SMART Backend Services: no code flow, so nothing of one."""

    capabilities: tuple[str, ...]


class ProtectedResourceV1(_Metadata):
    """Protected resource metadata (RFC 9728): who gives the tokens that are taken here, and how they are shown."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes_supported: tuple[str, ...]
    bearer_methods_supported: tuple[str, ...]
    resource_documentation: str


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What there is to tell: who issues, how clients prove who they are, what they can ask for."""

    issuer: str
    methods: Sequence[str]
    scopes: Collection[str]

    def discovery(self) -> DiscoveryV1:
        """Tell it as RFC 8414 does."""
        return DiscoveryV1(
            issuer=self.issuer,
            token_endpoint=f"{self.issuer}/oauth/token",
            jwks_uri=f"{self.issuer}{_KNOWN}/jwks.json",
            grant_types_supported=_GRANTS,
            token_endpoint_auth_methods_supported=tuple(self.methods),
            token_endpoint_auth_signing_alg_values_supported=_ALGORITHMS,
            scopes_supported=tuple(sorted(self.scopes)),
            response_types_supported=(),
            service_documentation=f"{self.issuer}/docs",
        )

    def smart_configuration(self) -> SmartConfigurationV1:
        """Tell it as SMART does."""
        known = self.discovery().model_dump(exclude={"response_types_supported", "service_documentation"})
        return SmartConfigurationV1(**known, capabilities=("client-confidential-asymmetric",))

    def protected_resource(self) -> ProtectedResourceV1:
        """Tell it as RFC 9728 does."""
        return ProtectedResourceV1(
            resource=self.issuer,
            authorization_servers=(self.issuer,),
            scopes_supported=tuple(sorted(self.scopes)),
            bearer_methods_supported=("header",),
            resource_documentation=f"{self.issuer}/docs",
        )


def discovery_router(facts: TokenFacts) -> APIRouter:
    """Make the routes of the three documents; they are public."""
    router = APIRouter(tags=["tokens"], prefix=_KNOWN, route_class=ConditionalRoute)

    @router.get("/oauth-authorization-server", summary="Discover the token endpoint (RFC 8414)")
    async def discovery() -> DiscoveryV1:
        return facts.discovery()

    @router.get("/smart-configuration", summary="Discover the token endpoint (SMART Backend Services)")
    async def smart_configuration() -> SmartConfigurationV1:
        return facts.smart_configuration()

    @router.get("/oauth-protected-resource", summary="Discover who gives the tokens for this service (RFC 9728)")
    async def protected_resource() -> ProtectedResourceV1:
        return facts.protected_resource()

    return router
