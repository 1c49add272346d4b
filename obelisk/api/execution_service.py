"""``ExecutionRepository``: executions are started, listed and watched here; the other calls are mixed in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from obelisk.api.caller import Caller
from obelisk.api.control_calls import ControlCalls
from obelisk.api.convert.states import finished_message, status_message, summary_message
from obelisk.api.line_calls import LineCalls
from obelisk.api.log_calls import LogCalls
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.replay_calls import ReplayCalls
from obelisk.api.requests import (
    execution_id_argument,
    function_argument,
    new_execution_id_argument,
    params_argument,
    require,
    with_filters,
    with_page,
)
from obelisk.clock import Clock
from obelisk.core.state import State
from obelisk.errors import ExecutionNotFoundError
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import Executions, SubmitOutcome
from obelisk.interfaces.storage import ExecutionQuery

FOLLOW_PACE: Final = timedelta(milliseconds=100)
"""A message for each state of a busy execution would take the server more time than the execution does."""
_OUTCOMES = {
    SubmitOutcome.CREATED: "OUTCOME_CREATED",
    SubmitOutcome.EXISTS: "OUTCOME_EXISTS_WITH_SAME_PARAMETERS",
}


class ExecutionService(LogCalls, LineCalls, ControlCalls, ReplayCalls):
    """The calls of ``ExecutionRepository``; see ``calls`` for how they are served."""

    def __init__(self, executions: Executions, *, clock: Clock) -> None:
        self._executions = executions
        self._clock = clock

    async def generate_execution_id(self, request: pb.GenerateExecutionIdRequest) -> pb.GenerateExecutionIdResponse:
        """Answer with a new id."""
        return pb.GenerateExecutionIdResponse(execution_id=pb.ExecutionId(id=self._executions.generate_id()))

    async def submit(self, request: pb.SubmitRequest, caller: Caller) -> pb.SubmitResponse:
        """Create an execution, paused if that is asked, or find that it exists with the same parameters.

        A new one is part of the caller's trace; one that exists stays in its own.
        """
        require(request, "execution_id", "function_name", "params")
        submission = await self._executions.submit(
            function_argument(request.function_name),
            params_argument(request.params.value),
            execution_id=new_execution_id_argument(request.execution_id),
            metadata=caller.trace_metadata,
            paused=request.paused,
        )
        return pb.SubmitResponse(outcome=_OUTCOMES[submission.outcome])

    async def get_status(self, request: pb.GetStatusRequest) -> AsyncGenerator[pb.GetStatusResponse]:
        """Send what an execution is doing, with ``follow`` until it is finished, then how it ended if that is wanted."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        last: pb.ExecutionStatus | None = None
        state: State | None = None
        states = self._states(execution_id, follow=request.follow)
        async for state in states:
            status = status_message(state)
            if last is None:
                yield pb.GetStatusResponse(summary=summary_message(execution_id, state))
            elif status != last:
                yield pb.GetStatusResponse(current_status=status)
            last = status
        finished = None
        if request.send_finished_status:
            finished = await self._executions.finished(execution_id, seen=state)
        if finished is not None:
            yield pb.GetStatusResponse(finished_status=finished_message(finished))

    async def _states(self, execution_id: ExecutionId, *, follow: bool) -> AsyncIterator[State]:
        if not follow:
            yield await self._executions.get(execution_id)
            return
        watched = self._executions.watch(execution_id, pace=FOLLOW_PACE)
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
            query = msgspec.structs.replace(query, cursor_created_at=await self._created_at(query.cursor_id))
        found = await self._executions.list(query)
        return pb.ListExecutionsResponse(executions=[summary_message(held.execution_id, held.state) for held in found])

    async def _created_at(self, cursor: ExecutionId) -> datetime:
        try:
            return (await self._executions.get(cursor)).created_at
        except ExecutionNotFoundError as error:
            raise ExecutionNotFoundError(
                f"the cursor `{cursor}` names no execution, perhaps it was deleted; begin at another, or at a time"
            ) from error
