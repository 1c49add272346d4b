"""When the delays of an execution began and ended."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from obelisk.api.paging import CHUNK
from obelisk.core.events import DelayFinished, DelayRequest, LogResponse
from obelisk.errors import ExecutionNotFoundError
from obelisk.ids import DelayId
from obelisk.interfaces.executions import Executions
from obelisk.interfaces.storage import Held


class Delay(Struct, frozen=True):
    """A delay from its request to its response; it goes on while ``ended_at`` is ``None``.

    ``was_due`` is false for one that ended before: it was cancelled, or its execution ended.
    """

    delay_id: DelayId
    requested_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    was_due: bool = False


class Delays:
    """Joins the delays that an execution asked for with its responses, both read in their order.

    Only delays that are open at the same time are in memory together, and responses are read only when there is a delay
    to wait for. Methods raise ``ExecutionNotFoundError`` when the execution is gone.
    """

    def __init__(self, executions: Executions, held: Held) -> None:
        self._executions = executions
        self._held = held
        self._cursor = 0
        self._read: deque[LogResponse] = deque()
        self._open: dict[DelayId, Delay] = {}
        self._ended: list[Delay] = []
        self._early: dict[DelayId, LogResponse] = {}

    def requested(self, request: DelayRequest, at: datetime) -> None:
        """Take note of a request that was made at ``at``."""
        self._open[request.delay_id] = Delay(request.delay_id, at, request.expires_at)
        response = self._early.pop(request.delay_id, None)
        if response is not None:
            self._end(response)

    async def answered(self, until: datetime) -> AsyncGenerator[Delay]:
        """Yield the delays that ended by ``until``."""
        while self._open and (response := await self._next(until)) is not None:
            self._end(response)
            while self._ended:
                yield self._ended.pop()

    async def rest(self) -> AsyncGenerator[Delay]:
        """Yield what is left: delays that ended later, and those that go on, or ended with their execution."""
        while self._ended:
            yield self._ended.pop()
        async for delay in self.answered(datetime.max.replace(tzinfo=self._held.state.created_at.tzinfo)):
            yield delay
        state = self._held.state
        for delay in self._open.values():
            yield replace(delay, ended_at=state.due_at) if state.is_finished else delay

    def _end(self, logged: LogResponse) -> None:
        response = logged.response
        if not isinstance(response, DelayFinished):
            return
        delay = self._open.pop(response.delay_id, None)
        if delay is None:
            # The clocks of two processes differ.
            self._early[response.delay_id] = logged
        else:
            self._ended.append(replace(delay, ended_at=logged.created_at, was_due=response.success))

    async def _next(self, until: datetime) -> LogResponse | None:
        if not self._read and self._cursor < self._held.state.cursor:
            await self._read_page()
        return self._read.popleft() if self._read and self._read[0].created_at <= until else None

    async def _read_page(self) -> None:
        limit = min(CHUNK, self._held.state.cursor - self._cursor)
        ident = self._held.execution_id
        page = await self._executions.responses(ident, after_cursor=self._cursor, limit=limit)
        if not page:
            raise ExecutionNotFoundError(f"execution not found: `{ident}`")
        self._cursor = page[-1].cursor
        self._read.extend(page)
