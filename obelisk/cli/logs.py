"""How ``execution logs`` works: what components logged, page after page, with ``follow`` until the execution has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import click
from msgspec import Struct

from obelisk.api.convert.lines import level_name, line_of, stream_name
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.client import CallError
from obelisk.cli.connection import Connection, connected
from obelisk.cli.follow import PATIENCE, PAUSE, given_up, timing_of_command
from obelisk.cli.line_view import print_line_of
from obelisk.cli.pages import PAGE
from obelisk.clock import zoned_time
from obelisk.core.lines import readable
from obelisk.errors import InputError
from obelisk.ids import parse_execution_id
from obelisk.interfaces.components import LogLevel, StreamType
from obelisk.interfaces.storage import StoredLine

POLL = 0.2
LINGER = 1.0
"""Seconds for which lines may still come after an execution has ended: another process may be writing them."""

NO_STREAM = "none"


class WantedLines(Struct, frozen=True):
    """Which lines to print, and how."""

    execution_id: str
    level: str
    stream_types: tuple[str, ...] = ()
    show_derived: bool = False
    show_run_id: bool = False
    after: str | None = None


def print_logs(wanted: WantedLines, *, follow: bool, limit: int, as_json: bool) -> None:
    """Print up to ``limit`` lines, oldest first."""
    parse_execution_id(wanted.execution_id)
    request = _request(wanted, limit)
    with connected() as connection:
        lines = _followed(connection, request) if follow else _there(connection, request)
        for stored in islice(lines, limit):
            print_line_of(stored, as_json=as_json, ids=wanted.show_derived, runs=wanted.show_run_id)
        if not as_json and not follow and next(lines, None) is not None:
            click.echo("there are more lines; --limit N prints N of them, --after TIME begins later", err=True)


def _request(wanted: WantedLines, limit: int) -> pb.ListLogsRequest:
    streams = _streams(wanted.stream_types)
    levels = list(LogLevel)
    return pb.ListLogsRequest(
        execution_id=pb.ExecutionId(id=wanted.execution_id),
        page_size=min(limit, PAGE),
        page_token="" if wanted.after is None else _time(wanted.after).isoformat(),
        show_logs=True,
        show_streams=bool(streams),
        levels=[level_name(level) for level in levels[levels.index(LogLevel(wanted.level)) :]],
        stream_types=[stream_name(stream) for stream in streams],
        show_derived=wanted.show_derived,
    )


def _streams(chosen: tuple[str, ...]) -> list[StreamType]:
    if NO_STREAM not in chosen:
        return [StreamType(name) for name in dict.fromkeys(chosen)] or list(StreamType)
    if len(set(chosen)) > 1:
        raise InputError(f"`--stream-type {NO_STREAM}` leaves out every stream, expected it alone")
    return []


def _time(text: str) -> datetime:
    when = zoned_time(text)
    if when is None:
        raise InputError(
            f"`--after {readable(text)}` is no time with a zone, expected one such as `2026-01-31T12:00:00Z`"
        )
    return when


def _there(connection: Connection, request: pb.ListLogsRequest) -> Iterator[StoredLine]:
    """Yield the lines that are there; ``request`` goes on after them."""
    while entries := _page(connection, request):
        yield from map(line_of, entries)


def _page(connection: Connection, request: pb.ListLogsRequest) -> list[pb.ListLogsResponse.LogEntry]:
    page = connection.logs(request)
    request.page_token = page.next_page_token
    return list(page.logs)


def _followed(connection: Connection, request: pb.ListLogsRequest) -> Iterator[StoredLine]:
    """Yield lines as they come, until the execution has ended and for ``LINGER`` seconds none came.

    A connection that is lost is taken up again for ``PATIENCE`` seconds, once there was one.
    """
    timing = timing_of_command()
    quiet_since = answered_at = timing.monotonic()
    reached = False
    while True:
        pause = POLL
        try:
            if not connection.has_ended(request.execution_id.id):
                quiet_since = timing.monotonic()
            for stored in _there(connection, request):
                quiet_since = timing.monotonic()
                yield stored
            reached, answered_at = True, timing.monotonic()
            if answered_at - quiet_since >= LINGER:
                return
        except CallError as error:
            if not (error.lost and reached):
                raise
            if timing.monotonic() - answered_at >= PATIENCE:
                raise given_up(connection, f"logs {request.execution_id.id}") from error
            connection.renew()
            pause = PAUSE
        timing.sleep(pause)
