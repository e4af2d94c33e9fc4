"""Every route of the gateway says who may call it, and bounds what may be said to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.bootstrap import build_app
from shared.pages.entrance import public_paths
from shared.web.factory import MeshApp
from shared.web.routes import guards_of, unbounded_parameters, undeclared_routes
from tests.support.mesh import keys_of, settings_for

#: What anybody may read: the procedure, keys, the head of the log, health and the reference.
PUBLIC = {
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/smart-configuration",
    "/assets/page.css",
    "/docs",
    "/docs/assets/{name}",
    "/docs/openapi.json",
    "/ledger/checkpoint",
    "/ledger/tile/{path:path}",
    "/ledger/witnessed-checkpoint",
    "/livez",
    "/metrics",
    "/oauth/token",
    "/openapi.json",
    "/readyz",
    "/v1/sop",
    "/v1/sop/compartments/{name}",
    "/v1/sop/service-types",
    "/v1/sop/service-types/{code}",
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[MeshApp]:
    settings = settings_for(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path)
    app = build_app(settings, keys=keys_of("gateway"))
    async with app.router.lifespan_context(app):
        yield app


def test_every_route_declares_its_scope_or_is_public(app: MeshApp) -> None:
    assert undeclared_routes(app) == []


def test_every_parameter_is_bounded(app: MeshApp) -> None:
    assert unbounded_parameters(app) == []


def test_nothing_else_is_public(app: MeshApp) -> None:
    unguarded = {getattr(route, "path", "") for route in app.router.routes if not guards_of(route)}
    assert unguarded - PUBLIC - public_paths(app.state.pages) == set()
