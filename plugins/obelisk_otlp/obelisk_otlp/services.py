"""The services of OTLP: what each kind of signal is sent to, and how it answers."""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.message import Message
from msgspec import Struct
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from obelisk_otlp.plan import Kind


class Service(Struct, frozen=True):
    """``method`` is the path of the call over gRPC, ``response`` the type of the answer."""

    method: str
    response: type[Message]


def _service(module: Any, name: str, response: type[Message]) -> Service:
    full_name = module.DESCRIPTOR.services_by_name[name].full_name
    return Service(f"/{full_name}/Export", response)


SERVICES: Final = {
    Kind.TRACES: _service(trace_service_pb2, "TraceService", trace_service_pb2.ExportTraceServiceResponse),
    Kind.LOGS: _service(logs_service_pb2, "LogsService", logs_service_pb2.ExportLogsServiceResponse),
    Kind.METRICS: _service(metrics_service_pb2, "MetricsService", metrics_service_pb2.ExportMetricsServiceResponse),
}
