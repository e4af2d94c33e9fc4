"""Matching over HTTP: who could take her, best first, with the reasons in codes and in words."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter

from gateway.adapters.matches import MatchFinder
from gateway.domain.masking import is_masked, shown_name
from gateway.domain.matching import Match, Place, Wanted
from gateway.web.directory import check_service
from gateway.web.guards import require
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.model import Name, Sop
from shared.web.body import json_body
from shared.web.security import Principal
from shared.wire.directory import MatchesV1, MatchRequestV1

Reader = Annotated[Principal, require("directory.read")]

#: For when she would come: not long past, and no further than public holidays are known.
PAST_MOST = timedelta(days=1)
AHEAD_MOST = timedelta(days=366)


class MatchRoutes:
    """Matching over HTTP."""

    def __init__(self, finder: MatchFinder, *, sop: Sop, clock: Clock) -> None:
        self._finder = finder
        self._sop = sop
        self._clock = clock

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["directory"])
        router.post("/v1/matches", summary="Find agencies that fit, best first")(self.find_matches)
        return router

    async def find_matches(
        self, caller: Reader, asked: Annotated[MatchRequestV1, json_body(MatchRequestV1)]
    ) -> MatchesV1:
        """Return who fits, best first, with the reasons."""
        check_service(self._sop, asked.service_type)
        now = self._clock.now()
        if asked.at is not None and not now - PAST_MOST <= asked.at <= now + AHEAD_MOST:
            message = "Ask for a time between yesterday and a year from now."
            raise InputRejected("message.invalid", message, faults=[FieldFault("/at", "field.range", message)])

        def make_wanted(place: Place, blocked: frozenset[str]) -> Wanted:
            return Wanted(
                asker=caller.subject,
                service_type=asked.service_type,
                place=place if asked.neighbours else Place(place.area, place.province),
                at=asked.at or now,
                now=now,
                staff_gender=asked.preferences.staff_gender,
                language=asked.preferences.language,
                interpreter=asked.preferences.interpreter,
                disability_access=asked.disability_access,
                children=asked.children,
                open_only=asked.open_only,
                exclude=frozenset(asked.exclude),
                chain_id=asked.chain_id or "",
                blocked=blocked | frozenset(asked.blocked),
            )

        found = await asyncio.to_thread(
            self._finder.find, make_wanted, area=asked.area, asker=caller.subject, chain_id=asked.chain_id
        )
        return MatchesV1.model_validate({"items": [match_view(match, reader=caller.subject) for match in found]})


def match_view(match: Match, *, reader: str) -> dict[str, Any]:
    """Return a match as `reader` may see it."""
    return {
        "agency": match.agency.id,
        "name": _words(shown_name(match.agency, reader=reader)),
        "score": match.score,
        "reasons": [reason.code for reason in match.reasons],
        "explanation": [{"code": reason.code, **_words(reason.says)} for reason in match.reasons],
        "area": match.area,
        "open": match.is_open,
        "opens_at": match.opens_at,
        "capacity": match.room,
        "stated_at": match.stated_at,
        "protected": is_masked(match.agency, reader=reader),
    }


def _words(name: Name) -> dict[str, str]:
    return {"vi": name.vi, "en": name.en}
