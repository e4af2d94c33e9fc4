"""The OpenAPI documents of the four agency services tell the truth, whatever a fuzzer makes of them.

What all four say in the same words is the chassis they stand on: each of its operations is tried at one of them.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from anyio.from_thread import start_blocking_portal
from requests.auth import HTTPBasicAuth

from mesh.demo.case import COMPARTMENTS
from shared.agency.provisioning import add_partner
from shared.kernel.clock import SystemClock
from shared.transport.webhooks import Webhooks
from tests.support.agency_services import KINDS, Service, World, a_grant, agency_id, consented, world
from tests.support.fuzzing import bearer, fuzz
from tests.support.serving import serving

EXAMPLES = 6
FUZZER = "fuzzer"
#: Where a shelter is, is told to its own staff alone, and the fuzzer is of no house.
HOUSE_ONLY = frozenset({"GET /v1/social/places/{id}/whereabouts"})
#: Who refers to whom for what before the fuzzer begins, so that every service has sent and received something.
REFERRALS = (
    ("health", "police", "POL-04"),
    ("police", "health", "HEA-09"),
    ("social", "legal_aid", "LEG-02"),
    ("legal_aid", "social", "SOC-01"),
)


@dataclass(frozen=True, slots=True)
class Served:
    """One service behind its address, and the ids of what it knows."""

    url: str
    service: Service
    known: Mapping[str, Sequence[Any]]


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[dict[str, Served]]:
    async with world(folder, *KINDS) as running, AsyncExitStack() as stack:
        referrals, consents = await sent_and_received(running)
        known: dict[str, Sequence[Any]] = {
            "id": [*referrals, await spare_consent(running)],
            "parent_id": referrals,
            "consent_id": consents,
            "recipient": [agency_id(kind) for kind in KINDS],
            "service_type": [code for _, _, code in REFERRALS],
            "compartments": [COMPARTMENTS],
        }
        yield {
            kind: Served(await stack.enter_async_context(serving(service.app)), service, known)
            for kind, service in running.services.items()
        }


async def sent_and_received(running: World) -> tuple[list[str], list[str]]:
    """Let every service refer somebody to another one; return the ids of referrals and consents."""
    referrals, consents = [], []
    for sender, recipient, code in REFERRALS:
        consent = await consented(running[sender], a_grant(recipient, code, names=list(COMPARTMENTS)))
        asked = {
            "service_type": code,
            "recipient": agency_id(recipient),
            "consent_id": consent["id"],
            "compartments": COMPARTMENTS,
        }
        referral_id = (await running[sender].done("/v1/referrals", asked))["referral"]["referral_id"]
        await running[recipient].until(referral_id, lambda seen: seen["state"] == "delivered")
        consents.append(consent["id"])
        referrals.append(referral_id)
    return referrals, consents


async def spare_consent(running: World) -> str:
    """Record a consent on which nothing rests, so that taking it back ends nothing."""
    return str((await consented(running["health"], a_grant("social")))["id"])


@pytest.fixture(scope="module")
def agencies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """The services, on a loop of their own, as the fuzzer is not asynchronous."""
    folder = tmp_path_factory.mktemp("contract")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(folder)) as running:
        yield running


def hop(service: Service) -> Any:
    """Sign as the gateway does."""
    webhooks = Webhooks((service.settings.webhook_secret.get_secret_value(),))

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        request.headers.update(webhooks.sign(body, webhook_id="fuzz", at=SystemClock().now()))
        return request

    return sign


def portions(agencies: Mapping[str, Served]) -> dict[str, set[str]]:
    """Deal out the operations: what is a service's own to itself, what all have in common to each in turn."""
    documents = {kind: agencies[kind].service.app.openapi() for kind in sorted(KINDS)}
    said = {
        kind: {
            f"{method.upper()} {path}": {**operation, "operationId": None}  # a name, which may have to be another
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        for kind, document in documents.items()
    }
    common = sorted(
        label
        for label, operation in said["health"].items()
        if all(operations.get(label) == operation for operations in said.values())
    )
    schemas = [document["components"]["schemas"] for document in documents.values()]
    for name in set.intersection(*map(set, schemas)):
        assert all(one[name] == schemas[0][name] for one in schemas), name
    return {
        kind: (operations.keys() - set(common)) | set(common[turn :: len(said)])
        for turn, (kind, operations) in enumerate(said.items())
    }


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_whatever_is_called_answers_as_documented(agencies: dict[str, Served], kind: str) -> None:
    agency = agencies[kind]
    settings, headers = agency.service.settings, agency.service.client.http.headers
    secret = add_partner(settings, FUZZER)
    others = {"/mesh/deliveries": hop(agency.service), "/oauth/token": HTTPBasicAuth(FUZZER, secret)}
    token = headers["Authorization"].removeprefix("Bearer ")
    portion = portions(agencies)[kind]
    seen = fuzz(agency.url, bearer(token), examples=EXAMPLES, known=agency.known, also=others, only=portion)
    assert seen.keys() == portion
    assert len(seen) > 10
    assert [label for label, statuses in seen.items() if statuses <= {401, 403} and label not in HOUSE_ONLY] == []
