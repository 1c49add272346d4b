"""Requests per second of a webhook that does nothing, beside a server that is h11 and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench
from benchmarks.errors import BenchmarkError, UnavailableError
from benchmarks.places import WAT
from benchmarks.results import Figure, Measure, Sample
from benchmarks.server import LISTENS, running

NAME = "webhook"
SUMMARY = "requests of h2load over 32 open connections to hello_webhook.wat, a new instance for each, and to bare h11"
WEBHOOK = Measure("webhook", "requests/s", target=1500.0, durable=False)
BARE = Measure("bare h11", "requests/s", durable=False)
LOAD = "h2load"
CLIENTS = 32
REQUESTS = 20_000
QUICK_REQUESTS = 320
CONFIG = f"""\
[[http_server]]
name = "external"
listening_addr = "127.0.0.1:0"
[[webhook_endpoint_wasm]]
name = "hello"
location = "{WAT}/hello_webhook.wat"
"""


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    if shutil.which(LOAD) is None:
        raise UnavailableError(f"{LOAD} is not installed; it is in the Debian package nghttp2-client")
    requests = bench.size(REQUESTS, QUICK_REQUESTS)
    with bench.server(CONFIG) as server, _bare(bench) as bare:

        async def once() -> list[Sample]:
            return [WEBHOOK.of(_load(server.http, requests)), BARE.of(_load(bare, requests))]

        await once()
        return await bench.measured(once)


@contextmanager
def _bare(bench: Bench) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.bare_http"]
    with running(command, os.environ, bench.place() / "bare.log") as process:
        assert process.stdout is not None
        found = LISTENS.match(process.stdout.readline())
        if found is None:
            raise BenchmarkError("the server that is h11 and nothing else did not start")
        yield found[1]


def _load(address: str, requests: int) -> float:
    command = [LOAD, "--h1", "-n", str(requests), "-c", str(CLIENTS), f"http://{address}/"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rate = re.search(r"finished in [^,]+, ([\d.]+) req/s", done.stdout)
    status = re.search(r"status codes: (\d+) 2xx", done.stdout)
    if rate is None or status is None or int(status[1]) != requests:
        raise BenchmarkError(f"not all requests were answered with 200:\n{done.stdout}")
    return float(rate[1])
