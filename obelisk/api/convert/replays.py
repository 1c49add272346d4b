"""What replays found. Written only: a client shows the messages as they are."""

from __future__ import annotations

from obelisk.api.convert.captures import captured_message
from obelisk.api.convert.results import result_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import ReplayOutcome, ReplayReport

_Response = pb.ReplayExecutionResponse


def replay_message(execution_id: ExecutionId, report: ReplayReport) -> _Response:
    """Write what a replay of an execution found."""
    writes = [captured_message(execution_id, write) for write in report.writes]
    match report.outcome:
        case ReplayOutcome.ADVANCEABLE:
            return _Response(advanceable=_Response.Advanceable(captured_writes=writes))
        case ReplayOutcome.FINISHED:
            assert report.result is not None
            return _Response(finished=_Response.Finished(result=result_message(report.result)))
        case ReplayOutcome.BLOCKED:
            return _Response(blocked=_Response.Blocked())
        case ReplayOutcome.FAILED:
            return _Response(replay_failed=_Response.ReplayFailed(error=report.error or "", captured_writes=writes))
