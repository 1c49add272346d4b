"""Signals on standard error."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from obelisk.builtin.console_exporter import ConsoleExporter, ConsoleSettings
from obelisk.config.load import config_from_text
from obelisk.errors import ConfigError
from obelisk.interfaces.components import LogLevel
from obelisk.interfaces.exporters import Interests
from obelisk.interfaces.signals import LogRecord, Span
from obelisk.plugins import Plugins

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = Span(name="run", trace_id="0" * 32, span_id="1" * 16, started_at=NOW, ended_at=NOW)
LOG = LogRecord(at=NOW, level=LogLevel.WARN, target="app", message="two\nlines")


async def test_each_signal_is_a_line() -> None:
    stream = io.StringIO()
    await ConsoleExporter(ConsoleSettings(), stream).export([SPAN, LOG])
    span, log = map(json.loads, stream.getvalue().splitlines())
    assert (span["type"], span["name"], span["started_at"]) == ("span", "run", "2026-01-01T00:00:00Z")
    assert (log["type"], log["level"], log["message"]) == ("log", "warn", "two\nlines")


def test_spans_are_what_is_wanted_unless_more_is_said() -> None:
    interests = ConsoleExporter(ConsoleSettings(), io.StringIO()).interests
    assert interests == Interests(spans=True, logs=None, metrics_every=None)


def test_metrics_cannot_be_wanted_all_the_time(tmp_path) -> None:
    toml = "[console]\nmetrics_interval = '1ms'\n"
    with pytest.raises(ConfigError, match="`metrics_interval`: expected at least 1 s"):
        config_from_text(toml, plugins=Plugins.load(environ={}), base=tmp_path, environ={"HOME": str(tmp_path)})
