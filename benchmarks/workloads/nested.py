"""Workflows that call workflows."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.places import NESTED, fibo
from benchmarks.results import Figure, Measure, Sample

NAME = "nested"
SUMMARY = "a recursion whose every step is a child workflow, 465 executions up to 12 deep; time at the client"
EXECUTIONS = Measure("executions", "executions/s")
DEPTH = 12
QUICK_DEPTH = 4


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    depth = bench.size(DEPTH, QUICK_DEPTH)
    async with bench.client(fibo()) as client:

        async def once() -> list[Sample]:
            span = await client.run(NESTED, [depth])
            return [EXECUTIONS.of(executions(depth) / span.seconds)]

        await once()
        return await bench.measured(once)


def executions(depth: int) -> int:
    """Return how many executions a recursion of ``depth`` makes, itself included."""
    return 1 if depth <= 1 else 1 + executions(depth - 1) + executions(depth - 2)
