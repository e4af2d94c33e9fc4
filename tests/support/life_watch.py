"""What must come out nowhere: what is said in sealed compartments, and what a protected site keeps secret.

Listens to every answer of a gateway and to its log, and knows whom each answer was for.
"""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import httpx

#: Stands in every compartment and note, in no other text.
CANARY = "Canary-Nguyen"
PHONE = "0912 345 678"
STORY = f"Nguyễn Thị {CANARY}, {PHONE}"
SITE_SECRETS = ("Nha-Tam-Lanh-Hac-Thanh", "Hac-Thanh-House", "hac-thanh.example")

#: What a hurried agency might write beside the sealed compartments of a referral.
BESIDE_THE_SEAL: Mapping[str, Mapping[str, Any]] = {
    "a field of its own": {"victim": STORY},
    "a fact of its own": {"facts": {"victim_name": CANARY.lower()}},
    "a fact of another type": {"facts": {"remote_area": PHONE}},
    "the area": {"area": STORY},
    "the preferences": {"preferences": {"staff_gender": STORY}},
    "the language": {"preferences": {"language": STORY}},
    "the case's reference": {"subject": STORY},
    "the ground": {"basis": {"kind": "vital_interest", "article": "Art 19", "approver": STORY, "notify_unsafe": False}},
    "a blocked person": {"blocked": [STORY]},
}
#: And what beside the facts of an event.
BESIDE_AN_EVENT: Mapping[str, Mapping[str, Any]] = {
    "a fact of its own": {"victim_name": CANARY.lower()},
    "the reason": {"reason": CANARY.lower()},
    "the outcome": {"outcome": CANARY.lower()},
    "the article": {"article": CANARY},
    "the staff's names": {"staff_gender": CANARY.lower()},
}


class Ears:
    """Hears what a gateway says to anybody, and what it writes into its log."""

    def __init__(self, log: io.StringIO, *, site: str) -> None:
        self._log, self._read, self._site = log, 0, site
        self.heard: list[str] = []
        self.signed: set[str] = set()

    def listen(self, http: httpx.AsyncClient) -> None:
        """Hear every answer that comes over this client from now on."""
        http.event_hooks = {"request": [self._note], "response": [self._hear]}

    async def _note(self, request: httpx.Request) -> None:
        if "Referral-Signature" in request.headers:
            self.signed.add(hashlib.sha256(request.content).hexdigest())

    async def _hear(self, response: httpx.Response) -> None:
        await response.aread()
        said = response.text + json.dumps(dict(response.headers))
        for mark in (CANARY, CANARY.lower(), PHONE, *(SITE_SECRETS if _reader(response) != self._site else ())):
            if mark in said:
                self.heard.append(f"{mark} in the answer to {response.request.method} {response.url.path}")

    def overheard(self) -> list[str]:
        """Say what came out since the beginning."""
        self._log.seek(self._read)
        written = self._log.read()
        self._read = self._log.tell()
        marks = (CANARY, CANARY.lower(), PHONE, *SITE_SECRETS)
        self.heard += [f"{mark} in the log" for mark in marks if mark in written]
        return self.heard


def _reader(response: httpx.Response) -> str:
    """Return for whom an answer is, by the token of the call."""
    token = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    claims = token.split(".")[1] if token.count(".") == 2 else ""
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]) if claims else ""
