"""The call of ``ExecutionRepository`` that reads what components logged."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from msgspec.structs import replace

from obelisk.api.convert.lines import LEVEL_PREFIX, STREAM_PREFIX, line_message
from obelisk.api.page_token import Place, place_of, token_of
from obelisk.api.paging import CHUNK, PAGE_BYTES
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.requests import execution_id_argument, length_argument, require
from obelisk.errors import InputError
from obelisk.interfaces.components import LogLevel, StreamType
from obelisk.interfaces.executions import Executions
from obelisk.interfaces.storage import LineQuery, LineRow, Order

E = TypeVar("E", bound=Enum)


class LineCalls:
    """Pages of lines. The token of the next page can be used even when there is nothing yet: that is how one follows."""

    _executions: Executions

    async def list_logs(self, request: pb.ListLogsRequest) -> pb.ListLogsResponse:
        """Answer with a page of what was logged, oldest first."""
        require(request, "execution_id")
        place = place_of(request.page_token)
        query = _query(request, place)
        page = await self._page(query)
        return _response(page, query)

    async def _page(self, query: LineQuery) -> _Page:
        """Return lines from the cursor on, in the order of the query: as many as were asked for and fit into a page."""
        page = _Page()
        while len(page.entries) < query.limit:
            wanted = min(query.limit - len(page.entries), CHUNK)
            rows = await self._executions.logs(replace(query, limit=wanted, cursor=page.last or query.cursor))
            for row in rows if query.order is Order.NEWER else reversed(rows):
                if not page.add(row):
                    return page
            if len(rows) < wanted:
                page.is_last = True
                break
        return page


class _Page:
    """Lines and the cursors of the first and the last that were read; ``is_last`` says that there are no more."""

    def __init__(self) -> None:
        self.entries: list[pb.ListLogsResponse.LogEntry] = []
        self.first: int | None = None
        self.last: int | None = None
        self.is_last = False
        self._room = PAGE_BYTES

    def add(self, row: LineRow) -> bool:
        """Add a line, unless the page would be too large; its first line is always sent."""
        entry = line_message(row.stored)
        self._room -= entry.ByteSize()
        if self._room < 0 and self.entries:
            return False
        self.entries.append(entry)
        self.first, self.last = self.first or row.cursor, row.cursor
        return True


def _response(page: _Page, query: LineQuery) -> pb.ListLogsResponse:
    newer, cursor = query.order is Order.NEWER, query.cursor or 0
    first, last = (page.first, page.last) if newer else (page.last, page.first)
    # An empty page lies behind its cursor, or before it.
    after = max(cursor if newer else cursor - 1, 0) if last is None else last
    before = after + 1 if first is None else first
    response = pb.ListLogsResponse(
        logs=page.entries if newer else page.entries[::-1],
        next_page_token=token_of(Place(Order.NEWER, after, query.after)),
    )
    if before > 1 and (cursor > 0 if newer else not page.is_last):
        response.prev_page_token = token_of(Place(Order.OLDER, before, query.after))
    return response


def _query(request: pb.ListLogsRequest, place: Place) -> LineQuery:
    if request.page_size < 0:
        raise InputError(f"argument `page_size` is {request.page_size}, expected 0 or more")
    levels = _members(LogLevel, pb.LogLevel, request.levels, prefix=LEVEL_PREFIX, argument="levels")
    streams = _members(
        StreamType, pb.LogStreamType, request.stream_types, prefix=STREAM_PREFIX, argument="stream_types"
    )
    return LineQuery(
        execution_id_argument(request.execution_id),
        derived=request.show_derived,
        levels=levels if request.show_logs else frozenset(),
        streams=streams if request.show_streams else frozenset(),
        after=place.after,
        order=place.order,
        cursor=place.cursor,
        limit=length_argument(request.page_size),
    )


def _members(
    members: type[E], numbers: EnumTypeWrapper, chosen: Iterable[int], *, prefix: str, argument: str
) -> frozenset[E]:
    """Read which members are wanted: all when none is named."""
    known = {numbers.Value(prefix + member.name): member for member in members}
    for number in chosen:
        if number not in known:
            raise InputError(
                f"argument `{argument}` holds {number}, which is none; expected {', '.join(map(str, known))}"
            )
    return frozenset(known[number] for number in chosen) or frozenset(members)
