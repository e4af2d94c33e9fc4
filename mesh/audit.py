"""Verify the ledger of a running mesh from outside: read everything, recompute everything, believe nothing.

Proves that the entries are exactly those of the signed checkpoint, and that every checkpoint seen before, here or by a
witness, is a beginning of this one. The checkpoint seen last is kept in the home, so that a rewritten history is
noticed the next time.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from mesh.clients import credentials_of, oversight_client
from mesh.home import Home, write_private
from mesh.witnesses import Witnessed, witnessed
from shared.kernel.clock import SystemClock, from_wire
from shared.kernel.errors import InputRejected
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import read_leaf
from shared.ledger.evidence import EntryItem
from shared.ledger.policy import name_of
from shared.ledger.verifier import Finding, verify_entries
from shared.seal.checkpoints import NoteVerifier, verify_note
from shared.transport.gateway_client import GatewayClient
from shared.transport.peer import Peer

PAGE: Final = 200
CHECKPOINT_PATH: Final = "/ledger/checkpoint"
#: Seconds for which witnesses that are behind are waited for, and between two looks.
PATIENCE: Final = 20.0
_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was verified, and everything that is not as it must be."""

    checkpoint: Checkpoint
    earlier: Sequence[Checkpoint]
    witnessed: Witnessed | None
    findings: Sequence[Finding]

    @property
    def is_unwitnessed(self) -> bool:
        """Whether the witnesses are behind, which may pass."""
        return any(finding.code == "ledger.unwitnessed" for finding in self.findings)


def verify(home: Home, *, vkey: str | None = None, patience: float = PATIENCE) -> Verdict:
    """Verify the whole ledger of the mesh in `home`; `vkey` is its verifier key as an auditor pinned it.

    Where witnesses are behind, it looks again for `patience` seconds: a mesh that was just started has them sign what
    was written before it stopped. Raises `CommandRefused` where there is no mesh, and `InputRejected` for a checkpoint
    that no known key signed.
    """
    until = time.monotonic() + patience
    while (verdict := _verified(home, vkey)).is_unwitnessed and time.monotonic() < until:
        time.sleep(_PAUSE)
    return verdict


def _verified(home: Home, vkey: str | None) -> Verdict:
    credentials, policy, earlier = credentials_of(home), home.policy(), seen(home)
    gateway, origin = credentials["gateway"], name_of(vkey or home.vkey())
    with asyncio.Runner() as runner:
        others = None if policy is None else runner.run(witnessed(gateway, policy, origin=origin))
        note = runner.run(fetch_note(gateway))  # after them: it must have all that they have seen
        checkpoint = checked(note, vkey=vkey, home=home)
        known = [*earlier, *(others.heads if others else [])]
        waiting = _Waiting(others.size if others else 0)
        items = waiting.noticed(entries(runner, credentials, size=checkpoint.size))
        findings = verify_entries(items, checkpoint=checkpoint, earlier=known)
    beside = others.findings(checkpoint, waited=waiting.for_how_long()) if others else []
    verdict = Verdict(checkpoint, earlier, others, [*findings, *beside])
    if not verdict.findings:
        write_private(seen_file(home), note)
    return verdict


async def fetch_note(gateway: str) -> str:
    """Return the signed checkpoint as the gateway publishes it."""
    async with Peer(gateway) as peer:
        return (await peer.call("GET", CHECKPOINT_PATH)).body.decode("utf-8", "replace")


def checked(note: str, *, vkey: str | None, home: Home) -> Checkpoint:
    """Return the checkpoint in a note that the pinned key, or the one kept in this home, has signed."""
    verifier = NoteVerifier.from_vkey(vkey or home.vkey())
    return Checkpoint.parse(verify_note(note, [verifier]).text)


def entries(runner: asyncio.Runner, credentials: Mapping[str, Any], *, size: int) -> Iterator[EntryItem]:
    """Yield the first `size` entries in order, a page at a time."""
    client = oversight_client(credentials)
    try:
        yield from _pages(runner, client, size=size)
    finally:
        runner.run(client.close())


def _pages(runner: asyncio.Runner, client: GatewayClient, *, size: int) -> Iterator[EntryItem]:
    after: str | None = None
    wanted = size
    while wanted > 0:
        params: dict[str, str | int] = {"limit": PAGE} | ({"after": after} if after else {})
        page = runner.run(client.get("/v1/ledger/entries", params))
        items = [EntryItem.parse(item) for item in page["items"]][:wanted]
        yield from items
        wanted -= len(items)
        after = page["next"]
        if after is None:
            return


class _Waiting:
    """Notices the first entry of a ledger that is not witnessed, on its way to whoever verifies it."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._leaf: str | None = None

    def noticed(self, items: Iterable[EntryItem]) -> Iterator[EntryItem]:
        for item in items:
            if item.index == self._index:
                self._leaf = item.leaf
            yield item

    def for_how_long(self) -> timedelta:
        """Return for how long it has been there, by its own words; nothing where there is none that can be read."""
        try:
            return SystemClock().now() - from_wire(read_leaf(self._leaf).at) if self._leaf else timedelta()
        except InputRejected:  # which is a finding of its own
            return timedelta()


def seen(home: Home) -> list[Checkpoint]:
    """Return the checkpoint that was verified last, if there is one."""
    file = seen_file(home)
    return [Checkpoint.of_note(file.read_text(encoding="utf-8"))] if file.exists() else []


def seen_file(home: Home) -> Path:
    """Return where the checkpoint verified last is kept."""
    return home.root / "checkpoint.txt"
