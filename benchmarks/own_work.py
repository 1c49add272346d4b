"""The shared work, done by Obelisk."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.bench import Bench
from benchmarks.client import Client, together
from benchmarks.places import FIBOA
from benchmarks.results import Figure, Measure, Sample
from benchmarks.shared_work import WARM_UP_RUNS, SharedWork, Timings, samples

N = 10


async def own_work(
    bench: Bench, work: SharedWork, config: str, *, targets: Mapping[Measure, float] | None = None
) -> list[Figure]:
    """Measure the work on a server with ``config``."""
    async with bench.client(config) as client:
        for _ in range(WARM_UP_RUNS):
            await client.run_many(FIBOA, [N, work.steps], count=work.workflows)
        return await bench.measured(lambda: _once(client, work), targets=targets)


async def _once(client: Client, work: SharedWork) -> list[Sample]:
    return samples(work, await timings(client, work))


async def timings(client: Client, work: SharedWork) -> Timings:
    """Do the work once."""
    spans = await client.run_many(FIBOA, [N, work.steps], count=work.workflows)
    steps = [seconds for span in spans for seconds in await client.step_seconds(span.execution_id)]
    return Timings(
        wall_seconds=together(spans),
        step_seconds=tuple(steps),
        workflow_seconds=tuple(span.seconds for span in spans),
    )
