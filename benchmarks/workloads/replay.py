"""Running a workflow again from its log."""

from __future__ import annotations

import time

from benchmarks.bench import Bench
from benchmarks.client import connected
from benchmarks.places import FIBOA, fibo
from benchmarks.results import Figure, Measure, Sample

NAME = "replay"
SUMMARY = "the log of a finished workflow of 10,000 events is replayed from the database; time of the call"
EVENTS = Measure("events", "events/s", target=40_000.0, durable=False)
STEPS = 3334
QUICK_STEPS = 20
"""A step is three events of the workflow's own log."""


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    place = bench.place()
    async with bench.client(fibo(), place=place) as client:
        ident = (await client.run(FIBOA, [10, bench.size(STEPS, QUICK_STEPS)])).execution_id
        events = len(await client.events(ident))
    # A server that has not run the workflow, so that nothing of it is in memory.
    with bench.server(fibo(), place=place) as server:
        async with connected(server.address) as client:

            async def once() -> list[Sample]:
                started = time.perf_counter()
                await client.replay(ident)
                return [EVENTS.of(events / (time.perf_counter() - started))]

            await once()
            return await bench.measured(once)
