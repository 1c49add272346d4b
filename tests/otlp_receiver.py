"""A collector for tests: it takes OTLP over gRPC or HTTP in threads of the test's process, and keeps what it was sent.

    with receiver(GRPC) as collector:
        ...                                   # something sends to collector.endpoint
        spans = collector.wait_for(collector.spans, 3)

``answer_with`` says how the next requests are answered; those after them are accepted.
"""

from __future__ import annotations

import gzip
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeVar

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from msgspec import Struct
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

T = TypeVar("T")
GRPC: Final = "grpc"
HTTP: Final = "http/protobuf"
PATIENCE: Final = 30.0
_TYPE: Final = "application/x-protobuf"
_HTTP_STATUS: Final = {"UNAVAILABLE": 503, "INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "UNIMPLEMENTED": 404}
_MESSAGES: Final = {
    "traces": (trace_service_pb2.ExportTraceServiceRequest, trace_service_pb2.ExportTraceServiceResponse),
    "logs": (logs_service_pb2.ExportLogsServiceRequest, logs_service_pb2.ExportLogsServiceResponse),
    "metrics": (metrics_service_pb2.ExportMetricsServiceRequest, metrics_service_pb2.ExportMetricsServiceResponse),
}
_REJECTED: Final = {"traces": "rejected_spans", "logs": "rejected_log_records", "metrics": "rejected_data_points"}
Counted = Callable[[], Sequence[T]]


class Answer(Struct, frozen=True, kw_only=True):
    """How a request is answered.

    Without ``status``, the name of a status of gRPC, it is accepted but for ``rejected`` records. ``wait`` is how many
    seconds the sender is told to wait. One that ``hangs`` is never answered, one that ``hangs_up`` neither, and its
    connection ends, if it is one of HTTP.
    """

    status: str | None = None
    rejected: int = 0
    message: str = ""
    wait: float | None = None
    hangs: bool = False
    hangs_up: bool = False


class Received(Struct, frozen=True, kw_only=True):
    """A request: its kind, its message, its headers in lower case, and the path of its URL if it came by HTTP."""

    kind: str
    message: Any
    headers: dict[str, str]
    path: str = ""


class Receiver:
    """What a collector was sent. ``requests`` holds those that were accepted, ``tries`` counts all of them."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.port = 0
        self.requests: list[Received] = []
        self.tries = 0
        self._answers: deque[Answer] = deque()
        self._changed = threading.Condition()
        self._is_over = threading.Event()

    def answer_with(self, *answers: Answer) -> None:
        """Say how the next requests are answered."""
        with self._changed:
            self._answers.extend(answers)

    def wait_for(self, found: Callable[[], Sequence[T]], count: int) -> Sequence[T]:
        """Wait until there are so many of something; it fails after half a minute."""
        self.wait_until(lambda: len(found()) >= count, lambda: f"{len(found())} of {count} came")
        return found()

    def wait_until(self, condition: Callable[[], bool], found: Callable[[], str] = lambda: "it never was") -> None:
        """Wait until something is so; it fails after half a minute. Conditions are asked again after each request."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), found()

    def spans(self) -> list[Span]:
        """Return the spans of all requests."""
        groups = [group for each in self._of("traces") for group in each.resource_spans]
        return [span for group in groups for scope in group.scope_spans for span in scope.spans]

    def logs(self) -> list[LogRecord]:
        """Return the log records of all requests."""
        groups = [group for each in self._of("logs") for group in each.resource_logs]
        return [record for group in groups for scope in group.scope_logs for record in scope.log_records]

    def metrics(self) -> list[Metric]:
        """Return the metrics of all requests."""
        groups = [group for each in self._of("metrics") for group in each.resource_metrics]
        return [metric for group in groups for scope in group.scope_metrics for metric in scope.metrics]

    def resources(self) -> list[dict[str, Any]]:
        """Return the attributes of the resource of each request."""
        names = {"traces": "resource_spans", "logs": "resource_logs", "metrics": "resource_metrics"}
        found: list[Resource] = [
            group.resource for each in self.requests for group in getattr(each.message, names[each.kind])
        ]
        return [attributes(resource.attributes) for resource in found]

    def _of(self, kind: str) -> list[Any]:
        return [each.message for each in self.requests if each.kind == kind]

    # --- called by the servers' threads ---

    def take(self, received: Received) -> Answer:
        """Keep a request, unless it is refused, and return its answer. One that hangs hangs here, until the end."""
        with self._changed:
            self.tries += 1
            answer = self._answers.popleft() if self._answers else Answer()
            if answer.status is None and not answer.hangs and not answer.hangs_up:
                self.requests.append(received)
            self._changed.notify_all()
        if answer.hangs:
            self._is_over.wait()
        return answer

    def end(self) -> None:
        """Let go of requests that hang."""
        self._is_over.set()


def attributes(pairs: Sequence[KeyValue]) -> dict[str, Any]:
    """Return pairs as a dictionary of plain values."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in pairs}


@contextmanager
def receiver(
    protocol: str, *, port: int = 0, key: bytes = b"", chain: bytes = b"", client_authority: bytes = b"",
    context: ssl.SSLContext | None = None,
) -> Iterator[Receiver]:  # fmt: skip
    """Run a collector.

    With TLS, one over gRPC wants ``key`` and ``chain``, and ``client_authority`` if clients have to show a certificate; one
    over HTTP wants a ``context``.
    """
    found = Receiver()
    serve = (
        _serve_grpc(found, port, (key, chain, client_authority))
        if protocol == GRPC
        else _serve_http(found, port, context)
    )
    with serve as bound:
        scheme = "https" if key or context else "http"
        found.port, found.endpoint = bound, f"{scheme}://localhost:{bound}"
        try:
            yield found
        finally:
            found.end()


@contextmanager
def _serve_grpc(found: Receiver, port: int, tls: tuple[bytes, bytes, bytes]) -> Iterator[int]:
    key, chain, authority = tls
    with ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        for kind, add in (
            ("traces", trace_service_pb2_grpc.add_TraceServiceServicer_to_server),
            ("logs", logs_service_pb2_grpc.add_LogsServiceServicer_to_server),
            ("metrics", metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server),
        ):
            add(_Servicer(found, kind), server)
        address = f"localhost:{port}"
        if key:
            credentials = grpc.ssl_server_credentials(
                [(key, chain)], root_certificates=authority or None, require_client_auth=bool(authority)
            )
            bound = server.add_secure_port(address, credentials)
        else:
            bound = server.add_insecure_port(address)
        server.start()
        try:
            yield bound
        finally:
            found.end()
            server.stop(0).wait()


class _Servicer:
    """One service of OTLP; all of them have one call."""

    def __init__(self, found: Receiver, kind: str) -> None:
        self._found = found
        self._kind = kind

    def Export(self, request: Message, context: grpc.ServicerContext) -> Message:  # noqa: N802 - the name of the call
        """Take a request."""
        headers = {key: str(value) for key, value in context.invocation_metadata()}
        answer = self._found.take(Received(kind=self._kind, message=request, headers=headers))
        if answer.status is not None:
            if answer.wait is not None:
                context.set_trailing_metadata((("grpc-status-details-bin", _status(answer).SerializeToString()),))
            context.abort(grpc.StatusCode[answer.status], answer.message)
        return _response(self._kind, answer)


def _response(kind: str, answer: Answer) -> Message:
    response = _MESSAGES[kind][1]()
    if answer.rejected or answer.message:
        setattr(response.partial_success, _REJECTED[kind], answer.rejected)
        response.partial_success.error_message = answer.message
    return response


def _status(answer: Answer) -> Status:
    status = Status(code=grpc.StatusCode[answer.status or "OK"].value[0], message=answer.message)
    if answer.wait is not None:
        wait = Duration()
        wait.FromMilliseconds(round(answer.wait * 1000))
        status.details.add().Pack(RetryInfo(retry_delay=wait))
    return status


@contextmanager
def _serve_http(found: Receiver, port: int, context: ssl.SSLContext | None) -> Iterator[int]:
    class Handler(_Handler):
        receiver = found

    server = _Server(("localhost", port), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        found.end()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    """Takes requests by HTTP."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Take a request."""
        headers = {key.lower(): value for key, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        kind = self.path.rpartition("/")[2]
        if kind not in _MESSAGES or headers.get("content-type") != _TYPE:
            self._reply(404, b"no such thing", "text/plain")
            return
        content = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        message = _MESSAGES[kind][0].FromString(content)
        answer = self.receiver.take(Received(kind=kind, message=message, headers=headers, path=self.path))
        if answer.hangs or answer.hangs_up:
            self.close_connection = True
        elif answer.status is not None:
            self._reply(_HTTP_STATUS[answer.status], _status(answer).SerializeToString(), _TYPE, answer.wait)
        else:
            self._reply(200, _response(kind, answer).SerializeToString(), _TYPE)

    def _reply(self, status: int, content: bytes, kind: str, wait: float | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        if wait is not None:
            self.send_header("retry-after", f"{wait:g}")
        self.end_headers()
        self.wfile.write(content)
