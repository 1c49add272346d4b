"""How much memory a server has."""

from __future__ import annotations

import asyncio

from benchmarks.bench import Bench
from benchmarks.client import connected
from benchmarks.places import FIBOA, fibo
from benchmarks.results import Figure, Measure, Sample
from benchmarks.server import Server

NAME = "memory"
SUMMARY = "resident memory of a new server: idle, the most under a load of 200 workflows x 10 steps, and idle after it"
IDLE = Measure("idle", "MB", higher_is_better=False)
LOADED = Measure("loaded", "MB", higher_is_better=False)
AFTER = Measure("idle after it", "MB", higher_is_better=False)
RUNS = 5
QUICK_RUNS = 1
WORKFLOWS = 200
QUICK_WORKFLOWS = 10
LOOK_SECONDS = 0.02


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""

    async def once() -> list[Sample]:
        with bench.server(fibo()) as server:
            async with connected(server.address) as client:
                idle = megabytes(server)
                watching = asyncio.create_task(_watch(server))
                for _ in range(bench.size(RUNS, QUICK_RUNS)):
                    await client.run_many(FIBOA, [10, 10], count=bench.size(WORKFLOWS, QUICK_WORKFLOWS))
                watching.cancel()
                (most,) = await asyncio.gather(watching)
                return [IDLE.of(idle), LOADED.of(most), AFTER.of(megabytes(server))]

    return await bench.measured(once)


async def _watch(server: Server) -> float:
    """Return the most that was seen before this was cancelled."""
    most = megabytes(server)
    try:
        while True:
            most = max(most, megabytes(server))
            await asyncio.sleep(LOOK_SECONDS)
    except asyncio.CancelledError:
        return max(most, megabytes(server))


def megabytes(server: Server) -> float:
    """Return a server's resident memory in megabytes."""
    return server.resident_bytes() / 10**6
