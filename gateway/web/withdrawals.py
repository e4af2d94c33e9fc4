"""Withdrawals as those concerned read them: who confirmed, the certificate of it, and what oversight has to chase."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import JSONResponse, Response

from gateway.adapters.withdrawals import Withdrawals
from gateway.web.guards import require
from shared.kernel.identifiers import UUID7_PATTERN
from shared.sop.model import Sop
from shared.web import listing
from shared.web.listing import Paged
from shared.web.security import Principal
from shared.web.withdrawal_page import PAGE_ANSWER, Accept, Format, Lang, page_answer, wants_page
from shared.wire.answers import PageV1, PropagationV1
from shared.wire.withdrawals import OpenWithdrawalV1, SignedCertificateV1

OVERSIGHT = "oversight.read"

Concerned = Annotated[Principal, require("referrals.send", "referrals.handle", "consents.write", OVERSIGHT)]
Overseer = Annotated[Principal, require(OVERSIGHT)]
Id = Annotated[str, Path(pattern=UUID7_PATTERN)]
Late = Annotated[bool | None, Query(description="Only what is past its time, or only what is not.")]


class WithdrawalRoutes:
    """The reading routes of withdrawals."""

    def __init__(self, withdrawals: Withdrawals, *, sop: Sop) -> None:
        self._withdrawals = withdrawals
        self._sop = sop

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter()
        consents: dict[str, Any] = {"tags": ["consents"]}
        router.get("/v1/consents/{id}/propagation", summary="Who was told to seal, and who confirmed", **consents)(
            self.read_propagation
        )
        router.get(
            "/v1/consents/{id}/certificate",
            summary="The signed proof of what came of a withdrawal, as data or as a page",
            response_model=SignedCertificateV1,
            responses={200: dict(PAGE_ANSWER), 409: {}},
            **consents,
        )(self.read_certificate)
        router.get(
            "/v1/withdrawals", summary="Who still has to answer a withdrawal, for oversight", tags=["oversight"]
        )(self.list_open)
        return router

    async def read_propagation(self, caller: Concerned, id: Id) -> PropagationV1:
        """Return how far a revocation has come."""
        oversight = OVERSIGHT in caller.scopes
        found = await asyncio.to_thread(self._withdrawals.propagation, caller.subject, id, oversight=oversight)
        return PropagationV1.model_validate(found)

    async def read_certificate(
        self, caller: Concerned, id: Id, format: Format = None, lang: Lang = "vi", accept: Accept = None
    ) -> Response:
        """Return the certificate: for the agency that recorded the consent, one that reported her word, oversight."""
        oversight = OVERSIGHT in caller.scopes
        signed = await asyncio.to_thread(self._withdrawals.certificate, caller.subject, id, oversight=oversight)
        if wants_page(format, accept):
            return page_answer(signed, lang=lang, sop=self._sop)
        return JSONResponse(signed, headers={"Vary": "Accept"})

    async def list_open(self, _caller: Overseer, page: Paged, late: Late = None) -> PageV1[OpenWithdrawalV1]:
        """List the answers that are still owed, with the limits that have passed; no person, no content."""
        found = await asyncio.to_thread(self._withdrawals.open, late=late, after=page.after_text(), limit=page.limit)
        last = (found[-1][0],) if len(found) == page.limit else None
        return PageV1[OpenWithdrawalV1].model_validate(listing.answer([view for _, view in found], last=last))
