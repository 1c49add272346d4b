"""Takes snapshots of the metrics: what was counted, what can be seen now, and what the storage tells.

It reads plain numbers on the event loop, a millisecond's work for some hundred functions; only the storage is waited for. A
process whose engine is not open yet, or not any more, has the metrics of the process.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from obelisk import __version__
from obelisk.clock import EPOCH, Clock
from obelisk.core.events import ResultKind
from obelisk.interfaces.signals import (
    AttributeValue,
    HistogramPoint,
    Metric,
    MetricsSnapshot,
    NumberPoint,
)
from obelisk.interfaces.storage import Bucket
from obelisk.names import Ffqn
from obelisk.runtime import metric_list as listed
from obelisk.runtime.backlog import BacklogCache, KnownBacklog
from obelisk.runtime.metric_list import MetricInfo
from obelisk.runtime.metrics import CommitOutcome, FunctionCounts, Histogram, Metrics
from obelisk.runtime.process_usage import process_usage

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

Point = NumberPoint | HistogramPoint
Labels = dict[str, AttributeValue]


class Measuring:
    """See the module's documentation. ``opened`` and ``close`` follow the engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._began_ns = clock.monotonic_ns()
        self._kernel: Kernel | None = None
        self._backlog: BacklogCache | None = None

    def opened(self, kernel: Kernel) -> None:
        """Measure an engine from now on."""
        self._kernel = kernel
        self._backlog = BacklogCache(kernel.storage, kernel.clock)

    async def close(self) -> None:
        """Ask the storage no more; what was counted is still told."""
        backlog, self._backlog = self._backlog, None
        if backlog is not None:
            await backlog.close()

    async def snapshot(self) -> MetricsSnapshot:
        """Return every metric as it is now. Raises nothing."""
        kernel, metrics = self._kernel, list(self._of_process())
        if kernel is not None:
            known = None if self._backlog is None else await self._backlog.get()
            if known is not None:
                metrics += _of_storage(kernel, known, self._clock.now())
            metrics += _of_executions(kernel)
            metrics += _of_engine(kernel)
        return MetricsSnapshot(self._clock.now(), self._since, tuple(metrics))

    def _of_process(self) -> Iterator[Metric]:
        usage = process_usage()
        yield _metric(
            listed.BUILD, [_number(1, {listed.VERSION: __version__, listed.PYTHON: platform.python_version()})]
        )
        yield _metric(listed.START_TIME, [_number((self._since - EPOCH).total_seconds())])
        yield _metric(listed.UPTIME, [_number((self._clock.monotonic_ns() - self._began_ns) / 1e9)])
        yield _metric(listed.MEMORY, [_number(usage.resident)])
        if usage.virtual is not None:
            yield _metric(listed.VIRTUAL_MEMORY, [_number(usage.virtual)])
        modes = {"user": usage.user_seconds, "system": usage.system_seconds}
        yield _metric(listed.CPU_TIME, [_number(value, {listed.CPU_MODE: mode}) for mode, value in modes.items()])
        if usage.file_descriptors is not None:
            yield _metric(listed.FILE_DESCRIPTORS, [_number(usage.file_descriptors)])


def _of_storage(kernel: Kernel, known: KnownBacklog, now: datetime) -> Iterator[Metric]:
    counted = [
        _number(item.count, {listed.FUNCTION: item.ffqn, listed.STATE: item.bucket.value}) for item in known.items
    ]
    waiting = dict.fromkeys(_queued(kernel), (0, 0.0))
    for item in known.items:
        if item.bucket is Bucket.PENDING:
            age = 0.0 if item.due_since is None else max((now - item.due_since).total_seconds(), 0.0)
            waiting[item.ffqn] = (item.count, age)
    yield _metric(listed.EXECUTIONS, counted)
    yield _metric(listed.QUEUE_DEPTH, [_number(depth, {listed.FUNCTION: name}) for name, (depth, _) in waiting.items()])
    yield _metric(listed.QUEUE_AGE, [_number(age, {listed.FUNCTION: name}) for name, (_, age) in waiting.items()])


def _queued(kernel: Kernel) -> Iterable[Ffqn]:
    return sorted(ffqn for entry in kernel.functions.entries for ffqn in entry.ffqns())


def _of_executions(kernel: Kernel) -> Iterator[Metric]:
    metrics = kernel.metrics
    # A counter that is 0 before something happens shows that it happens: who reads it sees differences only.
    for ffqn in _queued(kernel):
        metrics.of(ffqn)
    functions: list[tuple[Labels, FunctionCounts]] = [
        ({listed.FUNCTION: ffqn}, counts) for ffqn, counts in metrics.functions.items()
    ]
    yield _metric(listed.CREATED, [_number(counts.created, name) for name, counts in functions])
    yield _metric(listed.FINISHED, [point for name, counts in functions for point in _finished(name, counts)])
    yield _metric(listed.RETRIES, [point for name, counts in functions for point in _retries(name, counts)])
    yield _metric(listed.EXPIRED_LOCKS, [_number(counts.expired_locks, name) for name, counts in functions])
    replays = [(name, counts.replays) for name, counts in functions if any(counts.replays.counts)]
    yield _metric(listed.REPLAYS, [_histogram(histogram, name) for name, histogram in replays])
    yield _metric(listed.STEPS, [_number(metrics.steps)])


def _finished(name: Labels, counts: FunctionCounts) -> Iterator[Point]:
    yield _number(counts.oks, name | {listed.RESULT: ResultKind.OK.value})
    yield _number(counts.errors, name | {listed.RESULT: ResultKind.ERROR.value})
    failed = name | {listed.RESULT: ResultKind.EXECUTION_FAILURE.value}
    for kind, count in counts.failures.items():
        yield _number(count, failed | {listed.ERROR: kind.value})


def _retries(name: Labels, counts: FunctionCounts) -> Iterator[Point]:
    yield _number(counts.retries_failed, name | {listed.RETRY_CAUSE: "failed"})
    yield _number(counts.retries_timed_out, name | {listed.RETRY_CAUSE: "timed_out"})


def _of_engine(kernel: Kernel) -> Iterator[Metric]:
    yield from _of_commits(kernel.metrics)
    hot = kernel.workflows.hot
    suspended = sum(run.is_suspended for run in hot)
    guests = (
        ("activity", "running", len(kernel.activities)),
        ("workflow", "running", len(hot) - suspended),
        ("workflow", "suspended", suspended),
    )
    yield _metric(
        listed.GUESTS,
        [_number(count, {listed.GUEST_KIND: kind, listed.GUEST_STATE: state}) for kind, state, count in guests],
    )
    yield _metric(listed.COLD_WORKFLOWS, [_number(kernel.workflows.cold_count)])
    yield _metric(
        listed.DROPPED_SIGNALS,
        [
            _number(count, {listed.EXPORTER: exporter, listed.SIGNAL: kind.value})
            for exporter, kind, count in kernel.exports.dropped()
        ],
    )
    lost = kernel.run_logs.lost.items()
    yield _metric(listed.DROPPED_LINES, [_number(count, {listed.DESTINATION: name}) for name, count in lost])


def _of_commits(metrics: Metrics) -> Iterator[Metric]:
    outcomes = (
        (CommitOutcome.COMMITTED, metrics.commits_done),
        (CommitOutcome.REFUSED, metrics.commits_refused),
        (CommitOutcome.UNKNOWN, metrics.commits_unknown),
    )
    yield _metric(listed.COMMITS, [_number(count, {listed.OUTCOME: outcome.value}) for outcome, count in outcomes])
    yield _metric(listed.COMMIT_ENTRIES, [_histogram(metrics.commit_entries)])
    yield _metric(listed.COMMIT_DURATION, [_histogram(metrics.commit_seconds)])


def _metric(info: MetricInfo, points: Iterable[Point]) -> Metric:
    return Metric(info.name, info.description, info.unit, info.kind, tuple(points))


def _number(value: float, attributes: Labels | None = None) -> NumberPoint:
    return NumberPoint(value, attributes or {})


def _histogram(histogram: Histogram, attributes: Labels | None = None) -> HistogramPoint:
    return HistogramPoint(histogram.bounds, tuple(histogram.counts), histogram.total, attributes or {})
