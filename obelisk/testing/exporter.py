"""An exporter that keeps what it gets, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from obelisk.config.model import Chosen
from obelisk.interfaces.exporters import Exporter, Interests
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.signals import LogRecord, MetricsSnapshot, Signal, Span


class NoSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing can be set."""


class RecordingExporter:
    """Keeps every signal in the order in which it came. What an engine exported is complete once the engine is closed."""

    __test__ = False

    def __init__(self, interests: Interests = Interests()) -> None:  # noqa: B008 - it is frozen
        self.interests = interests
        self.signals: list[Signal] = []

    async def export(self, batch: Sequence[Signal]) -> None:
        """Keep a batch."""
        self.signals.extend(batch)

    @property
    def spans(self) -> list[Span]:
        """The spans."""
        return [signal for signal in self.signals if isinstance(signal, Span)]

    @property
    def logs(self) -> list[LogRecord]:
        """The log records."""
        return [signal for signal in self.signals if isinstance(signal, LogRecord)]

    @property
    def metrics(self) -> list[MetricsSnapshot]:
        """The snapshots of metrics."""
        return [signal for signal in self.signals if isinstance(signal, MetricsSnapshot)]


def using(exporter: Exporter, *, name: str = "recording") -> Chosen[Provider[Any, Exporter]]:
    """Return the use of an exporter, as an engine's configuration has it."""

    @asynccontextmanager
    async def opened(settings: NoSettings, host: Host) -> AsyncIterator[Exporter]:
        yield exporter

    return Chosen(Provider(name, "For tests.", NoSettings, opened), NoSettings())
