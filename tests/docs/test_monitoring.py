"""The pages on metrics name the metrics that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from obelisk.api.exposition import exposed_name
from obelisk.interfaces.signals import Metric, MetricKind
from obelisk.runtime.metric_list import METRICS, MetricInfo

HEAD = "| metric | for Prometheus | kind | unit | attributes | meaning |\n| --- | --- | --- | --- | --- | --- |\n"
STORAGE_GAUGES = ("obelisk_executions", "obelisk_queue_depth", "obelisk_queue_age_seconds")


def prometheus_name(info: MetricInfo) -> str:
    return exposed_name(Metric(info.name, info.description, info.unit, info.kind, ()))


def row(info: MetricInfo) -> str:
    attributes = ", ".join(f"`{name}`" for name in info.attributes)
    unit = f"`{info.unit}`"
    return f"| `{info.name}` | `{prometheus_name(info)}` | {info.kind.value} | {unit} | {attributes} | {info.description} |"


@pytest.fixture
def guide(repository: Path) -> str:
    return (repository / "docs/how-to/monitor.md").read_text()


def test_the_reference_lists_every_metric(repository: Path):
    page = (repository / "docs/reference/signals.md").read_text()
    table = HEAD + "\n".join(map(row, METRICS)) + "\n"
    assert table in page, f"put this table into docs/reference/signals.md:\n{table}"


def test_the_guide_asks_for_metrics_that_there_are(guide: str):
    names = {prometheus_name(info): info.kind for info in METRICS}
    histograms = {name for name, kind in names.items() if kind is MetricKind.HISTOGRAM}
    series = names.keys() - histograms | {
        f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")
    }
    labels = {name.replace(".", "_") for info in METRICS for name in info.attributes}
    asked = set(re.findall(r"\b(?:obelisk|process)_[a-z_]+", guide))
    assert len(asked) > 15
    assert asked <= series | labels


def test_the_guide_adds_up_no_gauges_of_the_storage(guide: str):
    assert all(
        f"max by ({by})" in guide for by in ("code_function_name", "code_function_name, obelisk_execution_state")
    )
    assert not re.search(rf"sum[^)]*\) ?\((?:{'|'.join(STORAGE_GAUGES)})\b", guide)
