"""What sending signals costs: 500 serial calls of an activity, without and with ``[otlp]``, by turns.

    python -m benchmarks.otlp [--rounds 7] [--runs 5] [--protocol grpc]

The collector is a process of its own that keeps what it is sent and does nothing with it. Each round opens an engine
without ``[otlp]`` and one with it, warms it up, and takes the median of some runs; every commit is durable. The target is
at least 85 % of the steps per second without. Printed as well: how many spans arrived of those that were made.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.serial import ROOT, SPANS, WARM_UP_RUNS, rate

TARGET = 0.85


def main() -> int:
    """Measure and print; return 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--protocol", choices=("grpc", "http/protobuf"), default="grpc")
    parser.add_argument("--receive", action="store_true", help="be the collector")
    arguments = parser.parse_args()
    if arguments.receive:
        receive(arguments.protocol)
        return 0
    with collector(arguments.protocol) as (endpoint, process):
        table = f'\n[otlp]\nendpoint = "{endpoint}"\nprotocol = "{arguments.protocol}"\n'
        rates = [asyncio.run(both(table, arguments.runs)) for _ in range(arguments.rounds)]
        arrived = ended(process)
    for off, on in rates:
        print(f"off {off:6.0f} steps/s   on {on:6.0f} steps/s   {on / off:.2f}")
    off, on = (statistics.median(each) for each in zip(*rates, strict=True))
    made = arguments.rounds * (WARM_UP_RUNS + arguments.runs) * SPANS
    print(
        f"median: off {off:.0f}, on {on:.0f}, ratio {on / off:.3f}, target {TARGET}; {arrived} of {made} spans arrived"
    )
    return 0 if on / off >= TARGET else 1


async def both(table: str, runs: int) -> tuple[float, float]:
    """Return the steps per second without and with ``[otlp]``."""
    return await rate(runs), await rate(runs, table)


@contextmanager
def collector(protocol: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the collector; yields its endpoint and its process."""
    command = [sys.executable, "-m", "benchmarks.otlp", "--receive", "--protocol", protocol]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://localhost:{int(process.stdout.readline())}", process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def ended(process: subprocess.Popen[str]) -> int:
    """Let the collector end; return how many spans it was sent."""
    found, _ = process.communicate("")
    return int(found)


def receive(protocol: str) -> None:
    """Take requests until the end of input; print the port first and the number of spans last."""
    bodies: list[bytes] = []
    serve = serve_grpc if protocol == "grpc" else serve_http
    with serve(bodies) as port:
        print(port, flush=True)
        sys.stdin.read()
    print(sum(spans_in(body) for body in bodies))


def spans_in(body: bytes) -> int:
    """Return the number of spans in a request."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    groups = ExportTraceServiceRequest.FromString(body).resource_spans
    return sum(len(scope.spans) for group in groups for scope in group.scope_spans)


@contextmanager
def serve_grpc(bodies: list[bytes]) -> Iterator[int]:
    """Take requests over gRPC, without reading them."""
    import grpc

    def keep(request: bytes, context: Any) -> bytes:
        bodies.append(request)
        return b""

    def forget(request: bytes, context: Any) -> bytes:
        return b""

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(keep if "TraceService" in details.method else forget)

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Handler()])
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield port
    server.stop(1).wait()


@contextmanager
def serve_http(bodies: list[bytes]) -> Iterator[int]:
    """Take requests over HTTP, without reading them."""
    import threading

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
    sys.exit(main())
