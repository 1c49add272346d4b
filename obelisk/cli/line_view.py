"""How a line that a component logged is shown."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from obelisk.cli.output import print_json_line, print_line
from obelisk.core.lines import readable
from obelisk.interfaces.components import LogLine
from obelisk.interfaces.storage import StoredLine

KIND_WIDTH = 6
INDENT = "    "


class LogJson(Struct, frozen=True):
    """A line of ``obelisk:log`` as scripts get it."""

    created_at: datetime
    execution_id: str
    run_id: str
    level: str
    message: str


class StreamJson(Struct, frozen=True, omit_defaults=True):
    """A line of a standard stream as scripts get it; ``payload`` has its bytes when they are no text."""

    created_at: datetime
    execution_id: str
    run_id: str
    stream: str
    text: str
    payload: bytes | None = None


def print_line_of(stored: StoredLine, *, as_json: bool, ids: bool, runs: bool) -> None:
    """Print a line; people see its execution with ``ids`` and its run with ``runs``, scripts always do."""
    if as_json:
        print_json_line(_json(stored))
    else:
        print_line(_text(stored, ids=ids, runs=runs))


def _json(stored: StoredLine) -> LogJson | StreamJson:
    line = stored.line
    if isinstance(line, LogLine):
        return LogJson(stored.created_at, stored.execution_id, stored.run_id, line.level.value, line.message)
    text = line.payload.decode(errors="replace")
    payload = None if text.encode() == line.payload else line.payload
    return StreamJson(stored.created_at, stored.execution_id, stored.run_id, line.stream.value, text, payload)


def _text(stored: StoredLine, *, ids: bool, runs: bool) -> str:
    line = stored.line
    if isinstance(line, LogLine):
        kind, text = line.level.value, line.message
    else:
        kind, text = line.stream.value, line.payload.decode(errors="replace")
    shown = ((stored.execution_id,) if ids else ()) + ((stored.run_id,) if runs else ())
    # A text of many lines stays one entry: those after the first are indented.
    body = f"\n{INDENT}".join(map(readable, text.split("\n")))
    return "  ".join((_time_text(stored.created_at), f"{kind:{KIND_WIDTH}}", *shown, body))


def _time_text(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03}Z"
