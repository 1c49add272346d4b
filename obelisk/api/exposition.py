"""Metrics as Prometheus reads them: its text format, version 0.0.4.

Names follow OpenTelemetry's rules for Prometheus: dots become ``_``, the unit is appended, and ``_total`` to counters. So
``obelisk.commit.duration`` in ``s`` is ``obelisk_commit_duration_seconds``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, chain
from typing import Final

from obelisk.interfaces.signals import Attributes, HistogramPoint, Metric, MetricKind, NumberPoint

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_UNITS: Final = {"s": "_seconds", "By": "_bytes"}
_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})


def exposed(metric: Metric) -> str:
    """Return the lines of a metric, none when it has no points."""
    if not metric.points:
        return ""
    name = exposed_name(metric)
    head = (f"# HELP {name} {metric.description.translate(_HELP_ESCAPES)}", f"# TYPE {name} {metric.kind.value}")
    lines = chain(head, *(_samples(name, point) for point in metric.points))
    return "\n".join(lines) + "\n"


def exposed_name(metric: Metric) -> str:
    """Return what a metric is called for Prometheus."""
    name = _FOREIGN.sub("_", metric.name) + _UNITS.get(metric.unit, "")
    return f"{name}_total" if metric.kind is MetricKind.COUNTER else name


def _samples(name: str, point: NumberPoint | HistogramPoint) -> Iterator[str]:
    labels = _labels(point.attributes)
    braced = f"{{{labels}}}" if labels else ""
    if isinstance(point, NumberPoint):
        yield f"{name}{braced} {point.value}"
        return
    before = f"{labels}," if labels else ""
    counts = list(accumulate(point.counts))
    for bound, count in zip((*map(str, point.bounds), "+Inf"), counts, strict=True):
        yield f'{name}_bucket{{{before}le="{bound}"}} {count}'
    yield f"{name}_sum{braced} {point.total}"
    yield f"{name}_count{braced} {counts[-1]}"


def _labels(attributes: Attributes) -> str:
    return ",".join(
        f'{_FOREIGN.sub("_", name)}="{str(value).translate(_ESCAPES)}"' for name, value in attributes.items()
    )
