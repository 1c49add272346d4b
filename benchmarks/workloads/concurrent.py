"""Many workflows at once."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.own_work import own_work
from benchmarks.places import fibo
from benchmarks.results import Figure
from benchmarks.shared_work import CONCURRENT, QUICK_CONCURRENT, RATE, WORKFLOW_P99

NAME = "concurrent"
SUMMARY = "200 workflows at once, each of 10 calls one after another; time at the client, steps of the log"
TARGET = 6000.0
TARGET_P99_MS = 350.0


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    work = QUICK_CONCURRENT if bench.quick else CONCURRENT
    return await own_work(bench, work, fibo(), targets={RATE: TARGET, WORKFLOW_P99: TARGET_P99_MS})
