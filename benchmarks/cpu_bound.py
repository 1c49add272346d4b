"""Two activities that compute, beside a workflow of short steps.

    python -m benchmarks.cpu_bound [--rounds 5]

Printed for each round: how long one run of the activity takes alone, how long two at once, and how long the steps of
workflows take that run beside the two, with every commit durable. A workflow of ten steps starts every 50 ms; without a
pause between them, short steps alone would take most of a core. Expected on two cores: two take less than 1.2 times the
time of one, and the workflows' steps stay below 25 ms at the 99th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from obelisk.config.load import config_from_text
from obelisk.core.events import JoinSetCreate
from obelisk.ids import ExecutionId
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine

ROOT = Path(__file__).resolve().parent.parent
SPIN = Ffqn("testing:spin/spin.spin")
FIBOA = Ffqn("testing:fibo-workflow/workflow.fiboa")
STEPS = 400_000_000
SHORT_STEPS = 10
PAUSE_SECONDS = 0.05
ALL = 1_000_000
CONFIG = """
[[activity_wasm]]
name = "spin"
location = "tests/guests/spin.wat"
exec.lock_expiry = "120s"

[[activity_wasm]]
name = "fibo"
location = "examples/wat/fibo_activity.wat"

[[workflow_wasm]]
name = "fibo-workflow"
location = "examples/wat/fibo_workflow.wat"
"""


class Round(Struct, frozen=True):
    """One measurement, in seconds; ``steps`` are those of the workflows that ran beside two activities."""

    alone: float
    together: float
    steps: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How much longer two take than one."""
        return self.together / self.alone


async def measure(engine: Engine) -> Round:
    """Run one activity, then two beside short workflows."""
    alone = await timed(engine, 1)
    done = asyncio.Event()
    beside = asyncio.create_task(short_workflows(engine, done))
    together = await timed(engine, 2)
    done.set()
    return Round(alone, together, tuple(await beside))


async def timed(engine: Engine, count: int) -> float:
    """Return how long ``count`` runs at once take."""
    started = time.perf_counter()
    await asyncio.gather(*(run(engine, SPIN, STEPS) for _ in range(count)))
    return time.perf_counter() - started


async def short_workflows(engine: Engine, done: asyncio.Event) -> list[float]:
    """Run workflows one after another until ``done``; return how long each of their steps took."""
    steps: list[float] = []
    while not done.is_set():
        steps += await step_times(engine, await run(engine, FIBOA, 10, SHORT_STEPS))
        await asyncio.sleep(PAUSE_SECONDS)
    return steps


async def run(engine: Engine, ffqn: Ffqn, *params: int) -> ExecutionId:
    """Run an execution to its end and return its id."""
    submission = await engine.executions.submit(ffqn, list(params))
    await engine.executions.wait(submission.execution_id)
    return submission.execution_id


async def step_times(engine: Engine, execution_id: ExecutionId) -> list[float]:
    """Return the seconds from each step of a serial workflow to the next."""
    events = await engine.executions.events(execution_id, from_version=0, limit=ALL)
    starts = [event.created_at for event in events if isinstance(event.event, JoinSetCreate)]
    return [(end - start).total_seconds() for start, end in itertools.pairwise(starts)]


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which ``part`` of ``values`` lie."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


async def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="obelisk-benchmark-") as name:
        environ = {"OBELISK_DATA_DIR": f"{name}/data", "OBELISK_CACHE_DIR": f"{name}/cache"}
        config = config_from_text(CONFIG, plugins=Plugins.load(), base=ROOT, environ=environ)
        async with Engine(config) as engine:
            for _ in range(rounds):
                show(await measure(engine))


def show(result: Round) -> None:
    """Print one round."""
    p50, p99 = (percentile(result.steps, part) * 1000 for part in (0.5, 0.99))
    sys.stdout.write(
        f"alone {result.alone:.2f} s, two at once {result.together:.2f} s ({result.ratio:.2f} times); beside them "
        f"{len(result.steps)} steps, p50 {p50:.2f} ms, p99 {p99:.2f} ms\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(main(parser.parse_args().rounds))
