"""Log lines: listed fields, coded values, no texts of exceptions or of libraries."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.telemetry.context import enter, leave, new_trace
from shared.telemetry.logs import WITHHELD, JsonFormatter, configure_logs, exception_fields, get_logger

CANARY = "Nguyen Thi Canary"


class Lines:
    """What was logged, parsed."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    handler = logging.StreamHandler(lines.stream)
    handler.setFormatter(JsonFormatter("sample"))
    root = logging.getLogger()
    mesh, level = logging.getLogger("mesh"), logging.getLogger("mesh").level
    root.addHandler(handler)
    mesh.setLevel("INFO")
    yield lines
    root.removeHandler(handler)
    mesh.setLevel(level)


def test_line_says_what_where_and_when(lines: Lines) -> None:
    get_logger("delivery").info("delivery.settled", agency="social-38", count=3)
    line = lines.last()
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "service": "sample",
        "logger": "mesh.delivery",
        "event": "delivery.settled",
        "agency": "social-38",
        "count": 3,
    }


def test_line_carries_the_trace_it_belongs_to(lines: Lines) -> None:
    trace = new_trace()
    token = enter(trace)
    get_logger("delivery").info("delivery.settled")
    leave(token)
    assert lines.last()["trace_id"] == trace.trace_id


def test_field_off_the_list_is_dropped(lines: Lines) -> None:
    get_logger("intake").info("referral.admitted", name=CANARY, phone="0912345678", state="sent")
    assert CANARY not in lines.text
    assert "0912345678" not in lines.text
    assert lines.last()["state"] == "sent"


@pytest.mark.parametrize("value", [CANARY, "Nguyễn", {"name": CANARY}, [CANARY], "x" * 300, b"bytes", "a\nb"])
def test_listed_field_with_a_value_that_is_no_code_is_withheld(lines: Lines, value: object) -> None:
    get_logger("intake").info("referral.admitted", state=value)
    assert lines.last()["state"] == WITHHELD


def test_event_that_is_no_code_is_not_written(lines: Lines) -> None:
    get_logger("intake").info(f"admitted {CANARY}")
    assert lines.last()["event"] == "unnamed"
    assert CANARY not in lines.text


def test_exception_leaves_type_causes_and_places(lines: Lines) -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise ValueError(CANARY) from cause
    except ValueError as error:
        get_logger("intake").error("request.failed", exc_info=error)
    line = lines.last()
    assert line["error_type"] == "ValueError < KeyError"
    assert line["where"][0].startswith("unit/telemetry/test_telemetry_logs.py:")
    assert CANARY not in lines.text


def test_exception_is_not_printed_by_a_foreign_formatter_either(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        get_logger("intake").error("request.failed", exc_info=error, state=CANARY)
    assert "request.failed" in caplog.text
    assert CANARY not in caplog.text


def test_library_record_keeps_its_place_and_loses_its_text(lines: Lines) -> None:
    logging.getLogger("some.library").warning("could not store %s", CANARY)
    line = lines.last()
    assert line["event"] == "library"
    assert line["logger"] == "some.library"
    assert line["where"][0].startswith("unit/telemetry/test_telemetry_logs.py:")
    assert CANARY not in lines.text


def test_library_exception_loses_its_text(lines: Lines) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved: %s", CANARY)
    assert lines.last()["error_type"] == "ValueError"
    assert CANARY not in lines.text


def test_server_may_say_that_it_started(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning("Started server process [%d]", 4711)
    assert lines.last()["server"] == "Started server process [%d]"


def test_server_may_not_say_whom_it_refused(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning('%s - "WebSocket %s" 403', "203.0.113.9", f"/{CANARY}")
    assert "server" not in lines.last()
    assert CANARY not in lines.text


def test_circular_causes_end() -> None:
    one, other = ValueError("a"), KeyError("b")
    one.__cause__, other.__cause__ = other, one
    assert exception_fields(one)["error_type"] == "ValueError < KeyError"


def test_configuration_takes_the_access_log_away() -> None:
    root, saved = logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    try:
        configure_logs("sample", "WARNING")
        assert [type(handler.formatter) for handler in root.handlers] == [JsonFormatter]
        assert not logging.getLogger("uvicorn.access").hasHandlers()
        assert not logging.getLogger("mesh.intake").isEnabledFor(logging.INFO)
    finally:
        root.handlers = saved
        root.setLevel(level)
        logging.getLogger("mesh").setLevel(logging.NOTSET)
