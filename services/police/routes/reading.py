"""Routes by which the police read what is on record of a case: every reading has a reason and is logged (R-24)."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter

from services.police.acts.reading import LISTED, Listed, on_record
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.wire.fields import Open

T = TypeVar("T", bound=Open)


class ListV1(Open, Generic[T]):
    """What is on record of a case, oldest first."""

    items: list[T]


def reading_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police")
    for one in LISTED:
        router.add_api_route(
            f"/referrals/{{id}}/{one.path}",
            _reading(practice, one),
            methods=["GET"],
            name=f"read_{one.path.replace('-', '_')}",
            response_model=ListV1[one.model],  # type: ignore[name-defined]  # the model is a value here
            summary=f"Read the {one.path.replace('-', ' ')} of a case",
            tags=[f"police: {one.tag}"],
        )
    return router


def _reading(practice: Practice, one: Listed) -> Callable[..., Awaitable[Any]]:
    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> Any:
        return {"items": await practice.visit(visitor, one.path, id, lambda look: on_record(practice, look, id, one))}

    return read
