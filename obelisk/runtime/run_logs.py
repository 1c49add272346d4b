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
from collections.abc import Iterable, Mapping
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.core.lines import LINE_BYTES, cut_bytes, cut_text
from obelisk.interfaces.components import Component, Logged, LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.settings import Forward, ProgramSettings, StoredLevel
from obelisk.interfaces.storage import Storage, StoredLine
from obelisk.runtime.destinations import AppLine, Forwarded, ServerLog, ServerStreams, StorageLines, app_log
from obelisk.runtime.exports import Exports
from obelisk.runtime.outlets import Outlet
from obelisk.runtime.server_log.levels import LEVEL_NUMBERS

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

    def is_taken(self, line: Logged) -> bool:
        """Whether anybody is to see a line: those of a stream that is forwarded nowhere are nobody's."""
        return isinstance(line, LogLine) or self.forward(line.stream) is not Forward.NONE

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

    def __init__(self, storage: Storage, clock: Clock, exports: Exports) -> None:
        self._exports = exports
        self._missing = 0
        self._streams = ServerStreams()
        self._to_log = Outlet(ServerLog())
        self._to_streams = Outlet(self._streams)
        self._to_storage = Outlet(StorageLines(storage, clock))

    def take(self, route: LineRoute, lines: Iterable[StoredLine], metadata: Mapping[str, str]) -> None:
        """Send lines of one execution on their ways, in their order; ``metadata`` is the execution's."""
        for stored in map(_bounded, lines):
            line = stored.line
            if isinstance(line, LogLine):
                self._take_log(route, stored, line=line, metadata=metadata)
            else:
                self._take_stream(route, stored, line)
            if self._exports.wants_logs and route.is_taken(line):
                self._exports.line(route.component, stored, metadata)

    def _take_log(self, route: LineRoute, stored: StoredLine, *, line: LogLine, metadata: Mapping[str, str]) -> None:
        self._missing += line.missing
        if app_log.isEnabledFor(LEVEL_NUMBERS[line.level]):
            self._to_log.put(AppLine(route.component, stored, metadata), stored)
        if line.level in route.levels:
            self._to_storage.put(stored, stored)

    def _take_stream(self, route: LineRoute, stored: StoredLine, line: StreamLine) -> None:
        forward = route.forward(line.stream)
        if forward is Forward.NONE:
            return
        if forward is Forward.DB:
            self._to_storage.put(stored, stored)
        else:
            self._to_streams.put(Forwarded(_DESCRIPTORS[forward], route.component, stored), stored)

    @property
    def lost(self) -> dict[str, int]:
        """How many lines each destination did not get, since the start: ``log``, ``streams``, ``storage``.

        ``all`` counts those that came too fast to be taken from the guest at all.
        """
        return {
            "log": self._to_log.lost,
            "streams": self._to_streams.lost,
            "storage": self._to_storage.lost,
            "all": self._missing,
        }

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


def _bounded(stored: StoredLine) -> StoredLine:
    """Return a line that is not longer than what is kept of one."""
    line = stored.line
    if isinstance(line, LogLine):
        text = cut_text(line.message)
        return stored if text is line.message else replace(stored, line=replace(line, message=text))
    if len(line.payload) <= LINE_BYTES:
        return stored
    return replace(stored, line=StreamLine(line.stream, cut_bytes(line.payload)))
