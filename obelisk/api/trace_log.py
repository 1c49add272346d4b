"""What the log of one execution tells of: its span, and in detail its runs, requests, delays, and what it scheduled.

Theory of operation
    The log is read page by page, up to where the execution's state was when it was read, and fed to the fold of
    ``core.tracing``. That gives the execution's own span last, which is to be told first. So the details are kept until
    then when there are few; of a long log the first are kept, and when more are wanted it is read a second time. Memory
    depends neither on the length of a log nor on how much of it is wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from datetime import datetime
from typing import Final

from obelisk.api.convert.traces import (
    RUN_ID,
    delay_message,
    execution_message,
    request_message,
    run_message,
    scheduled_message,
)
from obelisk.api.paging import CHUNK
from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.trace_delays import Delay, Delays
from obelisk.core.events import DelayRequest, JoinSetRequest, LogEvent, Schedule
from obelisk.core.spans import Span, SpanKind
from obelisk.core.tracing import ExecutionTrace
from obelisk.errors import ExecutionNotFoundError
from obelisk.interfaces.executions import Executions
from obelisk.interfaces.storage import Held

KEPT: Final = 200
"""How many details are kept in memory."""


class TraceLog:
    """See the module's theory of operation. ``held`` is the execution as it was at ``now``."""

    def __init__(self, executions: Executions, held: Held, *, now: datetime) -> None:
        self._executions = executions
        self._held = held
        self._now = now

    async def spans(self, most: int) -> AsyncGenerator[admin.TraceSpan]:
        """Yield the execution's span, then up to ``most`` details.

        Raises ``ExecutionNotFoundError`` when the execution is gone.
        """
        kept: list[admin.TraceSpan] = []
        whole, count = admin.TraceSpan(), 0
        async for message in self._read():
            if message.kind == admin.TraceSpan.KIND_EXECUTION:
                whole = message
                continue
            count += 1
            if len(kept) < min(most, KEPT):
                kept.append(message)
        whole.left_out = max(count - most, 0)
        yield whole
        for message in kept:
            yield message
        if len(kept) < min(most, count):
            async with aclosing(self._after(len(kept), most)) as rest:
                async for message in rest:
                    yield message

    async def _after(self, first: int, end: int) -> AsyncGenerator[admin.TraceSpan]:
        """Yield the details from ``first`` to ``end``."""
        count = 0
        async for message in self._read():
            if message.kind != admin.TraceSpan.KIND_EXECUTION:
                count += 1
                if first < count <= end:
                    yield message

    async def _read(self) -> AsyncIterator[admin.TraceSpan]:
        trace, delays = ExecutionTrace(self._held.execution_id), Delays(self._executions, self._held)
        async for page in self._pages():
            for logged in page:
                for message in self._told(trace, delays, logged=logged):
                    yield message
            async for delay in delays.answered(page[-1].created_at):
                yield self._delay(trace, delay)
        async for delay in delays.rest():
            yield self._delay(trace, delay)
        if not trace.has_ended:
            for message in self._messages(trace.open_spans(self._now), are_open=True):
                yield message

    async def _pages(self) -> AsyncIterator[list[LogEvent]]:
        version, end = 0, self._held.state.next_version
        while version < end:
            limit = min(CHUNK, end - version)
            page = await self._executions.events(self._held.execution_id, from_version=version, limit=limit)
            if not page:
                raise ExecutionNotFoundError(f"execution not found: `{self._held.execution_id}`")
            yield page
            version += len(page)
            # A storage in memory answers without giving way.
            await asyncio.sleep(0)

    def _told(self, trace: ExecutionTrace, delays: Delays, *, logged: LogEvent) -> Iterable[admin.TraceSpan]:
        event = logged.event
        yield from self._messages(trace.feed(event, logged.created_at))
        if isinstance(event, JoinSetRequest) and isinstance(event.request, DelayRequest):
            delays.requested(event.request, logged.created_at)
        elif isinstance(event, Schedule) and event.result.ok is None:
            yield scheduled_message(event.execution_id, self._held.execution_id, at=logged.created_at)

    def _messages(self, spans: list[Span], *, are_open: bool = False) -> Iterable[admin.TraceSpan]:
        """Write spans that ended together; requests come before their run, and there is one run at most."""
        runs = {span.span_id: str(span.attributes[RUN_ID]) for span in spans if RUN_ID in span.attributes}
        for span in spans:
            if span.kind is SpanKind.CLIENT:
                yield request_message(span, self._held, run_id=runs[span.parent_id or ""])
            elif span.span_id in runs:
                yield run_message(span, self._held, now=self._now, is_open=are_open)
            else:
                yield execution_message(span, self._held, now=self._now)

    def _delay(self, trace: ExecutionTrace, delay: Delay) -> admin.TraceSpan:
        return delay_message(delay, self._held.execution_id, trace_id=trace.context.trace_id)
