"""What replays would write."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from obelisk.api.convert.basics import (
    component_message,
    datetime_of,
    function_message,
    join_set_message,
    params_message,
    unknown,
)
from obelisk.api.convert.events import event_message, event_of, finished_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import Event, Finished
from obelisk.ids import ExecutionId, parent_of

if TYPE_CHECKING:  # what clients do not need takes them a fifth of a call to import
    from obelisk.interfaces.executions import CapturedExecution, CapturedWrite


class CapturedEvent(Struct, frozen=True):
    """An event that would be written; ``created_at`` is ``None`` for a last one, whose message has no place for it."""

    version: int
    created_at: datetime | None
    event: Event


def captured_message(execution_id: ExecutionId, write: CapturedWrite) -> pb.CapturedWrite:
    """Write what would be appended to an execution; which message it is follows from what is in the write."""
    if len(write.events) == 1 and not write.executions:
        last = write.events[0].event
        if isinstance(last, Finished):
            return pb.CapturedWrite(append_finished=_finished_message(execution_id, write))
        return pb.CapturedWrite(append=_append_message(execution_id, write))
    if write.executions:
        return pb.CapturedWrite(append_batch_create_new_execution=_creating_message(execution_id, write))
    return pb.CapturedWrite(append_batch=_batch_message(execution_id, write))


def _finished_message(execution_id: ExecutionId, write: CapturedWrite) -> pb.CapturedWrite.AppendFinished:
    message = pb.CapturedWrite.AppendFinished(
        execution_id=pb.ExecutionId(id=execution_id),
        version=write.version,
        event=event_message(write.events[0]).finished,
    )
    parent = parent_of(execution_id)
    if parent is not None:
        message.parent_execution_id.id = parent[0]
        message.parent_join_set_id.CopyFrom(join_set_message(parent[1]))
    return message


def _append_message(execution_id: ExecutionId, write: CapturedWrite) -> pb.CapturedWrite.Append:
    return pb.CapturedWrite.Append(
        execution_id=pb.ExecutionId(id=execution_id), version=write.version, event=event_message(write.events[0])
    )


def _batch_message(execution_id: ExecutionId, write: CapturedWrite) -> pb.CapturedWrite.AppendBatch:
    return pb.CapturedWrite.AppendBatch(
        execution_id=pb.ExecutionId(id=execution_id), version=write.version, events=map(event_message, write.events)
    )


def _creating_message(
    execution_id: ExecutionId, write: CapturedWrite
) -> pb.CapturedWrite.AppendBatchCreateNewExecution:
    # Whatever one write creates is created at the time of the write.
    created_at = write.events[-1].created_at if write.events else None
    return pb.CapturedWrite.AppendBatchCreateNewExecution(
        execution_id=pb.ExecutionId(id=execution_id),
        version=write.version,
        events=map(event_message, write.events),
        child_requests=[_create_message(execution, created_at) for execution in write.executions],
    )


def _create_message(execution: CapturedExecution, created_at: datetime | None) -> pb.CreateExecutionRequest:
    created = execution.created
    message = pb.CreateExecutionRequest(
        execution_id=pb.ExecutionId(id=execution.execution_id),
        function_name=function_message(created.ffqn),
        params=params_message(created.ffqn, created.params),
        scheduled_at=created.scheduled_at,
        component_id=component_message(created.component_id),
        deployment_id=pb.DeploymentId(id=created.deployment_id),
        created_at=created_at,
        metadata=created.metadata,
    )
    if created.scheduled_by is not None:
        message.scheduled_by.id = created.scheduled_by
    if created.parent is not None:
        message.parent_execution_id.id = created.parent[0]
        message.parent_join_set_id.CopyFrom(join_set_message(created.parent[1]))
    return message


def captured_events_of(message: pb.CapturedWrite) -> list[CapturedEvent]:
    """Read the events that a write would append to the execution, whichever kind of write it is."""
    name = message.WhichOneof("write")
    if name is None:
        raise unknown("a captured write")
    if name == "append_finished":
        last = message.append_finished
        return [CapturedEvent(last.version, None, finished_of(last.event))]
    events = [message.append.event] if name == "append" else getattr(message, name).events
    return [_captured_event(event) for event in events]


def _captured_event(message: pb.ExecutionEvent) -> CapturedEvent:
    event = event_of(message)
    return CapturedEvent(event.version, datetime_of(message.created_at), event.event)
