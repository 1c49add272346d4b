"""How ``execution list``, ``events`` and ``responses`` work: page after page until the limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
import msgspec
from msgspec import Raw, Struct

from obelisk.api.convert.basics import datetime_of, function_of
from obelisk.api.convert.events import event_of
from obelisk.api.convert.responses import response_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import Connection, connected
from obelisk.cli.execution_view import execution_line, print_table, status_text, time_text
from obelisk.cli.follow import Timing, system_timing
from obelisk.cli.output import print_json_line, print_line
from obelisk.core.events import LogEvent, LogResponse, encode_event
from obelisk.ids import parse_execution_id

PAGE = 200


class Wanted(Struct, frozen=True):
    """Which executions to list."""

    ffqn: str | None
    execution_id: str | None
    show_derived: bool = False
    hide_finished: bool = False


class EventLine(Struct, frozen=True):
    """A line of ``events --json``; the event is as it is stored."""

    version: int
    created_at: datetime
    event: Raw


class ResponseLine(Struct, frozen=True):
    """A line of ``responses --json``."""

    cursor: int
    created_at: datetime
    response: Any


def print_executions(wanted: Wanted, *, limit: int, as_json: bool) -> None:
    """Print executions, newest first."""
    timing = click.get_current_context().find_object(Timing) or system_timing()
    now = timing.clock.now()
    with connected() as connection:
        found = _executions(connection, wanted, limit=limit)
        if as_json:
            for summary in found:
                print_json_line(execution_line(summary, now))
        else:
            print_table([("EXECUTION", "STATUS", "CREATED", "FUNCTION"), *(_row(summary, now) for summary in found)])


def print_events(execution_id: str, *, version: int, limit: int, as_json: bool) -> None:
    """Print the log of an execution from ``version`` on."""
    parse_execution_id(execution_id)
    with connected() as connection:
        for event in _events(connection, execution_id, version=version, limit=limit):
            line = EventLine(event.version, event.created_at, Raw(encode_event(event.event)))
            if as_json:
                print_json_line(line)
            else:
                print_line(f"{line.version}  {time_text(line.created_at)}  {bytes(line.event).decode()}")


def print_responses(execution_id: str, *, cursor: int, limit: int, as_json: bool) -> None:
    """Print the responses of an execution from ``cursor`` on."""
    parse_execution_id(execution_id)
    with connected() as connection:
        for response in _responses(connection, execution_id, cursor=cursor, limit=limit):
            line = _response_line(response)
            if as_json:
                print_json_line(line)
            else:
                text = msgspec.json.encode(line.response).decode()
                print_line(f"{line.cursor}  {time_text(line.created_at)}  {text}")


def _row(summary: pb.ExecutionSummary, now: datetime) -> tuple[str, ...]:
    return (
        summary.execution_id.id,
        status_text(summary.current_status, now),
        time_text(datetime_of(summary.created_at)),
        function_of(summary.function_name),
    )


def _response_line(response: LogResponse) -> ResponseLine:
    # The version of the child's last event does not travel; see `obelisk.api.convert`.
    shown = msgspec.to_builtins(response.response)
    shown.pop("finished_version", None)
    return ResponseLine(response.cursor, response.created_at, shown)


def _executions(connection: Connection, wanted: Wanted, *, limit: int) -> Iterator[pb.ExecutionSummary]:
    older = pb.ListExecutionsRequest.OlderThan
    cursor: pb.ListExecutionsRequest.Cursor | None = None
    while limit > 0:
        length = min(limit, PAGE)
        request = pb.ListExecutionsRequest(
            function_name_prefix=wanted.ffqn,
            execution_id_prefix=wanted.execution_id,
            top_level_only=not wanted.show_derived,
            hide_finished=wanted.hide_finished,
            older_than=older(length=length, cursor=cursor),
        )
        page = connection.executions(request).executions
        yield from page
        if len(page) < length:
            return
        limit -= len(page)
        cursor = pb.ListExecutionsRequest.Cursor(execution_id=page[-1].execution_id)


def _events(connection: Connection, execution_id: str, *, version: int, limit: int) -> Iterator[LogEvent]:
    while limit > 0:
        request = pb.ListExecutionEventsRequest(
            execution_id=pb.ExecutionId(id=execution_id), version_from=version, length=min(limit, PAGE)
        )
        page = connection.events(request)
        yield from map(event_of, page.events)
        limit -= len(page.events)
        version += len(page.events)
        if not page.events or version > page.max_version:
            return


def _responses(connection: Connection, execution_id: str, *, cursor: int, limit: int) -> Iterator[LogResponse]:
    cursor = max(cursor, 1)
    while limit > 0:
        request = pb.ListResponsesRequest(
            execution_id=pb.ExecutionId(id=execution_id),
            cursor_from=cursor,
            length=min(limit, PAGE),
            including_cursor=True,
        )
        page = connection.responses(request)
        yield from map(response_of, page.responses)
        limit -= len(page.responses)
        cursor += len(page.responses)
        if not page.responses or cursor > page.max_cursor:
            return
