"""How long a server takes until it is ready."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.places import fibo
from benchmarks.results import Figure, Measure, Sample

NAME = "start"
SUMMARY = "a server of 3 components, from the start of its process to its ready line, with and without compiled code"
CACHED = Measure("cached components", "s", higher_is_better=False, target=0.6)
UNCACHED = Measure("uncached components", "s", higher_is_better=False)


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""

    async def once() -> list[Sample]:
        place = bench.place()
        compiled = place / "compiled"
        with bench.server(fibo(), place=place, compiled=compiled) as server:
            uncached = server.startup_seconds
        with bench.server(fibo(), place=place, compiled=compiled) as server:
            return [CACHED.of(server.startup_seconds), UNCACHED.of(uncached)]

    await once()
    return await bench.measured(once)
