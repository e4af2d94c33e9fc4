"""A load balancer as small as can be: TCP connections in turn to those replicas whose readiness is green."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx

LOOK_SECONDS = 0.1


class Balancer:
    """Passes connections on; knows replicas by their addresses and looks at their readiness without rest."""

    def __init__(self) -> None:
        self.url = ""
        self.green: list[str] = []
        self.replicas: Sequence[str] = ()
        self.looked = asyncio.Condition()
        self._turn = 0

    async def until(self, *, green: int) -> None:
        """Wait until so many replicas are green."""
        async with self.looked:
            await self.looked.wait_for(lambda: len(self.green) == green)

    async def look(self) -> None:
        """Look at all replicas, again and again."""
        async with httpx.AsyncClient(timeout=10) as http:
            while True:
                answers = await asyncio.gather(*[_is_ready(http, url) for url in self.replicas])
                async with self.looked:
                    self.green = [url for url, is_ready in zip(self.replicas, answers, strict=True) if is_ready]
                    self.looked.notify_all()
                await asyncio.sleep(LOOK_SECONDS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on to the next green replica, to another one if that refuses it."""
        for url in self._in_turn():
            with suppress(OSError):
                there = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))
                return
        writer.close()

    def _in_turn(self) -> Sequence[str]:
        self._turn += 1
        first = self._turn % max(1, len(self.green))
        return [*self.green[first:], *self.green[:first]]


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/readyz")).is_success
    except httpx.HTTPError:
        return False


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until one side ends; then end the other."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def balancing() -> AsyncIterator[Balancer]:
    """Serve on a free port until the block ends; set `replicas` when there are any."""
    balancer = Balancer()
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    balancer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    looking = asyncio.create_task(balancer.look())
    try:
        yield balancer
    finally:
        looking.cancel()
        server.close()
        await asyncio.gather(looking, return_exceptions=True)
