"""What a client sees of executions: their logs, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc

from obelisk.api.convert.events import event_of
from obelisk.api.convert.responses import response_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import (
    OK_OUTCOME,
    ChildExecutionRequest,
    Created,
    Finished,
    JoinSetRequest,
    LogEvent,
    LogResponse,
)
from obelisk.ids import ExecutionId

PAGE = 500


@dataclass(frozen=True)
class Seen:
    """The log of an execution, as far as it went."""

    ident: ExecutionId
    events: tuple[LogEvent, ...]
    responses: tuple[LogResponse, ...]

    @property
    def created(self) -> Created:
        event = self.events[0].event
        assert isinstance(event, Created), event
        return event

    @property
    def finishes(self) -> list[Finished]:
        return [logged.event for logged in self.events if isinstance(logged.event, Finished)]

    @property
    def is_finished(self) -> bool:
        return bool(self.finishes)

    def children(self) -> Iterator[ExecutionId]:
        """Yield the children that it asked for and got, in that order."""
        for request in self.requests():
            if isinstance(request, ChildExecutionRequest) and request.result == OK_OUTCOME:
                yield request.child_execution_id

    def requests(self) -> Iterator[Any]:
        """Yield what it asked for: children and delays."""
        for logged in self.events:
            if isinstance(logged.event, JoinSetRequest):
                yield logged.event.request


View = dict[ExecutionId, Seen]


async def see(stub: Any, ident: ExecutionId, *, seconds: float) -> Seen | None:
    """Return the log of an execution, ``None`` when there is none. Raises ``grpc.RpcError``.

    Events and responses are read one after the other: events later, so that they hold what was asked for, and responses once
    more when there are no more to come.
    """
    try:
        responses = await _responses(stub, ident, seconds=seconds)
        events = await _events(stub, ident, seconds=seconds)
        if isinstance(events[-1].event, Finished):
            responses = await _responses(stub, ident, seconds=seconds)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return Seen(ident, tuple(events), tuple(responses))


async def _responses(stub: Any, ident: ExecutionId, *, seconds: float) -> list[LogResponse]:
    found: list[LogResponse] = []
    while True:
        request = pb.ListResponsesRequest(
            execution_id=pb.ExecutionId(id=ident), cursor_from=len(found), length=PAGE, including_cursor=False
        )
        page = (await stub.ListResponses(request, timeout=seconds)).responses
        found += map(response_of, page)
        if len(page) < PAGE:
            return found


async def _events(stub: Any, ident: ExecutionId, *, seconds: float) -> list[LogEvent]:
    found: list[LogEvent] = []
    while True:
        request = pb.ListExecutionEventsRequest(
            execution_id=pb.ExecutionId(id=ident), version_from=len(found), length=PAGE
        )
        page = (await stub.ListExecutionEvents(request, timeout=seconds)).events
        found += map(event_of, page)
        if len(page) < PAGE:
            return found


async def see_all(stub: Any, *, seconds: float) -> tuple[View, list[str]]:
    """Return the logs of all executions, parents before children, and what is asked for in one but does not exist."""
    waiting, view, missing = await _list(stub, seconds=seconds), View(), []
    waiting.sort(key=lambda ident: ident.count("."))
    known = set(waiting)
    for ident in waiting:  # grows: what was created after the list was made
        found = await see(stub, ident, seconds=seconds)
        if found is None:
            missing.append(ident)
            continue
        view[ident] = found
        waiting += [new for new in found.children() if new not in known]
        known.update(found.children())
    return view, [f"{ident} was listed or asked for by its parent, and does not exist" for ident in missing]


async def _list(stub: Any, *, seconds: float) -> list[ExecutionId]:
    found: list[ExecutionId] = []
    cursor = None
    while True:
        older = pb.ListExecutionsRequest.OlderThan(length=PAGE)
        if cursor is not None:
            older.cursor.execution_id.CopyFrom(cursor)
        page = (await stub.ListExecutions(pb.ListExecutionsRequest(older_than=older), timeout=seconds)).executions
        found += [ExecutionId(summary.execution_id.id) for summary in page]
        if len(page) < PAGE:
            return found
        cursor = page[-1].execution_id
