"""Signals reach a real collector, by each protocol, and answers of it are understood."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from obelisk_otlp.settings import Compression, Protocol

from obelisk import __version__
from obelisk.interfaces.signals import (
    HistogramPoint,
    LogLevel,
    Metric,
    MetricKind,
    MetricsSnapshot,
    NumberPoint,
    SpanEvent,
    SpanKind,
    SpanLink,
    SpanStatus,
)
from plugins.obelisk_otlp.tests.opening import (
    NOW,
    SPAN,
    TRACE,
    Lines,
    a_record,
    a_snapshot,
    a_span,
    opened,
)
from tests.otlp_receiver import GRPC, HTTP, Answer, Receiver, attributes

NANOSECONDS = 1_767_323_045_678_901_000
ONE = [GRPC]  # what a message holds does not depend on how it is sent
OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c"


def settings(collector: Receiver, protocol: str, **more: object) -> dict[str, object]:
    return {"endpoint": collector.endpoint, "protocol": Protocol(protocol), **more}


@pytest.mark.parametrize("protocol", ONE)
async def test_a_span_arrives_with_all_that_it_has(collector, protocol):
    span = a_span(
        parent_id=SPAN, is_parent_remote=True, trace_state="vendor=1,other=2", kind=SpanKind.SERVER,
        status=SpanStatus.ERROR, status_message="it broke", dropped_events=3,
        attributes={"text": "ä", "whole": -5, "part": 0.5, "yes": True},
        events=(SpanEvent("locked", NOW, {"executor": "x"}), SpanEvent("unlocked", NOW + timedelta(seconds=1))),
        links=(SpanLink(OTHER_TRACE, "b7ad6b7169203331", {"why": "scheduled"}),),
    )  # fmt: skip
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([span])
    (found,) = collector.spans()
    assert (found.name, found.trace_id.hex(), found.span_id.hex()) == (span.name, TRACE, span.span_id)
    assert (found.parent_span_id.hex(), found.trace_state) == (SPAN, "vendor=1,other=2")
    assert (found.kind, found.flags) == (found.SPAN_KIND_SERVER, 0x301)
    assert (found.start_time_unix_nano, found.end_time_unix_nano) == (NANOSECONDS, NANOSECONDS + 5_000_000)
    assert (found.status.code, found.status.message) == (found.status.STATUS_CODE_ERROR, "it broke")
    assert attributes(found.attributes) == span.attributes
    assert found.dropped_events_count == 3
    assert [(event.name, event.time_unix_nano) for event in found.events] == [
        ("locked", NANOSECONDS),
        ("unlocked", NANOSECONDS + 10**9),
    ]
    assert attributes(found.events[0].attributes) == {"executor": "x"}
    (link,) = found.links
    assert (link.trace_id.hex(), link.span_id.hex()) == (OTHER_TRACE, "b7ad6b7169203331")
    assert attributes(link.attributes) == {"why": "scheduled"}


@pytest.mark.parametrize("protocol", ONE)
async def test_a_span_without_anything_arrives_so(collector, protocol):
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_span()])
    (found,) = collector.spans()
    assert (found.parent_span_id, found.trace_state, found.flags) == (b"", "", 0x101)
    assert (found.kind, found.status.code) == (found.SPAN_KIND_INTERNAL, found.status.STATUS_CODE_UNSET)
    assert not found.attributes
    assert not found.events
    assert not found.links


async def test_log_records_arrive_with_their_trace(collector, protocol):
    inside = a_record("grüße", trace_id=TRACE, span_id=SPAN, flags=1, attributes={"function": "a:b/c.d"})
    outside = a_record("started", target="obelisk.engine", level=LogLevel.WARN)
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([inside, outside])
    first, second = collector.logs()
    assert (first.body.string_value, first.trace_id.hex(), first.span_id.hex()) == ("grüße", TRACE, SPAN)
    assert (first.severity_text, first.flags, first.time_unix_nano) == ("INFO", 1, NANOSECONDS)
    assert attributes(first.attributes) == {"obelisk.target": "app", "function": "a:b/c.d"}
    assert (second.trace_id, second.span_id, second.flags) == (b"", b"", 0)
    assert attributes(second.attributes) == {"obelisk.target": "obelisk.engine"}


@pytest.mark.parametrize("protocol", ONE)
async def test_levels_are_the_severities_of_opentelemetry(collector, protocol):
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_record(level=level) for level in LogLevel])
    found = {record.severity_text: record.severity_number for record in collector.logs()}
    assert found == {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17}


@pytest.mark.parametrize("protocol", ONE)
async def test_metrics_arrive_with_their_start(collector, protocol):
    since = NOW - timedelta(hours=1)
    snapshot = MetricsSnapshot(
        NOW,
        since,
        (
            Metric("steps", "Steps", "{step}", MetricKind.COUNTER, (NumberPoint(7, {"a": "b"}), NumberPoint(1.5))),
            Metric("open", "Open ones", "1", MetricKind.GAUGE, (NumberPoint(-2),)),
            Metric("lag", "Lag", "s", MetricKind.HISTOGRAM, (HistogramPoint((0.1, 1.0), (3, 2, 1), 9.5, {"x": 1}),)),
        ),
    )
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([snapshot])
    steps, gauge, lag = collector.metrics()
    assert (steps.name, steps.description, steps.unit) == ("steps", "Steps", "{step}")
    assert steps.sum.is_monotonic
    assert steps.sum.aggregation_temporality == lag.histogram.aggregation_temporality == 2
    whole, part = steps.sum.data_points
    assert (whole.as_int, attributes(whole.attributes), part.as_double) == (7, {"a": "b"}, 1.5)
    assert whole.start_time_unix_nano == NANOSECONDS - 3600 * 10**9
    assert whole.time_unix_nano == NANOSECONDS
    assert [point.as_int for point in gauge.gauge.data_points] == [-2]
    (histogram,) = lag.histogram.data_points
    assert (list(histogram.explicit_bounds), list(histogram.bucket_counts)) == ([0.1, 1.0], [3, 2, 1])
    assert (histogram.count, histogram.sum, attributes(histogram.attributes)) == (6, 9.5, {"x": 1})
    assert histogram.start_time_unix_nano == NANOSECONDS - 3600 * 10**9


async def test_every_request_names_the_server(collector, protocol):
    more = {"service_name": "shop", "resource": {"deployment.environment.name": "test"}}
    async with opened(**settings(collector, protocol, **more)) as exporter:
        await exporter.export([a_span(), a_record(), a_snapshot()])
    first, *others = collector.resources()
    assert others == [first, first]
    assert first["service.name"] == "shop"
    assert first["service.version"] == __version__
    assert first["deployment.environment.name"] == "test"
    assert first["process.pid"] == os.getpid()
    assert first["host.name"] == socket.gethostname()
    assert (first["telemetry.sdk.name"], first["telemetry.sdk.language"]) == ("opentelemetry", "python")
    assert len(first["service.instance.id"]) == 36
    scope = next(each.message for each in collector.requests if each.kind == "traces").resource_spans[0].scope_spans[0]
    assert (scope.scope.name, scope.scope.version) == ("obelisk", __version__)


async def test_headers_arrive_with_each_request(collector, protocol):
    more = {"headers": {"Authorization": "Bearer key = 1", "x-tenant": "shop"}}
    async with opened(**settings(collector, protocol, **more)) as exporter:
        await exporter.export([a_span(), a_record(), a_snapshot()])
    assert len(collector.requests) == 3
    for each in collector.requests:
        assert (each.headers["authorization"], each.headers["x-tenant"]) == ("Bearer key = 1", "shop")


@pytest.mark.parametrize(("compression", "least", "most"), [("gzip", 100, 20_000), ("none", 100_000, 200_000)])
async def test_requests_are_as_small_as_they_are_to_be(collector, protocol, compression, least, most):
    async with counted(collector.port) as (port, count):
        more = {"endpoint": f"http://localhost:{port}", "compression": Compression(compression)}
        async with opened(protocol=Protocol(protocol), **more) as exporter:
            await exporter.export([a_span(index, attributes={"same": "x" * 1000}) for index in range(100)])
    assert len(collector.spans()) == 100
    assert least < count[0] < most


@asynccontextmanager
async def counted(port: int) -> AsyncIterator[tuple[int, list[int]]]:
    """Pass connections on to a port; yields another port, and how many bytes were sent there."""
    count = [0]

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while part := await reader.read(65536):
                count[0] += len(part) if counts else 0
                writer.write(part)
                await writer.drain()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("localhost", port)
        await asyncio.gather(copy(reader, back, counts=True), copy(there, writer, counts=False))

    async with await asyncio.start_server(connect, "localhost", 0) as server:
        yield server.sockets[0].getsockname()[1], count


@pytest.mark.parametrize("protocol", ONE)
async def test_many_spans_are_several_requests_and_keep_their_order(collector, protocol):
    async with opened(**settings(collector, protocol)) as exporter:
        for start in range(0, 5000, 500):
            await exporter.export([a_span(index) for index in range(start, start + 500)])
    assert [int(span.span_id.hex(), 16) for span in collector.spans()] == list(range(1, 5001))
    assert 1 < len(collector.requests) <= 10


async def test_requests_stay_below_the_size_that_receivers_take(collector, protocol):
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_record("x" * 1_000_000) for _ in range(8)])
    assert len(collector.logs()) == 8
    assert max(each.message.ByteSize() for each in collector.requests) < 4 * 1024 * 1024


@pytest.mark.parametrize("protocol", ONE)
async def test_texts_and_numbers_that_otlp_cannot_hold_do_not_stop_the_others(collector, protocol):
    odd = a_span(0, name="half \ud800", attributes={"large": 2**80, "fits": 2**62})
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([odd, a_span(1, attributes={"larger": 2**63})])
    first, second = collector.spans()
    assert (first.name, attributes(first.attributes)) == ("half ?", {"large": str(2**80), "fits": 2**62})
    assert attributes(second.attributes) == {"larger": str(2**63)}


@pytest.mark.parametrize("protocol", ONE)
async def test_a_record_that_cannot_be_a_message_is_dropped_alone(collector, protocol, lines):
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_span(0), a_span(1, trace_id="no hex at all"), a_span(2)])
    assert [int(span.span_id.hex(), 16) for span in collector.spans()] == [1, 3]
    assert await lines.wait_for("holds what no message of OTLP can")
    assert await lines.wait_for("dropped: 1 span")


async def test_a_request_that_fails_for_now_is_tried_again(collector, protocol, lines):
    collector.answer_with(Answer(status="UNAVAILABLE", message="not yet", wait=0.01))
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_span()])
        await asyncio.to_thread(collector.wait_for, collector.spans, 1)
        await lines.wait_for("takes signals again")
    assert collector.tries == 2
    assert "not yet" in await lines.wait_for("cannot send traces", collector.endpoint, protocol)


async def test_a_request_that_is_refused_for_good_is_dropped_and_told(collector, protocol, lines):
    collector.answer_with(Answer(status="INVALID_ARGUMENT", message="too old"))
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_span(), a_span(1)])
        await lines.wait_for("cannot send traces", "too old")
        await exporter.export([a_span(2)])
        await asyncio.to_thread(collector.wait_for, collector.spans, 1)
        assert await lines.wait_for("takes signals again", "dropped: 2 spans")
    assert collector.tries == 2


async def test_what_a_collector_rejects_of_a_request_is_told(collector, protocol, lines):
    collector.answer_with(Answer(rejected=2, message="quota of today"))
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_span(index) for index in range(3)])
        assert await lines.wait_for("it rejected 2 of them: quota of today", "dropped: 2 spans")
    assert collector.tries == 1


async def test_wrong_credentials_are_told_with_the_next_step(collector, protocol, lines):
    collector.answer_with(Answer(status="UNAUTHENTICATED", message="who are you"))
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_record()])
        assert await lines.wait_for("cannot send logs", "check `headers`")


async def test_a_collector_without_a_kind_of_signal_is_told_with_the_next_step(collector, protocol, lines):
    collector.answer_with(Answer(status="UNIMPLEMENTED", message="unknown service"))
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_snapshot()])
        assert await lines.wait_for("cannot send metrics", "set `traces`, `logs` or `metrics` to false")


@pytest.mark.parametrize("protocol", ONE)
async def test_kinds_that_are_switched_off_are_not_sent(collector, protocol):
    async with opened(**settings(collector, protocol, logs=False, metrics=False)) as exporter:
        assert exporter.interests.spans
        assert exporter.interests.logs is None
        assert exporter.interests.metrics_every is None
        await exporter.export([a_span(), a_record(), a_snapshot()])
    assert [each.kind for each in collector.requests] == ["traces"]


@pytest.mark.parametrize("protocol", [HTTP])
async def test_paths_of_http_are_appended_to_the_endpoint(collector, protocol):
    async with opened(endpoint=f"{collector.endpoint}/otlp/", protocol=Protocol(protocol)) as exporter:
        await exporter.export([a_span(), a_record(), a_snapshot()])
    assert sorted(each.path for each in collector.requests) == ["/otlp/v1/logs", "/otlp/v1/metrics", "/otlp/v1/traces"]


@pytest.mark.parametrize("protocol", ONE)
async def test_traces_that_others_decided_not_to_record_are_left_out(collector, protocol):
    async with opened(**settings(collector, protocol)) as exporter:
        await exporter.export([a_span(0, trace_id=OTHER_TRACE, flags=0, is_trace_remote=True), a_span(1)])
    assert [span.trace_id.hex() for span in collector.spans()] == [TRACE]


@pytest.mark.parametrize("protocol", ONE)
async def test_nothing_is_sent_when_it_is_switched_off(collector, protocol, lines: Lines):
    async with opened(**settings(collector, protocol, enabled=False)) as exporter:
        assert not exporter.interests.spans
        await exporter.export([a_span()])
    assert collector.tries == 0
    assert lines.lines == ["nothing is sent to a collector: it is switched off"]
