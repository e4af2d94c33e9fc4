"""The figures are what they are said to be: ratios within a round, and only expected answers counted."""

import io
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from bench.load import UnexpectedAnswer, run
from bench.report import show, write
from bench.rounds import Sample


def sample(variant: str, number: int, per_second: float) -> Sample:
    return Sample(
        database="sqlite",
        variant=variant,
        concurrency=32,
        round=number,
        per_second=per_second,
        cpu_micros=1.0,
        p50_millis=1.0,
        p99_millis=1.0,
        load_busy=0.1,
    )


SAMPLES = [
    sample("gateway", 0, 100),
    sample("gateway", 1, 30),
    sample("floor def", 0, 200),
    sample("floor def", 1, 20),
    sample("floor async", 0, 50),
    sample("floor async", 1, 10),
]


def test_ratios_are_taken_within_a_round_against_the_fastest_floor(tmp_path: Path) -> None:
    path = write(tmp_path, stamp="x", facts={}, samples=SAMPLES, base="floor")
    ratios = {entry["variant"]: entry["ratios"] for entry in json.loads(path.read_text())["ratios"]}
    assert ratios["gateway"] == [0.5, 1.5]
    assert ratios["floor def"] == [1.0, 1.0]


def test_the_table_says_whether_the_goal_is_met() -> None:
    console = Console(file=io.StringIO(), width=200)
    show(SAMPLES, base="floor", console=console)
    assert isinstance(console.file, io.StringIO)
    assert "≥ 1 met" in console.file.getvalue()


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Serve one fixed answer to every request of 4 bytes."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(4):
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_every_request_is_answered_and_timed() -> None:
    with answering(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok") as port:
        window = run(port, [b"ping"] * 20, concurrency=4)
    assert window.requests == len(window.latencies) == 20


def test_a_refused_message_is_not_counted_as_admitted() -> None:
    with answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno") as port, pytest.raises(UnexpectedAnswer):
        run(port, [b"ping"] * 4, concurrency=1)
