"""The exporter passes the suite that every exporter has to pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from obelisk.interfaces.settings import Duration
from obelisk.testing.exporters import Came, ExporterConformance, ExportTarget
from obelisk.testing.hosts import host_in

from obelisk_slow_log import SlowLogSettings
from obelisk_slow_log.exporter import open_exporter


def came(path: Path) -> Came:
    """Return what lies in the file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return Came(
        spans=tuple(line["name"] for line in lines if line["type"] == "span"),
        messages=tuple(line["message"] for line in lines if line["type"] == "log"),
        metrics=tuple(metric["name"] for line in lines if line["type"] == "metrics" for metric in line["metrics"]),
    )


class TestSlowLog(ExporterConformance):
    @pytest.fixture
    def target(self, tmp_path: Path) -> ExportTarget:
        settings = SlowLogSettings(tmp_path / "signals.jsonl", threshold=Duration(0))
        return ExportTarget(lambda: open_exporter(settings, host_in(tmp_path)), lambda: came(settings.path))
