"""Routes by which a partner system says where it wants to be told of changes."""

from typing import Annotated

from fastapi import APIRouter, Response

from shared.agency.acting import Caller
from shared.agency.office import Office
from shared.agency.requests import WebhookRequest
from shared.agency.routes.answers import WebhookFailuresV1, WebhookMadeV1, WebhookReplayedV1, WebhooksV1
from shared.agency.routes.callers import WEBHOOKS, Doorkeeper, Id, told
from shared.agency.subscribing import add_webhook, end_webhook, list_failures, list_webhooks, replay_failures
from shared.web import listing
from shared.web.body import json_body
from shared.web.listing import Paged


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

    @router.delete("/v1/webhooks/{id}", status_code=204, summary="Be told nothing any more")
    async def end(id: Id, caller: Annotated[Caller, owner]) -> Response:
        await end_webhook(office, caller, id)
        return Response(status_code=204)

    @router.get("/v1/webhooks/{id}/failures", summary="What was given up because it was not taken for three days")
    async def failures(id: Id, page: Paged, caller: Annotated[Caller, owner]) -> WebhookFailuresV1:
        found = await list_failures(office, caller, id, after=page.after_text(), limit=page.limit)
        last = (str(found[-1]["id"]),) if len(found) == page.limit else None
        return WebhookFailuresV1.model_validate(listing.answer(found, last=last))

    @router.post("/v1/webhooks/{id}/replays", status_code=202, summary="Try again what was given up, the oldest first")
    async def replay(id: Id, caller: Annotated[Caller, owner], response: Response) -> WebhookReplayedV1:
        return WebhookReplayedV1.model_validate(told(await replay_failures(office, caller, id), response))

    return router
