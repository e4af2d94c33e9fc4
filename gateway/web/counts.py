"""What counts and tells of counts, put together once: for the API, for the pages, and for what counts beside them."""

from dataclasses import dataclass

from gateway.adapters.core import Core
from gateway.adapters.directory import Directory
from gateway.adapters.override_readings import OverrideReadings
from gateway.adapters.releases import Releases
from gateway.adapters.tallies import Tallies
from gateway.web.figures import FigureDesk
from gateway.web.monthly import MonthlyCounts
from shared.sop.indicators import load_indicators


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that is counted."""

    releases: Releases
    figures: FigureDesk
    monthly: MonthlyCounts


def open_counts(core: Core, *, months: int) -> Counts:
    """Return what counts over the gateway's records, which are remembered for so many `months`."""
    rules = load_indicators()
    releases = Releases(core.engine, writer=core.writer, sop=core.sop, rules=rules, clock=core.clock)
    directory = Directory(core.engine, writer=core.writer, clock=core.clock)
    return Counts(
        releases=releases,
        figures=FigureDesk(releases, directory, sop=core.sop, rules=rules, clock=core.clock),
        monthly=MonthlyCounts(OverrideReadings(core.engine), Tallies(core.engine), sop=core.sop, months=months),
    )
