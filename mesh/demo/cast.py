"""Who plays: the partner system of each agency at its own service, and the body of oversight at the gateway."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Self

from mesh.clients import Partner, oversight_client
from mesh.demo.narrator import StoryBroken
from shared.kernel.errors import MeshError, NotFound

PATIENCE: Final = 20.0
PAUSE: Final = 0.05
REASON: Final = "case_work"


class Agency:
    """One agency's partner system, in the words of the story."""

    def __init__(self, agency_id: str, credentials: Mapping[str, str]) -> None:
        self.id = agency_id
        self.partner = Partner(credentials)

    async def record(self, consent: Mapping[str, Any]) -> dict[str, Any]:
        """Record a consent and return it as it was registered."""
        answer: dict[str, Any] = (await self.partner.post("/v1/consents", consent))["consent"]
        return answer

    async def revoke(self, consent_id: str, *, recipient: str) -> dict[str, Any]:
        """Take a consent back from one recipient, on her word."""
        body = {"recipients": [recipient], "by": "survivor"}
        answer: dict[str, Any] = await self.partner.post(f"/v1/consents/{consent_id}/revocations", body)
        return answer

    async def refer(self, request: Mapping[str, Any], *, onward_from: str | None = None) -> dict[str, Any]:
        """Refer her, or refer her onward, and return what was sent and what was held back."""
        path = f"/v1/referrals/{onward_from}/onward" if onward_from else "/v1/referrals"
        answer: dict[str, Any] = await self.partner.post(path, request)
        return answer

    async def say(self, referral_id: str, verb: str, **facts: Any) -> dict[str, Any]:
        """Take one step of the lifecycle, with the facts it needs."""
        answer: dict[str, Any] = await self.partner.post(f"/v1/referrals/{referral_id}/{verb}", facts)
        return answer

    async def see(self, referral_id: str) -> dict[str, Any]:
        """Look at a referral, as somebody who may see what was opened."""
        answer: dict[str, Any] = await self.partner.get(f"/v1/referrals/{referral_id}", reason=REASON)
        return answer

    async def see_when(self, referral_id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Look until the referral is there and as wanted. Raises `StoryBroken` when that takes too long."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(NotFound):
                referral = await self.see(referral_id)
                if wanted(referral):
                    return referral
            await asyncio.sleep(PAUSE)
        raise StoryBroken(f"{self.id} waited {PATIENCE:.0f} s for it in vain")


class Cast:
    """Everybody who plays. Made from credentials; close it by leaving its context."""

    def __init__(self, credentials: Mapping[str, Any]) -> None:
        self._agencies = {
            known["sector"]: Agency(agency_id, known) for agency_id, known in credentials["agencies"].items()
        }
        self.oversight = oversight_client(credentials)
        self.gateway_url = str(credentials["gateway"])

    def __getitem__(self, sector: str) -> Agency:
        return self._agencies[sector]

    async def __aenter__(self) -> Self:
        """Return the cast."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self.oversight.close()
        for agency in self._agencies.values():
            await agency.partner.close()


async def refused(action: Any) -> MeshError:
    """Return the refusal an action must meet. Raises `StoryBroken` when it is let through."""
    try:
        await action
    except MeshError as refusal:
        return refusal
    raise StoryBroken("it was let through, and must not be")
