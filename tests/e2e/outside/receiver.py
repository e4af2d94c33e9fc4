"""A small system of an agency that takes deliveries: verifies Standard Webhooks, answers with receipts.

`plan` decides how the next calls are answered: `store`, `reject:<code>`, `silent` (no receipts), `error` (500).
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.outside.keys import Json

TOLERANCE_SECONDS = 300


def webhook_verified(secret: str, headers: Any, body: bytes, *, at: float) -> bool:
    """Standard Webhooks: `v1,` and base64 of HMAC-SHA256 over id.timestamp.body, no older than five minutes."""
    stamp = headers["webhook-timestamp"]
    if abs(at - int(stamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{stamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    given = [part.partition(",") for part in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(value, expected) for version, _, value in given)


class Receiver:
    """Listens on a free port of this machine, for `/mesh/deliveries`."""

    def __init__(self) -> None:
        self.calls: list[Json] = []
        self.plan: list[str] = []
        self.secret = ""
        self.receipt_for: Callable[[Json, str, str | None], str] | None = None
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, wanted: Callable[[Json], bool], *, seconds: float = 20) -> Json:
        """The first item that is wanted, with its call; waits for it."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                for call in self.calls:
                    for item in call["items"]:
                        if wanted(item):
                            return {"call": call, "item": item}
                if not self._arrived.wait(timeout=deadline - time.monotonic()):
                    raise AssertionError("no such delivery arrived")

    def wait_for_call(self, wanted: Callable[[Json], bool], *, seconds: float = 20) -> Json:
        """The first call that is wanted; waits for it."""
        with self._arrived:
            found = self._arrived.wait_for(lambda: [call for call in self.calls if wanted(call)], timeout=seconds)
        if not found:
            raise AssertionError("no such call arrived")
        return dict(found[0])

    def items(self) -> list[Json]:
        return [item for call in self.calls for item in call["items"]]

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, Json]:
        verified = webhook_verified(self.secret, headers, body, at=time.time())
        items = json.loads(body).get("items", [])
        step = self.plan.pop(0) if self.plan else "store"
        with self._arrived:
            call = {"path": path, "headers": dict(headers.items()), "verified": verified, "raw": body, "step": step}
            self.calls.append({**call, "items": items, "at": time.monotonic()})
            self._arrived.notify_all()
        if step == "error":
            return 500, {}
        if step == "silent" or self.receipt_for is None:
            return 200, {"receipts": []}
        result, _, code = step.partition(":")
        outcome = "stored" if result == "store" else "rejected"
        return 200, {"receipts": [self.receipt_for(item, outcome, code or None) for item in items]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = receiver.answer(self.path, self.headers, body)
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: Any) -> None:
                return

        return Handler
