"""The gateway put together: the one place that knows all its parts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI

from gateway.adapters import duties, gauges
from gateway.adapters.background import Background, Chore
from gateway.adapters.bell import Bell
from gateway.adapters.broker_copies import BrokerCopies
from gateway.adapters.companions import Companions
from gateway.adapters.core import Core, open_records
from gateway.adapters.directory import Directory
from gateway.adapters.dispatcher import Dispatcher
from gateway.adapters.evidence import Evidence
from gateway.adapters.housekeeping import Housekeeping
from gateway.adapters.matches import MatchFinder
from gateway.adapters.override_readings import OverrideReadings
from gateway.adapters.oversight_journal import OversightJournal
from gateway.adapters.provisioning import Provisioning
from gateway.adapters.readings import Readings
from gateway.adapters.receipts import ReceiptDesk
from gateway.adapters.releases import Releases
from gateway.adapters.retention import Retention
from gateway.adapters.roster import Roster
from gateway.adapters.tokens import TokenDesk
from gateway.adapters.watch import Duty, Watch
from gateway.adapters.withdrawals import Withdrawals
from gateway.adapters.witnessing import Witnessing
from gateway.domain.credential import AGENCY_SCOPES, OVERSIGHT_SCOPES, SCOPES_MEANING
from gateway.settings import GatewaySettings
from gateway.web import ledger, oauth, sop
from gateway.web.console import desk as console
from gateway.web.console.rooms import console_routers
from gateway.web.counts import Counts, open_counts
from gateway.web.directory import DirectoryRoutes
from gateway.web.hsds import HsdsRoutes
from gateway.web.inbox import Inbox, InboxRoutes
from gateway.web.indicators import IndicatorRoutes
from gateway.web.intake import Intake
from gateway.web.leases import LeaseRoutes
from gateway.web.ledger import LedgerRoutes
from gateway.web.matches import MatchRoutes
from gateway.web.messages import add_message_routes
from gateway.web.oauth import TokenRoutes
from gateway.web.overrides import OverrideRoutes
from gateway.web.readiness import checks_of
from gateway.web.referrals import ReadingRoutes
from gateway.web.sop import SopRoutes
from gateway.web.statements import StatementRoutes
from gateway.web.withdrawals import WithdrawalRoutes
from shared.kernel.clock import Clock, SystemClock
from shared.kernel.identifiers import GATEWAY
from shared.pages.front import Front, open_front
from shared.people.passwords import Passwords
from shared.people.records import OVERSIGHT_ROLES
from shared.seal.keys import AgencyKeys
from shared.seal.policy_file import PolicyFile
from shared.sop.neighbours import load_neighbours
from shared.storage.signals import has_signals
from shared.telemetry.logs import configure_logs
from shared.telemetry.tracing import Telemetry, configure
from shared.transport.broker_settings import BrokerAccess, broker_access
from shared.web import discovery, withdrawal_page
from shared.web.discovery import TokenFacts, discovery_router
from shared.web.drain import Drain
from shared.web.factory import Lifespan, MeshApp, create_app
from shared.web.rate_limit import RateLimit, RatePolicy

VERSION = "0.1.0"
ENVELOPE_MOST = 2 * 1024 * 1024
_PUBLIC = (
    oauth.PUBLIC_PATHS | discovery.PUBLIC_PATHS | sop.PUBLIC_PATHS | ledger.PUBLIC_PATHS | withdrawal_page.PUBLIC_PATHS
)
BODY_CAPS = {"/v1/batches": ENVELOPE_MOST, "/v1/inbox/receipts": ENVELOPE_MOST}


def open_core(settings: GatewaySettings, *, clock: Clock | None = None, keys: AgencyKeys | None = None) -> Core:
    """Open keys, database and writer; `keys` that are at hand need not be read from their file."""
    keys = keys or AgencyKeys.load(settings.key_file, settings.key_passphrase.get_secret_value())
    return open_records(settings.database_url, keys=keys, clock=clock or SystemClock())


def open_provisioning(settings: GatewaySettings, *, keys: AgencyKeys | None = None) -> Provisioning:
    """Open the directory for an operator, beside a gateway that may be running."""
    core = open_core(settings, keys=keys)
    return Provisioning(writer=core.writer, sop=core.sop, closing=core.close)


def build_app(
    settings: GatewaySettings,
    *,
    clock: Clock | None = None,
    keys: AgencyKeys | None = None,
    passwords: Passwords | None = None,
) -> MeshApp:
    """Put the gateway's application together."""
    telemetry, core = _telemetry(settings), open_core(settings, clock=clock, keys=keys)
    bell, roster, limit = Bell(), Roster(core.engine), _rate_limit(settings)
    tokens, front = _tokens(core, roster, settings), _front(core, settings, passwords)
    counts = open_counts(core, months=settings.retention_months)
    journal = OversightJournal(core.engine, writer=core.writer, clock=core.clock, ids=core.ids)
    receipts = ReceiptDesk(writer=core.writer, roster=roster, bell=bell, sop=core.sop)
    background = Background(_chores(core, settings, receipts, counts, bell=bell, telemetry=telemetry))
    drain = _drain(settings, bell, background)
    app = create_app(
        title="Referral Mesh gateway",
        version=VERSION,
        description="Admits, records, routes and delivers sealed referral messages. It cannot read a case.",
        telemetry=telemetry,
        authenticate=tokens.principal,
        lifespan=_life(core, front, _companions(core, bell, limit), background=background, drain=drain),
        routers=[
            *_exchange(core, settings, tokens, receipts, bell=bell),
            *_readers(core, settings),
            *_directory(core, settings),
            *_overrides(core, bell, counts),
            *_console(core, front, settings, journal=journal, bell=bell, counts=counts),
        ],
        public_paths=_PUBLIC | front.public_paths,
        scopes=SCOPES_MEANING,
        rate_limit=limit,
        body_caps=BODY_CAPS,
        checks=checks_of(core, background, clock_tolerance=settings.clock_tolerance),
        drain=drain,
    )
    _attach(app, core, front=front, roster=roster, journal=journal, bell=bell, telemetry=telemetry)
    return app


def _attach(
    app: MeshApp,
    core: Core,
    *,
    front: Front,
    roster: Roster,
    journal: OversightJournal,
    bell: Bell,
    telemetry: Telemetry,
) -> None:
    """Let the application find what its routes stand on, and add the way in for signed messages."""
    app.state.members, app.state.journal = roster, journal
    telemetry.metrics.watch(gauges.SAYS, gauges.Gauges(core.engine, core.clock).read)
    front.attach(app)
    add_message_routes(app, _intake(core, roster, bell))


def _exchange(
    core: Core, settings: GatewaySettings, tokens: TokenDesk, receipts: ReceiptDesk, *, bell: Bell
) -> Sequence[APIRouter]:
    """Return the routes by which clients get their tokens and fetch what waits for them."""
    return [
        TokenRoutes(tokens, keys=core.keys).router(),
        discovery_router(TokenFacts(settings.public_url, ["private_key_jwt"], AGENCY_SCOPES | OVERSIGHT_SCOPES)),
        InboxRoutes(Inbox(writer=core.writer, claims=core.claims, bell=bell, sop=core.sop), receipts).router(),
    ]


def _readers(core: Core, settings: GatewaySettings) -> Sequence[APIRouter]:
    """Return the routes of what can be read: the procedure, referrals, the ledger, what came of a withdrawal."""
    return [
        SopRoutes(core.sop).router(),
        ReadingRoutes(Readings(core.engine, clock=core.clock, sop=core.sop)).router(),
        LedgerRoutes(_evidence(core, settings)).router(),
        WithdrawalRoutes(_withdrawals(core, settings), sop=core.sop).router(),
        withdrawal_page.style_router(),
    ]


def _directory(core: Core, settings: GatewaySettings) -> Sequence[APIRouter]:
    """Return the routes by which agencies find one another: entries, matches, leases."""
    directory = Directory(core.engine, writer=core.writer, clock=core.clock)
    finder = MatchFinder(core.engine, sop=core.sop, neighbours=load_neighbours())
    return [
        DirectoryRoutes(directory, sop=core.sop).router(),
        HsdsRoutes(directory, sop=core.sop, url=settings.public_url).router(),
        MatchRoutes(finder, sop=core.sop, clock=core.clock).router(),
        LeaseRoutes(core.writer, sop=core.sop, ids=core.ids).router(),
    ]


def _overrides(core: Core, bell: Bell, counts: Counts) -> Sequence[APIRouter]:
    """Return the routes of what is watched over: disclosures without consent, counts, statements asked for."""
    readings = OverrideReadings(core.engine)
    return [
        OverrideRoutes(readings, writer=core.writer, sop=core.sop, clock=core.clock, bell=bell).router(),
        IndicatorRoutes(counts.monthly, counts.figures, sop=core.sop, clock=core.clock).router(),
        StatementRoutes(core.writer, sop=core.sop, ids=core.ids, bell=bell).router(),
    ]


def _front(core: Core, settings: GatewaySettings, passwords: Passwords | None) -> Front:
    return open_front(
        settings.database_url,
        vault=core.keys.vault(),
        brand=console.BRAND,
        rooms=(console.ROOM,),
        owner="gateway",
        roles=OVERSIGHT_ROLES,
        address=settings.pages_url or settings.public_url,
        settings=settings,
        clock=core.clock,
        ids=core.ids,
        passwords=passwords,
    )


def _console(
    core: Core, front: Front, settings: GatewaySettings, *, journal: OversightJournal, bell: Bell, counts: Counts
) -> Sequence[APIRouter]:
    """Return the pages of oversight."""
    return [
        *front.routers,
        *console_routers(
            core,
            front.pages,
            journal=journal,
            withdrawals=_withdrawals(core, settings),
            signer=core.keys.checkpoint_signer(settings.ledger_origin),
            policy=PolicyFile(settings.ledger_policy),
            bell=bell,
            counts=counts,
        ),
    ]


def _tokens(core: Core, roster: Roster, settings: GatewaySettings) -> TokenDesk:
    return TokenDesk(
        writer=core.writer,
        roster=roster,
        keys=core.keys,
        clock=core.clock,
        ids=core.ids,
        issuer=settings.public_url,
    )


def _intake(core: Core, roster: Roster, bell: Bell) -> Intake:
    return Intake(
        writer=core.writer,
        rings=roster,
        key=core.keys.signing,
        clock=core.clock,
        sop=core.sop,
        queued=bell.ring,
    )


def _chores(
    core: Core, settings: GatewaySettings, receipts: ReceiptDesk, counts: Counts, *, bell: Bell, telemetry: Telemetry
) -> Mapping[str, Chore]:
    """Return the work that goes on beside the calls."""
    housekeeping = Housekeeping(core.engine, writer=core.writer, clock=core.clock, telemetry=telemetry, bell=bell)
    retention = open_retention(core, counts.releases, months=settings.retention_months)
    chores: dict[str, Chore] = {
        "housekeeping": housekeeping.run,
        "releases": counts.releases.run,
        "retention": retention.run,
    }
    if settings.clocks_enabled:
        for duty in duties.all_of(core.sop):
            chores[duty.name] = open_watch(core, duty, bell).run
    if settings.ledger_policy is not None:
        chores["witnessing"] = _witnessing(core, settings, telemetry)
    if settings.delivery_enabled:
        chores["delivery"] = _delivery(core, settings, receipts, bell=bell, telemetry=telemetry)
    return chores


def _witnessing(core: Core, settings: GatewaySettings, telemetry: Telemetry) -> Chore:
    """Return what has the heads of the ledger cosigned."""
    origin = settings.ledger_origin
    telemetry.metrics.watch(gauges.WITNESSES_SAY, gauges.WitnessGauges(core.engine, core.clock, origin=origin).read)
    return Witnessing(
        core.engine,
        writer=core.writer,
        signer=core.keys.checkpoint_signer(origin),
        policy=PolicyFile(settings.ledger_policy),
        every=settings.witness_seconds,
    ).run


def _delivery(
    core: Core, settings: GatewaySettings, receipts: ReceiptDesk, *, bell: Bell, telemetry: Telemetry
) -> Chore:
    """Return what brings messages to their recipients: out of the database, or through a broker."""
    dispatcher = Dispatcher(
        core.engine,
        writer=core.writer,
        claims=core.claims,
        receipts=receipts,
        clock=core.clock,
        ids=core.ids,
        sop=core.sop,
        telemetry=telemetry,
        bell=bell,
    )
    access = broker_access(settings)
    if access is None:
        return dispatcher.run
    return _through_broker(core, settings, access, dispatcher, bell=bell, telemetry=telemetry)


def _through_broker(
    core: Core,
    settings: GatewaySettings,
    access: BrokerAccess,
    dispatcher: Dispatcher,
    *,
    bell: Bell,
    telemetry: Telemetry,
) -> Chore:
    """Return delivery through a broker; without one its client is not even imported."""
    from gateway.adapters.jetstream import JetStreamDelivery  # noqa: PLC0415 - the broker's client
    from shared.transport.jetstream import Broker  # noqa: PLC0415 - the broker's client

    broker = Broker(access, name=GATEWAY, replicas=settings.broker_replicas)
    copies = BrokerCopies(core.engine, core.clock, direct=settings.broker_direct)
    delivery = JetStreamDelivery(
        broker,
        copies,
        direct=settings.broker_direct,
        writer=core.writer,
        dispatcher=dispatcher,
        sop=core.sop,
        bell=bell,
    )
    telemetry.metrics.watch(gauges.BROKER_SAYS, gauges.BrokerGauges(broker, copies).read)
    return delivery.run


def open_retention(core: Core, releases: Releases, *, months: int) -> Retention:
    """Return what forgets in the end; what it forgets was counted first."""
    return Retention(core.engine, writer=core.writer, clock=core.clock, months=months, first=releases.bring_up_to_date)


def open_watch(core: Core, duty: Duty, bell: Bell) -> Watch:
    """Return the watch that one process keeps over its core."""
    return Watch(duty, core.engine, writer=core.writer, clock=core.clock, queued=bell.ring)


def _withdrawals(core: Core, settings: GatewaySettings) -> Withdrawals:
    return Withdrawals(
        core.engine,
        clock=core.clock,
        sop=core.sop,
        key=core.keys.signing,
        signer=core.keys.checkpoint_signer(settings.ledger_origin),
        issuer=settings.public_url,
    )


def _evidence(core: Core, settings: GatewaySettings) -> Evidence:
    origin = settings.ledger_origin
    return Evidence(core.engine, origin=origin, signer=core.keys.checkpoint_signer(origin))


def _drain(settings: GatewaySettings, bell: Bell, background: Background) -> Drain:
    async def first() -> None:
        bell.fall_still()
        await background.end()

    return Drain(seconds=settings.drain_seconds, first=first)


def _rate_limit(settings: GatewaySettings) -> RateLimit:
    window = max(1, round(settings.rate_burst / settings.rate_per_second))
    return RateLimit(RatePolicy(quota=settings.rate_burst, window_seconds=window), timer=time.monotonic)


def _telemetry(settings: GatewaySettings) -> Telemetry:
    configure_logs("gateway", settings.log_level)
    return configure("gateway", settings.otlp_endpoint)


def _companions(core: Core, bell: Bell, limit: RateLimit) -> AbstractAsyncContextManager[object]:
    """Return the other replicas, where the database is one that several processes share."""
    return Companions(core.engine, bell=bell, limit=limit) if has_signals(core.engine) else contextlib.nullcontext()


def _life(
    core: Core, front: Front, companions: AbstractAsyncContextManager[object], *, background: Background, drain: Drain
) -> Lifespan:
    """Return what goes on between start and end: what ends last is what the others stand on."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with companions, background, drain.upon_signal():
                yield
        finally:
            await asyncio.to_thread(core.close)
            await front.close()
            app.state.telemetry.close()

    return lifespan
