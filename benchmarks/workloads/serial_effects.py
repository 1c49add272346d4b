"""One workflow that calls an activity that could act outside, so that none may run before its request is durable."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.own_work import own_work
from benchmarks.places import GUESTS, fibo
from benchmarks.results import Figure
from benchmarks.shared_work import QUICK_SERIAL, SERIAL

NAME = "serial-effects"
SUMMARY = "the same as serial with an activity that imports WASI, so nothing may run ahead of its commit"


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    return await own_work(bench, QUICK_SERIAL if bench.quick else SERIAL, fibo(GUESTS / "fibo_effects.wat"))
