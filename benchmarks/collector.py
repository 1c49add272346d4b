"""A collector that keeps what it is sent and does nothing with it: ``python -m benchmarks.collector grpc``.

It prints its port first, takes requests until the end of its input, and prints last how many spans it was sent.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.places import ROOT


class Protocol(Enum):
    """How signals are sent, as ``[otlp]`` calls it."""

    GRPC = "grpc"
    HTTP = "http/protobuf"


class Collector:
    """A collector in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], protocol: Protocol) -> None:
        self._process = process
        assert process.stdout is not None
        self.table = f'[otlp]\nendpoint = "http://localhost:{int(process.stdout.readline())}"\n'
        self.table += f'protocol = "{protocol.value}"\n'

    def ended(self) -> int:
        """Let it end; return how many spans it was sent."""
        found, _ = self._process.communicate("")
        return int(found)


@contextmanager
def collecting(protocol: Protocol) -> Iterator[Collector]:
    """Run a collector; its ``table`` is that of a server that sends to it."""
    command = [sys.executable, "-m", "benchmarks.collector", protocol.value]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Collector(process, protocol)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def receive(protocol: Protocol) -> None:
    """Be the collector."""
    bodies: list[bytes] = []
    serve = _serve_grpc if protocol is Protocol.GRPC else _serve_http
    with serve(bodies) as port:
        print(port, flush=True)
        sys.stdin.read()
    print(sum(map(_spans_in, bodies)))


def _spans_in(body: bytes) -> int:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    groups = ExportTraceServiceRequest.FromString(body).resource_spans
    return sum(len(scope.spans) for group in groups for scope in group.scope_spans)


@contextmanager
def _serve_grpc(bodies: list[bytes]) -> Iterator[int]:
    import grpc

    def keep(request: bytes, context: Any) -> bytes:
        bodies.append(request)
        return b""

    def forget(request: bytes, context: Any) -> bytes:
        return b""

    class Handler(grpc.GenericRpcHandler):  # type: ignore[type-arg] # it takes none when it runs
        def service(self, details: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(keep if "TraceService" in details.method else forget)

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Handler()])
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield port
    server.stop(1).wait()


@contextmanager
def _serve_http(bodies: list[bytes]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.endswith("/traces"):
                bodies.append(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


if __name__ == "__main__":
    receive(Protocol(sys.argv[1]))
