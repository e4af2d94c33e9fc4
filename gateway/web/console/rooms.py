"""The console put together: every page of oversight, over the read models it stands on."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from gateway.adapters.bell import Bell
from gateway.adapters.chain_files import ChainFiles
from gateway.adapters.chain_search import ChainSearch
from gateway.adapters.core import Core
from gateway.adapters.deliveries import read_dead
from gateway.adapters.directory import Directory
from gateway.adapters.ledger_files import LedgerFiles
from gateway.adapters.override_readings import OverrideReadings
from gateway.adapters.oversight_journal import OversightJournal
from gateway.adapters.refusals import Refusals
from gateway.adapters.withdrawals import Withdrawals
from gateway.web.console.chains import ChainPages
from gateway.web.console.clocks import ClockPages
from gateway.web.console.deliveries import DeliveryPages
from gateway.web.console.desk import ConsoleDesk
from gateway.web.console.indicators import IndicatorPages
from gateway.web.console.ledger import LedgerPages
from gateway.web.console.overrides import OverridePages
from gateway.web.console.readings import ReadingPages
from gateway.web.console.refusals import RefusalPages
from gateway.web.console.start import StartPage
from gateway.web.console.withdrawals import WithdrawalPages
from gateway.web.counts import Counts
from shared.pages.rendering import Pages
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.policy_file import PolicyFile


def console_routers(
    core: Core,
    pages: Pages,
    *,
    journal: OversightJournal,
    withdrawals: Withdrawals,
    signer: CheckpointSigner,
    policy: PolicyFile,
    bell: Bell,
    counts: Counts,
) -> Sequence[APIRouter]:
    """Return the routes of every page of oversight."""
    directory = Directory(core.engine, writer=core.writer, clock=core.clock)
    desk = ConsoleDesk(pages=pages, journal=journal, directory=directory, sop=core.sop, clock=core.clock)
    search, overrides = ChainSearch(core.engine), OverrideReadings(core.engine)
    files = ChainFiles(core.engine, signer=signer, clock=core.clock, sop=core.sop)
    return [
        StartPage(desk, search=search, overrides=overrides, withdrawals=withdrawals).router(),
        ChainPages(desk, search, files).router(),
        RefusalPages(desk, Refusals(core.engine)).router(),
        OverridePages(desk, overrides, writer=core.writer, bell=bell).router(),
        WithdrawalPages(desk, withdrawals).router(),
        DeliveryPages(desk, partial(read_dead, core.engine), writer=core.writer, bell=bell).router(),
        LedgerPages(desk, LedgerFiles(core.engine, signer=signer, policy=policy)).router(),
        IndicatorPages(desk, counts).router(),
        ClockPages(desk, counts.figures).router(),
        ReadingPages(desk).router(),
    ]
