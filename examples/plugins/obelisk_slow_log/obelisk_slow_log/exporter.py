"""An exporter that writes into a file. It has a thread of its own, so it may block."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TextIO

import msgspec
from obelisk.interfaces.exporters import Exporter, Interests
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host
from obelisk.interfaces.signals import Signal, Span

from obelisk_slow_log import SlowLogSettings


class SlowLogExporter:
    """Writes each signal as a line: an object whose ``type`` is ``span``, ``log`` or ``metrics``."""

    interests = Interests(spans=True, logs=LogFilter(), metrics_every=timedelta(minutes=1))

    def __init__(self, file: TextIO, threshold: timedelta) -> None:
        self._file = file
        self._threshold = threshold

    async def export(self, batch: Sequence[Signal]) -> None:
        """Write a batch. What is raised here is tried again a few times, then the batch is dropped and counted."""
        for signal in batch:
            if not isinstance(signal, Span) or signal.ended_at - signal.started_at >= self._threshold:
                self._file.write(json.dumps(msgspec.to_builtins(signal)) + "\n")
        self._file.flush()


@asynccontextmanager
async def open_exporter(settings: SlowLogSettings, host: Host) -> AsyncIterator[Exporter]:
    """Open the file. What is raised here ends the start of the server."""
    settings.path.parent.mkdir(parents=True, exist_ok=True)
    with settings.path.open("a", encoding="utf-8") as file:
        yield SlowLogExporter(file, settings.threshold)
