"""Signals: what the engine tells exporters about what it does.

A signal is a plain record: a ``Span`` (``core.spans``), a ``LogRecord``, or a ``MetricsSnapshot``. The words and the names
of attributes and metrics follow OpenTelemetry; ``docs/reference/signals.md`` lists them.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from obelisk.core.spans import (
    Attributes,
    AttributeValue,
    Span,
    SpanEvent,
    SpanKind,
    SpanLink,
    SpanStatus,
)
from obelisk.interfaces.components import LogLevel

__all__ = [
    "AttributeValue", "Attributes", "HistogramPoint", "LogLevel", "LogRecord", "Metric", "MetricKind", "MetricsSnapshot",
    "NumberPoint", "Signal", "SignalKind", "Span", "SpanEvent", "SpanKind", "SpanLink", "SpanStatus",
]  # fmt: skip


class SignalKind(Enum):
    """What a signal is of."""

    SPANS = "spans"
    LOGS = "logs"
    METRICS = "metrics"


class LogRecord(Struct, frozen=True, kw_only=True, tag="log"):
    """A line of a component, or of the server's own log.

    ``target`` is ``app`` for components, else the name of the server's logger, such as ``obelisk.timers``. A line of a
    component has the ids of the trace and of the run's span that it belongs to, in the form that ``Span`` has them.
    """

    at: datetime
    level: LogLevel
    target: str
    message: str
    trace_id: str | None = None
    span_id: str | None = None
    flags: int = 0
    attributes: dict[str, AttributeValue] = {}


class MetricKind(Enum):
    """What the points of a metric mean.

    A counter only grows from the start of the server on, a gauge is a value of now, a histogram counts values by size.
    """

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class NumberPoint(Struct, frozen=True, tag="number"):
    """The value of a counter or a gauge for one set of attributes."""

    value: int | float
    attributes: dict[str, AttributeValue] = {}


class HistogramPoint(Struct, frozen=True, tag="histogram"):
    """How many values there were of each size, for one set of attributes.

    ``counts`` has one number more than ``bounds``: ``counts[i]`` values were at most ``bounds[i]`` and above the bound
    before it, the last number counts those above all bounds.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    attributes: dict[str, AttributeValue] = {}


class Metric(Struct, frozen=True):
    """One metric: its name with dots (``obelisk.steps``), its unit in UCUM (``s``, ``By``, ``{step}``), its points."""

    name: str
    description: str
    unit: str
    kind: MetricKind
    points: tuple[NumberPoint | HistogramPoint, ...]


class MetricsSnapshot(Struct, frozen=True, tag="metrics"):
    """Every metric at one time; counters and histograms count from ``since`` on."""

    at: datetime
    since: datetime
    metrics: tuple[Metric, ...]


Signal = Span | LogRecord | MetricsSnapshot
