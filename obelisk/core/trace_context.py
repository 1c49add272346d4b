"""Which trace an execution is part of, in the form of W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1).

There is one trace for each top-level execution. Its id comes from outside, in the metadata of ``created``, or is derived
from the execution's id; so does the id of each span, from what the span is of. Whoever knows the ids of executions and
runs knows those of traces and spans, in each process and after each crash.

The metadata of a child names its parent's span. That of a scheduled execution names the span of the one that scheduled it,
and ``LINKED_KEY`` beside it says that the trace is another one: the two are linked.

An id that is derived is the beginning of the SHA-256 of a text: ``trace E_...``, ``execution E_...``,
``run Run_... of E_...``, ``request N of Run_... of E_...``, ``delay Delay_...``. Executions that are locked together share
the id of their run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from obelisk.ids import DelayId, ExecutionId, RunId, parent_of, top_level

PARENT_KEY: Final = "tracing:traceparent"
STATE_KEY: Final = "tracing:tracestate"
LINKED_KEY: Final = "tracing:obelisk-tracing-linked"
SAMPLED: Final = 1
MAX_STATE_LENGTH: Final = 512
"""Characters of ``tracestate`` that have to be passed on (section 3.3.1.5)."""
KEPT: Final = 1024
"""Of what was derived or read last: the children of an execution all need the same."""
_TRACE_ID_LENGTH: Final = 32
_SPAN_ID_LENGTH: Final = 16
_PARENT = re.compile(r"(?P<version>(?!ff)[0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?P<more>-.*)?")
_STATE = re.compile(r"[\x20-\x7e]+")


class SpanContext(Struct, frozen=True):
    """A span somewhere: the ids of its trace and of itself, in hexadecimal digits."""

    trace_id: str
    span_id: str


class TraceContext(Struct, frozen=True):
    """The trace of an execution.

    ``trace_id`` is 32 hexadecimal digits, ``flags`` a byte whose lowest bit says that the trace is recorded, ``state`` what
    other vendors pass along. ``parent_id`` is the span that the execution's own is a child of, ``link`` one of another trace
    that it has to do with.
    """

    trace_id: str
    flags: int = SAMPLED
    state: str | None = None
    parent_id: str | None = None
    link: SpanContext | None = None

    def parent(self, span_id: str) -> str:
        """Return the ``traceparent`` of what a span with this id causes."""
        return f"00-{self.trace_id}-{span_id}-{self.flags:02x}"


def outer_metadata(parent: str, state: str = "") -> dict[str, str]:
    """Return the metadata of an execution that a ``traceparent`` and a ``tracestate`` from outside make part of a trace.

    What is not valid, or longer than has to be passed on, is left out; without a parent there is no state.
    """
    if len(parent) > MAX_STATE_LENGTH or _outer(parent) is None:
        return {}
    found = {PARENT_KEY: parent}
    if _is_state(state):
        found[STATE_KEY] = state
    return found


def trace_of(execution_id: ExecutionId, metadata: Mapping[str, str]) -> TraceContext:
    """Return the trace of an execution whose ``created`` has ``metadata``; a ``traceparent`` that is none is ignored."""
    outer = _outer(metadata.get(PARENT_KEY, ""))
    if outer is None:
        above = parent_of(execution_id)
        return TraceContext(_trace_id(execution_id), parent_id=None if above is None else execution_span(above[0]))
    trace_id, span_id, flags = outer
    if LINKED_KEY in metadata:
        return TraceContext(_trace_id(execution_id), flags, link=SpanContext(trace_id, span_id))
    state = metadata.get(STATE_KEY)
    return TraceContext(trace_id, flags, state if state is not None and _is_state(state) else None, span_id)


def child_metadata(parent: ExecutionId, trace: TraceContext) -> dict[str, str]:
    """Return the metadata of a child of an execution that is part of ``trace``."""
    found = {PARENT_KEY: trace.parent(execution_span(parent))}
    if trace.state is not None:
        found[STATE_KEY] = trace.state
    return found


def scheduled_metadata(scheduler: ExecutionId, trace: TraceContext) -> dict[str, str]:
    """Return the metadata of an execution that one which is part of ``trace`` schedules."""
    return {PARENT_KEY: trace.parent(execution_span(scheduler)), LINKED_KEY: "true"}


def is_remote(execution_id: ExecutionId, trace: TraceContext) -> bool:
    """Tell whether the trace that an execution is part of began outside of Obelisk."""
    return trace.trace_id != _trace_id(execution_id)


@lru_cache(maxsize=KEPT)
def execution_span(execution_id: ExecutionId) -> str:
    """Return the id of an execution's span: 16 hexadecimal digits."""
    return _derived(f"execution {execution_id}", _SPAN_ID_LENGTH)


def run_span(execution_id: ExecutionId, run_id: RunId) -> str:
    """Return the id of the span of an execution's run: 16 hexadecimal digits."""
    return _derived(f"run {run_id} of {execution_id}", _SPAN_ID_LENGTH)


def request_span(execution_id: ExecutionId, run_id: RunId, *, index: int) -> str:
    """Return the id of the span of a run's outgoing HTTP request; ``index`` counts from 0."""
    return _derived(f"request {index} of {run_id} of {execution_id}", _SPAN_ID_LENGTH)


def delay_span(delay_id: DelayId) -> str:
    """Return the id of the span that a delay is shown as: 16 hexadecimal digits."""
    return _derived(f"delay {delay_id}", _SPAN_ID_LENGTH)


@lru_cache(maxsize=KEPT)
def _outer(parent: str) -> tuple[str, str, int] | None:
    """Return what a ``traceparent`` names. A later version may say more than this one (section 4.2)."""
    match = _PARENT.fullmatch(parent)
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    trace_id, span_id, flags = match[2], match[3], int(match[4], 16)
    return (trace_id, span_id, flags & SAMPLED) if int(trace_id, 16) and int(span_id, 16) else None


def _is_state(state: str) -> bool:
    return len(state) <= MAX_STATE_LENGTH and _STATE.fullmatch(state) is not None


def _trace_id(execution_id: ExecutionId) -> str:
    return _derived(f"trace {top_level(execution_id)}", _TRACE_ID_LENGTH)


def _derived(text: str, length: int) -> str:
    """Return hexadecimal digits; that all are 0, which is not allowed, would take finding a preimage."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
