"""One round: a fresh stage, traffic with faults until there were enough, quiet, and the oracle's verdict."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.faults.away import be_away
from bench.faults.chaos import Chaos
from bench.faults.checks_basis import basis, ledger
from bench.faults.checks_effects import effects
from bench.faults.engines import Engine
from bench.faults.findings import VERDICTS, Evidence, Finding
from bench.faults.journal import Journal
from bench.faults.nodes import Nursery
from bench.faults.partner import Partner
from bench.faults.plants import PLANTS
from bench.faults.probe import Probe
from bench.faults.stores import read_store, waiting
from bench.faults.tally import Tally
from bench.faults.workload import Traffic
from bench.faults.world import GATEWAY, HEALTH, SOCIAL, Builder, World
from shared.kernel.errors import MeshError
from shared.ledger.checkpoint import Checkpoint
from shared.seal.checkpoints import verify_note
from shared.seal.jws import verify_compact

_DRAINED_WITHIN: Final = 120.0
_HURRY: Final = 15.0
_CASES_AT_ONCE: Final = 24
_CASES_LEAST: Final = 4
_LOOKS_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one round is to be."""

    seed: int
    engine: str
    faults: int
    seconds: float
    polls: bool = False
    plant: str = ""
    #: Named points (`process:point`) at which nobody was killed yet: they come first.
    first: frozenset[str] = frozenset()
    #: Whether the recipient is away for some days at the end.
    away: bool = False
    #: Whether processes, clocks and databases are hurt as well, and not the lines alone.
    hurts: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What one round was, and what the oracle found."""

    wanted: Wanted
    seconds: float
    faults: Mapping[str, int]
    places: Mapping[str, int]
    killed_at: Mapping[str, int]
    not_reached: Sequence[str]
    acts: Mapping[str, int]
    refusals: Mapping[str, int]
    ledger_size: int
    checkpoints: int
    findings: Sequence[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> Mapping[str, int]:
        """How many promises were broken, by verdict."""
        return {name: sum(1 for one in self.findings if one.verdict == name) for name in VERDICTS}


async def play(wanted: Wanted, engine: Engine, folder: Path) -> Result:
    """Play one round in an empty folder."""
    rng, tally, nursery = Random(wanted.seed), Tally(), Nursery()
    await nursery.open()
    builder = Builder(folder, engine, nursery, rng=rng, tally=tally)
    world = await builder.build(polls=wanted.polls, plant=wanted.plant)
    try:
        await asyncio.gather(*(node.start() for node in world.nodes.values()))
        return await _Round(wanted, world, rng, tally).play()
    finally:
        for line in world.lines.values():
            await line.close()
        await asyncio.gather(*(node.stop() for node in world.nodes.values()))
        await nursery.close()


class _Round:
    def __init__(self, wanted: Wanted, world: World, rng: Random, tally: Tally) -> None:
        self._wanted, self._world, self._tally = wanted, world, tally
        self._journal = Journal()
        self._began = time.monotonic()
        self._chaos = Chaos(
            world,
            rng=Random(rng.getrandbits(64)),
            tally=tally,
            kill_at=PLANTS[wanted.plant].kill_at if wanted.plant else (),
            first=wanted.first,
        )
        self._probe = Probe(world, self._journal)
        self._partners = {
            name: Partner(name, world.secrets[name], world.lines[f"client->{name}"], self._journal)
            for name in (HEALTH, SOCIAL)
        }
        self._outcomes: dict[str, str] = {}
        self._listen()

    def _listen(self) -> None:
        lines = self._world.lines
        for name in (HEALTH, SOCIAL):
            lines[f"client->{name}"].heard = self._journal.hear_client
            lines[f"{name}->gateway"].heard = self._hear_agency
            lines[f"gateway->{name}"].sent = self._journal.see_delivery
            lines[f"gateway->{name}"].heard = self._journal.hear_delivery

    def _hear_agency(self, request: Any, answer: Any) -> None:
        self._journal.hear_batch(request, answer)
        self._journal.see_inbox(request, answer)
        self._journal.hear_settled(request, answer)

    async def play(self) -> Result:
        for line in self._world.lines.values():
            line.is_calm = False
        watching = asyncio.create_task(self._probe.watch())
        try:
            async with asyncio.TaskGroup() as group:
                if self._wanted.hurts:
                    group.create_task(self._chaos.run())
                acting = group.create_task(self._act())
            if self._wanted.away:
                await be_away(self._world, acting.result(), self._tally, self._remember)
        finally:
            watching.cancel()
        await self._quiet()
        left = await self._drained()
        seen = await self._evidence()
        for _ in range(_LOOKS_MOST):
            if left or not seen.moved_on:
                break  # otherwise a clock of a referral spoke up while we looked
            left = await self._drained()
            seen = await self._evidence()
        await self._probe.close()
        for partner in self._partners.values():
            partner.close()
        findings = [*left, *effects(seen), *basis(seen), *ledger(seen)]
        return self._result(seen, findings)

    def _traffic(self) -> Traffic:
        partners = self._partners
        return Traffic(partners[HEALTH], partners[SOCIAL], self._probe, self._journal, self._wanted.seed, self._goes_on)

    def _goes_on(self) -> bool:
        is_time = time.monotonic() - self._began < self._wanted.seconds
        return is_time and self._tally.total < self._wanted.faults

    async def _act(self) -> Traffic:
        traffic = self._traffic()
        await traffic.run(concurrency=min(_CASES_AT_ONCE, max(_CASES_LEAST, self._wanted.faults // 50)))
        self._chaos.is_over = True
        return traffic

    async def _quiet(self) -> None:
        """Let everything run as it should: no faults, every process up, all clocks alike."""
        for line in self._world.lines.values():
            await line.quiet()
        for node in self._world.nodes.values():
            await node.revive()
        self._world.level_clocks()

    async def _drained(self) -> list[Finding]:
        """Wait until nothing is on its way any more; the clock is hurried on, so that nobody waits for a next try."""
        until = time.monotonic() + _DRAINED_WITHIN
        while left := await asyncio.to_thread(waiting, self._world.databases):
            if time.monotonic() > until:
                return [Finding("lost", f"still on its way when all was quiet: {one}") for one in left[:20]]
            for name in self._world.nodes:
                self._world.shift(name, _HURRY)
            await asyncio.sleep(0.5)
        return []

    async def _remember(self) -> None:
        """Keep which key of a partner system stood for which message: the services forget it after a day."""
        for name in (HEALTH, SOCIAL):
            store = await asyncio.to_thread(read_store, name, self._world.databases[name])
            self._outcomes |= {row["key"]: row["outcome"] for row in store.tables["acts"]}

    async def _evidence(self) -> Evidence:
        world, journal = self._world, self._journal
        verifier = world.keys[GATEWAY].checkpoint_signer(world.ledger_origin).verifier
        note = await self._patiently_checkpoint()
        checkpoint = Checkpoint.parse(verify_note(note, [verifier]).text)
        items = await self._probe.ledger(checkpoint.size)
        stores = {name: await asyncio.to_thread(read_store, name, url) for name, url in world.databases.items()}
        await self._remember()
        ring = world.keys[GATEWAY].ring()
        receipts = [json.loads(verify_compact(token, ring)) for token in journal.tokens]
        earlier = [Checkpoint.parse(verify_note(one, [verifier]).text) for one in journal.checkpoints]
        return Evidence(journal, stores, items, checkpoint, earlier, receipts, self._outcomes)

    async def _patiently_checkpoint(self) -> str:
        for _ in range(50):
            with suppress(MeshError):
                return await self._probe.checkpoint()
            await asyncio.sleep(0.2)
        return await self._probe.checkpoint()

    def _result(self, seen: Evidence, findings: Sequence[Finding]) -> Result:
        acts = list(self._journal.acts.values())
        return Result(
            wanted=self._wanted,
            seconds=time.monotonic() - self._began,
            faults=self._tally.by_kind(),
            places=self._tally.by_place(),
            killed_at=dict(sorted(self._chaos.killed_at.items())),
            not_reached=sorted(self._chaos.not_reached - self._chaos.killed_at.keys()),
            acts={
                "asked": len(acts),
                "attempts": sum(act.attempts for act in acts),
                "done": sum(act.is_done for act in acts),
                "with a receipt": sum(act.receipt is not None for act in acts),
                "refused": sum(act.status is not None and not act.is_done for act in acts),
                "referrals": sum(act.is_done for act in acts if act.verb == "refer"),
                "revocations": sum(act.is_done for act in acts if act.verb == "revoke"),
                "openings asked directly": len(self._journal.openings),
            },
            refusals=Counter(f"{act.verb}: {act.answer.get('code')}" for act in acts if act.status and not act.is_done),
            ledger_size=len(seen.items),
            checkpoints=len(seen.earlier),
            findings=findings,
        )
