"""The call of ``Operations`` that tells what an execution and all below it did, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from obelisk.api.convert.traces import state_status
from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.trace_log import TraceLog
from obelisk.clock import Clock
from obelisk.errors import ExecutionNotFoundError
from obelisk.ids import LEVEL_SEPARATOR, ExecutionId, parse_execution_id
from obelisk.interfaces.executions import Executions
from obelisk.interfaces.storage import ExecutionQuery, Held, Order

PAGE: Final = 500
_ALL: Final = 2**63


class _Wanted(Struct, frozen=True):
    """How much of a tree is told of."""

    depth: int
    executions: int
    details: int


class TraceCalls:
    """Traces are read from the logs when they are asked for, whether or not anybody exports them."""

    _executions: Executions
    _clock: Clock

    async def get_trace(self, request: admin.GetTraceRequest) -> AsyncGenerator[admin.GetTraceResponse]:
        """Send the spans of an execution and of all below it, then how many executions were left out.

        Executions come in the order of their creation, so parents before children. What is created during the call is no
        part of it, and what is deleted during the call is left out.
        """
        execution_id, wanted, now = parse_execution_id(request.execution_id), _wanted(request), self._clock.now()
        told = left_out = 0
        async for held in self._tree(execution_id, now):
            if told >= wanted.executions or _depth(held.execution_id, execution_id) > wanted.depth:
                left_out += 1
                continue
            told += 1
            try:
                async with aclosing(TraceLog(self._executions, held, now=now).spans(wanted.details)) as spans:
                    async for span in spans:
                        yield admin.GetTraceResponse(span=await self._named(span, now))
            except ExecutionNotFoundError:
                if held.execution_id == execution_id:
                    raise
        yield admin.GetTraceResponse(left_out=left_out)

    async def _tree(self, execution_id: ExecutionId, now: datetime) -> AsyncIterator[Held]:
        """Yield an execution, then those below it that were created by ``now``, in the order of their creation."""
        yield Held(execution_id, await self._executions.get(execution_id))
        query = ExecutionQuery(
            now=now, limit=PAGE, order=Order.NEWER, execution_id_prefix=execution_id + LEVEL_SEPARATOR
        )
        last: Held | None = None
        while True:
            page = await self._executions.list(_after(query, last))
            for held in reversed(page):
                if held.state.created_at > now:
                    return
                yield held
            if len(page) < PAGE:
                return
            last = page[0]
            await asyncio.sleep(0)

    async def _named(self, span: admin.TraceSpan, now: datetime) -> admin.TraceSpan:
        """Add to the link to a scheduled execution which function it runs, and how it is; it may be gone."""
        if span.kind == admin.TraceSpan.KIND_SCHEDULED:
            try:
                state = await self._executions.get(ExecutionId(span.execution_id))
            except ExecutionNotFoundError:
                span.status_message = "it is not stored any more"
            else:
                span.name, span.status = state.ffqn, state_status(state, now)
                if state.is_finished:
                    span.ended_at.FromDatetime(state.due_at)
        return span


def _wanted(request: admin.GetTraceRequest) -> _Wanted:
    depth = request.max_depth if request.HasField("max_depth") else _ALL
    return _Wanted(depth, request.max_executions or _ALL, request.max_details or _ALL)


def _depth(execution_id: ExecutionId, root: ExecutionId) -> int:
    return execution_id.count(LEVEL_SEPARATOR) - root.count(LEVEL_SEPARATOR)


def _after(query: ExecutionQuery, last: Held | None) -> ExecutionQuery:
    if last is None:
        return query
    return replace(query, cursor_id=last.execution_id, cursor_created_at=last.state.created_at)
