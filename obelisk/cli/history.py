"""How ``execution history`` works: events and responses as they followed each other."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice

from obelisk.api.convert.events import event_of
from obelisk.api.convert.responses import response_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import Connection, connected
from obelisk.cli.log_view import print_event, print_response
from obelisk.cli.pages import PAGE
from obelisk.core.events import DelayFinished, DelayRequest, JoinSetRequest, LogEvent, LogResponse
from obelisk.ids import parse_execution_id


def print_history(execution_id: str, *, version: int, cursor: int, limit: int, as_json: bool) -> None:
    """Print events from ``version`` on and responses from ``cursor`` on, ``limit`` together.

    They are in the order of their times, each kind in its own order. Of equal times a response goes first, or after its
    request: what a workflow does next is written together with the response that it waited for.
    """
    parse_execution_id(execution_id)
    with connected() as connection:
        log = _Log(connection, execution_id, version=version, cursor=max(cursor, 1), page=min(limit, PAGE))
        for entry in islice(_in_order(log), limit):
            if isinstance(entry, LogEvent):
                print_event(entry, as_json=as_json)
            else:
                print_response(entry, as_json=as_json)


def _in_order(log: _Log) -> Iterator[LogEvent | LogResponse]:
    entries = heapq.merge(log.responses(), log.events(), key=_time)
    for _, group in groupby(entries, key=_time):
        yield from _arranged(list(group))


def _arranged(entries: list[LogEvent | LogResponse]) -> Iterator[LogEvent | LogResponse]:
    """Put entries of one time into order; an answer at once is written together with its request."""
    events = [entry for entry in entries if isinstance(entry, LogEvent)]
    after = {ident: index for index, event in enumerate(events, start=1) for ident in _requests(event)}
    place = 0
    for response in (entry for entry in entries if isinstance(entry, LogResponse)):
        until = max(place, after.get(_target(response), 0))
        yield from events[place:until]
        yield response
        place = until
    yield from events[place:]


def _time(entry: LogEvent | LogResponse) -> datetime:
    return entry.created_at


def _target(logged: LogResponse) -> str:
    response = logged.response
    return response.delay_id if isinstance(response, DelayFinished) else response.child_execution_id


def _requests(logged: LogEvent) -> Iterator[str]:
    event = logged.event
    if isinstance(event, JoinSetRequest):
        request = event.request
        yield request.delay_id if isinstance(request, DelayRequest) else request.child_execution_id


class _Log:
    """Two logs that come in common pages and are read at different speeds."""

    def __init__(self, connection: Connection, execution_id: str, *, version: int, cursor: int, page: int) -> None:
        self._connection = connection
        self._id = pb.ExecutionId(id=execution_id)
        self._version = version
        self._cursor = cursor
        self._page = page
        self._events: deque[LogEvent] = deque()
        self._responses: deque[LogResponse] = deque()
        self._has_more_events = True
        self._has_more_responses = True

    def events(self) -> Iterator[LogEvent | LogResponse]:
        while self._events or self._has_more_events:
            if self._events:
                yield self._events.popleft()
            else:
                self._fetch()

    def responses(self) -> Iterator[LogEvent | LogResponse]:
        while self._responses or self._has_more_responses:
            if self._responses:
                yield self._responses.popleft()
            else:
                self._fetch()

    def _fetch(self) -> None:
        """Read the next page, with no more than one further entry of the kind that is still here."""
        page = self._connection.events_and_responses(
            pb.ListExecutionEventsAndResponsesRequest(
                execution_id=self._id,
                version_from=self._version,
                events_length=1 if self._events else self._page,
                responses_cursor_from=self._cursor,
                responses_length=1 if self._responses else self._page,
                responses_including_cursor=True,
            )
        )
        self._events.extend(map(event_of, page.events))
        self._responses.extend(map(response_of, page.responses))
        self._version += len(page.events)
        self._cursor += len(page.responses)
        goes_on = bool(page.events or page.responses)
        self._has_more_events = goes_on and self._version <= page.max_version
        self._has_more_responses = goes_on and self._cursor <= page.max_cursor
