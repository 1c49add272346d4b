"""What signals cost when they go nowhere.

Engines in this process, since an exporter that drops everything is no plugin. What is left to do without exporters is
counting; how long that takes is measured apart, with the commits of a run that were written down, since it is too short
to be seen in the rates.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from benchmarks.bench import Bench
from benchmarks.in_process import rate
from benchmarks.results import Figure, Measure, Sample
from obelisk.core.events import Finished
from obelisk.core.state import State
from obelisk.ids import is_top_level
from obelisk.interfaces.exporters import Interests
from obelisk.interfaces.signals import Signal
from obelisk.interfaces.storage import Write
from obelisk.runtime.metrics import CommitOutcome, Metrics
from obelisk.testing.exporter import using

NAME = "signals"
SUMMARY = "500 serial calls in an embedded engine without exporters and with one that drops everything, by turns"
WITHOUT = Measure("no exporter", "steps/s")
AGAINST = Measure("one that drops all against none", "times")
COUNTING = Measure("counting without exporters", "us/step", higher_is_better=False)
RUNS = 5
QUICK_RUNS = 1
REPEATS = 20
Commits = list[tuple[Write, State]]


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    runs = bench.size(RUNS, QUICK_RUNS)
    turned = False

    async def once() -> list[Sample]:
        nonlocal turned
        turned = not turned
        without, dropping = await _both(runs, bench.directory, turned=turned)
        return [WITHOUT.of(without), AGAINST.of(dropping / without)]

    return [*await bench.measured(once), Figure.of(COUNTING, await _counted(bench.directory))]


async def _both(runs: int, directory: Path, *, turned: bool) -> tuple[float, float]:
    """Return the steps per second without exporters, and with one that drops all; ``turned`` measures the latter first."""
    exporters = [using(DroppingExporter())]
    if turned:
        dropping = await rate(runs, directory, exporters=exporters)
        return await rate(runs, directory), dropping
    return await rate(runs, directory), await rate(runs, directory, exporters=exporters)


async def _counted(directory: Path) -> list[float]:
    """Return how many microseconds of a step are spent on counting what its commit did, many times."""
    commits: Commits = []

    def note(metrics: Metrics, write: Write, state: State) -> None:
        commits.append((write, state))

    with patch.object(Metrics, "committed", note):
        await rate(1, directory)
    steps = sum(map(_is_step, commits))
    return [_seconds(commits) / steps * 1e6 for _ in range(REPEATS)]


def _is_step(commit: tuple[Write, State]) -> bool:
    """Tell whether a write ends an activity."""
    write, _ = commit
    return not is_top_level(write.execution_id) and any(isinstance(entry.entry, Finished) for entry in write.entries)


def _seconds(commits: Commits) -> float:
    """Return how long the counting of some commits takes."""
    metrics = Metrics()
    started = time.perf_counter()
    for write, state in commits:
        metrics.committed(write, state)
        metrics.settled(CommitOutcome.COMMITTED, entries=len(write.entries), took_ns=1)
    return time.perf_counter() - started


class DroppingExporter:
    """Takes everything, and does nothing with it."""

    interests = Interests()

    async def export(self, batch: Sequence[Signal]) -> None:
        """Do nothing."""
