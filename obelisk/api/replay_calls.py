"""The calls of ``ExecutionRepository`` that replay logs against components."""

from __future__ import annotations

from obelisk.api.convert.replays import replay_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.requests import execution_id_argument, require
from obelisk.interfaces.executions import Executions


class ReplayCalls:
    """Replay an execution, and let it go on with another component."""

    _executions: Executions

    async def replay_execution(self, request: pb.ReplayExecutionRequest) -> pb.ReplayExecutionResponse:
        """Answer with what a replay found; nothing is written."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        return replay_message(execution_id, await self._executions.replay(execution_id))

    async def upgrade_execution_component(
        self, request: pb.UpgradeExecutionComponentRequest
    ) -> pb.UpgradeExecutionComponentResponse:
        """Let an execution go on with another component."""
        require(request, "execution_id", "expected_component_digest", "new_component_digest")
        await self._executions.upgrade(
            execution_id_argument(request.execution_id),
            expected=request.expected_component_digest.digest,
            new=request.new_component_digest.digest,
            skip_determinism_check=request.skip_determinism_check,
        )
        return pb.UpgradeExecutionComponentResponse()
