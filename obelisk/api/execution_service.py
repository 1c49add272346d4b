"""``ExecutionRepository``: executions are started, listed and watched."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import grpc
import msgspec
from google.protobuf.message import Message

from obelisk.api.convert.events import event_message
from obelisk.api.convert.responses import response_message
from obelisk.api.convert.states import finished_message, status_message, summary_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.requests import (
    execution_id_argument,
    function_argument,
    length_argument,
    new_execution_id_argument,
    params_argument,
    require,
    with_filters,
    with_page,
)
from obelisk.api.status import CallRefusedError
from obelisk.clock import Clock
from obelisk.core.state import State
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import Executions, SubmitOutcome
from obelisk.interfaces.storage import ExecutionQuery

PAGE_BYTES = 3 * 1024 * 1024
"""A page ends before it is larger than this, which clients take by default; its first entry is always sent."""

CHUNK = 100

E = TypeVar("E")
M = TypeVar("M", bound=Message)

_OUTCOMES = {
    SubmitOutcome.CREATED: "OUTCOME_CREATED",
    SubmitOutcome.EXISTS: "OUTCOME_EXISTS_WITH_SAME_PARAMETERS",
}


class ExecutionService:
    """The calls of ``ExecutionRepository``; see ``calls`` for how they are served."""

    def __init__(self, executions: Executions, *, clock: Clock) -> None:
        self._executions = executions
        self._clock = clock

    async def generate_execution_id(self, request: pb.GenerateExecutionIdRequest) -> pb.GenerateExecutionIdResponse:
        """Answer with a new id."""
        return pb.GenerateExecutionIdResponse(execution_id=pb.ExecutionId(id=self._executions.generate_id()))

    async def submit(self, request: pb.SubmitRequest) -> pb.SubmitResponse:
        """Create an execution, or find that it exists with the same parameters."""
        require(request, "execution_id", "function_name", "params")
        if request.paused:
            raise CallRefusedError(grpc.StatusCode.UNIMPLEMENTED, "submitting a paused execution is not implemented")
        submission = await self._executions.submit(
            function_argument(request.function_name),
            params_argument(request.params.value),
            execution_id=new_execution_id_argument(request.execution_id),
        )
        return pb.SubmitResponse(outcome=_OUTCOMES[submission.outcome])

    async def get_status(self, request: pb.GetStatusRequest) -> AsyncGenerator[pb.GetStatusResponse]:
        """Send what an execution is doing, with ``follow`` until it is finished, then how it ended if that is wanted."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        last: pb.ExecutionStatus | None = None
        states = self._states(execution_id, follow=request.follow)
        async for state in states:
            status = status_message(state)
            if last is None:
                yield pb.GetStatusResponse(summary=summary_message(execution_id, state))
            elif status != last:
                yield pb.GetStatusResponse(current_status=status)
            last = status
        finished = await self._executions.finished(execution_id) if request.send_finished_status else None
        if finished is not None:
            yield pb.GetStatusResponse(finished_status=finished_message(finished))

    async def _states(self, execution_id: ExecutionId, *, follow: bool) -> AsyncIterator[State]:
        if not follow:
            yield await self._executions.get(execution_id)
            return
        watched = self._executions.watch(execution_id)
        try:
            async for state in watched:
                yield state
        finally:
            if isinstance(watched, AsyncGenerator):
                await watched.aclose()

    async def list_executions(self, request: pb.ListExecutionsRequest) -> pb.ListExecutionsResponse:
        """Answer with a page of executions, newest first."""
        query = with_page(with_filters(ExecutionQuery(now=self._clock.now()), request), request)
        if query.cursor_id is not None:
            state = await self._executions.get(query.cursor_id)
            query = msgspec.structs.replace(query, cursor_created_at=state.created_at)
        found = await self._executions.list(query)
        return pb.ListExecutionsResponse(executions=[summary_message(held.execution_id, held.state) for held in found])

    async def list_execution_events(self, request: pb.ListExecutionEventsRequest) -> pb.ListExecutionEventsResponse:
        """Answer with a page of an execution's log; ``max_version`` tells whether there is more."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        state = await self._executions.get(execution_id)
        events = await _page(
            lambda start, limit: self._executions.events(execution_id, from_version=start, limit=limit),
            event_message,
            start=request.version_from,
            length=length_argument(request.length),
        )
        return pb.ListExecutionEventsResponse(events=events, max_version=state.next_version - 1)

    async def list_responses(self, request: pb.ListResponsesRequest) -> pb.ListResponsesResponse:
        """Answer with a page of responses; ``max_cursor`` tells whether there are more."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        state = await self._executions.get(execution_id)
        responses = await _page(
            lambda start, limit: self._executions.responses(execution_id, after_cursor=start, limit=limit),
            response_message,
            start=max(request.cursor_from - request.including_cursor, 0),
            length=length_argument(request.length),
        )
        return pb.ListResponsesResponse(responses=responses, max_cursor=state.cursor)


async def _page(
    fetch: Callable[[int, int], Awaitable[Sequence[E]]], write: Callable[[E], M], *, start: int, length: int
) -> list[M]:
    """Fetch entries in chunks, so that neither a large page nor large entries are held in memory twice."""
    page: list[M] = []
    size = 0
    while len(page) < length:
        wanted = min(CHUNK, length - len(page))
        entries = await fetch(start + len(page), wanted)
        for message in map(write, entries):
            size += message.ByteSize()
            if page and size > PAGE_BYTES:
                return page
            page.append(message)
        if len(entries) < wanted:
            break
    return page
