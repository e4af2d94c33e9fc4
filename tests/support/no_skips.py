"""A pytest plugin: where CI is set, a skipped test fails the run.

A skip says "this machine cannot show it". That is an answer for a laptop, never for continuous integration, which
is there to show it. Loaded with `-p tests.support.no_skips`; inactive unless the environment variable CI is set.
"""

import os
from collections.abc import Mapping

import pytest


class NoSkips:
    """Collect what was skipped and turn it into a failed run with the reasons listed."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(f"{report.nodeid}: {reason(report)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(f"{report.nodeid}: {reason(report)}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.skipped:
            return
        terminalreporter.section("skipped, and CI allows no skip", red=True)
        for line in self.skipped:
            terminalreporter.line(line)


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The reason given for a skip."""
    longrepr = report.longrepr
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


def is_ci(environment: Mapping[str, str]) -> bool:
    """Whether this is continuous integration: CI is set to anything but an empty or a false word."""
    return environment.get("CI", "").lower() not in {"", "0", "false", "no"}


def pytest_configure(config: pytest.Config) -> None:
    """Take part only in continuous integration."""
    if is_ci(os.environ):
        config.pluginmanager.register(NoSkips(), "no-skips")
