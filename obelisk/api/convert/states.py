"""What executions are doing. Written only: a client shows the messages as they are."""

from __future__ import annotations

from obelisk.api.convert.basics import function_message, join_set_message, role_name
from obelisk.api.convert.results import result_kind_message, result_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import ResultKind
from obelisk.core.state import Lifecycle, State, Status
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import FinishedExecution


def status_message(state: State) -> pb.ExecutionStatus:
    """Write what an execution is doing."""
    digest = pb.ContentDigest(digest=state.component_id.component_digest)
    if state.status is Status.FINISHED:
        return pb.ExecutionStatus(component_digest=digest, finished=_finished(state))
    if state.lifecycle is Lifecycle.PAUSED:
        return pb.ExecutionStatus(component_digest=digest, paused=pb.ExecutionStatus.Paused())
    if state.lifecycle is Lifecycle.CANCELLING:
        return pb.ExecutionStatus(component_digest=digest, cancelling=pb.ExecutionStatus.Cancelling())
    if state.status is Status.PENDING:
        pending = pb.ExecutionStatus.PendingAt(scheduled_at=state.due_at)
        return pb.ExecutionStatus(component_digest=digest, pending_at=pending)
    if state.status is Status.LOCKED:
        return pb.ExecutionStatus(component_digest=digest, locked=_locked(state))
    return pb.ExecutionStatus(component_digest=digest, blocked_by_join_set=_blocked(state))


def _finished(state: State) -> pb.ExecutionStatus.Finished:
    kind = result_kind_message(state.result_kind or ResultKind.EXECUTION_FAILURE, state.failure_kind)
    return pb.ExecutionStatus.Finished(finished_at=state.due_at, result_kind=kind)


def _locked(state: State) -> pb.ExecutionStatus.Locked:
    run = None if state.held_by is None else pb.RunId(id=state.held_by.run_id)
    return pb.ExecutionStatus.Locked(run_id=run, lock_expires_at=state.due_at)


def _blocked(state: State) -> pb.ExecutionStatus.BlockedByJoinSet:
    join_set = None if state.join_set_id is None else join_set_message(state.join_set_id)
    return pb.ExecutionStatus.BlockedByJoinSet(
        join_set_id=join_set, lock_expires_at=state.due_at, closing=state.closing
    )


def summary_message(execution_id: ExecutionId, state: State) -> pb.ExecutionSummary:
    """Write which execution it is and what it is doing."""
    return pb.ExecutionSummary(
        execution_id=pb.ExecutionId(id=execution_id),
        function_name=function_message(state.ffqn),
        current_status=status_message(state),
        created_at=state.created_at,
        first_scheduled_at=state.scheduled_at,
        component_digest=pb.ContentDigest(digest=state.component_id.component_digest),
        deployment_id=pb.DeploymentId(id=state.deployment_id),
        component_type=role_name(state.component_id.component_type),
    )


def finished_message(finished: FinishedExecution) -> pb.FinishedStatus:
    """Write how and when an execution ended."""
    return pb.FinishedStatus(
        created_at=finished.created_at,
        scheduled_at=finished.scheduled_at,
        finished_at=finished.finished_at,
        value=result_message(finished.result),
    )
