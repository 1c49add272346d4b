"""The calls of ``ExecutionRepository`` that act on executions and delays that exist."""

from __future__ import annotations

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.requests import delay_id_argument, execution_id_argument, require, value_argument
from obelisk.interfaces.executions import CancelOutcome, DelayOutcome, Executions

_CANCEL_OUTCOMES = {
    CancelOutcome.REQUESTED: "CANCEL_EXECUTION_OUTCOME_CANCELLATION_REQUESTED",
    CancelOutcome.ALREADY_FINISHED: "CANCEL_EXECUTION_OUTCOME_ALREADY_FINISHED",
    CancelOutcome.ALREADY_CANCELLING: "CANCEL_EXECUTION_OUTCOME_ALREADY_CANCELLING",
}
_CANCEL_DELAY_OUTCOMES = {
    DelayOutcome.DONE: "CANCEL_DELAY_OUTCOME_CANCELLED",
    DelayOutcome.ALREADY_FINISHED: "CANCEL_DELAY_OUTCOME_ALREADY_FINISHED",
}
_PAUSE_DELAY_OUTCOMES = {
    DelayOutcome.DONE: "PAUSE_DELAY_OUTCOME_PAUSED",
    DelayOutcome.ALREADY_FINISHED: "PAUSE_DELAY_OUTCOME_ALREADY_FINISHED",
}
_UNPAUSE_DELAY_OUTCOMES = {
    DelayOutcome.DONE: "UNPAUSE_DELAY_OUTCOME_UNPAUSED",
    DelayOutcome.ALREADY_FINISHED: "UNPAUSE_DELAY_OUTCOME_ALREADY_FINISHED",
}


class ControlCalls:
    """Cancel, pause, unpause, and give a stub its result."""

    _executions: Executions

    async def cancel_execution(self, request: pb.CancelExecutionRequest) -> pb.CancelExecutionResponse:
        """Cancel an activity, or ask a workflow to end."""
        require(request, "execution_id")
        outcome = await self._executions.cancel(execution_id_argument(request.execution_id))
        return pb.CancelExecutionResponse(outcome=_CANCEL_OUTCOMES[outcome])

    async def cancel_delay(self, request: pb.CancelDelayRequest) -> pb.CancelDelayResponse:
        """End a delay with an error."""
        require(request, "delay_id")
        outcome = await self._executions.cancel_delay(delay_id_argument(request.delay_id))
        return pb.CancelDelayResponse(outcome=_CANCEL_DELAY_OUTCOMES[outcome])

    async def pause_execution(self, request: pb.PauseExecutionRequest) -> pb.PauseExecutionResponse:
        """Have nothing run an execution."""
        require(request, "execution_id")
        await self._executions.pause(execution_id_argument(request.execution_id))
        return pb.PauseExecutionResponse()

    async def unpause_execution(self, request: pb.UnpauseExecutionRequest) -> pb.UnpauseExecutionResponse:
        """Let a paused execution go on."""
        require(request, "execution_id")
        await self._executions.unpause(execution_id_argument(request.execution_id))
        return pb.UnpauseExecutionResponse()

    async def pause_delay(self, request: pb.PauseDelayRequest) -> pb.PauseDelayResponse:
        """Keep a delay from ending."""
        require(request, "delay_id")
        outcome = await self._executions.pause_delay(delay_id_argument(request.delay_id))
        return pb.PauseDelayResponse(outcome=_PAUSE_DELAY_OUTCOMES[outcome])

    async def unpause_delay(self, request: pb.UnpauseDelayRequest) -> pb.UnpauseDelayResponse:
        """Let a delay end when it is due."""
        require(request, "delay_id")
        outcome = await self._executions.unpause_delay(delay_id_argument(request.delay_id))
        return pb.UnpauseDelayResponse(outcome=_UNPAUSE_DELAY_OUTCOMES[outcome])

    async def stub(self, request: pb.StubRequest) -> pb.StubResponse:
        """Give a stub execution its result."""
        require(request, "execution_id", "return_value")
        execution_id = execution_id_argument(request.execution_id)
        await self._executions.stub(execution_id, value_argument(request.return_value.value))
        return pb.StubResponse()
