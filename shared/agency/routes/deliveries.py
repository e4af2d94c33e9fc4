"""The route by which the gateway delivers (wire section 6)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request

from shared.agency.inbound.deliveries import Deliveries
from shared.agency.routes.answers import DeliveredV1
from shared.kernel.clock import Clock
from shared.transport.webhooks import Webhooks
from shared.web.body import json_body
from shared.web.security import Guard
from shared.wire.delivery import DeliveryV1

PATH = "/mesh/deliveries"


class SignedHop(Guard):
    """Lets through what is signed with the secret this agency shares with the gateway (Standard Webhooks)."""

    def __init__(self, webhooks: Webhooks, clock: Clock) -> None:
        self._webhooks = webhooks
        self._clock = clock

    async def __call__(self, request: Request) -> str:
        """Return the id of the hop. Raises `NotAuthenticated` (`webhook.invalid`)."""
        return self._webhooks.verify(await request.body(), request.headers, at=self._clock.now())


def deliveries_router(deliveries: Deliveries, *, webhooks: Webhooks, clock: Clock) -> APIRouter:
    """Make the route of deliveries."""
    router = APIRouter(tags=["delivery"])

    @router.post(PATH, summary="Take messages from the gateway; a receipt for each one settled")
    async def take_deliveries(
        _hop: Annotated[str, Depends(SignedHop(webhooks, clock))],
        delivery: Annotated[DeliveryV1, json_body(DeliveryV1)],
    ) -> DeliveredV1:
        return DeliveredV1(receipts=await deliveries.take(delivery.items))

    return router
