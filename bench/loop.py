"""The full loop: referred in clear at one service, acknowledged at another, and known to be at the first again.

A partner system posts a referral at the sender's service, which minimises, seals and signs it; the gateway admits and
delivers it; the recipient's service checks, opens and stores it; a partner system there finds it in its list and
acknowledges it; the gateway records that and tells the sender's service, where a partner system finds it acknowledged.
Everything goes over HTTP, and whoever waits for something finds it in the list of its own service.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from bench.line import Line
from bench.servers import Agency
from bench.workload import RECIPIENT, REFERRALS_PER_CONSENT, SERVICE
from bench.world import World
from mesh.demo.case import COMPARTMENTS

#: The steps that can be told apart: what each is, in the order of the loop.
STEPS = ("refer, seal, admit", "deliver, check, open, store, receipt", "acknowledge, record, tell the sender")
_LOOK_SECONDS = 0.1
_MOST_SECONDS = 120
_PAGE = 100
#: After so many looks at the first page that showed nothing new, all are looked at.
_LOOKS_IN_VAIN = 20
_NAMES = ("contact", "safety", "dependants", "preferences", "identity")


@dataclass(frozen=True, slots=True)
class Told:
    """What one run showed: seconds from the first post to the last notification, and how long each step took."""

    cases: int
    seconds: float
    admitted: Sequence[float]
    stored: Sequence[float]
    known: Sequence[float]


def tell(world: World, cases: int, *, concurrency: int) -> Told:
    """Play `cases` whole loops with `concurrency` callers at each end. Raises `UnexpectedAnswer`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_tell(world, cases, concurrency))


def tell_in_parts(world: World, cases: int, *, concurrency: int, seen: Callable[[str], None]) -> None:
    """Play whole loops one step for all after the other, so that each step's cost can be told from the others'.

    `seen` is called with the name of a step when it is done. While the sender refers, the recipient stands still.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_in_parts(world, cases, concurrency, seen))


async def _tell(world: World, cases: int, concurrency: int) -> Told:
    async with _run(world, cases, concurrency) as run:
        started = time.perf_counter()
        await run.whole()
        return Told(cases, time.perf_counter() - started, run.admitted(), run.stored(), run.known())


async def _in_parts(world: World, cases: int, concurrency: int, seen: Callable[[str], None]) -> None:
    async with _run(world, cases, concurrency) as run:
        seen("begin")
        with world.recipient.server.held_still():
            await run.refer()
            seen(STEPS[0])
        await run.arrive()
        seen(STEPS[1])
        await run.answer()
        seen(STEPS[2])


@asynccontextmanager
async def _run(world: World, cases: int, concurrency: int) -> AsyncIterator["_Run"]:
    async with (
        asyncio.timeout(_MOST_SECONDS),
        _lines(world.sender, concurrency) as asking,
        _lines(world.recipient, concurrency) as taking,
    ):
        yield _Run(await _consented(asking, cases), cases, asking, taking)


@asynccontextmanager
async def _lines(agency: Agency, count: int) -> AsyncIterator[list[Line]]:
    """Open lines to a service; its partner systems take turns, and the last line is for looking."""
    tokens = agency.tokens()
    lines = [Line(agency.server.port, tokens[number % len(tokens)]) for number in range(count + 1)]
    await asyncio.gather(*(line.__aenter__() for line in lines))
    try:
        yield lines
    finally:
        await asyncio.gather(*(line.__aexit__() for line in lines))


async def _consented(lines: Sequence[Line], cases: int) -> list[str]:
    """Record the consents, untimed; return their ids."""
    wanted = iter(range(-(-cases // REFERRALS_PER_CONSENT)))
    ids: list[str] = []

    async def record(line: Line) -> None:
        for _ in wanted:
            answer = await line.post("/v1/consents", _consent(), expected=201)
            ids.append(answer["consent"]["id"])

    await asyncio.gather(*(record(line) for line in lines))
    return ids


def _consent() -> dict[str, Any]:
    grant = {"recipients": [RECIPIENT], "service_types": [SERVICE], "compartments": list(_NAMES), "onward": False}
    return {
        "grantor": "self",
        "age_band": "adult",
        "form": "written_signature",
        "subject_details": {"reference": "bench"},
        "grants": [grant],
    }


def _referral(consent_id: str) -> dict[str, Any]:
    return {
        "service_type": SERVICE,
        "recipient": RECIPIENT,
        "consent_id": consent_id,
        "compartments": {name: COMPARTMENTS[name] for name in _NAMES},
        "preferences": {"staff_gender": "female", "language": "vi"},
    }


class _Run:
    """One run: who asks, who takes, and when what was seen."""

    def __init__(self, consents: Sequence[str], cases: int, asking: Sequence[Line], taking: Sequence[Line]) -> None:
        self._requests = (_referral(consents[number // REFERRALS_PER_CONSENT]) for number in range(cases))
        self._count = cases
        self._before = max(consents)  # ids are in the order of time: what is older is of another run
        self._asking, self._taking = asking, taking
        self._arrived: asyncio.Queue[str | None] = asyncio.Queue()
        self._posted_at: dict[str, float] = {}
        self._admitted_at: dict[str, float] = {}
        self._stored_at: dict[str, float] = {}
        self._known_at: dict[str, float] = {}

    async def whole(self) -> None:
        """Refer all, take all, and wait until the sender knows of all."""
        await asyncio.gather(self.refer(), self.arrive(), self.answer())

    async def refer(self) -> None:
        """Post every referral at the sender's service."""
        await asyncio.gather(*(self._refer(line) for line in self._asking[:-1]))

    async def arrive(self) -> None:
        """Find every referral at the recipient's service."""
        await self._find_arrived(self._taking[-1])

    async def answer(self) -> None:
        """Acknowledge what is found there, and wait until the sender knows of all."""
        await asyncio.gather(
            self._find_known(self._asking[-1]), *(self._acknowledge(line) for line in self._taking[:-1])
        )

    def admitted(self) -> list[float]:
        """Seconds from a post to its answer, which carries the gateway's receipt."""
        return [at - self._posted_at[one] for one, at in self._admitted_at.items()]

    def stored(self) -> list[float]:
        """Seconds from a post until the recipient found it in its list."""
        return [at - self._posted_at[one] for one, at in self._stored_at.items() if one in self._posted_at]

    def known(self) -> list[float]:
        """Seconds from a post until the sender found it acknowledged."""
        return [at - self._posted_at[one] for one, at in self._known_at.items() if one in self._posted_at]

    async def _refer(self, line: Line) -> None:
        for request in self._requests:
            posted_at = time.perf_counter()
            answer = await line.post("/v1/referrals", request)
            referral_id = answer["referral"]["referral_id"]
            self._posted_at[referral_id] = posted_at
            if answer["receipt"] is not None:
                self._admitted_at[referral_id] = time.perf_counter()

    async def _acknowledge(self, line: Line) -> None:
        while (referral_id := await self._arrived.get()) is not None:
            await line.post(f"/v1/referrals/{referral_id}/acknowledge", {})

    async def _find_arrived(self, line: Line) -> None:
        async for found in self._found(line, "box=received&state=delivered", self._stored_at):
            self._arrived.put_nowait(found)
        for _ in self._taking:
            self._arrived.put_nowait(None)

    async def _find_known(self, line: Line) -> None:
        async for _ in self._found(line, "box=sent&state=acknowledged", self._known_at):
            pass

    async def _found(self, line: Line, query: str, seen: dict[str, float]) -> AsyncIterator[str]:
        """Look through a list, newest first, for what was not seen before, until every case of this run was.

        What is older may come later, when it was delivered again: who found nothing for a while looks at all pages.
        """
        after, in_vain = "", 0
        while len(seen) < self._count:
            page = await line.get(f"/v1/referrals?{query}&limit={_PAGE}{after}")
            of_this_run = [one["referral_id"] for one in page["items"] if one["referral_id"] > self._before]
            new = [referral_id for referral_id in of_this_run if referral_id not in seen]
            at = time.perf_counter()
            for referral_id in new:
                seen[referral_id] = at
                yield referral_id
            goes_on = page["next"] and of_this_run and (new or in_vain > _LOOKS_IN_VAIN)
            after = f"&after={page['next']}" if goes_on else ""
            if not after:
                in_vain = 0 if new or in_vain > _LOOKS_IN_VAIN else in_vain + 1
                await asyncio.sleep(_LOOK_SECONDS)
