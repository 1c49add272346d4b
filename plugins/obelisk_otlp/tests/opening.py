"""Exporters for tests, opened as the engine opens them, and what they log."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from obelisk_otlp import obelisk_register_exporter
from obelisk_otlp.exporter import OtlpExporter
from obelisk_otlp.settings import OtlpSettings

from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host
from obelisk.interfaces.signals import LogLevel, LogRecord, Metric, MetricKind, MetricsSnapshot, NumberPoint, Span

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PATIENCE = 30.0


class Lines(logging.Handler):
    """The lines of the server's log that are ours."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self._came.set()

    async def wait_for(self, *texts: str) -> str:
        """Wait for a line that contains every text."""
        async with asyncio.timeout(PATIENCE):
            while not (found := [line for line in self.lines if all(text in line for text in texts)]):
                self._came.clear()
                await self._came.wait()
            return found[0]


def host(environ: Mapping[str, str] | None = None) -> Host:
    log = logging.getLogger("obelisk.plugin")
    return Host(SystemClock(), os.urandom, Path("/nowhere"), Path("/nowhere"), log, environ or {})


@asynccontextmanager
async def opened(environ: Mapping[str, str] | None = None, /, **settings: Any) -> AsyncIterator[Any]:
    """Open an exporter with some settings."""
    (provider,) = obelisk_register_exporter()
    async with provider.open(OtlpSettings(**settings), host(environ)) as exporter:
        yield exporter


def child_of(exporter: Any) -> int:
    assert isinstance(exporter, OtlpExporter)
    pid = exporter.courier.pid
    assert pid is not None
    return pid


def a_span(index: int = 0, **changes: Any) -> Span:
    values: dict[str, Any] = {
        "name": "testing:fibo/fibo.fibo",
        "trace_id": TRACE,
        "span_id": f"{index + 1:016x}",
        "started_at": NOW,
        "ended_at": NOW + timedelta(milliseconds=5),
    }
    return Span(**{**values, **changes})


def a_record(message: str = "hello", **changes: Any) -> LogRecord:
    values: dict[str, Any] = {"at": NOW, "level": LogLevel.INFO, "target": "app"}
    return LogRecord(message=message, **{**values, **changes})


def a_snapshot(value: int = 1) -> MetricsSnapshot:
    points = (NumberPoint(value, {"state": "finished"}),)
    metric = Metric("obelisk.steps", "Steps of workflows", "{step}", MetricKind.COUNTER, points)
    return MetricsSnapshot(NOW, NOW - timedelta(hours=1), (metric,))
