"""Structured logs: one JSON object per line on standard error, made of listed fields only.

Owns the list of field names and the one formatter of the process. Promises that a line says what happened, where in
the code and in which trace, and nothing about anyone: a field that is not listed is dropped, a text that is not a
code or an id is withheld, an exception leaves its type and the lines of code it came through, never its message.
Records of other libraries keep their place in the code and lose their text, except for the few sentences of
the web server that are listed here.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final

import structlog

from shared.kernel.clock import to_wire
from shared.telemetry.context import known_trace

#: Names a log line may carry besides `at level event logger service trace_id error_type where`.
FIELDS: Final = frozenset(
    {
        "agency", "attempt", "chain_id", "code", "consent_id", "count", "duration_ms", "kind", "ledger_index",
        "message_id", "method", "outcome", "pid", "port", "queue", "recipient", "referral_id", "retry_after", "route",
        "rule", "seconds", "sector", "sender", "seq", "service_type", "size", "state", "status", "tree_size", "urgency",
        "version",
    }
)  # fmt: skip
WITHHELD: Final = "[withheld]"
UNNAMED: Final = "unnamed"

_OWN: Final = "mesh."
_EVENT = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")
_CODED = re.compile(r"[A-Za-z0-9/_][A-Za-z0-9._:/{}<>+-]{0,119}")
_FRAMES_MOST = 12
#: What the web server says about its own life, word for word; `%` holes stay holes.
_SERVER_SENTENCES: Final = frozenset(
    {
        "Started server process [%d]",
        "Waiting for application startup.",
        "Application startup complete.",
        "Application startup failed. Exiting.",
        "Shutting down",
        "Waiting for connections to close. (CTRL+C to force quit)",
        "Waiting for background tasks to complete. (CTRL+C to force quit)",
        "Waiting for application shutdown.",
        "Application shutdown complete.",
        "Finished server process [%d]",
        "Invalid HTTP request received.",
        "Exception in ASGI application\n",
    }
)

EventDict = MutableMapping[str, Any]


def get_logger(name: str) -> "structlog.stdlib.BoundLogger":
    """Return the logger `name`: `log.info("delivery.settled", agency=..., count=...)`.

    The event is a dotted code. Fields off the list are dropped; pass `exc_info=error` for an exception.
    """
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(_OWN + name),
        processors=[structlog.stdlib.filter_by_level, _to_record],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return logger


def configure_logs(service_name: str, level: str = "INFO") -> None:
    """Send every record of the process through the one formatter. Call once, from the entry point."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service_name))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OWN.rstrip(".")).setLevel(level)
    access = logging.getLogger("uvicorn.access")
    access.handlers, access.propagate, access.disabled = [], False, True
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel("INFO")


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object of listed fields."""

    def __init__(self, service_name: str) -> None:
        super().__init__()
        self._service = service_name

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        line: dict[str, Any] = {
            "at": to_wire(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
        }
        here = known_trace()
        if here is not None:
            line["trace_id"] = here.trace_id
        own: dict[str, Any] | None = getattr(record, "mesh_fields", None)
        line.update(_foreign_fields(record) if own is None else {"event": record.msg, **own})
        if record.exc_info and record.exc_info[1] is not None:
            line.update(exception_fields(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=True)


def exception_fields(error: BaseException) -> dict[str, Any]:
    """Return what may be said of an exception: `error_type` (with its causes) and `where`, innermost line last."""
    names = [type(link).__name__ for link in _causes(error)]
    return {"error_type": " < ".join(names), "where": _frames(error.__traceback__)}


def _causes(error: BaseException) -> Iterable[BaseException]:
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        seen.append(link)
        link = link.__cause__ or link.__context__
    return seen


def _frames(trace: TracebackType | None) -> list[str]:
    places = [f"{_short(frame.f_code.co_filename)}:{line}" for frame, line in traceback.walk_tb(trace)]
    return places[-_FRAMES_MOST:]


def _short(filename: str) -> str:
    """Cut a file name to the last parts that tell modules apart; the machine's folders are nobody's business."""
    return "/".join(PurePath(filename).parts[-3:])


def _to_record(_logger: Any, _method: str, event: EventDict) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Hand the event on as the arguments of a standard library logging call.

    The exception itself stays behind, so that a process without our formatter cannot print its message either.
    """
    name, error = event.pop("event", None), event.pop("exc_info", None)
    fields = {key: _safe(value) for key, value in event.items() if key in FIELDS}
    fields |= exception_fields(error) if isinstance(error, BaseException) else {}
    return (name if isinstance(name, str) and _EVENT.fullmatch(name) else UNNAMED,), {"extra": {"mesh_fields": fields}}


def _foreign_fields(record: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = {"event": "library", "where": [f"{_short(record.pathname)}:{record.lineno}"]}
    if record.name == "uvicorn.error" and record.msg in _SERVER_SENTENCES:
        line["server"] = str(record.msg).strip()
    return line


def _safe(value: Any) -> Any:
    """Return numbers, and texts that have the form of a code or an id; withhold everything else."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and _CODED.fullmatch(value):
        return value
    return WITHHELD
