"""What a line of the server's log says, before it has a style."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from obelisk.core.lines import cut_text
from obelisk.interfaces.components import LogLevel
from obelisk.runtime.server_log.levels import level_of

_formatter = logging.Formatter()


class LogEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line: what the style ``json`` writes, key by key.

    ``target`` is ``app`` for what components log, which have a component, an execution and a run, else the name of a
    logger. ``exception`` is a traceback.
    """

    time: datetime
    level: LogLevel
    target: str
    message: str
    execution_id: str | None = None
    run_id: str | None = None
    component: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    exception: str | None = None


class ComponentLine(Struct, frozen=True, kw_only=True):
    """What a record of the logger ``app`` has as ``component_line``: the line as the component logged it."""

    logged_at: datetime
    message: str
    execution_id: str
    run_id: str
    component: str
    trace_id: str
    span_id: str


def entry_of(record: logging.LogRecord) -> LogEntry:
    """Return what a record says. Raises what its arguments raise when they become text."""
    line: Any = getattr(record, "component_line", None)
    if isinstance(line, ComponentLine):
        return LogEntry(
            time=line.logged_at,
            level=level_of(record.levelno),
            target=record.name,
            message=line.message,
            execution_id=line.execution_id,
            run_id=line.run_id,
            component=line.component,
            trace_id=line.trace_id,
            span_id=line.span_id,
        )
    return LogEntry(
        time=datetime.fromtimestamp(record.created, UTC),
        level=level_of(record.levelno),
        target=record.name,
        message=cut_text(record.getMessage()),
        exception=_exception(record),
    )


def _exception(record: logging.LogRecord) -> str | None:
    parts = []
    if record.exc_info is not None and record.exc_info[0] is not None:
        parts.append(_formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(record.stack_info)
    return cut_text("\n".join(parts)) if parts else None
