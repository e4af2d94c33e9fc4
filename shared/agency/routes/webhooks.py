"""Routes by which a partner system says where it wants to be told of changes."""

from typing import Annotated

from fastapi import APIRouter, Response

from shared.agency.acting import Caller
from shared.agency.office import Office
from shared.agency.requests import WebhookRequest
from shared.agency.routes.answers import WebhookMadeV1, WebhooksV1
from shared.agency.routes.callers import WEBHOOKS, Doorkeeper, told
from shared.agency.webhooks import add_webhook, list_webhooks
from shared.web.body import json_body


def webhooks_router(office: Office, doors: Doorkeeper) -> APIRouter:
    """Make the routes of webhooks."""
    router = APIRouter(tags=["webhooks"])
    owner = doors.acting(WEBHOOKS)

    @router.post("/v1/webhooks", status_code=201, summary="Be told of changes: CloudEvents with ids only")
    async def add(
        caller: Annotated[Caller, owner],
        request: Annotated[WebhookRequest, json_body(WebhookRequest)],
        response: Response,
    ) -> WebhookMadeV1:
        return WebhookMadeV1.model_validate(told(await add_webhook(office, caller, request), response))

    @router.get("/v1/webhooks", summary="List your webhooks, without their secrets")
    async def list_own(caller: Annotated[Caller, owner]) -> WebhooksV1:
        return WebhooksV1.model_validate({"items": await list_webhooks(office, caller)})

    return router
