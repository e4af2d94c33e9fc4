"""An agency's own system: it acts over a faulty line, repeats byte for byte, and does not give up."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from bench.faults.http import BROKEN, Message, Wire, request
from bench.faults.journal import Act, Journal
from bench.faults.line import Line
from bench.faults.world import PARTNER

PATIENCE: Final = 120.0
_ATTEMPT_SECONDS: Final = 12.0
_PAUSE: Final = 0.02
_COMING: Final = 1.0
_AWAY: Final = frozenset({429, *range(500, 600)})


class Partner:
    """One agency's own system, at its agency service."""

    def __init__(self, agency: str, secret: str, line: Line, journal: Journal) -> None:
        self.agency = agency
        self._line, self._journal = line, journal
        self._login = "Basic " + b64encode(f"{PARTNER}:{secret}".encode()).decode()
        self._token = "none-yet"
        self._idle: list[Wire] = []
        self._signing_in = asyncio.Lock()

    async def act(
        self,
        verb: str,
        path: str,
        document: dict[str, Any],
        *,
        about: str | None = None,
        may_come: Callable[[], bool] = lambda: False,
    ) -> Act:
        """Do one act under a fresh key until it is answered; while it `may_come`, what is not there is waited for.

        An act that nobody answers in all that time is noted as unanswered, which no verdict forgives.
        """
        act = Act(f"{self.agency}-{len(self._journal.acts)}", self.agency, verb, about, path, document)
        self._journal.note(act)
        body = json.dumps(document).encode()
        answer = await self._persist("POST", path, body, {"idempotency-key": act.key}, act=act, may_come=may_come)
        if answer is None:
            self._journal.unanswered.append(act.key)
            return act
        act.status, act.answer, act.answered_at = answer.status, json.loads(answer.body), time.monotonic()
        return act

    async def read(self, path: str) -> dict[str, Any] | None:
        """Read something; None when it is not there, or nobody answered."""
        answer = await self._persist("GET", path, b"", {"access-reason": "case_work"})
        found: dict[str, Any] | None = json.loads(answer.body) if answer and answer.status == 200 else None
        return found

    async def _persist(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        *,
        act: Act | None = None,
        may_come: Callable[[], bool] = lambda: False,
    ) -> Message | None:
        until, missing = time.monotonic() + PATIENCE, None
        while time.monotonic() < until:
            answer = await self._attempt(method, path, body, headers)
            if act is not None:
                act.attempts += 1
            if answer is None or answer.status in _AWAY:
                await asyncio.sleep(_PAUSE)
            elif answer.status == 401:
                await self._sign_in(self._token)
            elif answer.status == 404 and may_come():
                missing = answer
                await asyncio.sleep(_COMING)
            else:
                return answer
        return missing

    async def _attempt(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Message | None:
        given = {"authorization": f"Bearer {self._token}", "content-type": "application/json", **headers}
        return await self._once(request(method, path, given, body))

    async def _once(self, raw: bytes) -> Message | None:
        """Send a request once; None when no whole answer came back."""
        wire: Wire | None = None
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                wire = await self._wire()
                answer = await wire.ask(raw)
        except BROKEN:
            if wire is not None:
                wire.reset()
            return None
        self._idle.append(wire)
        return answer

    async def _wire(self) -> Wire:
        while self._idle:
            wire = self._idle.pop()
            if wire.is_open:
                return wire
            wire.close()
        return await Wire.open(self._line.port)

    async def _sign_in(self, refused: str) -> None:
        async with self._signing_in:
            if self._token != refused:
                return
            headers = {"authorization": self._login, "content-type": "application/x-www-form-urlencoded"}
            answer = await self._once(request("POST", "/oauth/token", headers, b"grant_type=client_credentials"))
            if answer is not None and answer.status == 200:
                self._token = json.loads(answer.body)["access_token"]

    def close(self) -> None:
        """Hang up."""
        for wire in self._idle:
            wire.close()
