"""``obelisk_admin.v1.Executions``: what ``ExecutionRepository`` has no call for."""

from __future__ import annotations

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.ids import parse_execution_id
from obelisk.interfaces.executions import Executions


class DeletionService:
    """The calls of ``obelisk_admin.v1.Executions``; see ``calls`` for how they are served."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    async def delete(self, request: admin.DeleteExecutionRequest) -> admin.DeleteExecutionResponse:
        """Delete a top-level execution that has finished, with everything below it."""
        deleted = await self._executions.delete(parse_execution_id(request.execution_id))
        return admin.DeleteExecutionResponse(deleted=deleted)
