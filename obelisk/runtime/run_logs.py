"""What components log, and where each line goes.

Theory of operation
    A line is handed in (``take``) once the commit that holds its cause is done, with the time at which it was logged. What
    becomes of it is settled by its component (``LineRoute``): lines of ``obelisk:log`` go to the server's log, and into
    the storage when they are of ``logs_store_min_level`` or above; lines of a standard stream go where ``forward_stdout``
    and ``forward_stderr`` say. Each of the three destinations has an ``Outlet``, so that neither a slow one nor a guest
    that logs without end costs anybody else time or memory: what it costs are lines, and they are counted.

    Storing a line is no part of a commit. A read of lines (``flush_stored``) first writes those that wait here; other
    processes that share the storage see them a moment later. ``close`` writes what is left, as long as that takes no
    longer than ``CLOSE_SECONDS``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.core.lines import LINE_BYTES, cut_bytes, cut_text
from obelisk.interfaces.components import Component, Logged, LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.settings import Forward, ProgramSettings, StoredLevel
from obelisk.interfaces.storage import Storage, StoredLine
from obelisk.runtime.destinations import LOG_LEVELS, Forwarded, ServerLog, ServerStreams, StorageLines, app_log
from obelisk.runtime.outlets import Outlet

CLOSE_SECONDS = 3.0
_DESCRIPTORS = {Forward.STDOUT: 1, Forward.STDERR: 2}
_log = logging.getLogger("obelisk.lines")


class LineRoute(Struct, frozen=True):
    """Where the lines of a component go: which levels are stored, and what happens to each stream."""

    component: str
    levels: frozenset[LogLevel] = frozenset()
    stdout: Forward = Forward.NONE
    stderr: Forward = Forward.NONE

    @classmethod
    def of(cls, component: Component) -> Self:
        """Return the route that a component's settings ask for."""
        name, settings = component.id.name, component.settings
        if not isinstance(settings, ProgramSettings):
            return cls(name)
        levels = stored_levels(settings.logs_store_min_level)
        return cls(name, levels, settings.forward_stdout, settings.forward_stderr)

    def stores(self, line: Logged) -> bool:
        """Whether a line goes into the storage."""
        return line.level in self.levels if isinstance(line, LogLine) else self.forward(line.stream) is Forward.DB

    def forward(self, stream: StreamType) -> Forward:
        """Where the lines of a stream go."""
        return self.stdout if stream is StreamType.STDOUT else self.stderr


def stored_levels(least: StoredLevel) -> frozenset[LogLevel]:
    """Return the levels from ``least`` on."""
    if least is StoredLevel.OFF:
        return frozenset()
    levels = list(LogLevel)
    return frozenset(levels[levels.index(LogLevel(least.value)) :])


class RunLogs:
    """See the module's theory of operation. Methods are called on the event loop."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._streams = ServerStreams()
        self._to_log = Outlet(ServerLog())
        self._to_streams = Outlet(self._streams)
        self._to_storage = Outlet(StorageLines(storage, clock))

    def take(self, route: LineRoute, lines: Iterable[StoredLine]) -> None:
        """Send lines on their ways, in their order."""
        for stored in lines:
            line = stored.line
            if isinstance(line, LogLine):
                self._take_log(route, stored, line)
            else:
                self._take_stream(route, stored, line)

    def _take_log(self, route: LineRoute, stored: StoredLine, line: LogLine) -> None:
        text = cut_text(line.message)
        if text is not line.message:
            stored = replace(stored, line=LogLine(line.level, text))
        if app_log.isEnabledFor(LOG_LEVELS[line.level]):
            self._to_log.put(stored, stored)
        if line.level in route.levels:
            self._to_storage.put(stored, stored)

    def _take_stream(self, route: LineRoute, stored: StoredLine, line: StreamLine) -> None:
        forward = route.forward(line.stream)
        if forward is Forward.NONE:
            return
        if len(line.payload) > LINE_BYTES:
            stored = replace(stored, line=StreamLine(line.stream, cut_bytes(line.payload)))
        if forward is Forward.DB:
            self._to_storage.put(stored, stored)
        else:
            self._to_streams.put(Forwarded(_DESCRIPTORS[forward], route.component, stored), stored)

    async def run(self) -> None:
        """Write what is taken, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for outlet in (self._to_log, self._to_streams, self._to_storage):
                tasks.create_task(outlet.run())

    async def flush_stored(self) -> None:
        """Store the lines that were taken before the call."""
        await self._to_storage.flush()

    async def close(self) -> None:
        """Write what waits, unless that takes too long; raises nothing."""
        outlets = (self._to_log, self._to_streams, self._to_storage)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(*[outlet.flush() for outlet in outlets])
        except TimeoutError:
            left = sum(outlet.waiting for outlet in outlets)
            _log.warning("not all lines of components were written in time; at least %d are lost", left)
        self._streams.close()
