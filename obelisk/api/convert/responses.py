"""Responses to what executions asked for."""

from __future__ import annotations

from obelisk.api.convert.basics import datetime_of, join_set_message, join_set_of, unknown
from obelisk.api.convert.results import result_message, result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import ChildExecutionFinished, DelayFinished, LogResponse, Response
from obelisk.ids import DelayId, ExecutionId

UNKNOWN_VERSION = 0
"""What ``finished_version`` is in a response that was read from a message: there is no place for it."""


def response_message(response: LogResponse) -> pb.ResponseWithCursor:
    """Write a response in its place."""
    event = pb.JoinSetResponseEvent(
        created_at=response.created_at, join_set_id=join_set_message(response.response.join_set_id)
    )
    _write(event, response.response)
    return pb.ResponseWithCursor(event=event, cursor=response.cursor)


def _write(event: pb.JoinSetResponseEvent, response: Response) -> None:
    if isinstance(response, DelayFinished):
        event.delay_finished.delay_id.id = response.delay_id
        event.delay_finished.success = response.success
    else:
        event.child_execution_finished.child_execution_id.id = response.child_execution_id
        event.child_execution_finished.value.CopyFrom(result_message(response.result))


def response_of(message: pb.ResponseWithCursor) -> LogResponse:
    """Read a response in its place, except for its ``finished_version``."""
    return LogResponse(message.cursor, datetime_of(message.event.created_at), _response_of(message.event))


def _response_of(event: pb.JoinSetResponseEvent) -> Response:
    join_set = join_set_of(event.join_set_id)
    match event.WhichOneof("response"):
        case "delay_finished":
            delay = event.delay_finished
            return DelayFinished(join_set, DelayId(delay.delay_id.id), delay.success)
        case "child_execution_finished":
            child = event.child_execution_finished
            child_id = ExecutionId(child.child_execution_id.id)
            return ChildExecutionFinished(join_set, child_id, UNKNOWN_VERSION, result_of(child.value))
        case _:
            raise unknown("a response")
