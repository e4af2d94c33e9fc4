"""Three gateways behind a balancer, all restarted in turn while agencies send, poll and report; and what came of it.

Every call is made once, and once more with the same bytes where the first was not answered or was told to try again.
"""

import asyncio
import json
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from gateway.settings import GatewaySettings
from gateway.web.inbox import LONGEST_WAIT
from mesh.programs import CHECKOUT, command_of, process_environment
from mesh.roster import GATEWAY
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.sop.loader import load_sop
from tests.support.agency import Agency, Message, Sent, a_grant
from tests.support.balancer import Balancer, balancing
from tests.support.evidence import all_entries, assert_ledger_intact
from tests.support.mesh import (
    HEALTH,
    LEGAL,
    OVERSIGHT,
    PASSPHRASE,
    ROLL,
    SHELTER_HOUSE,
    SOCIAL,
    enrol_all,
    keys_of,
    settings_for,
)
from tests.support.ports import free_ports
from tests.support.receiver import Receiver, receiving

REPLICAS = 3
DRAIN_SECONDS = 2
SENDERS = 2
#: Seconds a sender rests between two referrals: a bounded load.
REST = 0.25
POLL_SECONDS = 5
#: What the agency that polls reports of each referral, in this order.
EVENTS = ("acknowledged", "accepted")


@dataclass
class Story:
    """What was sent, what arrived, and what a client saw."""

    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    arrived: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reported: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0
    repeated: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    ends: list["End"] = field(default_factory=list)
    entries: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class End:
    """How a replica ended: what its readiness and a poll that waited were answered, and its exit code."""

    ready: int
    alive: int
    polled: int
    poll_seconds: float
    code: int


@dataclass
class Replica:
    """One process."""

    url: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; whether it is ready, the balancer sees."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log
            )

    async def stop(self) -> int:
        """Tell it to end and return its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


@dataclass
class Client:
    """An agency behind the balancer that makes each call once more when it has to."""

    agency: Agency
    story: Story

    async def surely(self, what: str, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """Return what a call was answered, at the first or at the second try."""
        self.story.calls += 1
        for failures in (self.story.repeated, self.story.failed):
            try:
                answer = await call()
            except httpx.TransportError as fault:
                failures.append(f"{what}: {type(fault).__name__}")
                continue
            if answer.is_success:
                return answer
            failures.append(f"{what}: {answer.status_code} {answer.text}")
            await asyncio.sleep(float(answer.headers.get("retry-after", 0)))
        raise AssertionError(self.story.failed)

    async def send_on(self, consent: Message, until: asyncio.Event) -> None:
        """Send referrals, each with a note behind it, to one that is pushed to and to one that polls."""
        agency, basis = self.agency, {"kind": "consent", "consent_id": consent["id"]}
        while not until.is_set():
            for recipient in (SOCIAL, SHELTER_HOUSE):
                message, shares = agency.referral_message(recipient, basis, subject=consent["subject"])
                post = partial(agency.post, "/v1/referrals", message, hub_shares=shares)
                sent = Sent(message, shares, await self.surely("referral", post), {})
                note, shares = agency.note_message(sent, "Invented.")
                await self.surely(
                    "note", partial(agency.post, f"/v1/referrals/{sent.id}/notes", note, hub_shares=shares)
                )
                self.story.sent[recipient] += [sent.id, note["id"]]
            await asyncio.sleep(REST)

    async def poll_on(self, handle: Callable[[Message], Awaitable[None]]) -> None:
        """Wait at the inbox, sign for what comes, and handle what has not come before; for ever."""
        agency, known = self.agency, self.story.arrived[self.agency.id]
        while True:
            inbox = await self.surely("inbox", partial(agency.get, "/v1/inbox", wait=POLL_SECONDS))
            items = inbox.json()["items"]
            receipts = {"receipts": [agency.receipt(item) for item in items]}
            if items:
                await self.surely("receipts", partial(agency.call, "POST", "/v1/inbox/receipts", json=receipts))
            for item in items:
                if item["message_id"] not in known:
                    known.append(item["message_id"])
                    await handle(item)

    async def accept(self, item: Message) -> None:
        """Acknowledge a referral and accept it."""
        if item["kind"] != "referral":
            return
        sent = Sent(json.loads(item["body"]), {}, httpx.Response(202), {})
        for type in EVENTS:
            event = self.agency.event_message(sent, type)
            await self.surely(type, partial(self.agency.post, f"/v1/referrals/{sent.id}/events", event))
            self.story.reported[sent.id].append(type)

    async def note_event(self, item: Message) -> None:
        """Note what was told of a referral."""
        body = json.loads(item["body"])
        if body["kind"] == "event":
            self.story.told[body["referral_id"]].append(body["type"])


async def roll(database_url: str, folder: Path) -> Story:
    """Restart three replicas in turn under load, and tell what came of it."""
    story = Story()
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        balancer = await stack.enter_async_context(balancing())
        settings = settings_for(database_url, folder, public_url=balancer.url)
        enrol_all(settings, {SOCIAL: receiver.url})
        replicas = await stack.enter_async_context(running(settings, balancer, folder))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=balancer.url, timeout=30))
        agencies = agencies_at(http)
        receiver.agency = agencies[SOCIAL]
        clients = {name: Client(agency, story) for name, agency in agencies.items()}
        consent = await agencies[HEALTH].record_consent(a_grant(SOCIAL, SHELTER_HOUSE))
        enough = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            polling = [
                tasks.create_task(clients[SHELTER_HOUSE].poll_on(clients[SHELTER_HOUSE].accept)),
                tasks.create_task(clients[HEALTH].poll_on(clients[HEALTH].note_event)),
            ]
            sending = [tasks.create_task(clients[HEALTH].send_on(consent, enough)) for _ in range(SENDERS)]
            for replica in replicas:
                story.ends.append(await restarted(replica, balancer, agencies[LEGAL]))
            enough.set()
            await asyncio.gather(*sending)
            await until_told(story, receiver)
            for task in polling:
                task.cancel()
        story.arrived[SOCIAL] = list(dict.fromkeys(receiver.message_ids))
        verifier = keys_of("gateway").checkpoint_signer(settings.ledger_origin).verifier
        await assert_ledger_intact(agencies[OVERSIGHT], verifier)
        story.entries = [json.loads(item.leaf) for item in await all_entries(agencies[OVERSIGHT])]
    return story


async def restarted(replica: Replica, balancer: Balancer, idle: Agency) -> End:
    """End a replica while somebody waits at its inbox, start it again, and wait until it takes part."""
    headers = {"Authorization": f"Bearer {await idle.token()}"}
    async with httpx.AsyncClient(base_url=replica.url, timeout=60) as http:
        poll = asyncio.create_task(http.get("/v1/inbox", params={"wait": LONGEST_WAIT}, headers=headers))
        assert (await http.get("/readyz")).status_code == 200
        begun = time.monotonic()
        ending = asyncio.create_task(replica.stop())
        while (ready := (await http.get("/readyz")).status_code) == 200:
            await asyncio.sleep(0.01)
        alive = (await http.get("/livez")).status_code
        polled = (await poll).status_code
        waited = time.monotonic() - begun
        code = await ending
    await balancer.until(green=REPLICAS - 1)
    await replica.start()
    await balancer.until(green=REPLICAS)
    return End(ready, alive, polled, waited, code)


async def until_told(story: Story, receiver: Receiver) -> None:
    """Wait until everything that was sent has arrived, and every event was told."""
    async with asyncio.timeout(60):
        await receiver.until(lambda it: set(story.sent[SOCIAL]) <= set(it.message_ids), seconds=60)
        while set(story.sent[SHELTER_HOUSE]) - set(story.arrived[SHELTER_HOUSE]) or story.told != story.reported:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(settings: GatewaySettings, balancer: Balancer, folder: Path) -> AsyncIterator[list[Replica]]:
    """Run replicas behind the balancer until the block ends."""
    keys_of("gateway").save(settings.key_file, PASSPHRASE)
    port = free_ports(REPLICAS)
    environment = process_environment() | {
        "MESH_DATABASE_URL": settings.database_url,
        "MESH_PUBLIC_URL": settings.public_url,
        "MESH_KEY_FILE": str(settings.key_file),
        "MESH_KEY_PASSPHRASE": PASSPHRASE,
        "MESH_DRAIN_SECONDS": str(DRAIN_SECONDS),
    }
    replicas = [
        Replica(
            f"http://127.0.0.1:{port + number}",
            command_of(GATEWAY, host="127.0.0.1", port=port + number),
            environment,
            folder / f"replica-{number}.log",
        )
        for number in range(REPLICAS)
    ]
    try:
        for replica in replicas:
            await replica.start()
        balancer.replicas = [replica.url for replica in replicas]
        await balancer.until(green=REPLICAS)
        yield replicas
    finally:
        await asyncio.gather(*[replica.stop() for replica in replicas if replica.process is not None])


def agencies_at(http: httpx.AsyncClient) -> dict[str, Agency]:
    """Everybody of the roll, and oversight, as clients at an address."""
    clock = SystemClock()
    ids, sop, agencies = Uuid7Factory(clock), load_sop(), dict[str, Agency]()
    for name in (*(row[0] for row in ROLL), OVERSIGHT):
        agencies[name] = Agency(name, keys_of(name), http, clock, ids, sop, agencies)
    return agencies
