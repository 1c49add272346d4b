"""Two activities that compute, alone and beside workflows of short steps."""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks.bench import Bench
from benchmarks.client import Client, together
from benchmarks.places import FIBOA, ROOT, activity, fibo
from benchmarks.results import Figure, Measure, Sample
from benchmarks.shared_work import milliseconds
from obelisk.names import Ffqn

NAME = "cpu-bound"
SUMMARY = "two activities that compute against one; then two while every 50 ms a workflow of 10 short steps runs"
RATIO = Measure("two against one", "times", higher_is_better=False, target=1.2)
BARE = Measure("two bare processes against one", "times", higher_is_better=False)
CROWDED = Measure("two beside short steps against one", "times", higher_is_better=False)
ALONE = Measure("one alone", "s", higher_is_better=False)
P50 = Measure("step p50 beside them", "ms", higher_is_better=False)
P99 = Measure("step p99 beside them", "ms", higher_is_better=False, target=25.0)
SPIN = Ffqn("testing:spin/spin.spin")
STEPS = 1_000_000_000
QUICK_STEPS = 100_000_000
BARE_PROGRAM = "for _ in range({}): pass"
BARE_PART = 10
"""What the guest counts to against what a Python program does in about that time."""
SHORT_STEPS = 10
PAUSE_SECONDS = 0.05


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    steps = bench.size(STEPS, QUICK_STEPS)
    spin = activity("spin", ROOT / "tests" / "guests" / "spin.wat", 'exec.lock_expiry = "120s"')
    async with bench.client(fibo() + spin) as client:

        async def once() -> list[Sample]:
            alone = await _compute(client, steps, count=1)
            two = await _compute(client, steps, count=2)
            bare = await _bare(steps // BARE_PART, count=2) / await _bare(steps // BARE_PART, count=1)
            done = asyncio.Event()
            beside = asyncio.create_task(_short_workflows(client, done))
            crowded = await _compute(client, steps, count=2)
            done.set()
            short = await beside
            percentiles = [P50.of(milliseconds(short, 0.5)), P99.of(milliseconds(short, 0.99))]
            return [RATIO.of(two / alone), BARE.of(bare), CROWDED.of(crowded / alone), ALONE.of(alone), *percentiles]

        await client.run(FIBOA, [10, SHORT_STEPS])
        return await bench.measured(once)


async def _compute(client: Client, steps: int, *, count: int) -> float:
    """Run so many activities at once; return how long they took together."""
    return together(await client.run_many(SPIN, [steps], count=count))


async def _bare(steps: int, *, count: int) -> float:
    """Do the like in processes without a server: what the machine itself makes of two."""
    started = time.perf_counter()
    program = BARE_PROGRAM.format(steps)
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(count)]
    await asyncio.gather(*(process.wait() for process in processes))
    return time.perf_counter() - started


async def _short_workflows(client: Client, done: asyncio.Event) -> list[float]:
    """Run workflows one after another until ``done``; return how long each of their steps took."""
    idents = []
    while not done.is_set():
        idents.append((await client.run(FIBOA, [10, SHORT_STEPS])).execution_id)
        await asyncio.sleep(PAUSE_SECONDS)
    return [seconds for ident in idents for seconds in await client.step_seconds(ident)]
