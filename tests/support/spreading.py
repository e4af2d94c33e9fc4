"""Which tests stay together when a run is spread over several processes (pytest-xdist)."""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

__all__ = ["Spreading", "turn"]


#: Tests that share one mesh of processes and look into its home.
WITHIN = frozenset({"test_backup", "test_crashes", "test_key_rotation", "test_whole_mesh"})
#: Files that take long though each of their tests sets up everything anew.
WIDE = frozenset({"test_gateway_matrix", "test_gateway_push", "test_storage_history"})


#: Companies that take longest, though some have few tests: they begin, so that no process is left with one at the end.
LONGEST = (
    "browser",
    "within",
    "outside",
    "tests/replicas/test_rolling_restart.py",
    "tests/e2e/test_tutorial.py",
    "tests/integration/test_gateway_jetstream.py",
    "tests/replicas/test_gateways_on_one_broker.py",
    "tests/integration/test_agency_conflicts.py",
    "tests/integration/test_agency_contract.py",
    "tests/integration/test_gateway_clock_processes.py",
    "tests/faults/test_fault_harness.py",
    "tests/integration/test_gateway_contract.py",
    "tests/integration/test_pages_security.py",
    "tests/integration/test_pages_console.py",
    "tests/integration/test_withdrawal_chain.py",
    "tests/integration/test_agency_rerouting.py",
    "tests/properties/test_gateway_consent_life.py",
)


class Spreading(LoadScopeScheduling):
    """Keep together what shares processes that are slow to start, and begin with what was collected first."""

    def _split_scope(self, nodeid: str) -> str:
        return company(nodeid)


def turn(nodeid: str) -> int:
    """Say when a test is begun: those of a long company in its turn, and then all others."""
    mine = company(nodeid)
    return LONGEST.index(mine) if mine in LONGEST else len(LONGEST)


def company(nodeid: str) -> str:
    """Say whom a test stays with.

    Those that look from outside share one gateway and one mesh, those that look from within a mesh of their own,
    and so do those that click pages. The tests of a file share a gateway or a world of agency services; where they
    do not and the file takes long, each stands alone.
    """
    path = PurePosixPath(nodeid.split("::", maxsplit=1)[0])
    if path.stem.startswith("test_outside"):
        return "outside"
    if path.stem in WITHIN:
        return "within"
    if "browser" in path.parts:
        return "browser"
    return nodeid if path.stem in WIDE else str(path)
