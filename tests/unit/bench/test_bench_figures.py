"""The figures are what they are said to be: ratios within a round, and only expected answers counted."""

import io
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.evidence import FOLDER, PAGE, RAW, text_of
from bench.figures import floors, goals, growth, ratios
from bench.load import UnexpectedAnswer, run
from bench.report import show
from bench.results import Results
from bench.rounds import Sample


def sample(variant: str, number: int, per_second: float, **changes: Any) -> Sample:
    known: dict[str, Any] = {
        "act": "admission",
        "database": "sqlite",
        "size": 1000,
        "stored": 1000,
        "replicas": 1,
        "concurrency": 32,
        "cpu_micros": 100.0,
        "database_micros": 0.0,
        "p50_millis": 1.0,
        "p99_millis": 1.0,
        "load_busy": 0.1,
    }
    return Sample(**{**known, "variant": variant, "round": number, "per_second": per_second, **changes})


SAMPLES = [
    sample("gateway", 0, 100),
    sample("gateway", 1, 30),
    sample("floor def", 0, 200),
    sample("floor def", 1, 20),
    sample("floor async", 0, 50),
    sample("floor async", 1, 10),
]
FACTS = {"cores": 2, "load_before": [0.1], "load_after": [2.0]}


def test_ratios_are_taken_within_a_round_against_the_fastest_floor() -> None:
    assert ratios(SAMPLES) == [0.5, 1.5]


def test_every_way_of_writing_the_floor_is_shown_with_the_gateway_beside_it() -> None:
    (row,) = floors(Results(FACTS, SAMPLES, []))
    assert {name: row[name] for name in row if "async" in name or "def" in name} == {
        "async/s": "30",
        "beside async": "2.50",
        "def/s": "110",
        "beside def": "1.00",
    }


def test_what_a_referral_costs_is_compared_with_what_it_cost_when_little_was_stored() -> None:
    later = [
        sample("gateway", 0, 100, size=10**6, cpu_micros=80.0, database_micros=50.0),
        sample("floor def", 0, 100, size=10**6, cpu_micros=900.0),
    ]
    (row,) = growth(Results(FACTS, [*SAMPLES, *later], []))
    assert (row["ratio"], row["gateway alone"], row["goal"]) == ("1.30", "0.80", "≤ 1.1 MISSED")


def test_a_goal_that_is_missed_is_said_to_be_missed() -> None:
    met, missed = (
        goals(Results(FACTS, samples, []))[0][""]
        for samples in (SAMPLES, [sample("gateway", 0, 99), sample("floor def", 0, 100)])
    )
    assert (met, missed) == ("met", "**missed**")


def test_the_table_says_whether_the_goal_is_met() -> None:
    console = Console(file=io.StringIO(), width=250)
    show(Results(FACTS, SAMPLES, []), console=console)
    assert isinstance(console.file, io.StringIO)
    assert "≥ 1 met" in console.file.getvalue()


def test_a_noisy_run_says_so_on_its_page() -> None:
    quiet, noisy = (
        text_of(Results(FACTS | {"load_before": [load]}, SAMPLES, []), []).count("noisy") for load in (0.9, 1.1)
    )
    assert (quiet, noisy) == (0, 1)


def test_the_published_page_is_made_from_the_published_results_and_from_nothing_else() -> None:
    pictures = [path.name for path in sorted(FOLDER.glob("performance-*.svg"))]
    page = (FOLDER / PAGE).read_text()
    shown = [line.rpartition("(")[2].rstrip(")") for line in page.splitlines() if line.startswith("![")]
    assert sorted(shown) == pictures
    assert page == text_of(Results.read(FOLDER / RAW), shown)


def test_results_that_were_written_are_read_as_they_were(tmp_path: Path) -> None:
    results = Results(FACTS, SAMPLES, [])
    assert Results.read(results.write(tmp_path / "results.json")) == results


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
        window = run([port], [b"ping"] * 20, concurrency=4)
    assert window.requests == len(window.latencies) == 20


def test_requests_go_to_the_processes_in_turn() -> None:
    answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
    with answering(answer) as one, answering(b"HTTP/1.1 403 Forbidden\r\n\r\n") as other:
        with pytest.raises(UnexpectedAnswer):
            run([one, other], [b"ping"] * 4, concurrency=2)
        assert run([one, other], [b"ping"] * 4, concurrency=1).requests == 4


def test_a_refused_message_is_not_counted_as_admitted() -> None:
    with answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno") as port, pytest.raises(UnexpectedAnswer):
        run([port], [b"ping"] * 4, concurrency=1)
