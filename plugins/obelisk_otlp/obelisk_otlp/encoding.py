"""Records as OTLP's messages (https://opentelemetry.io/docs/specs/otlp/).

They are written into protobuf messages field by field. The encoder of ``opentelemetry-exporter-otlp`` takes objects of the
SDK, which have to be made first, and both together take five times as long (ADR 0030).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import SpanFlags, Status

from obelisk.interfaces.signals import (
    Attributes,
    HistogramPoint,
    LogLevel,
    LogRecord,
    Metric,
    MetricKind,
    MetricsSnapshot,
    NumberPoint,
    Span,
    SpanKind,
    SpanStatus,
)
from obelisk_otlp.stamps import nanoseconds

SCOPE: Final = "obelisk"
TARGET_KEY: Final = "obelisk.target"
_HAS_REMOTE: Final = SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
_IS_REMOTE: Final = SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK
_FLAGS: Final = SpanFlags.SPAN_FLAGS_TRACE_FLAGS_MASK
_KINDS: Final = {
    SpanKind.INTERNAL: trace_pb2.Span.SpanKind.SPAN_KIND_INTERNAL,
    SpanKind.SERVER: trace_pb2.Span.SpanKind.SPAN_KIND_SERVER,
    SpanKind.CLIENT: trace_pb2.Span.SpanKind.SPAN_KIND_CLIENT,
}
_STATUS: Final = {
    SpanStatus.UNSET: Status.StatusCode.STATUS_CODE_UNSET,
    SpanStatus.OK: Status.StatusCode.STATUS_CODE_OK,
    SpanStatus.ERROR: Status.StatusCode.STATUS_CODE_ERROR,
}
_SEVERITY: Final = {
    LogLevel.TRACE: SeverityNumber.SEVERITY_NUMBER_TRACE,
    LogLevel.DEBUG: SeverityNumber.SEVERITY_NUMBER_DEBUG,
    LogLevel.INFO: SeverityNumber.SEVERITY_NUMBER_INFO,
    LogLevel.WARN: SeverityNumber.SEVERITY_NUMBER_WARN,
    LogLevel.ERROR: SeverityNumber.SEVERITY_NUMBER_ERROR,
}
_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_LARGEST: Final = 2**63 - 1


class Encoder:
    """Makes the bodies of requests; all of them name the same resource and scope."""

    def __init__(self, resource: Attributes, version: str) -> None:
        self._resource = Resource()
        write_attributes(self._resource.attributes, resource)
        self._scope = InstrumentationScope(name=SCOPE, version=version)

    def traces(self, spans: Sequence[Span]) -> bytes:
        """Return the request of spans."""
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add(resource=self._resource).scope_spans.add(scope=self._scope)
        for span in spans:
            _write_span(group.spans.add(), span)
        return request.SerializeToString()

    def logs(self, records: Sequence[LogRecord]) -> bytes:
        """Return the request of log records."""
        request = ExportLogsServiceRequest()
        group = request.resource_logs.add(resource=self._resource).scope_logs.add(scope=self._scope)
        for record in records:
            _write_log(group.log_records.add(), record)
        return request.SerializeToString()

    def metrics(self, snapshots: Sequence[MetricsSnapshot]) -> bytes:
        """Return the request of snapshots of metrics."""
        request = ExportMetricsServiceRequest()
        group = request.resource_metrics.add(resource=self._resource).scope_metrics.add(scope=self._scope)
        for snapshot in snapshots:
            for metric in snapshot.metrics:
                _write_metric(group.metrics.add(), metric, snapshot)
        return request.SerializeToString()


def write_attributes(target: Any, attributes: Attributes) -> None:
    """Append attributes to a repeated field of pairs."""
    for key, value in attributes.items():
        pair = target.add()
        pair.key = key
        if value.__class__ is str:
            pair.value.string_value = value
        elif value.__class__ is bool:
            pair.value.bool_value = value
        elif isinstance(value, int):
            if -_LARGEST - 1 <= value <= _LARGEST:
                pair.value.int_value = value
            else:
                pair.value.string_value = str(value)
        else:
            pair.value.double_value = value


def _write_span(target: Any, span: Span) -> None:
    target.trace_id = bytes.fromhex(span.trace_id)
    target.span_id = bytes.fromhex(span.span_id)
    target.name = span.name
    target.kind = _KINDS[span.kind]
    target.start_time_unix_nano = nanoseconds(span.started_at)
    target.end_time_unix_nano = nanoseconds(span.ended_at)
    target.flags = span.flags & _FLAGS | _HAS_REMOTE | (_IS_REMOTE if span.is_parent_remote else 0)
    if span.parent_id is not None:
        target.parent_span_id = bytes.fromhex(span.parent_id)
    if span.trace_state:
        target.trace_state = span.trace_state
    if span.status is not SpanStatus.UNSET:
        target.status.code = _STATUS[span.status]
        target.status.message = span.status_message
    if span.dropped_events:
        target.dropped_events_count = span.dropped_events
    write_attributes(target.attributes, span.attributes)
    for event in span.events:
        entry = target.events.add(name=event.name, time_unix_nano=nanoseconds(event.at))
        write_attributes(entry.attributes, event.attributes)
    for link in span.links:
        entry = target.links.add(trace_id=bytes.fromhex(link.trace_id), span_id=bytes.fromhex(link.span_id))
        write_attributes(entry.attributes, link.attributes)


def _write_log(target: Any, record: LogRecord) -> None:
    when = nanoseconds(record.at)
    target.time_unix_nano = when
    target.observed_time_unix_nano = when
    target.severity_number = _SEVERITY[record.level]
    target.severity_text = record.level.name
    target.body.string_value = record.message
    if record.trace_id is not None:
        target.trace_id = bytes.fromhex(record.trace_id)
        target.flags = record.flags & _FLAGS
    if record.span_id is not None:
        target.span_id = bytes.fromhex(record.span_id)
    write_attributes(target.attributes, {TARGET_KEY: record.target, **record.attributes})


def _write_metric(target: metrics_pb2.Metric, metric: Metric, snapshot: MetricsSnapshot) -> None:
    target.name, target.description, target.unit = metric.name, metric.description, metric.unit
    at, since = nanoseconds(snapshot.at), nanoseconds(snapshot.since)
    data: Any
    match metric.kind:
        case MetricKind.GAUGE:
            data, since = target.gauge, 0
        case MetricKind.COUNTER:
            data = target.sum
            data.is_monotonic = True
            data.aggregation_temporality = _CUMULATIVE
        case MetricKind.HISTOGRAM:
            data = target.histogram
            data.aggregation_temporality = _CUMULATIVE
    data.SetInParent()
    for point in metric.points:
        entry = data.data_points.add(time_unix_nano=at, start_time_unix_nano=since)
        write_attributes(entry.attributes, point.attributes)
        _write_value(entry, point)


def _write_value(target: Any, point: NumberPoint | HistogramPoint) -> None:
    match point:
        case HistogramPoint(bounds, counts, total):
            target.explicit_bounds.extend(bounds)
            target.bucket_counts.extend(counts)
            target.count = sum(counts)
            target.sum = total
        case NumberPoint(int(value)):
            target.as_int = max(-_LARGEST - 1, min(value, _LARGEST))
        case NumberPoint(value):
            target.as_double = value
