"""Disclosures without consent: the queue, one of them, and its review by a coordinator."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.bell import Bell
from gateway.adapters.desk import SqlDesk
from gateway.adapters.override_readings import OverrideFilter, OverrideReadings
from gateway.adapters.tables import OVERRIDES as OVERRIDE_ROWS
from gateway.adapters.tables import REFERRALS
from gateway.application.outcome import Refused
from gateway.application.override_views import override_view
from gateway.application.review_override import ReviewGiven, review_override
from gateway.domain.override import OverrideState
from gateway.web.console import words
from gateway.web.console.desk import OVERRIDES, ConsoleDesk, overseer, reading_of
from gateway.web.console.filters import Asked, page_after
from shared.kernel.errors import Conflict, InputRejected, MeshError
from shared.kernel.identifiers import UUID7_PATTERN
from shared.pages.catalogue import N_
from shared.pages.forms import Form, Posted, wrong
from shared.pages.routes import page_router, see_other
from shared.people.records import Person, Role
from shared.sop.model import Compartment, LegalBasisKind
from shared.storage.group_commit import GroupWriter
from shared.telemetry.context import current_trace_id
from shared.web.listing import Paged, write_cursor

_Overseer = Annotated[Person, overseer()]
_Reviewer = Annotated[Person, overseer(Role.COORDINATOR)]
_Id = Annotated[str, Path(pattern=UUID7_PATTERN)]

STATES: Final = {
    OverrideState.UNCONFIRMED.value: N_("a second person is owed"),
    OverrideState.AWAITING_REVIEW.value: N_("review is owed"),
    OverrideState.ENDED.value: N_("access has ended, review is owed"),
    OverrideState.REVIEWED.value: N_("reviewed"),
}
DUTIES: Final = {
    "confirmation": N_("A second person stands up for it"),
    "telling": N_("She is told"),
    "review": N_("Review by oversight"),
}


class OverridePages:
    """The pages of disclosures without consent."""

    def __init__(
        self, desk: ConsoleDesk, readings: OverrideReadings, *, writer: GroupWriter[SqlDesk], bell: Bell
    ) -> None:
        self._desk = desk
        self._readings = readings
        self._writer = writer
        self._bell = bell

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(OVERRIDES)(self.list_all)
        router.get(f"{OVERRIDES}/{{referral_id}}")(self.show)
        router.post(f"{OVERRIDES}/{{referral_id}}/review")(self.review)
        return router

    async def list_all(self, request: Request, person: _Overseer, page: Paged) -> Response:
        """List disclosures without consent, oldest first."""
        asked, now = Asked(request, "state", "overdue"), self._desk.now()
        state = asked.one_of("state", STATES)
        asked.check()
        wanted = OverrideFilter(
            sender=None,
            state=OverrideState(state) if state else None,
            overdue_at=now if asked.given["overdue"] else None,
            after=page.after_text(),
            limit=page.limit,
        )
        found = await self._desk.looked(person, "overrides", partial(self._readings.queue, wanted), count=len)
        cursor = write_cursor(found[-1].referral_id) if len(found) == page.limit else None
        return self._desk.pages.answer(
            request,
            "console/overrides.html",
            asked=asked.given,
            found=[override_view(one, at=now) for one in found],
            names=await self._desk.names({name for one in found for name in (one.sender, one.recipient)}),
            onward=page_after(request, cursor),
            **self._words(),
        )

    async def show(self, request: Request, person: _Overseer, referral_id: _Id) -> Response:
        """Show one disclosure, and the form of its review to whoever may give one."""
        return await self._page(request, person, referral_id)

    async def review(self, request: Request, person: _Reviewer, referral_id: _Id, form: Posted) -> Response:
        """Take a coordinator's review; it is recorded under her pseudonym."""
        await self._desk.journal.note(reading_of(person, "review", about=referral_id, found=1))
        try:
            given = self._given(person, referral_id, form)
            outcome = await self._writer.submit(
                partial(review_override, given=given, sop=self._desk.sop),
                prefetch=[(OVERRIDE_ROWS, referral_id), (REFERRALS, referral_id)],
            )
            if isinstance(outcome, Refused):
                raise outcome.error
        except (InputRejected, Conflict) as error:
            return await self._page(request, person, referral_id, error=error, form=form)
        self._bell.ring()  # the parties are told
        return see_other(f"{OVERRIDES}/{referral_id}")

    def _given(self, person: Person, referral_id: str, form: Form) -> ReviewGiven:
        rules = self._desk.sop.overrides
        outcome = form.text("outcome")
        if outcome not in rules.outcomes:
            raise wrong("outcome", "field.choice", "Choose one of what the page offers.")
        measures = tuple(code for code in rules.measures if code in form.all("measures"))
        if set(form.all("measures")) - set(measures):
            raise wrong("measures", "field.choice", "Choose one of what the page offers.")
        return ReviewGiven(referral_id, person.pseudonym, outcome, measures, current_trace_id())

    async def _page(
        self,
        request: Request,
        person: Person,
        referral_id: str,
        *,
        error: MeshError | None = None,
        form: Form | None = None,
    ) -> Response:
        look = partial(self._readings.one, referral_id)
        found = await self._desk.looked(person, "override", look, about=referral_id)
        shown: dict[str, Any] = {
            "one": override_view(found, at=self._desk.now()),
            "names": await self._desk.names({found.sender, found.recipient}),
            "may_review": person.role is Role.COORDINATOR and found.review is None,
            "outcome": form.text("outcome") if form else "",
            "measures": form.all("measures") if form else [],
            **self._words(),
        }
        if error is None:
            return self._desk.pages.answer(request, "console/override.html", **shown)
        return self._desk.pages.refused(request, "console/override.html", error, **shown)

    def _words(self) -> dict[str, Any]:
        sop = self._desk.sop
        return {
            "services": sop.services,
            "bases": {kind.value: sop.legal_bases[kind].name for kind in LegalBasisKind if kind in sop.legal_bases},
            "compartments": {part.value: sop.compartment_names[part] for part in Compartment},
            "rules": sop.overrides,
            "states": STATES,
            "duties": DUTIES,
            "refusal_of": words.refusal_of,
        }
