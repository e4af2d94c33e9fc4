"""The OpenAPI document tells the truth: whatever a fuzzer makes of it, no 5xx and nothing it does not name."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from anyio.from_thread import start_blocking_portal

from shared.kernel.clock import to_wire
from shared.seal.jws import sign_detached
from tests.support.agency import a_grant
from tests.support.fuzzing import SignIn, bearer, fuzz
from tests.support.mesh import HEALTH, POLICE, SOCIAL, Mesh, keys_of, running_mesh
from tests.support.serving import serving

EXAMPLES = 6


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway's address, a token for it, and values that mean something to it."""

    url: str
    token: str
    known: Mapping[str, Sequence[Any]]


@asynccontextmanager
async def served(database_url: str, folder: Path) -> AsyncIterator[Served]:
    async with running_mesh(database_url, folder) as mesh, serving(mesh.app) as url:
        yield Served(url, await mesh[HEALTH].token(), await known_values(mesh))


async def known_values(mesh: Mesh) -> dict[str, Sequence[Any]]:
    """Let one referral be there; return what leads a message past the first look at it."""
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    assert sent.answer.status_code == 202, sent.answer.text
    return {
        "id": [sent.id, consent["id"]],
        "referral_id": [sent.id],
        "chain_id": [sent.id],
        "consent_id": [consent["id"]],
        "agency_id": [HEALTH, SOCIAL, POLICE],
        "sender": [HEALTH],
        "recipient": [SOCIAL],
        "sent_at": [to_wire(mesh.clock.now())],
        "service_type": ["SOC-01"],
        "code": ["SOC-01"],
    }


@pytest.fixture
def gateway(sqlite_url: str, tmp_path: Path) -> Iterator[Served]:
    """A gateway that runs on a loop of its own, as the fuzzer is not asynchronous."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(sqlite_url, tmp_path)) as one:
        yield one


def signed(sign_in: SignIn) -> SignIn:
    """Sign whatever asks for a signature, so that what is made up is looked at more closely."""

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if "Referral-Signature" in request.headers:
            body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
            request.headers["Referral-Signature"] = sign_detached(body, keys_of(HEALTH).signing)
        return sign_in(request)

    return sign


@pytest.mark.timeout(600)
def test_whatever_is_called_answers_as_documented(gateway: Served) -> None:
    seen = fuzz(gateway.url, signed(bearer(gateway.token)), examples=EXAMPLES, known=gateway.known)
    assert len(seen) > 25
    assert all(seen.values())
