"""Ports for processes that tests start, so that test workers side by side never pick the same ones.

They are below those that systems give to outgoing connections, any of which might take one before it is needed.
"""

import os
import random
import socket

FIRST, PER_WORKER, WORKERS = 12_000, 2_500, 8


def free_ports(count: int = 1) -> int:
    """Return a port that is free together with the ones right after it, `count` in all."""
    first = FIRST + PER_WORKER * (_worker() % WORKERS)
    for port in random.sample(range(first, first + PER_WORKER, count), 100):
        if all(_is_free(port + offset) for offset in range(count)):
            return port
    raise AssertionError("no ports are free")


def _worker() -> int:
    """Which of the test processes this is, as pytest-xdist numbers them; 0 without it."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
