"""One agency service put together: the one place of the chassis that knows all its parts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, FastAPI

from shared.agency import gauges, housekeeping, rerouting
from shared.agency.acting import ANSWER_WITHIN
from shared.agency.adapters.store import WIPE_SECONDS, SqlStore
from shared.agency.clock_check import ClockCheck
from shared.agency.directory import Directory
from shared.agency.grants import Grants
from shared.agency.housekeeping import Housekeeping
from shared.agency.hub import GatewayHub
from shared.agency.inbound.checking import Checker
from shared.agency.inbound.deliveries import Deliveries
from shared.agency.inbound.polling import Polling
from shared.agency.inbound.receiving import Receiving
from shared.agency.notifying import Notifier
from shared.agency.office import Office
from shared.agency.opening import Opener
from shared.agency.outbound.outbox import Outbox
from shared.agency.pages.desk import ROOM, PageDesk, brand_of
from shared.agency.pages.panels import NO_PANELS, SectorPanels
from shared.agency.pages.routers import page_routers
from shared.agency.partners import SCOPES, Partners
from shared.agency.profile import AgencyProfile, check_profile
from shared.agency.reading import CaseReader
from shared.agency.rerouting import Rerouting
from shared.agency.rounds import Rounds
from shared.agency.routes import oauth
from shared.agency.routes.callers import Doorkeeper
from shared.agency.routes.casework import casework_router
from shared.agency.routes.conferences import conferences_router
from shared.agency.routes.conflicts import conflicts_router
from shared.agency.routes.consents import consents_router
from shared.agency.routes.deliveries import PATH as DELIVERIES
from shared.agency.routes.deliveries import deliveries_router
from shared.agency.routes.overrides import overrides_router
from shared.agency.routes.referrals import lifecycle_router, referrals_router
from shared.agency.routes.statements import statements_router
from shared.agency.routes.webhooks import webhooks_router
from shared.agency.routes.witness import ADD, SUBMISSION_MOST, witness_router
from shared.agency.routes.witness import PUBLIC_PATHS as WITNESSED
from shared.agency.routes.worklists import worklists_router
from shared.agency.scribe import Scribe
from shared.agency.sector import clocks
from shared.agency.sector.open_door import check_open_door
from shared.agency.sector.practice import Practice
from shared.agency.sector.rulebook import Rulebook
from shared.agency.settings import AgencySettings
from shared.agency.settling import Settling
from shared.agency.upkeep import Upkeep
from shared.agency.vault import CaseVault
from shared.agency.webhooks import WebhookSender
from shared.agency.witness.witnessing import Witness
from shared.kernel.clock import Clock, SystemClock
from shared.kernel.identifiers import IdFactory, Uuid7Factory
from shared.pages.front import Front, open_front
from shared.people.passwords import Passwords
from shared.people.records import AGENCY_ROLES
from shared.seal.keys import AgencyKeys
from shared.seal.policy_file import PolicyFile
from shared.sop.loader import load_sop
from shared.sop.model import Sop
from shared.sop.sector_rules import read_sector_rules
from shared.telemetry.logs import configure_logs
from shared.telemetry.tracing import configure
from shared.transport.broker_settings import broker_access
from shared.transport.gateway_client import GatewayClient
from shared.transport.peer import Peer
from shared.transport.reach import Reach
from shared.transport.webhooks import Webhooks
from shared.web import discovery, withdrawal_page
from shared.web.discovery import TokenFacts, discovery_router
from shared.web.factory import MeshApp, create_app
from shared.web.health import Check
from shared.web.rate_limit import RateLimit, RatePolicy
from shared.wire.delivery import ENVELOPE_MOST

if TYPE_CHECKING:
    from shared.agency.inbound.consuming import Consuming

VERSION: Final = "0.1.0"
_PUBLIC: Final = oauth.PUBLIC_PATHS | discovery.PUBLIC_PATHS | withdrawal_page.PUBLIC_PATHS | WITNESSED
#: How often one partner system may call: bursts, and two hundred calls a second in the long run.
CALLS: Final = RatePolicy(quota=6_000, window_seconds=30)

SectorRouters = Callable[[Practice], Sequence[APIRouter]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a service takes from outside, so that tests can put something else there."""

    clock: Clock = field(default_factory=SystemClock)
    keys: AgencyKeys | None = None
    gateway: Peer | None = None
    partner: Callable[[str], Peer] | None = None
    answer_within: float = ANSWER_WITHIN
    passwords: Passwords | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What everything else stands on."""

    agency_id: str
    clock: Clock
    ids: IdFactory
    sop: Sop
    keys: AgencyKeys
    store: SqlStore
    hub: GatewayHub
    notifier: Notifier
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """Everything that runs."""

    ground: _Ground
    office: Office
    deliveries: Deliveries
    sender: WebhookSender
    rounds: Sequence[Rounds]
    fetching: "Polling | Consuming | None"
    front: Front
    clock_tolerance: float


def build_app(
    profile: AgencyProfile,
    settings: AgencySettings,
    *,
    sector_routers: SectorRouters,
    panels: SectorPanels = NO_PANELS,
    surroundings: Surroundings | None = None,
) -> MeshApp:
    """Put one agency service together.

    Raises `InternalFault` or `InputRejected` when its profile, its keys or its database are not as they must be.
    """
    configure_logs(profile.slug, settings.log_level)
    around = surroundings or Surroundings()
    telemetry = configure(settings.agency_id, settings.otlp_endpoint)
    house = _furnish(profile, settings, _lay(profile, settings, around), around, panels)
    ground = house.ground
    partners = Partners(ground.store, ground.keys, issuer=settings.issuer, clock=ground.clock, ids=ground.ids)
    app = create_app(
        title=f"Referral Mesh agency service: {profile.name.en}",
        version=VERSION,
        description="One agency's keys, cases and partner API. Case data is in clear only here.",
        telemetry=telemetry,
        authenticate=partners.verify,
        lifespan=partial(_lifespan, house=house),
        routers=[
            oauth.oauth_router(partners, ground.keys),
            discovery_router(TokenFacts(settings.issuer, ["client_secret_basic", "private_key_jwt"], SCOPES)),
            withdrawal_page.style_router(),
            *_routers(house, settings, sector_routers, panels),
        ],
        public_paths=_PUBLIC | house.front.public_paths,
        scopes=SCOPES,
        rate_limit=RateLimit(CALLS, timer=time.monotonic),
        body_caps={DELIVERIES: ENVELOPE_MOST, ADD: SUBMISSION_MOST},
        checks=_checks(house),
    )
    telemetry.metrics.watch(gauges.SAYS, gauges.Gauges(ground.store, ground.clock).read)
    house.front.attach(app)
    return app


def _routers(
    house: _House, settings: AgencySettings, sector_routers: SectorRouters, panels: SectorPanels
) -> list[APIRouter]:
    office, doors = house.office, Doorkeeper(settings.agency_id, house.office.box_of)
    reader = CaseReader(office)
    practice = Practice(office=office, reader=reader, doors=doors)
    webhooks = Webhooks((settings.webhook_secret.get_secret_value(),))
    return [
        consents_router(office, reader, doors),
        referrals_router(office, reader, doors),
        lifecycle_router(office, reader, doors),
        overrides_router(office, doors),
        conflicts_router(office, reader, doors),
        statements_router(office, doors),
        webhooks_router(office, doors),
        deliveries_router(house.deliveries, webhooks=webhooks, clock=office.clock),
        witness_router(_witness(house.ground, settings)),
        casework_router(practice),
        conferences_router(practice),
        worklists_router(practice),
        *sector_routers(practice),
        *page_routers(PageDesk(practice=practice, front=house.front, panels=panels), _upkeep(house, settings)),
    ]


def _lay(profile: AgencyProfile, settings: AgencySettings, around: Surroundings) -> _Ground:
    clock, ids = around.clock, Uuid7Factory(around.clock)
    keys = around.keys or AgencyKeys.load(settings.key_file, settings.key_passphrase.get_secret_value())
    peer = around.gateway or Peer(settings.gateway_url)
    client = GatewayClient(peer, agency_id=settings.agency_id, signing_key=keys.signing, clock=clock, ids=ids)
    return _Ground(
        agency_id=settings.agency_id,
        clock=clock,
        ids=ids,
        sop=load_sop(),
        keys=keys,
        store=SqlStore(settings.database_url.get_secret_value(), rows=profile.rows),
        hub=GatewayHub(client),
        notifier=Notifier(settings.issuer, clock=clock, ids=ids),
        reach=Reach(settings.webhook_networks),
    )


def _furnish(
    profile: AgencyProfile, settings: AgencySettings, ground: _Ground, around: Surroundings, panels: SectorPanels
) -> _House:
    check_profile(profile, ground.sop)
    rules = read_sector_rules(profile.rules, ground.sop)
    if profile.open_door:
        check_open_door(rules, profile.rows)
    scribe = Scribe(ground.agency_id, ground.keys, clock=ground.clock, ids=ground.ids)
    opener = Opener(ground.keys, CaseVault(ground.keys.vault()), ground.sop)
    settling = Settling(scribe=scribe, opener=opener, notifier=ground.notifier, weighs_holds=profile.weighs_holds)
    office = Office(
        agency_id=ground.agency_id,
        profile=profile,
        rulebook=Rulebook(rules, ground.sop),
        sop=ground.sop,
        clock=ground.clock,
        scribe=scribe,
        vault=opener.vault,
        opener=opener,
        store=ground.store,
        hub=ground.hub,
        directory=Directory(ground.store, ground.hub, ground.clock),
        grants=Grants(ground.store, ground.hub, ground.clock),
        outbox=Outbox(ground.store, ground.hub, settling, clock=ground.clock),
        notifier=ground.notifier,
        reach=ground.reach,
        answer_within=around.answer_within,
    )
    going_on = Rounds("rerouting", Rerouting(office).once, every=rerouting.EVERY_SECONDS)
    deliveries = _deliveries(office, settling, going_on)
    return _House(
        ground=ground,
        office=office,
        deliveries=deliveries,
        sender=_sender(ground, around),
        rounds=[going_on, *_rounds(ground, settings)],
        fetching=_fetching(settings, ground, deliveries),
        front=_front(profile, settings, ground, around, panels),
        clock_tolerance=settings.clock_tolerance,
    )


def _fetching(settings: AgencySettings, ground: _Ground, deliveries: Deliveries) -> "Polling | Consuming | None":
    """Return how this agency fetches what is for it; an agency that is only delivered to does not."""
    access = broker_access(settings)
    if access is not None:
        from shared.agency.inbound.consuming import Consuming  # noqa: PLC0415 - the broker's client
        from shared.transport.jetstream import Broker  # noqa: PLC0415 - the broker's client

        broker = Broker(access, name=ground.agency_id)
        return Consuming(ground.agency_id, broker=broker, hub=ground.hub, deliveries=deliveries)
    return Polling(ground.hub, deliveries) if settings.public_url is None else None


def _sender(ground: _Ground, around: Surroundings) -> WebhookSender:
    peer = around.partner or partial(Peer, reach=ground.reach)
    return WebhookSender(ground.store, ground.notifier, clock=ground.clock, peer=peer)


def _rounds(ground: _Ground, settings: AgencySettings) -> Sequence[Rounds]:
    """Return the work that goes on beside the calls."""
    kept = timedelta(days=settings.notifications_kept_days)
    forgetting = Housekeeping(ground.store, ground.clock, notifications_kept=kept).once
    watching = clocks.ClockWatch(ground.store, ground.notifier, ground.clock).once
    return [
        Rounds("housekeeping", forgetting, every=housekeeping.EVERY_SECONDS, most=housekeeping.AT_ONCE),
        Rounds("sector-clocks", watching, every=clocks.EVERY_SECONDS, most=clocks.AT_ONCE),
        Rounds("wiping", ground.store.wipe, every=WIPE_SECONDS),
    ]


def _front(
    profile: AgencyProfile, settings: AgencySettings, ground: _Ground, around: Surroundings, panels: SectorPanels
) -> Front:
    return open_front(
        settings.database_url.get_secret_value(),
        vault=ground.keys.vault(),
        brand=brand_of(profile),
        rooms=(*([panels.room] if panels.room else []), ROOM),
        owner=settings.agency_id,
        roles=AGENCY_ROLES,
        address=settings.pages_url or settings.public_url,
        settings=settings,
        clock=ground.clock,
        ids=ground.ids,
        passwords=around.passwords,
    )


def _deliveries(office: Office, settling: Settling, going_on: Rounds) -> Deliveries:
    receiving = Receiving(
        office.agency_id,
        scribe=office.scribe,
        opener=office.opener,
        checker=Checker(
            office.agency_id, sop=office.sop, directory=office.directory, grants=office.grants, clock=office.clock
        ),
        grants=office.grants,
        settling=settling,
        notifier=office.notifier,
    )
    return Deliveries(
        store=office.store,
        scribe=office.scribe,
        directory=office.directory,
        receiving=receiving,
        outbox=office.outbox,
        goes_on=going_on.wake,
    )


@asynccontextmanager
async def _lifespan(_app: FastAPI, *, house: _House) -> AsyncIterator[None]:
    await house.office.outbox.start()
    await house.sender.start()
    for rounds in house.rounds:
        rounds.start()
    if house.fetching is not None:
        house.fetching.start()
    try:
        yield
    finally:
        if house.fetching is not None:
            await house.fetching.stop()
        for rounds in house.rounds:
            await rounds.stop()
        await house.sender.stop()
        house.ground.reach.close()
        await house.office.outbox.stop()
        await house.ground.hub.close()
        await asyncio.to_thread(house.ground.store.close)
        await house.front.close()


def _witness(ground: _Ground, settings: AgencySettings) -> Witness:
    return Witness(ground.store, ground.keys, ground.clock, policy=PolicyFile(settings.ledger_policy))


def _upkeep(house: _House, settings: AgencySettings) -> Upkeep:
    return Upkeep(house.office, keys=house.ground.keys, key_file=settings.key_file, checks=_checks(house))


def _checks(house: _House) -> Sequence[Check]:
    ground = house.ground

    async def keys_work() -> None:
        ground.keys.check()

    return [
        Check("keys", keys_work),
        Check("database", ground.store.check),
        Check("clock", ClockCheck(ground.store, ground.hub, ground.clock, within=house.clock_tolerance).run),
    ]
