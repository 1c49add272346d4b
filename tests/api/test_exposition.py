"""The text that Prometheus reads, read by its own client library."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from obelisk.api.exposition import exposed, exposed_name
from obelisk.interfaces.signals import HistogramPoint, Metric, MetricKind, NumberPoint
from obelisk.runtime.metric_list import METRICS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AWKWARD = 'a "quoted"\nname \\ with µ'


def samples(text: str) -> list[tuple[str, dict[str, str], float]]:
    """Return what Prometheus reads."""
    found: list[Sample] = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return [(sample.name, sample.labels, sample.value) for sample in found]


def counter(*points: NumberPoint, name: str = "obelisk.steps", description: str = "Steps.") -> Metric:
    return Metric(name, description, "{step}", MetricKind.COUNTER, points)


def test_a_counter_ends_with_total():
    text = exposed(counter(NumberPoint(3, {"code.function.name": "a:b/c.d"})))
    assert samples(text) == [("obelisk_steps_total", {"code_function_name": "a:b/c.d"}, 3)]


def test_values_of_attributes_come_through_whatever_they_hold():
    text = exposed(counter(NumberPoint(1, {"name": AWKWARD, "count": 7, "is.it": True})))
    assert samples(text) == [("obelisk_steps_total", {"name": AWKWARD, "count": "7", "is_it": "True"}, 1)]


def test_a_description_may_have_lines_and_backslashes():
    (family,) = text_string_to_metric_families(exposed(counter(NumberPoint(1), description="a\nb\\c")))
    assert (family.documentation, family.type) == ("a\nb\\c", "counter")


def test_a_metric_without_points_is_left_out():
    assert exposed(counter()) == ""


def test_a_histogram_has_counts_that_add_up():
    point = HistogramPoint((0.5, 2.0), (1, 0, 4), 12.25, {"function": "f"})
    text = exposed(Metric("obelisk.commit.duration", "Time.", "s", MetricKind.HISTOGRAM, (point,)))
    name = "obelisk_commit_duration_seconds"
    assert samples(text) == [
        (f"{name}_bucket", {"function": "f", "le": "0.5"}, 1),
        (f"{name}_bucket", {"function": "f", "le": "2.0"}, 1),
        (f"{name}_bucket", {"function": "f", "le": "+Inf"}, 5),
        (f"{name}_sum", {"function": "f"}, 12.25),
        (f"{name}_count", {"function": "f"}, 5),
    ]


def test_a_histogram_without_attributes_is_read_too():
    point = HistogramPoint((0.5,), (1, 1), 2.0)
    text = exposed(Metric("obelisk.commit.duration", "Time.", "s", MetricKind.HISTOGRAM, (point,)))
    assert [labels for _, labels, _ in samples(text)] == [{"le": "0.5"}, {"le": "+Inf"}, {}, {}]
    assert "{}" not in text


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("process.cpu.time", "s", MetricKind.COUNTER, "process_cpu_time_seconds_total"),
        ("process.memory.usage", "By", MetricKind.GAUGE, "process_memory_usage_bytes"),
        ("obelisk.queue.depth", "{execution}", MetricKind.GAUGE, "obelisk_queue_depth"),
    ],
)
def test_units_are_part_of_the_name(name: str, unit: str, kind: MetricKind, expected: str):
    assert exposed_name(Metric(name, "", unit, kind, ())) == expected


def test_metrics_do_not_share_a_name():
    names = [exposed_name(Metric(info.name, "", info.unit, info.kind, ())) for info in METRICS]
    assert len(set(names)) == len(METRICS)
