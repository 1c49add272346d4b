"""The calls of ``ExecutionRepository`` that read logs."""

from __future__ import annotations

from obelisk.api.convert.events import event_message
from obelisk.api.convert.responses import response_message
from obelisk.api.convert.states import status_message
from obelisk.api.paging import PAGE_BYTES, fetch_page
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.requests import execution_id_argument, length_argument, require
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import Executions


class LogCalls:
    """Pages of events and responses. One may have fewer than were asked for; its maxima tell whether there are more."""

    _executions: Executions

    async def list_execution_events(self, request: pb.ListExecutionEventsRequest) -> pb.ListExecutionEventsResponse:
        """Answer with a page of an execution's log; ``max_version`` tells whether there is more."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        state = await self._executions.get(execution_id)
        events = await self._events(
            execution_id, request.version_from, length=length_argument(request.length), room=PAGE_BYTES
        )
        return pb.ListExecutionEventsResponse(events=events, max_version=state.next_version - 1)

    async def list_responses(self, request: pb.ListResponsesRequest) -> pb.ListResponsesResponse:
        """Answer with a page of responses; ``max_cursor`` tells whether there are more."""
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        state = await self._executions.get(execution_id)
        responses = await self._responses(
            execution_id,
            request.cursor_from - request.including_cursor,
            length=length_argument(request.length),
            room=PAGE_BYTES,
            first_fits=True,
        )
        return pb.ListResponsesResponse(responses=responses, max_cursor=state.cursor)

    async def list_execution_events_and_responses(
        self, request: pb.ListExecutionEventsAndResponsesRequest
    ) -> pb.ListExecutionEventsAndResponsesResponse:
        """Answer with a page of both and what the execution is doing.

        Both fit into one answer: events take up to half of it and responses the rest, which after a large event may be
        no room for a single response.
        """
        require(request, "execution_id")
        execution_id = execution_id_argument(request.execution_id)
        state = await self._executions.get(execution_id)
        events = await self._events(
            execution_id, request.version_from, length=length_argument(request.events_length), room=PAGE_BYTES // 2
        )
        responses = await self._responses(
            execution_id,
            request.responses_cursor_from - request.responses_including_cursor,
            length=length_argument(request.responses_length),
            room=PAGE_BYTES - sum(event.ByteSize() for event in events),
            first_fits=not events,
        )
        return pb.ListExecutionEventsAndResponsesResponse(
            events=events,
            responses=responses,
            current_status=status_message(state),
            max_version=state.next_version - 1,
            max_cursor=state.cursor,
        )

    async def _events(
        self, execution_id: ExecutionId, version: int, *, length: int, room: int
    ) -> list[pb.ExecutionEvent]:
        return await fetch_page(
            lambda start, limit: self._executions.events(execution_id, from_version=start, limit=limit),
            event_message,
            start=version,
            length=length,
            room=room,
        )

    async def _responses(
        self, execution_id: ExecutionId, cursor: int, *, length: int, room: int, first_fits: bool
    ) -> list[pb.ResponseWithCursor]:
        return await fetch_page(
            lambda start, limit: self._executions.responses(execution_id, after_cursor=start, limit=limit),
            response_message,
            start=max(cursor, 0),
            length=length,
            room=room,
            first_fits=first_fits,
        )
