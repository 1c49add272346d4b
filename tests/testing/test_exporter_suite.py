"""The exporter that tests use passes the suite that every exporter has to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from obelisk.testing.exporter import RecordingExporter
from obelisk.testing.exporters import ExporterConformance, ExportTarget, came


class TestRecordingExporter(ExporterConformance):
    @pytest.fixture
    def target(self) -> ExportTarget:
        opened: list[RecordingExporter] = []

        @asynccontextmanager
        async def open() -> AsyncIterator[RecordingExporter]:
            opened.append(RecordingExporter())
            yield opened[-1]

        return ExportTarget(open, lambda: came([signal for each in opened for signal in each.signals]))
