"""Which trace an execution is part of, in the form of W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1).

There is one trace for each top-level execution. Its id comes from outside, in the metadata of ``created``, or is derived
from the execution's id; so does the id of each span, from what the span is of. Whoever knows the ids of executions and
runs knows those of traces and spans, in each process and after each crash.

An id that is derived is the beginning of the SHA-256 of a text: ``trace E_...``, ``run Run_...``, ``request N of Run_...``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from obelisk.ids import ExecutionId, RunId, top_level

PARENT_KEY: Final = "tracing:traceparent"
STATE_KEY: Final = "tracing:tracestate"
SAMPLED: Final = 1
MAX_STATE_LENGTH: Final = 512
"""Characters of ``tracestate`` that have to be passed on (section 3.3.1.5)."""
_TRACE_ID_LENGTH: Final = 32
_SPAN_ID_LENGTH: Final = 16
_PARENT = re.compile(r"(?P<version>(?!ff)[0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?P<more>-.*)?")
_STATE = re.compile(r"[\x20-\x7e]+")


class TraceContext(Struct, frozen=True):
    """The trace of an execution.

    ``trace_id`` is 32 hexadecimal digits, ``flags`` a byte whose lowest bit says that the trace is recorded, ``state`` what
    other vendors pass along.
    """

    trace_id: str
    flags: int = SAMPLED
    state: str | None = None

    def parent(self, span_id: str) -> str:
        """Return the ``traceparent`` of what a span with this id causes."""
        return f"00-{self.trace_id}-{span_id}-{self.flags:02x}"


def trace_of(execution_id: ExecutionId, metadata: Mapping[str, str]) -> TraceContext:
    """Return the trace of an execution whose ``created`` has ``metadata``; a ``traceparent`` that is none is ignored."""
    outer = _outer(metadata.get(PARENT_KEY, ""))
    if outer is None:
        return TraceContext(_derived(f"trace {top_level(execution_id)}", _TRACE_ID_LENGTH))
    state = metadata.get(STATE_KEY, "")
    valid = len(state) <= MAX_STATE_LENGTH and _STATE.fullmatch(state) is not None
    return replace(outer, state=state) if valid else outer


def run_span(run_id: RunId) -> str:
    """Return the id of a run's span: 16 hexadecimal digits."""
    return _derived(f"run {run_id}", _SPAN_ID_LENGTH)


def request_span(run_id: RunId, index: int) -> str:
    """Return the id of the span of a run's outgoing HTTP request; ``index`` counts from 0."""
    return _derived(f"request {index} of {run_id}", _SPAN_ID_LENGTH)


def inherited(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what a child execution takes over of its parent's metadata: that both are part of one trace."""
    return {key: metadata[key] for key in (PARENT_KEY, STATE_KEY) if key in metadata}


def _outer(parent: str) -> TraceContext | None:
    """Return the trace that a ``traceparent`` names. A later version may say more than this one (section 4.2)."""
    match = _PARENT.fullmatch(parent)
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    trace_id, span_id, flags = match[2], match[3], int(match[4], 16)
    return TraceContext(trace_id, flags & SAMPLED) if int(trace_id, 16) and int(span_id, 16) else None


def _derived(text: str, length: int) -> str:
    """Return hexadecimal digits; that all are 0, which is not allowed, would take finding a preimage."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
