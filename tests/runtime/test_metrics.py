"""What the metrics say after something has happened."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.core.events import Finished
from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk.interfaces.exporters import Interests
from obelisk.interfaces.signals import HistogramPoint, Metric, MetricKind, MetricsSnapshot
from obelisk.interfaces.storage import Backlog
from obelisk.runtime import exporter_feed, metric_list, process_usage
from obelisk.runtime.backlog import STALE_SECONDS, BacklogCache
from obelisk.runtime.metrics import EVENTS, CommitOutcome, Histogram, Metrics
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from obelisk.testing.exporter import RecordingExporter, using
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, SPIN, Open, activity, workflow
from tests.runtime.test_commits import holds, once, watch

FIBO_CALL = "testing:fibo/fibo.fibo"
FIBOA = "testing:fibo-workflow/workflow.fiboa"
TRAP = "testing:spin/spin.trap"
FOREVER = "testing:spin/spin.spin-forever"
SLEEP = workflow("sleepy", "tests/guests/sleep_workflow.wat")
SLEEP_FOR = "testing:sleep-workflow/workflow.sleep-for"
SECOND = timedelta(seconds=1)


async def snapshot(harness: EngineHarness) -> MetricsSnapshot:
    """Return the metrics once what is known of the storage is no longer kept."""
    harness.clock.advance(SECOND)
    await running(harness)
    return await harness.engine.metrics()


async def running(harness: EngineHarness) -> None:
    """Let the engine start what is pending; what computes goes on."""
    for _ in range(20):
        await harness.engine.quiet()
        await asyncio.sleep(0)


def metric(snapshot: MetricsSnapshot, name: str) -> Metric:
    (found,) = [metric for metric in snapshot.metrics if metric.name == name]
    return found


def values(snapshot: MetricsSnapshot, name: str) -> dict[str, float]:
    """Return the points of a metric that are not 0, by the values of their attributes."""
    points = metric(snapshot, name).points
    return {" ".join(str(value) for value in point.attributes.values()): point.value for point in points if point.value}


def histogram(snapshot: MetricsSnapshot, name: str) -> HistogramPoint:
    (point,) = metric(snapshot, name).points
    assert isinstance(point, HistogramPoint)
    return point


async def test_steps_and_executions_are_counted_by_function_and_result(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        await harness.call(FIBOA, 10, 3)
        found = await snapshot(harness)
    assert values(found, "obelisk.executions.created") == {FIBOA: 1, FIBO_CALL: 3}
    assert values(found, "obelisk.executions.finished") == {f"{FIBOA} ok": 1, f"{FIBO_CALL} ok": 3}
    assert values(found, "obelisk.steps") == {"": 3}


async def test_failures_and_retries_are_counted_by_their_cause(open_engine: Open):
    spin = activity("spin", "tests/guests/spin.wat", 'max_retries = 1\nexec.lock_expiry = "5s"')
    async with open_engine(spin) as harness:
        await harness.call(TRAP)
        execution = await harness.submit(FOREVER)
        for _ in range(2):
            await running(harness)
            harness.clock.advance(5 * SECOND)
            await harness.settle()
            harness.clock.advance(SECOND)
        await harness.result(execution)
        found = await snapshot(harness)
    assert values(found, "obelisk.retries") == {f"{TRAP} failed": 1, f"{FOREVER} timed_out": 1}
    assert values(found, "obelisk.executions.finished") == {
        f"{TRAP} execution_failure uncategorized": 1, f"{FOREVER} execution_failure timed_out": 1,
    }  # fmt: skip
    assert values(found, "obelisk.locks.expired") == {FOREVER: 2}


async def test_counters_of_a_function_are_there_before_anything_happens(open_engine: Open):
    async with open_engine(FIBO) as harness:
        found = await snapshot(harness)
    points = metric(found, "obelisk.executions.finished").points
    assert [(point.value, point.attributes["code.function.name"]) for point in points] == [(0, FIBO_CALL)] * 7
    (depth,) = metric(found, "obelisk.queue.depth").points
    assert (depth.value, depth.attributes) == (0, {"code.function.name": FIBO_CALL})


async def test_what_waits_for_an_executor_is_told_with_its_age(open_engine: Open):
    one_at_once = activity("spin", "tests/guests/spin.wat", 'exec.lock_expiry = "1h"\nexec.instance_limiter = 1')
    async with open_engine(one_at_once) as harness:
        await harness.submit(FOREVER)
        await harness.submit(FOREVER)
        await running(harness)
        harness.clock.advance(9 * SECOND)
        found = await snapshot(harness)
    assert values(found, "obelisk.executions") == {f"{FOREVER} locked": 1, f"{FOREVER} pending": 1}
    assert values(found, "obelisk.queue.depth") == {FOREVER: 1}
    assert values(found, "obelisk.queue.age") == {FOREVER: 10.0}
    assert values(found, "obelisk.guests") == {"activity running": 1}


async def test_a_workflow_that_waits_is_suspended(open_engine: Open):
    async with open_engine(FIBO, SLEEP) as harness:
        await harness.submit(SLEEP_FOR, 60_000)
        await running(harness)
        found = await snapshot(harness)
    assert values(found, "obelisk.guests") == {"workflow suspended": 1}
    assert values(found, "obelisk.workflows.cold") == {}


async def test_a_replay_is_counted_with_its_length(open_engine: Open):
    interrupted = SLEEP + 'blocking_strategy = "interrupt"\n'
    async with open_engine(FIBO, interrupted) as harness:
        execution = await harness.submit(SLEEP_FOR, 60_000)
        await running(harness)
        assert values(await snapshot(harness), "obelisk.workflows.cold") == {"": 1}
        await harness.result(execution)
        found = await snapshot(harness)
    point = histogram(found, "obelisk.replay.events")
    assert point.attributes == {"code.function.name": SLEEP_FOR}
    assert (sum(point.counts), point.total) == (1, 3)  # a join set, a request, a wait


async def test_commits_are_counted_with_their_entries_and_their_time(open_engine: Open):
    async with open_engine(FIBO) as harness:
        await harness.call(FIBO_CALL, 10)
        found = await snapshot(harness)
    assert values(found, "obelisk.commits") == {"committed": 2}
    assert histogram(found, "obelisk.commit.entries").total == 3  # created and locked, finished
    assert sum(histogram(found, "obelisk.commit.duration").counts) == 2


@pytest.mark.parametrize(
    ("error", "outcome"), [(CommitRefusedError("no"), "refused"), (CommitUnknownError("lost"), "unknown")]
)
async def test_commits_that_are_refused_or_unknown_are_counted(open_engine: Open, error: StorageError, outcome: str):
    async with open_engine(FIBO) as harness:
        watch(harness).fault = once(error, lambda batch: holds(batch, Finished))
        await harness.call(FIBO_CALL, 10)
        assert values(await snapshot(harness), "obelisk.commits")[outcome] == 1


async def test_dropped_signals_are_counted_by_exporter_and_kind(open_engine: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporter_feed, "QUEUED_BYTES", 0)
    async with open_engine(FIBO, exporters=[using(RecordingExporter())]) as harness:
        await harness.call(FIBO_CALL, 10)
        found = await snapshot(harness)
    assert values(found, "obelisk.signals.dropped").keys() >= {"recording spans"}


async def test_an_exporter_gets_a_last_snapshot_at_the_end(open_engine: Open):
    exporter = RecordingExporter(Interests(spans=False, logs=None))
    async with open_engine(FIBO, exporters=[using(exporter)]) as harness:
        await harness.call(FIBO_CALL, 10)
    assert [values(found, "obelisk.steps") for found in exporter.metrics] == [{"": 1}]
    assert values(exporter.metrics[0], "obelisk.queue.depth") == {}


async def test_dropped_lines_are_counted_by_their_destination(open_engine: Open):
    async with open_engine(FIBO) as harness:
        harness.engine._kernel.run_logs._to_storage.lost += 7
        found = await snapshot(harness)
    assert values(found, "obelisk.lines.dropped") == {"storage": 7}


async def test_lines_that_a_guest_logged_without_a_pause_are_counted_though_no_destination_saw_them(open_engine: Open):
    async with open_engine(activity("logger", "tests/guests/logger.wat")) as harness:
        await harness.call("testing:logger/logger.log-many", 20_000)
        lost = values(await snapshot(harness), "obelisk.lines.dropped")
    assert set(lost) == {"all"}
    assert 10_000 < lost["all"] < 20_000


async def test_the_process_and_what_runs_is_told(open_engine: Open):
    async with open_engine(FIBO) as harness:
        found = await snapshot(harness)
    assert values(found, "process.memory.usage")[""] > 1024**2
    assert values(found, "process.uptime") == {"": 1.0}
    assert set(values(found, "process.cpu.time")) <= {"user", "system"}
    assert found.at - found.since == SECOND


async def test_an_engine_that_is_not_open_tells_of_its_process_and_after_its_end_of_what_it_did(open_engine: Open):
    async with open_engine(FIBO) as harness:
        await harness.call(FIBO_CALL, 10)
    found = await harness.engine.metrics()
    assert values(found, "obelisk.steps") == {"": 1}
    names = {metric.name for metric in found.metrics}
    assert "process.memory.usage" in names
    assert "obelisk.queue.depth" not in names


async def test_every_metric_is_listed_with_its_kind_unit_and_attributes(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, SPIN) as harness:
        await harness.call(FIBOA, 10, 3)
        harness.engine._kernel.metrics.replayed(FIBOA, 3)
        found = await snapshot(harness)
    listed = {info.name: info for info in metric_list.METRICS}
    assert [metric.name for metric in found.metrics] == list(dict.fromkeys(metric.name for metric in found.metrics))
    assert {metric.name for metric in found.metrics} == set(listed)
    for metric in found.metrics:
        info = listed[metric.name]
        assert (metric.kind, metric.unit, metric.description) == (info.kind, info.unit, info.description)
        assert all(set(point.attributes) <= set(info.attributes) for point in metric.points)
        assert all(isinstance(point, HistogramPoint) == (info.kind is MetricKind.HISTOGRAM) for point in metric.points)


def test_a_system_without_proc_tells_the_peak_of_the_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(process_usage, "_STATM", tmp_path / "none")
    monkeypatch.setattr(process_usage, "_DESCRIPTORS", tmp_path / "none")
    usage = process_usage.process_usage()
    assert (usage.virtual, usage.file_descriptors) == (None, None)
    assert usage.resident > 1024**2


def test_a_histogram_counts_a_value_under_the_first_bound_that_is_not_below_it():
    found = Histogram(EVENTS)
    for value in (0, 10, 11, 1_000_000):
        found.record(value)
    assert found.counts == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found.total == 1_000_021


def test_a_commit_is_timed_in_seconds():
    metrics = Metrics()
    metrics.settled(CommitOutcome.COMMITTED, entries=4, took_ns=1_500_000)
    assert metrics.commit_seconds.total == 0.0015


class Counting:
    """A storage that is asked for its backlog."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def backlog(self, now: object) -> list[Backlog]:
        self.asked += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return []


@pytest.fixture
def counting() -> Counting:
    return Counting()


async def test_the_storage_is_asked_once_in_a_second(counting: Counting):
    clock = ManualClock()
    cache = BacklogCache(counting, clock)
    await asyncio.gather(*[cache.get() for _ in range(10)])
    clock.advance(SECOND * 0.999)
    await cache.get()
    assert counting.asked == 1
    clock.advance(SECOND)
    await cache.get()
    assert counting.asked == 2


async def test_a_storage_that_counts_slowly_is_asked_seldom(counting: Counting):
    clock = ManualClock()
    cache = BacklogCache(counting, clock)
    counting.gate.clear()
    asking = asyncio.ensure_future(cache.get())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.advance(SECOND)
    counting.gate.set()
    await asking
    clock.advance(18 * SECOND)
    await cache.get()
    assert counting.asked == 1


@pytest.mark.parametrize("error", [StorageError("disk"), RuntimeError("mistake")])
async def test_what_is_known_outlives_an_error_of_the_storage_for_a_while(
    counting: Counting, error: Exception, caplog: pytest.LogCaptureFixture
):
    clock = ManualClock()
    cache = BacklogCache(counting, clock)
    known = await cache.get()
    assert known is not None
    counting.error = error
    clock.advance(2 * SECOND)
    assert await cache.get() is known
    clock.advance(timedelta(seconds=STALE_SECONDS))
    assert await cache.get() is None
    assert "cannot be counted" in caplog.text


async def test_a_storage_that_hangs_keeps_nobody_waiting(counting: Counting, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("obelisk.runtime.backlog.PATIENCE_SECONDS", 0.01)
    cache = BacklogCache(counting, ManualClock())
    counting.gate.clear()
    assert await cache.get() is None
    assert await cache.get() is None
    assert counting.asked == 1
    await cache.close()
