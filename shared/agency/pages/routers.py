"""Every page of an agency service, in one list."""

from collections.abc import Sequence

from fastapi import APIRouter

from shared.agency.pages.administration import people_router
from shared.agency.pages.administration_upkeep import upkeep_router
from shared.agency.pages.consents import consents_router
from shared.agency.pages.desk import PageDesk
from shared.agency.pages.inbox import inbox_router
from shared.agency.pages.new.routes import new_referral_router
from shared.agency.pages.panel_routes import panels_router
from shared.agency.pages.referral import referral_router
from shared.agency.pages.referral_conflict import conflict_router
from shared.agency.pages.referral_holding import holding_router
from shared.agency.pages.referral_notes import notes_router
from shared.agency.pages.referral_opening import opening_router
from shared.agency.pages.referral_steps import steps_router
from shared.agency.pages.supervision import supervision_router
from shared.agency.pages.supervision_cases import cases_router
from shared.agency.pages.supervision_overrides import overrides_router
from shared.agency.upkeep import Upkeep


def page_routers(desk: PageDesk, upkeep: Upkeep) -> Sequence[APIRouter]:
    """Make the routes of all pages."""
    return [
        *desk.front.routers,
        people_router(desk),
        upkeep_router(desk, upkeep),
        inbox_router(desk),
        supervision_router(desk),
        cases_router(desk),
        overrides_router(desk),
        panels_router(desk),
        referral_router(desk),
        opening_router(desk),
        notes_router(desk),
        conflict_router(desk),
        holding_router(desk),
        steps_router(desk),
        new_referral_router(desk),
        consents_router(desk),
    ]
