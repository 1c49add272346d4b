"""How ``execution list``, ``events`` and ``responses`` work."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from msgspec.structs import replace

from obelisk.api.convert.basics import datetime_of, function_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli import pages
from obelisk.cli.connection import Connection, connected
from obelisk.cli.execution_view import execution_line, status_text, time_text
from obelisk.cli.follow import timing_of_command
from obelisk.cli.log_view import print_event, print_response
from obelisk.cli.output import print_json_line, print_table
from obelisk.cli.pages import Wanted
from obelisk.cli.reasons import Reasons
from obelisk.ids import parse_execution_id

COLUMNS = ("EXECUTION", "STATUS", "CREATED", "FUNCTION")
REASON = "REASON"


def print_executions(wanted: Wanted, *, stubs: bool, limit: int, as_json: bool) -> None:
    """Print executions, newest first; with ``stubs`` only those that wait for somebody to give them a result."""
    timing = timing_of_command()
    now = timing.clock.now()
    with connected() as connection:
        reasons = Reasons(connection, now)
        list_ = _waiting_stubs if stubs else pages.executions
        found = ((summary, reasons.of(summary)) for summary in list_(connection, wanted, limit=limit))
        if as_json:
            for summary, reason in found:
                print_json_line(execution_line(summary, now, reason=reason))
        else:
            _print_executions([(_row(summary, now), reason) for summary, reason in found])


def print_events(execution_id: str, *, version: int, limit: int, as_json: bool) -> None:
    """Print the log of an execution from ``version`` on."""
    parse_execution_id(execution_id)
    with connected() as connection:
        for event in pages.events(connection, execution_id, version=version, limit=limit):
            print_event(event, as_json=as_json)


def print_responses(execution_id: str, *, cursor: int, limit: int, as_json: bool) -> None:
    """Print the responses of an execution from ``cursor`` on."""
    parse_execution_id(execution_id)
    with connected() as connection:
        for response in pages.responses(connection, execution_id, cursor=cursor, limit=limit):
            print_response(response, as_json=as_json)


def _waiting_stubs(connection: Connection, wanted: Wanted, *, limit: int) -> Iterator[pb.ExecutionSummary]:
    """Yield unfinished executions of the server's stub components: there is no filter for a type of component."""
    ids = (component.component_id for component in connection.components(extensions=False))
    digests = {each.digest.digest for each in ids if each.component_type == pb.COMPONENT_TYPE_ACTIVITY_STUB}
    lists = (
        pages.executions(
            connection,
            replace(wanted, component_digest=digest, show_derived=True, hide_finished=True),
            limit=limit,
        )
        for digest in sorted(digests)
    )
    return islice(heapq.merge(*lists, key=_place, reverse=True), limit)


def _place(summary: pb.ExecutionSummary) -> tuple[datetime, str]:
    return datetime_of(summary.created_at), summary.execution_id.id


def _print_executions(found: list[tuple[tuple[str, ...], str | None]]) -> None:
    if any(reason for _, reason in found):
        print_table([(*COLUMNS, REASON), *((*row, reason or "") for row, reason in found)])
    else:
        print_table([COLUMNS, *(row for row, _ in found)])


def _row(summary: pb.ExecutionSummary, now: datetime) -> tuple[str, ...]:
    return (
        summary.execution_id.id,
        status_text(summary.current_status, now),
        time_text(datetime_of(summary.created_at)),
        function_of(summary.function_name),
    )
