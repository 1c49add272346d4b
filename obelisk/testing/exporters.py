# ruff: noqa: D102 - the name of a clause says what it demands
"""The suite that every exporter has to pass.

A plugin subclasses it in its tests and gives the fixture ``target``: how the exporter is opened, and what came out of it
where it exports to::

    class TestMyExporter(ExporterConformance):
        @pytest.fixture
        def target(self, collector):
            return ExportTarget(lambda: open_exporter(MySettings(collector.url), host), collector.names)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from msgspec import Struct

from obelisk.interfaces.exporters import Exporter, Interests
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.signals import (
    HistogramPoint,
    LogLevel,
    LogRecord,
    Metric,
    MetricKind,
    MetricsSnapshot,
    NumberPoint,
    Signal,
    Span,
    SpanEvent,
    SpanKind,
    SpanLink,
    SpanStatus,
)
from obelisk.testing.conformance import Conformance
from obelisk.testing.storage_samples import at

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "00f067aa0ba902b7"


class ExportTarget(Struct, frozen=True):
    """Where signals go.

    ``open`` opens an exporter that exports everything. ``came`` returns what has come out of all that it opened, in its
    order: the names of spans, the messages of log records, the names of metrics.
    """

    open: Callable[[], AbstractAsyncContextManager[Exporter]]
    came: Callable[[], Came]


class Came(Struct, frozen=True):
    """What came, by kind."""

    spans: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


def span(name: str, number: int = 1) -> Span:
    """Return a span with everything that a span can have."""
    return Span(
        name=name, trace_id=TRACE, span_id=f"{number:016x}", parent_id=SPAN, kind=SpanKind.SERVER,
        started_at=at(0.000001), ended_at=at(1), status=SpanStatus.ERROR, status_message="no",
        attributes={"text": "ž", "whole": 2**62, "part": 0.5, "yes": True},
        events=(SpanEvent("event", at(0.5), {"a": 1}),), links=(SpanLink(OTHER_TRACE, SPAN, {"why": "scheduled"}),),
    )  # fmt: skip


def record(message: str, level: LogLevel = LogLevel.INFO) -> LogRecord:
    """Return a log record of a component."""
    return LogRecord(
        at=at(0),
        level=level,
        target="app",
        message=message,
        trace_id=TRACE,
        span_id=SPAN,
        flags=1,
        attributes={"a": "b"},
    )


def snapshot(*names: str, value: float = 1) -> MetricsSnapshot:
    """Return a snapshot of metrics: a histogram, a counter, a gauge, and so on."""
    points = (
        (MetricKind.HISTOGRAM, HistogramPoint((0.1, 1.0), (3, 2, 1), 9.5, {"x": 1})),
        (MetricKind.COUNTER, NumberPoint(value, {"a": "b"})),
        (MetricKind.GAUGE, NumberPoint(-value)),
    )
    metrics = [Metric(name, "Things", "1", *_kind(points[place % 3])) for place, name in enumerate(names)]
    return MetricsSnapshot(at(60), at(0), tuple(metrics))


def _kind(
    pair: tuple[MetricKind, NumberPoint | HistogramPoint],
) -> tuple[MetricKind, tuple[NumberPoint | HistogramPoint, ...]]:
    return pair[0], (pair[1],)


class ExporterConformance(Conformance):
    """Every clause. A subclass, whose name begins with ``Test``, has the fixture ``target``."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def target(self) -> ExportTarget:
        """Return where signals go."""
        raise NotImplementedError(f"{type(self).__name__} has to give the fixture `target`")

    async def test_it_says_what_it_wants_to_hear_of(self, target: ExportTarget) -> None:
        async with target.open() as exporter:
            interests = exporter.interests
        assert isinstance(interests, Interests)
        assert interests.spans
        assert isinstance(interests.logs, LogFilter)
        assert interests.metrics_every is not None
        assert interests.metrics_every > timedelta()

    async def test_a_span_comes_out_once_it_is_closed(self, target: ExportTarget) -> None:
        assert await exported(target, [span("a:b/c.run")]) == Came(spans=("a:b/c.run",))

    async def test_a_log_record_comes_out(self, target: ExportTarget) -> None:
        assert await exported(target, [record("ž 😀")]) == Came(messages=("ž 😀",))

    async def test_records_of_every_level_come_out(self, target: ExportTarget) -> None:
        records = [record(level.value, level) for level in LogLevel]
        assert await exported(target, records) == Came(messages=tuple(level.value for level in LogLevel))

    async def test_a_snapshot_of_metrics_of_every_kind_comes_out(self, target: ExportTarget) -> None:
        names = ("obelisk.one", "obelisk.two", "obelisk.three")
        assert await exported(target, [snapshot(*names)]) == Came(metrics=names)

    async def test_kinds_of_signals_may_be_mixed_in_a_batch(self, target: ExportTarget) -> None:
        batch: list[Signal] = [span("one"), record("two"), snapshot("three"), record("four"), span("five", 2)]
        assert await exported(target, batch) == Came(("one", "five"), ("two", "four"), ("three",))

    async def test_batches_come_out_in_their_order(self, target: ExportTarget) -> None:
        names = [f"span {number}" for number in range(200)]
        batches = [[span(name, place + 1)] for place, name in enumerate(names)]
        assert (await exported(target, *batches)).spans == tuple(names)

    async def test_a_large_batch_comes_out_whole(self, target: ExportTarget) -> None:
        names = [f"span {number}" for number in range(2_000)]
        assert (await exported(target, [span(name, place + 1) for place, name in enumerate(names)])).spans == tuple(
            names
        )

    async def test_an_empty_batch_and_an_empty_snapshot_harm_nobody(self, target: ExportTarget) -> None:
        assert await exported(target, [], [snapshot()], [span("one")]) == Came(spans=("one",))

    async def test_nothing_comes_out_when_nothing_was_exported(self, target: ExportTarget) -> None:
        assert await exported(target) == Came()

    async def test_odd_texts_and_numbers_keep_nothing_else_from_coming_out(self, target: ExportTarget) -> None:
        odd: list[Signal] = [
            span("one"), record("half \ud800 \x00"), span("x" * 5000, 2), snapshot("big", value=2**70),
            snapshot("nan", value=float("nan")), span("last", 3),
        ]  # fmt: skip
        came = await exported(target, odd)
        assert (came.spans[0], came.spans[-1]) == ("one", "last")

    async def test_it_may_be_opened_again_after_it_was_closed(self, target: ExportTarget) -> None:
        await exported(target, [span("one")])
        assert (await exported(target, [span("two", 2)])).spans == ("one", "two")

    async def test_two_of_them_may_be_open_at_once(self, target: ExportTarget) -> None:
        async with target.open() as one, target.open() as two:
            await one.export([span("one")])
            await two.export([span("two", 2)])
        assert sorted(target.came().spans) == ["one", "two"]

    async def test_it_runs_on_a_loop_of_its_own_in_another_thread(self, target: ExportTarget) -> None:
        await asyncio.to_thread(lambda: asyncio.run(exported(target, [span("one")])))
        assert target.came().spans == ("one",)


async def exported(target: ExportTarget, *batches: Sequence[Signal]) -> Came:
    """Open an exporter, export batches, close it, and return what came out."""
    async with target.open() as exporter:
        for batch in batches:
            await exporter.export(batch)
    return target.came()


def came(signals: Sequence[Signal]) -> Came:
    """Return what signals are by kind."""
    return Came(
        tuple(each.name for each in signals if isinstance(each, Span)),
        tuple(each.message for each in signals if isinstance(each, LogRecord)),
        tuple(metric.name for each in signals if isinstance(each, MetricsSnapshot) for metric in each.metrics),
    )
