"""Executions and logs, read from a server page after page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from obelisk.api.convert.events import event_of
from obelisk.api.convert.responses import response_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.client import CallError
from obelisk.cli.connection import Connection
from obelisk.core.events import LogEvent, LogResponse

PAGE = 200
BEYOND = 2**32 - 1
"""A version that no log has; asking for it tells the last one without sending an event."""


class Wanted(Struct, frozen=True):
    """Which executions to list."""

    ffqn: str | None
    execution_id: str | None
    show_derived: bool = False
    hide_finished: bool = False
    component_digest: str | None = None


def executions(connection: Connection, wanted: Wanted, *, limit: int) -> Iterator[pb.ExecutionSummary]:
    """Yield executions, newest first."""
    page: Sequence[pb.ExecutionSummary] = ()
    while limit > 0:
        length = min(limit, PAGE)
        page = _page_after(connection, wanted, length, page)
        yield from page
        if len(page) < length:
            return
        limit -= len(page)


def _page_after(
    connection: Connection, wanted: Wanted, length: int, page: Sequence[pb.ExecutionSummary]
) -> Sequence[pb.ExecutionSummary]:
    """Return the page behind ``page``, also when its last executions, behind which it begins, were deleted meanwhile."""
    for last in reversed(page):
        cursor = pb.ListExecutionsRequest.Cursor(execution_id=last.execution_id)
        try:
            return connection.executions(_request(wanted, length, cursor)).executions
        except CallError as error:
            if not error.missing:
                raise
    begin = pb.ListExecutionsRequest.Cursor(created_at=page[-1].created_at) if page else None
    return connection.executions(_request(wanted, length, begin)).executions


def _request(wanted: Wanted, length: int, cursor: pb.ListExecutionsRequest.Cursor | None) -> pb.ListExecutionsRequest:
    digest = wanted.component_digest
    return pb.ListExecutionsRequest(
        function_name_prefix=wanted.ffqn,
        execution_id_prefix=wanted.execution_id,
        top_level_only=not wanted.show_derived,
        hide_finished=wanted.hide_finished,
        component_digest=None if digest is None else pb.ContentDigest(digest=digest),
        older_than=pb.ListExecutionsRequest.OlderThan(length=length, cursor=cursor),
    )


def events(connection: Connection, execution_id: str, *, version: int, limit: int) -> Iterator[LogEvent]:
    """Yield the log of an execution from ``version`` on."""
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


def last_version(connection: Connection, execution_id: str) -> int:
    """Return the version of an execution's last event."""
    request = pb.ListExecutionEventsRequest(execution_id=pb.ExecutionId(id=execution_id), version_from=BEYOND, length=1)
    return connection.events(request).max_version


def responses(connection: Connection, execution_id: str, *, cursor: int, limit: int) -> Iterator[LogResponse]:
    """Yield the responses of an execution from ``cursor`` on."""
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
