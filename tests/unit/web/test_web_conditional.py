"""Conditional reads: what has not changed is not sent again, and nobody's answer is kept for somebody else."""

import pytest
from fastapi import APIRouter, FastAPI
from httpx import ASGITransport, AsyncClient

from shared.web.conditional import ConditionalRoute, knows


def client() -> AsyncClient:
    router = APIRouter(route_class=ConditionalRoute)
    app, says = FastAPI(), {"count": 0}

    @router.get("/said")
    async def read() -> dict[str, int]:
        return says

    @router.post("/said", status_code=201)
    async def change() -> dict[str, int]:
        says["count"] += 1
        return says

    app.include_router(router)
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://service.test")


async def test_what_is_known_is_not_sent_again_until_it_changes() -> None:
    async with client() as http:
        first = await http.get("/said")
        known = {"If-None-Match": first.headers["etag"]}
        again = await http.get("/said", headers=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        changed = await http.post("/said", headers=known)
        assert (changed.status_code, "etag" in changed.headers) == (201, False)
        anew = await http.get("/said", headers=known)
        assert (anew.status_code, anew.json()) == (200, {"count": 1})


async def test_cache_asks_each_time_and_one_of_many_callers_keeps_nothing_of_one() -> None:
    async with client() as http:
        assert (await http.get("/said")).headers["cache-control"] == "no-cache"
        of_one = await http.get("/said", headers={"Authorization": "Bearer token"})
        assert of_one.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (['"a"'], True),
        (['W/"a"'], True),
        (['"b", "a"'], True),
        (['"b"', '"a"'], True),
        (["*"], True),
        (['"b"'], False),
        (["a"], False),
        (['"aa"'], False),
        ([], False),
    ],
)
def test_tags_are_compared_as_a_whole_and_weakly(given: list[str], known: bool) -> None:
    assert knows(given, '"a"') is known
