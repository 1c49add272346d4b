"""The fan-out: every signal goes to each exporter that wants it.

Theory of operation
    Without exporters nothing is made that would have to be dropped: ``wants_spans`` and ``wants_logs`` are looked at
    first.

    The server's own log goes to exporters too, by a handler of the logger ``obelisk`` that is there while exporters
    are. What is logged in the thread of an exporter, or of exporters here, is left out, or each failure would make the
    next.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from obelisk.config.model import Chosen
from obelisk.core.spans import Span
from obelisk.core.trace_context import run_span, trace_of
from obelisk.errors import StorageError
from obelisk.interfaces.components import LogLevel, LogLine
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.signals import AttributeValue, LogRecord, MetricsSnapshot, SignalKind
from obelisk.interfaces.storage import StoredLine
from obelisk.runtime.exporter_feed import ExporterFeed
from obelisk.runtime.server_log.levels import level_of

APP: Final = "app"
SERVER: Final = "obelisk"
SILENT: Final = "obelisk.exporters"
"""The logger that tells of exporters, with those below it."""

_log = logging.getLogger("obelisk.exporters")


class Exports:
    """See the module's theory of operation. Methods are called on the event loop."""

    def __init__(self, chosen: Sequence[Chosen[Provider[Any, Exporter]]] = ()) -> None:
        self._chosen = chosen
        self._feeds: list[ExporterFeed] = []
        self._span_feeds: list[ExporterFeed] = []
        self._log_feeds: list[ExporterFeed] = []
        self._handler: _ServerLog | None = None
        self.wants_spans = False
        self.wants_logs = False

    async def open(self, host: Host) -> None:
        """Open every exporter. Raises the ``ObeliskError`` of one that cannot be; those before it are closed then."""
        for chosen in self._chosen:
            feed = ExporterFeed(chosen, host)
            if await feed.open():
                self._feeds.append(feed)
        self._span_feeds = [feed for feed in self._feeds if feed.interests.spans]
        self._log_feeds = [feed for feed in self._feeds if feed.interests.logs is not None]
        self.wants_spans, self.wants_logs = bool(self._span_feeds), bool(self._log_feeds)
        if self.wants_logs:
            self._handler = _ServerLog(self, asyncio.get_running_loop())
            logging.getLogger(SERVER).addHandler(self._handler)

    @property
    def wanted_logs(self) -> tuple[LogFilter, ...]:
        """What exporters want of the server's log."""
        return tuple(feed.interests.logs for feed in self._log_feeds if feed.interests.logs is not None)

    def spans(self, spans: Sequence[Span]) -> None:
        """Hand over spans that have ended."""
        for feed in self._span_feeds:
            for span in spans:
                feed.put(SignalKind.SPANS, span)

    def line(self, component: str, stored: StoredLine, metadata: Mapping[str, str]) -> None:
        """Hand over a line of a component; ``metadata`` is that of its execution."""
        self.log(_record(component, stored, metadata))

    def log(self, record: LogRecord) -> None:
        """Hand over a line to each exporter that wants it."""
        for feed in self._log_feeds:
            wanted = feed.interests.logs
            if wanted is not None and wanted.wants(record.target, record.level):
                feed.put(SignalKind.LOGS, record)

    def is_of_exporter(self, thread: int) -> bool:
        """Tell whether the thread of that id is an exporter's. May be called in any thread."""
        return any(feed.thread_id == thread for feed in self._feeds)

    def dropped(self) -> list[tuple[str, SignalKind, int]]:
        """Return how many signals of each kind never left by each exporter, from the start of the server on."""
        return [(feed.name, kind, count) for feed in self._feeds for kind, count in feed.dropped.items()]

    def start_metrics(
        self, collect: Callable[[], Awaitable[MetricsSnapshot]], spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        """Collect metrics as often as each exporter wants them, until cancelled."""
        for feed in self._feeds:
            if feed.interests.metrics_every is not None:
                spawn(self._measure(feed, collect, feed.interests.metrics_every))

    async def last_metrics(self, collect: Callable[[], Awaitable[MetricsSnapshot]]) -> None:
        """Hand over a last snapshot; raises nothing."""
        for feed in self._feeds:
            if feed.interests.metrics_every is not None:
                await self._put_metrics(feed, collect)

    async def close(self, timeout: float) -> None:
        """Let every exporter deliver what waits, side by side."""
        if self._handler is not None:
            logging.getLogger(SERVER).removeHandler(self._handler)
        await asyncio.gather(*(feed.close(timeout) for feed in self._feeds))

    async def _measure(
        self, feed: ExporterFeed, collect: Callable[[], Awaitable[MetricsSnapshot]], every: timedelta
    ) -> None:
        while True:
            await asyncio.sleep(every.total_seconds())
            await self._put_metrics(feed, collect)

    async def _put_metrics(self, feed: ExporterFeed, collect: Callable[[], Awaitable[MetricsSnapshot]]) -> None:
        try:
            feed.put(SignalKind.METRICS, await collect())
        except StorageError as error:
            _log.warning("metrics cannot be collected: %s", error)


def _record(component: str, stored: StoredLine, metadata: Mapping[str, str]) -> LogRecord:
    line, context = stored.line, trace_of(stored.execution_id, metadata)
    attributes: dict[str, AttributeValue] = {
        "obelisk.execution.id": stored.execution_id,
        "obelisk.run.id": stored.run_id,
        "obelisk.component.name": component,
    }
    if isinstance(line, LogLine):
        level, message = line.level, line.message
    else:
        level, message = LogLevel.INFO, line.payload.decode(errors="replace")
        attributes["log.iostream"] = line.stream.value
    return LogRecord(
        at=stored.created_at,
        level=level,
        target=APP,
        message=message,
        trace_id=context.trace_id,
        span_id=run_span(stored.execution_id, stored.run_id),
        flags=context.flags,
        attributes=attributes,
    )


class _ServerLog(logging.Handler):
    """Hands lines of the server's log over, from whatever thread they come."""

    def __init__(self, exports: Exports, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._exports = exports
        self._loop = loop

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over."""
        if record.name.startswith(SILENT) or self._exports.is_of_exporter(threading.get_ident()):
            return
        try:
            self._loop.call_soon_threadsafe(self._exports.log, _server_record(record))
        except Exception:  # noqa: BLE001 - logging must not fail, and the loop may be closed
            self.handleError(record)


def _server_record(record: logging.LogRecord) -> LogRecord:
    attributes: dict[str, AttributeValue] = {}
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        attributes = {
            "exception.type": type(error).__name__,
            "exception.message": str(error),
            "exception.stacktrace": logging.Formatter().formatException(record.exc_info),
        }
    at = datetime.fromtimestamp(record.created, UTC)
    return LogRecord(
        at=at, level=level_of(record.levelno), target=record.name, message=record.getMessage(), attributes=attributes
    )
