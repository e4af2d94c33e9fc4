"""The traffic: cases of invented people, each a course of acts that depends on nothing but the seed and its number.

A case is a consent and some referrals under it. Of the referrals some ask for a service that she did not agree to,
some are declined, some accepted and worked on; of the consents some are taken back in the middle of it all.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from bench.faults.journal import Act, Journal
from bench.faults.partner import Partner
from bench.faults.probe import Probe
from bench.faults.world import AGENCIES, SOCIAL
from mesh.demo.case import COMPARTMENTS

AGREED, FORBIDDEN = "SOC-03", "SOC-01"
#: What is sent; of these the procedure opens the first two only once the referral is accepted.
AFTER_ACCEPTANCE: Final = frozenset({"identity", "contact"})
NAMES: Final = ("contact", "identity", "preferences")
AT_ONCE: Final = frozenset(NAMES) - AFTER_ACCEPTANCE
NOTHING: Final = frozenset[str]()
#: So long a recipient's system waits before it asks for what it has not been told of.
_ARRIVES_WITHIN: Final = 15.0


@dataclass(slots=True)
class Traffic:
    """What runs the cases: both partner systems, the probe, and what was seen."""

    health: Partner
    social: Partner
    probe: Probe
    journal: Journal
    seed: int
    goes_on: Callable[[], bool]
    _next: int = 0

    async def run(self, *, concurrency: int) -> None:
        """Work on cases, so many at once, until it is enough; a case that was begun is ended."""
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(self._one_after_another())

    async def send(self, cases: int) -> list[str]:
        """Have so many persons referred, and do nothing about it at the other side; return their referrals."""
        numbers = range(self._next + 1, self._next + cases + 1)
        self._next += cases
        sent = await asyncio.gather(*(Case(self, number).send() for number in numbers))
        return [referral_id for found in sent for referral_id in found]

    async def handle(self, referral_ids: Sequence[str]) -> None:
        """Have the recipient deal with referrals that were sent before."""
        self._next += 1
        case = Case(self, self._next)
        await asyncio.gather(*(case.handle(one, Random(f"{self.seed}/{one}")) for one in referral_ids))

    async def _one_after_another(self) -> None:
        while self.goes_on():
            self._next += 1
            await Case(self, self._next).play()


class Case:
    """One person's case."""

    def __init__(self, traffic: Traffic, number: int) -> None:
        self._traffic, self._number = traffic, number
        self._rng = Random(f"{traffic.seed}/{number}")
        self._consent_id = ""
        self._is_taken_back = False

    async def play(self) -> None:
        """Record her consent, refer her, and perhaps take the consent back meanwhile."""
        health = self._traffic.health
        recorded = await health.act("consent", "/v1/consents", self._consent())
        if not recorded.is_done:
            return
        self._consent_id = recorded.answer["consent"]["id"]
        async with asyncio.TaskGroup() as group:
            for _ in range(self._rng.randint(2, 4)):
                group.create_task(self._refer(Random(self._rng.getrandbits(64))))
            if self._rng.random() < 0.3:
                group.create_task(self._take_back(self._rng.uniform(0.0, 2.5)))

    async def send(self) -> list[str]:
        """Record her consent, refer her twice with a word to each, and return the referrals."""
        recorded = await self._traffic.health.act("consent", "/v1/consents", self._consent())
        if not recorded.is_done:
            return []
        self._consent_id, sent = recorded.answer["consent"]["id"], []
        for _ in range(2):
            asked = self._request(AGREED)
            act = await self._traffic.health.act("refer", "/v1/referrals", asked, about=self._consent_id)
            if act.is_done:
                sent.append(str(act.answer["referral"]["referral_id"]))
                await self._note(self._traffic.health, sent[-1], self._rng)
        if self._rng.random() < 0.3:
            await self._take_back(0.0)
        return sent

    async def _take_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._is_taken_back = True
        path = f"/v1/consents/{self._consent_id}/revocations"
        taken = await self._traffic.health.act("revoke", path, {"by": "survivor"}, about=self._consent_id)
        if taken.receipt is None:
            return
        self._traffic.journal.revoked_at[self._consent_id] = time.monotonic()
        sent = [one for one in self._referrals() if one.answer["referral"]["referral_id"]]
        for act in sent[:2]:
            await self._probe(act.answer["referral"]["referral_id"], "after her consent was taken back", NOTHING)

    def _referrals(self) -> list[Act]:
        acts = self._traffic.journal.of(self._traffic.health.agency, "refer")
        return [act for act in acts if act.is_done and act.document["consent_id"] == self._consent_id]

    async def _refer(self, rng: Random) -> None:
        asked = FORBIDDEN if rng.random() < 0.08 else AGREED
        sent = await self._traffic.health.act("refer", "/v1/referrals", self._request(asked), about=self._consent_id)
        if not sent.is_done or asked == FORBIDDEN:
            return
        referral_id = str(sent.answer["referral"]["referral_id"])
        async with asyncio.TaskGroup() as group:
            if rng.random() < 0.5:
                group.create_task(self._note(self._traffic.health, referral_id, rng))
            group.create_task(self.handle(referral_id, rng))

    async def handle(self, referral_id: str, rng: Random) -> None:
        """Do what the recipient does, one step after the other; a step that is refused ends the course."""
        await self._traffic.journal.arrived(referral_id, within=_ARRIVES_WITHIN)
        if not (await self._step(referral_id, "acknowledge")).is_done:
            return
        probed = rng.random()
        if probed < 0.06:
            await self._probe(referral_id, "before it was accepted", AT_ONCE)
        if rng.random() < 0.2:
            await self._decline(referral_id, rng)
        elif (await self._step(referral_id, "accept")).is_done:
            if probed > 0.97:
                await self._probe(referral_id, "after it was accepted", frozenset(NAMES))
            await self._work_on(referral_id, rng)

    async def _decline(self, referral_id: str, rng: Random) -> None:
        declined = await self._step(referral_id, "decline", reason="D04")
        if declined.receipt and rng.random() < 0.3:
            await self._probe(referral_id, "after it was declined", NOTHING)

    async def _work_on(self, referral_id: str, rng: Random) -> None:
        await self._traffic.social.read(f"/v1/referrals/{referral_id}")
        if rng.random() < 0.5:
            await self._note(self._traffic.social, referral_id, rng)
        if (await self._step(referral_id, "start")).is_done and rng.random() < 0.5:
            await self._traffic.social.read(f"/v1/referrals/{referral_id}")

    async def _step(self, referral_id: str, verb: str, **facts: Any) -> Act:
        path = f"/v1/referrals/{referral_id}/{verb}"
        return await self._traffic.social.act(verb, path, facts, about=referral_id, may_come=self._may_come)

    def _may_come(self) -> bool:
        """Say whether a referral may still be under way: when consent was taken back before it left, it never comes."""
        return not self._is_taken_back

    async def _note(self, partner: Partner, referral_id: str, rng: Random) -> None:
        document = {"text": f"Word {rng.getrandbits(32)} of case {self._number}."}
        await partner.act("note", f"/v1/referrals/{referral_id}/notes", document, about=referral_id)

    async def _probe(self, referral_id: str, moment: str, may_have: frozenset[str]) -> None:
        await self._traffic.probe.open(referral_id, NAMES, moment=moment, may_have=may_have)

    def _consent(self) -> dict[str, Any]:
        return {
            "grantor": "self",
            "form": "written_signature",
            "subject_details": {"reference": f"case {self._number}"},
            "grants": [
                {
                    "recipients": [AGENCIES[SOCIAL]],
                    "service_types": [AGREED],
                    "compartments": list(NAMES),
                    "onward": False,
                }
            ],
        }

    def _request(self, service: str) -> dict[str, Any]:
        return {
            "service_type": service,
            "recipient": AGENCIES[SOCIAL],
            "consent_id": self._consent_id,
            "compartments": {name: COMPARTMENTS[name] for name in NAMES},
        }
