"""Where lines of components go: the server's log, its standard streams, and the storage."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from itertools import groupby
from queue import SimpleQueue

from msgspec import Struct
from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.core.lines import readable
from obelisk.core.trace_context import run_span, trace_of
from obelisk.interfaces.components import Logged, LogLevel, LogLine
from obelisk.interfaces.storage import Storage, StoredLine
from obelisk.runtime.server_log.console import write_all
from obelisk.runtime.server_log.entry import ComponentLine
from obelisk.runtime.server_log.levels import LEVEL_NUMBERS

app_log = logging.getLogger("app")


class AppLine(Struct, frozen=True):
    """A line for the server's log. ``metadata`` is that of the execution, which says which trace it is part of."""

    component: str
    stored: StoredLine
    metadata: Mapping[str, str]


class ServerLog:
    """The server's log: the logger ``app``."""

    name = "the server's log"
    batch = 50  # this takes a millisecond, in which nobody else has the loop
    gather_seconds = 0.0
    pause_seconds = 0.005

    async def write(self, items: Sequence[AppLine]) -> None:
        """Log lines, each at its level."""
        for item in items:
            line = item.stored.line
            if isinstance(line, LogLine):
                self._log(item, line)

    def missing(self, first: AppLine, count: int) -> AppLine:
        """Return a warning."""
        return replace(first, stored=replace(first.stored, line=_missing(count)))

    def _log(self, item: AppLine, line: LogLine) -> None:
        level, stored = LEVEL_NUMBERS[line.level], item.stored
        if not app_log.isEnabledFor(level):
            return  # its level was changed since the line came
        said = ComponentLine(
            logged_at=stored.created_at,
            message=line.message,
            execution_id=stored.execution_id,
            run_id=stored.run_id,
            component=item.component,
            trace_id=trace_of(stored.execution_id, item.metadata).trace_id,
            span_id=run_span(stored.execution_id, stored.run_id),
        )
        extra = {"execution_id": stored.execution_id, "run_id": stored.run_id, "component_line": said}
        app_log.log(level, "%s: %s", stored.execution_id, line.message, extra=extra)


class StorageLines:
    """The storage, where people look for the lines of an execution."""

    name = "the storage"
    batch = 500
    gather_seconds = 0.05
    pause_seconds = 0.0

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def write(self, items: Sequence[StoredLine]) -> None:
        """Store lines. Raises ``StorageError``."""
        await self._storage.append_lines(items)

    def missing(self, first: StoredLine, count: int) -> StoredLine:
        """Return a warning of the run that lost lines."""
        return replace(first, created_at=self._clock.now(), line=_missing(count))


class Forwarded(Struct, frozen=True):
    """A line for one of the server's own streams; ``descriptor`` is that of the stream."""

    descriptor: int
    component: str
    stored: StoredLine


class ServerStreams:
    """Standard output and standard error of this process.

    Nobody may be reading them, so a thread of its own writes, past Python's buffers. It is a daemon: it may never come back
    from a write.
    """

    name = "a standard stream of the server"
    batch = 200
    gather_seconds = 0.0
    pause_seconds = 0.0

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[Sequence[Forwarded], asyncio.Future[None]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, items: Sequence[Forwarded]) -> None:
        """Write lines, each with the component and the execution that it comes from. Raises ``OSError``."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="obelisk-streams", daemon=True)
            self._thread.start()
        written: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((items, written))
        await written

    def missing(self, first: Forwarded, count: int) -> Forwarded:
        """Return a line that counts those that are missing."""
        return replace(first, stored=replace(first.stored, line=_missing(count)))

    def close(self) -> None:
        """End the thread, unless it hangs."""
        self._queue.put(None)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            items, written = work
            error: OSError | None = None
            try:
                for descriptor, lines in groupby(items, key=lambda item: item.descriptor):
                    write_all(descriptor, "".join(map(_text, lines)).encode(errors="replace"))
            except OSError as failed:
                error = failed
            try:
                self._loop.call_soon_threadsafe(_resolve, written, error)
            except RuntimeError:
                return  # the loop was closed: nobody waits any more


def _resolve(written: asyncio.Future[None], error: OSError | None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)


def _text(item: Forwarded) -> str:
    stored, line = item.stored, item.stored.line
    if isinstance(line, LogLine):
        return f"[{item.component} {stored.execution_id}] {readable(line.message)}\n"
    text = readable(line.payload.decode(errors="replace"))
    return f"[{item.component} {stored.execution_id} {line.stream.value}] {text}\n"


def _missing(count: int) -> Logged:
    lines = "line was" if count == 1 else "lines were"
    return LogLine(LogLevel.WARN, f"{count} {lines} dropped here: they came faster than they could be written")
