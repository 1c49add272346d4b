"""What is kept of a run's outgoing requests for its last event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from obelisk.core.events import HttpClientTrace, HttpTraceRequest, HttpTraceResponse, HttpTraceStatus
from obelisk.core.trace_context import TraceContext, request_span
from obelisk.ids import ExecutionId, RunId
from obelisk.wasm.wasi.http.target import shortened

MAX_TRACES: Final = 1000
MAX_URI: Final = 1024
MAX_METHOD: Final = 64
MAX_ERROR: Final = 256


class HttpTraces:
    """The requests of one run, in the order in which they were sent. Bounded in number and length; secrets are hidden.

    ``lost`` is how many came after the last one that is kept.
    """

    def __init__(
        self, execution_id: ExecutionId, run_id: RunId, *, context: TraceContext, mask: Callable[[str], str]
    ) -> None:
        self._execution_id = execution_id
        self._run_id = run_id
        self._context = context
        self._mask = mask
        self._traces: list[OpenTrace] = []
        self._begun = 0

    @property
    def lost(self) -> int:
        """How many requests left no trace, since there were too many."""
        return self._begun - len(self._traces)

    def begin(self, method: str, uri: str, sent_at: datetime) -> OpenTrace:
        """Note a request that is sent now. ``uri`` is the guest's: with placeholders, no values."""
        parent = self._context.parent(request_span(self._execution_id, self._run_id, index=self._begun))
        headers = [("traceparent", parent.encode())]
        if self._context.state is not None:
            headers.append(("tracestate", self._context.state.encode()))
        trace = OpenTrace(self._request(method, uri, sent_at), self._mask, tuple(headers))
        self._begun += 1
        if len(self._traces) < MAX_TRACES:
            self._traces.append(trace)
        return trace

    def list(self) -> tuple[HttpClientTrace, ...]:
        """Return the requests; those without an answer yet have no ``resp``."""
        return tuple(trace.trace for trace in self._traces)

    def _request(self, method: str, uri: str, sent_at: datetime) -> HttpTraceRequest:
        return HttpTraceRequest(sent_at, shortened(self._mask(uri), MAX_URI), shortened(method, MAX_METHOD))


class OpenTrace:
    """A request that was sent; ``trace`` is what is known of it.

    ``headers`` are ``traceparent`` and perhaps ``tracestate`` (W3C Trace Context), to be sent unless the guest set its own
    ``traceparent``.
    """

    def __init__(
        self, request: HttpTraceRequest, mask: Callable[[str], str], headers: tuple[tuple[str, bytes], ...]
    ) -> None:
        self.trace = HttpClientTrace(request)
        self.headers = headers
        self._mask = mask

    def finish(self, finished_at: datetime, *, status: int | None = None, error: str | None = None) -> None:
        """Note the answer's status, or why there is none, once: the first call counts."""
        if self.trace.resp is not None:
            return
        shown = shortened(self._mask(error or "no answer"), MAX_ERROR)
        outcome = HttpTraceStatus(err=shown) if status is None else HttpTraceStatus(ok=status)
        self.trace = replace(self.trace, resp=HttpTraceResponse(finished_at, outcome))
