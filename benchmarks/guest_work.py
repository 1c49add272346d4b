"""What is measured of guests in a language whose runtime they bring along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.client import Client, together
from benchmarks.errors import UnavailableError
from benchmarks.places import ROOT, activity, workflow
from benchmarks.results import Figure, Measure, Sample
from benchmarks.shared_work import milliseconds
from obelisk.names import Ffqn

FIBO = Ffqn("example:fibo/fibo.fibo")
GET_ALL = Ffqn("example:workflow/workflow.get-all")
ACTIVITY = Measure("activity p50", "ms", higher_is_better=False)
ACTIVITY_P99 = Measure("activity p99", "ms", higher_is_better=False)
ACTIVITIES = Measure("activities, 8 at once", "activities/s")
WORKFLOW = Measure("workflow p50", "ms", higher_is_better=False)
RUNS = 100
QUICK_RUNS = 8
AT_ONCE = 8


async def guest_work(bench: Bench, language: str) -> list[Figure]:
    """Measure the guests of ``examples/LANGUAGE``. Raises ``UnavailableError`` when they cannot be built."""
    runs = bench.size(RUNS, QUICK_RUNS)
    async with bench.client(_config(ROOT / "examples" / language)) as client:

        async def once() -> list[Sample]:
            activities = [(await client.run(FIBO, [10])).seconds for _ in range(runs)]
            workflows = [(await client.run(GET_ALL, [[]])).seconds for _ in range(runs)]
            return [
                ACTIVITY.of(milliseconds(activities, 0.5)),
                ACTIVITY_P99.of(milliseconds(activities, 0.99)),
                ACTIVITIES.of(await _rate(client, runs)),
                WORKFLOW.of(milliseconds(workflows, 0.5)),
            ]

        await once()
        return await bench.measured(once)


async def _rate(client: Client, runs: int) -> float:
    spans = [span for _ in range(runs // AT_ONCE) for span in await client.run_many(FIBO, [10], count=AT_ONCE)]
    return len(spans) / together(spans)


def _config(directory: Path) -> str:
    paths = _built(directory)
    return (
        activity("fibo", paths["fibo"])
        + activity("http-get", paths["http_get"])
        + workflow("workflow", paths["workflow"], "stub_wasi = true")
    )


def _built(directory: Path) -> dict[str, Path]:
    """Build the guests with the project's own tool; return the paths of their components by name."""
    guests = ("fibo", "http_get", "workflow")
    command = [sys.executable, str(ROOT / "tools" / "build_guest.py"), *(str(directory / name) for name in guests)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"the guests of {directory.name} cannot be built: {done.stderr.strip()}")
    return dict(zip(guests, map(Path, done.stdout.splitlines()), strict=True))
