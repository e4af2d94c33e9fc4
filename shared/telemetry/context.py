"""The trace a piece of work belongs to, carried in a context variable.

Owns reading and writing W3C Trace Context (Recommendation, 23 November 2021, section 3.2) and the current place in a
trace. Promises an id of 32 hexadecimal digits at any time: whoever asks outside any trace is given a fresh one; work
in its own right opens a span first (`Telemetry.span`). Refuses malformed headers by starting afresh, as section 4.3
of that text asks; `tracestate` is not carried, so no foreign text enters the mesh by that door.
"""

import os
import re
from contextvars import ContextVar
from typing import Final

from shared.kernel.values import value

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_SAMPLED = 0x01
_TRACE_BYTES = 16
_SPAN_BYTES = 8
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


@value
class TraceContext:
    """A place in a trace: ids in lower-case hexadecimal (32 and 16 digits)."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def traceparent(self) -> str:
        """Write this place as a `traceparent` header of version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> "TraceContext":
        """Return a new place below this one, in the same trace."""
        return TraceContext(self.trace_id, os.urandom(_SPAN_BYTES).hex(), self.sampled)


_current: ContextVar[TraceContext | None] = ContextVar("shared.telemetry.trace", default=None)


#: Stands at a place until `leave` is given the token that this returns.
enter: Final = _current.set
#: Goes back to where this work stood before `enter`.
leave: Final = _current.reset


def new_trace() -> TraceContext:
    """Start a trace with random ids."""
    ids = os.urandom(_TRACE_BYTES + _SPAN_BYTES).hex()
    return TraceContext(ids[: 2 * _TRACE_BYTES], ids[2 * _TRACE_BYTES :])


def parse_traceparent(header: str) -> TraceContext | None:
    """Read a `traceparent` header; return `None` for one that the recommendation calls invalid."""
    found = _TRACEPARENT.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def continue_trace(header: str | None) -> TraceContext:
    """Return a place below the caller's, or the start of a new trace when the header is absent or malformed."""
    parent = parse_traceparent(header) if header else None
    return new_trace() if parent is None else parent.child()


def current_trace() -> TraceContext:
    """Return where this work stands. Outside any trace each call begins one, so that nothing is linked by accident."""
    return _current.get() or new_trace()


def known_trace() -> TraceContext | None:
    """Return where this work stands if it belongs to a trace already, and start none."""
    return _current.get()


def current_trace_id() -> str:
    """Return the id of the current trace: 32 lower-case hexadecimal digits."""
    return current_trace().trace_id


def current_traceparent() -> str:
    """Return the `traceparent` header to send with a call made by this work."""
    return current_trace().traceparent()
