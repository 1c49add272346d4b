"""One workflow that calls an activity again and again."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.own_work import own_work
from benchmarks.places import fibo
from benchmarks.results import Figure
from benchmarks.shared_work import QUICK_SERIAL, RATE, SERIAL

NAME = "serial"
SUMMARY = "one workflow of 500 calls of an activity that only computes, one after another; time at the client"
TARGET = 2500.0


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    work = QUICK_SERIAL if bench.quick else SERIAL
    return await own_work(bench, work, fibo(), targets={RATE: TARGET})
