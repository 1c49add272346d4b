"""How ``execution trace`` works."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Final

from msgspec import Struct

from obelisk.api.convert.basics import datetime_of, name_of
from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.cli.connection import connected
from obelisk.cli.follow import timing_of_command
from obelisk.cli.output import print_json_line
from obelisk.cli.trace_tree import TraceTree, status_of
from obelisk.ids import parse_execution_id

DETAILS: Final = 20
"""How many runs, requests, delays and scheduled executions people see for each execution."""


class SpanEventLine(Struct, frozen=True):
    """Something that happened at one point of a span."""

    name: str
    at: datetime
    text: str


class SpanLine(Struct, frozen=True):
    """A line of ``trace --json``; ``ended_at`` is ``None`` for what goes on."""

    kind: str
    span_id: str
    parent_span_id: str | None
    trace_id: str
    execution_id: str
    run_id: str | None
    name: str
    started_at: datetime
    ended_at: datetime | None
    status: str
    status_message: str
    events: list[SpanEventLine]
    attributes: dict[str, str]


def print_trace(execution_id: str, *, depth: int | None, limit: int | None, as_json: bool) -> None:
    """Print an execution and what is below it: up to ``limit`` executions, ``depth`` levels down; ``None`` for all."""
    parse_execution_id(execution_id)
    request = admin.GetTraceRequest(
        execution_id=execution_id, max_depth=depth, max_executions=limit, max_details=0 if as_json else DETAILS
    )
    with connected() as connection:
        if as_json:
            for response in connection.trace(request):
                if response.HasField("span"):
                    print_json_line(span_line(response.span))
        else:
            timing = timing_of_command()
            _print_tree(TraceTree(connection.trace(request), now=timing.clock.now()))


def span_line(span: admin.TraceSpan) -> SpanLine:
    """Return a span as scripts get it."""
    return SpanLine(
        kind=name_of(admin.TraceSpan.Kind, span.kind, prefix="KIND_").lower(),
        span_id=span.span_id,
        parent_span_id=span.parent_span_id or None,
        trace_id=span.trace_id,
        execution_id=span.execution_id,
        run_id=span.run_id or None,
        name=span.name,
        started_at=datetime_of(span.started_at),
        ended_at=datetime_of(span.ended_at) if span.HasField("ended_at") else None,
        status=status_of(span),
        status_message=span.status_message,
        events=[SpanEventLine(event.name, datetime_of(event.at), event.text) for event in span.events],
        attributes=dict(sorted(span.attributes.items())),
    )


def _print_tree(tree: TraceTree) -> None:
    from obelisk.cli.trace_view import TraceView

    TraceView(tree, sys.stdout, width=None if sys.stdout.isatty() else 0).print()
