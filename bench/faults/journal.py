"""What clients asked for and what they were told, written down outside the system: all that the oracle starts from."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.faults.http import Message


@dataclass(slots=True)
class Act:
    """One act of a client, repeated under one key until somebody answered it."""

    key: str
    agency: str
    verb: str
    about: str | None
    path: str
    document: dict[str, Any]
    status: int | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    answered_at: float = 0.0

    @property
    def is_done(self) -> bool:
        """Say whether the client was told that it is done, or will be."""
        return self.status is not None and self.status < 300

    @property
    def receipt(self) -> dict[str, Any] | None:
        """The receipt of the gateway, where the answer had one."""
        found = self.answer.get("receipt") if self.is_done else None
        return found if isinstance(found, dict) else None

    @property
    def was_asked_to_wait(self) -> bool:
        """Say whether the answer was that it is queued, or would not come at all."""
        return self.receipt is None


@dataclass(frozen=True, slots=True)
class Opened:
    """What the gateway released to a recipient that asked it directly: which halves, and what it may have had."""

    referral_id: str
    moment: str
    names: tuple[str, ...]
    may_have: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One item of a delivery as it passed the line, with the moment at which it passed."""

    message_id: str
    referral_id: str | None
    kind: str
    halves: tuple[str, ...]
    at: float


class Journal:
    """Everything that was seen from outside in one round."""

    def __init__(self) -> None:
        self.acts: dict[str, Act] = {}
        self.openings: list[Opened] = []
        self.deliveries: list[Seen] = []
        self.tokens: set[str] = set()
        self.told: dict[str, set[str]] = defaultdict(set)
        self.checkpoints: list[str] = []
        self.revoked_at: dict[str, float] = {}
        self.unanswered: list[str] = []
        self._arrived: set[str] = set()
        self._waiting: dict[str, asyncio.Event] = {}

    def note(self, act: Act) -> None:
        """Enter an act before it is tried for the first time."""
        self.acts[act.key] = act

    def of(self, agency: str, *verbs: str) -> Iterator[Act]:
        """Yield the acts of one agency's system, by what they were."""
        return (act for act in self.acts.values() if act.agency == agency and act.verb in verbs)

    def hear_client(self, request: Message, answer: Message) -> None:
        """Note what a service promised under a key, whether or not its client got to hear it."""
        key = request.header("idempotency-key")
        if key is None or answer.status >= 300:
            return
        document = json.loads(answer.body)
        receipt = document.get("receipt")
        if receipt is not None:
            self.told[key].add(str(receipt["message_id"]))

    def hear_batch(self, request: Message, answer: Message) -> None:
        """Note every receipt that the gateway signed, whether or not the service got to hear it."""
        if request.start[1] == "/v1/batches" and answer.status == 200:
            results = json.loads(answer.body)["results"]
            self.tokens.update(one["receipt"] for one in results if one["receipt"])

    async def arrived(self, message_id: str, *, within: float) -> None:
        """Wait until a delivery with this message was answered, but no longer than `within` seconds."""
        if message_id not in self._arrived:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.setdefault(message_id, asyncio.Event()).wait(), within)

    def hear_delivery(self, request: Message, answer: Message) -> None:
        """Note what a service that is pushed to has answered for."""
        if request.start[1] == "/mesh/deliveries" and answer.status == 200:
            self._come(item["message_id"] for item in json.loads(request.body)["items"])

    def hear_settled(self, request: Message, answer: Message) -> None:
        """Note what a service that polls has signed for."""
        if request.start[1] == "/v1/inbox/receipts" and answer.status == 200:
            self._come(json.loads(answer.body)["settled"])

    def _come(self, message_ids: Iterable[str]) -> None:
        for message_id in message_ids:
            self._arrived.add(message_id)
            if message_id in self._waiting:
                self._waiting.pop(message_id).set()

    def see_delivery(self, request: Message) -> None:
        """Note what left the gateway for a service that it pushes to."""
        if request.start[1] == "/mesh/deliveries":
            self._see(json.loads(request.body)["items"])

    def see_inbox(self, request: Message, answer: Message) -> None:
        """Note what left the gateway for a service that polls."""
        if request.start[1].startswith("/v1/inbox?") and answer.status == 200:
            self._see(json.loads(answer.body)["items"])

    def _see(self, items: list[dict[str, Any]]) -> None:
        now = time.monotonic()
        self.deliveries += [
            Seen(item["message_id"], item.get("referral_id"), item["kind"], tuple(item["hub_shares"]), now)
            for item in items
        ]
