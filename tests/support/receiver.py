"""An agency's delivery address: a real server that answers deliveries as the test tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.agency import Message
from tests.support.serving import serving

PATH = "/mesh/deliveries"
#: What becomes of a delivery: the receipts to answer with, or a status that is an error.
Behaviour = Callable[["Receiver", Sequence[Message]], Awaitable[Sequence[str] | int]]


async def store_all(receiver: "Receiver", items: Sequence[Message]) -> Sequence[str]:
    """Sign a receipt for every item."""
    return [receiver.agency.receipt(item) for item in items]


@dataclass
class Receiver:
    """Records what was delivered. `agency` signs the receipts; set it before the first delivery."""

    behave: Behaviour = store_all
    agency: Any = None
    url: str = ""
    deliveries: list[Sequence[Message]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one delivery."""
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        assert scope["path"] == PATH
        items = json.loads(body)["items"]
        async with self.arrived:
            self.bodies.append(body)
            self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            self.deliveries.append(items)
            self.arrived.notify_all()
        outcome = await self.behave(self, items)
        status, answer = (outcome, b"no") if isinstance(outcome, int) else (200, _receipts(outcome))
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(answer))]}
        )
        await send({"type": "http.response.body", "body": answer})

    @property
    def message_ids(self) -> list[str]:
        """The ids of everything delivered, in order, repeats included."""
        return [item["message_id"] for items in self.deliveries for item in items]

    async def until(self, enough: Callable[["Receiver"], bool], *, seconds: float = 20) -> None:
        """Wait until something was delivered."""
        async with asyncio.timeout(seconds), self.arrived:
            await self.arrived.wait_for(lambda: enough(self))


def _receipts(tokens: Sequence[str]) -> bytes:
    return json.dumps({"receipts": list(tokens)}).encode()


@asynccontextmanager
async def receiving(behave: Behaviour = store_all) -> AsyncIterator[Receiver]:
    """Serve on a free port until the block ends."""
    receiver = Receiver(behave)
    async with serving(receiver) as receiver.url:
        yield receiver
