"""Signals as lines of JSON on standard error: for a look at what exporters are told, without a collector."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TextIO

import msgspec
from msgspec import Struct

from obelisk import hookimpl
from obelisk.interfaces.exporters import Exporter, Interests
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.settings import Duration
from obelisk.interfaces.signals import Signal


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Signals as lines of JSON on the server's standard error.

    * ``spans``: whether spans are written.
    * ``logs``: whether log records are written.
    * ``metrics``: whether metrics are written, every ``metrics_interval``.
    * ``metrics_interval``: how often metrics are written.
    """

    spans: bool = True
    logs: bool = False
    metrics: bool = False
    metrics_interval: Duration = Duration(minutes=1)

    def __post_init__(self) -> None:
        if self.metrics_interval < Duration(seconds=1):
            found = self.metrics_interval.total_seconds()
            raise ValueError(f"`metrics_interval`: expected at least 1 s, found {found:g} s")


class ConsoleExporter:
    """Writes each signal as a line: an object whose ``type`` is ``span``, ``log`` or ``metrics``."""

    def __init__(self, settings: ConsoleSettings, stream: TextIO) -> None:
        self.interests = Interests(
            spans=settings.spans,
            logs=LogFilter() if settings.logs else None,
            metrics_every=settings.metrics_interval if settings.metrics else None,
        )
        self._stream = stream

    async def export(self, batch: Sequence[Signal]) -> None:
        """Write a batch."""
        self._stream.write("".join(f"{msgspec.json.encode(signal).decode()}\n" for signal in batch))
        self._stream.flush()


@asynccontextmanager
async def _open(settings: ConsoleSettings, host: Host) -> AsyncIterator[Exporter]:
    yield ConsoleExporter(settings, sys.stderr)


@hookimpl
def obelisk_register_exporter() -> Sequence[Provider[ConsoleSettings, Exporter]]:
    """Offer ``[console]``."""
    return [Provider("console", "Writes signals to standard error, as JSON.", ConsoleSettings, _open)]
