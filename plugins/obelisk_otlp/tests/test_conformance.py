"""The exporter passes the suite that every exporter has to pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from obelisk_otlp.settings import Protocol

from obelisk.testing.exporters import Came, ExporterConformance, ExportTarget
from plugins.obelisk_otlp.tests.opening import opened
from tests.otlp_receiver import GRPC, Receiver, receiver


def came(collector: Receiver) -> Came:
    return Came(
        tuple(span.name for span in collector.spans()),
        tuple(record.body.string_value for record in collector.logs()),
        tuple(metric.name for metric in collector.metrics()),
    )


class TestOtlpExporter(ExporterConformance):
    @pytest.fixture
    def target(self) -> Iterator[ExportTarget]:
        with receiver(GRPC) as collector:
            settings = {"endpoint": collector.endpoint, "protocol": Protocol.GRPC, "level": "trace"}
            yield ExportTarget(lambda: opened(**settings), lambda: came(collector))
