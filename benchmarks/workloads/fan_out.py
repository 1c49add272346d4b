"""One workflow with many children at once."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.places import FIBOA_CONCURRENT, fibo
from benchmarks.results import Figure, Measure, Sample

NAME = "fan-out"
SUMMARY = "one workflow that starts 1,000 activities in a join set and awaits all; time at the client"
CHILDREN = Measure("children", "children/s", target=4000.0)
COUNT = 1000
QUICK_COUNT = 20
WARM_UP_RUNS = 2


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    count = bench.size(COUNT, QUICK_COUNT)
    async with bench.client(fibo()) as client:

        async def once() -> list[Sample]:
            span = await client.run(FIBOA_CONCURRENT, [10, count])
            return [CHILDREN.of(count / span.seconds)]

        for _ in range(WARM_UP_RUNS):
            await once()
        return await bench.measured(once)
