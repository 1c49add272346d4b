"""``Operations``: a running server is looked into and tuned here."""

from __future__ import annotations

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.trace_calls import TraceCalls
from obelisk.clock import Clock
from obelisk.interfaces.executions import Executions
from obelisk.runtime.server_log.logs import ServerLogs


class OperationsService(TraceCalls):
    """The calls of ``Operations``; see ``calls`` for how they are served."""

    def __init__(self, logs: ServerLogs, executions: Executions, *, clock: Clock) -> None:
        self._logs = logs
        self._executions = executions
        self._clock = clock

    async def get_log_levels(self, request: admin.GetLogLevelsRequest) -> admin.LogLevels:
        """Answer with the filter of each log that is on."""
        return self._levels()

    async def set_log_level(self, request: admin.SetLogLevelRequest) -> admin.LogLevels:
        """Change a filter, and answer with all of them."""
        self._logs.set_level(request.filter, request.sink or None)
        return self._levels()

    def _levels(self) -> admin.LogLevels:
        sinks = [admin.LogLevels.Sink(name=each.sink, filter=str(each.wanted)) for each in self._logs.levels()]
        return admin.LogLevels(sinks=sinks)
