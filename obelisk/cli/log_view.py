"""How the entries of logs are shown, a line for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from obelisk.cli.execution_view import time_text
from obelisk.cli.output import print_json_line, print_line
from obelisk.core.events import Event, LogEvent, LogResponse, encode_event


class EventLine(Struct, frozen=True):
    """An event as scripts get it: as it is stored; ``created_at`` is ``None`` for one that nobody told the time of."""

    version: int
    created_at: datetime | None
    event: Raw


class ResponseLine(Struct, frozen=True):
    """A response as scripts get it."""

    cursor: int
    created_at: datetime
    response: Any


def event_line(version: int, created_at: datetime | None, *, event: Event) -> EventLine:
    """Return the line for an event."""
    return EventLine(version, created_at, Raw(encode_event(event)))


def event_text(line: EventLine) -> str:
    """Return the line for people."""
    when = () if line.created_at is None else (time_text(line.created_at),)
    return "  ".join((str(line.version), *when, bytes(line.event).decode()))


def print_event(event: LogEvent, *, as_json: bool) -> None:
    """Print an event."""
    line = event_line(event.version, event.created_at, event=event.event)
    if as_json:
        print_json_line(line)
    else:
        print_line(event_text(line))


def print_response(response: LogResponse, *, as_json: bool) -> None:
    """Print a response."""
    # The version of the child's last event does not travel; see `obelisk.api.convert`.
    shown = msgspec.to_builtins(response.response)
    shown.pop("finished_version", None)
    if as_json:
        print_json_line(ResponseLine(response.cursor, response.created_at, shown))
    else:
        text = msgspec.json.encode(shown).decode()
        print_line(f"{response.cursor}  {time_text(response.created_at)}  {text}")
