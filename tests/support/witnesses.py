"""Agencies as witnesses: their whole applications, and a ledger to show them that can be told otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.agency.chassis import Surroundings, build_app
from shared.agency.settings import AgencySettings
from shared.kernel.encoding import sha256_hex
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.policy import Group, Log, Policy, Witness
from shared.ledger.tree import EMPTY_ROOT, consistency_proof
from shared.ledger.witness import Submission
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.keys import AgencyKeys
from shared.transport.webhooks import new_webhook_secret
from shared.web.factory import MeshApp
from tests.support.agency_services import GATEWAY_URL, KINDS, PASSPHRASE
from tests.support.ledger import MemoryLedger
from tests.support.page_client import QUICK

#: Made once: making keys is slow, and tests do not care which they are.
WITNESSES = {name: AgencyKeys.generate() for name in ("police", "health", "social")}
ADD = "/witness/add-checkpoint"


@asynccontextmanager
async def witness(kind: str, database_url: str, policy: Path) -> AsyncIterator[MeshApp]:
    """Run the service of an agency that nobody delivers to: it is a witness."""
    settings = AgencySettings(
        agency_id=f"{kind}-test",
        database_url=database_url,
        gateway_url=GATEWAY_URL,
        public_url=f"http://{kind}.test",
        key_file=policy.with_name("none.keys"),
        key_passphrase=PASSPHRASE,
        webhook_secret=new_webhook_secret(),
        ledger_policy=policy,
    )
    profile, routes = KINDS[kind]
    around = Surroundings(keys=WITNESSES[kind], passwords=QUICK)
    app = build_app(profile.PROFILE, settings, sector_routers=routes.sector_routers, surroundings=around)
    async with app.router.lifespan_context(app):
        yield app


def policy_of(log: CheckpointSigner, addresses: dict[str, str], *, least: int) -> Policy:
    """A policy by which so many of these witnesses suffice."""
    origin = log.verifier.name
    witnesses = tuple(
        Witness(kind, WITNESSES[kind].cosigner(f"{origin}/{kind}").verifier.vkey(), f"{address}/witness")
        for kind, address in addresses.items()
    )
    most = Group("agencies", least, tuple(addresses))
    return Policy((Log(log.verifier.vkey()),), witnesses, (most,), most.name)


def latest_of(origin: str) -> str:
    """Where a witness shows what it has cosigned last."""
    return f"/witness/{sha256_hex(origin.encode())}/checkpoint"


class ToldLedger:
    """A ledger that its owner may tell otherwise from some place on."""

    def __init__(self, signer: CheckpointSigner) -> None:
        self.signer = signer

    def head(self, size: int, *, told: str = "as it was", since: int = 0) -> tuple[MemoryLedger, Checkpoint]:
        """So many entries, told otherwise since one of them."""
        entries = [f"{told if index >= since else 'as it was'}: {index}".encode() for index in range(size)]
        source = MemoryLedger(entries)
        return source, Checkpoint(self.signer.verifier.name, size, source.frontier.root() if size else EMPTY_ROOT)

    def submission(self, old: int, size: int, *, told: str = "as it was", since: int = 0) -> str:
        """A signed head with an honest proof of what is told."""
        source, head = self.head(size, told=told, since=since)
        proof = tuple(consistency_proof(old, size, source)) if old <= size else ()
        return Submission(old, proof, self.signer.sign(head.body())).text()
