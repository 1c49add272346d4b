"""How an entry of the server's log becomes a line.

What is in an entry may come from a guest. So no character of it acts on a terminal, and none begins a line: what has
several lines is indented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from obelisk.config.log_settings import LogStyle
from obelisk.core.lines import readable
from obelisk.interfaces.components import LogLevel
from obelisk.runtime.server_log.entry import LogEntry

INDENT = "\n    "
_COLOURS = {LogLevel.TRACE: 35, LogLevel.DEBUG: 34, LogLevel.INFO: 32, LogLevel.WARN: 33, LogLevel.ERROR: 31}
_encoder = msgspec.json.Encoder()
# JSON escapes the others itself. The last two end lines for some who read them.
_UNSAFE = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}

Format = Callable[[LogEntry], str]


def style_format(style: LogStyle, *, span: bool, target: bool, colours: bool) -> Format:
    """Return what makes lines of entries, each with its end.

    ``span`` and ``target`` tell whether lines of text have the ids of the trace, and the target.
    """
    if style is LogStyle.JSON:
        return _json
    text = _Text(span=span, target=target, colours=colours)
    return text.plain if style is LogStyle.PLAIN else text.compact


def _json(entry: LogEntry) -> str:
    return _encoder.encode(entry).decode().translate(_UNSAFE) + "\n"


class _Text:
    """The styles that people read, with the parts that were chosen."""

    def __init__(self, *, span: bool, target: bool, colours: bool) -> None:
        self._span = span
        self._target = target
        self._colours = colours

    def plain(self, entry: LogEntry) -> str:
        """Say all that is known; what belongs to an execution stands behind the message."""
        pairs = [f"{name}={readable(value)}" for name, value in self._ids(entry)]
        head = f"{self._head(entry, 'microseconds')} {_body(entry)}"
        return f"{' '.join((head, *pairs))}{_trace(entry)}\n"

    def compact(self, entry: LogEntry) -> str:
        """Say which component and which execution it was before the message."""
        origin = [value for name, value in self._ids(entry) if name != "run_id"]
        whose = f"[{readable(' '.join(origin))}] " if origin else ""
        return f"{self._head(entry, 'milliseconds')} {whose}{_body(entry)}{_trace(entry)}\n"

    def _ids(self, entry: LogEntry) -> Iterator[tuple[str, str]]:
        names = ("component", "execution_id", "run_id", *(("trace_id", "span_id") if self._span else ()))
        for name in names:
            value = getattr(entry, name)
            if value is not None:
                yield name, value

    def _head(self, entry: LogEntry, precision: str) -> str:
        time, level = _time(entry.time, precision), f"{entry.level.value.upper():5}"
        if self._colours:
            time, level = f"\x1b[2m{time}\x1b[0m", f"\x1b[{_COLOURS[entry.level]}m{level}\x1b[0m"
        return f"{time} {level} {readable(entry.target)}:" if self._target else f"{time} {level}"


def _body(entry: LogEntry) -> str:
    """A component's text is its own; only the server's messages have lines."""
    if entry.component is not None:
        return readable(entry.message)
    return INDENT.join(map(readable, entry.message.split("\n")))


def _trace(entry: LogEntry) -> str:
    if entry.exception is None:
        return ""
    return INDENT + INDENT.join(map(readable, entry.exception.split("\n")))


def _time(when: datetime, precision: str) -> str:
    return when.isoformat(timespec=precision).replace("+00:00", "Z")
