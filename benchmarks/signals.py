"""What signals cost when they go nowhere: 500 serial calls of an activity, without exporters and with one that drops all.

    python -m benchmarks.signals [--rounds 7] [--runs 5]

Each round takes turns between an engine without exporters and one whose exporter takes every span, log record and
snapshot, and does nothing with them. What is left to do without exporters is counting; how long that takes is measured
apart, with the commits of a run that were written down, since it is too short to be seen in the rates.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from unittest.mock import patch

from benchmarks.serial import rate
from obelisk.core.events import Finished
from obelisk.core.state import State
from obelisk.ids import is_top_level
from obelisk.interfaces.exporters import Interests
from obelisk.interfaces.signals import Signal
from obelisk.interfaces.storage import Write
from obelisk.runtime.metrics import CommitOutcome, Metrics
from obelisk.testing.exporter import using

REPEATS = 20
Commits = list[tuple[Write, State]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    rates = [asyncio.run(both(arguments.runs, turned=bool(index % 2))) for index in range(arguments.rounds)]
    for without, dropping in rates:
        print(
            f"no exporter {without:6.0f} steps/s   one that drops all {dropping:6.0f} steps/s   {dropping / without:.2f}"
        )
    without, dropping = (statistics.median(each) for each in zip(*rates, strict=True))
    print(f"median: no exporter {without:.0f}, one that drops all {dropping:.0f}, ratio {dropping / without:.3f}")
    print(
        f"a step takes {1e6 / without:.0f} us without exporters, {1e6 / dropping - 1e6 / without:.0f} us more with one"
    )
    counting = asyncio.run(counted())
    print(f"counting without exporters takes {counting:.1f} us of a step, {counting * without / 1e4:.1f} %")


async def both(runs: int, *, turned: bool) -> tuple[float, float]:
    """Return the steps per second without exporters, and with one that drops all; ``turned`` measures the latter first."""
    exporters = [using(DroppingExporter())]
    if turned:
        dropping = await rate(runs, exporters=exporters)
        return await rate(runs), dropping
    return await rate(runs), await rate(runs, exporters=exporters)


async def counted() -> float:
    """Return how many microseconds of a step are spent on counting what its commit did."""
    commits: Commits = []

    def note(metrics: Metrics, write: Write, state: State) -> None:
        commits.append((write, state))

    with patch.object(Metrics, "committed", note):
        await rate(1)
    steps = sum(map(is_step, commits))
    return statistics.median(seconds(commits) for _ in range(REPEATS)) / steps * 1e6


def is_step(commit: tuple[Write, State]) -> bool:
    """Tell whether a write ends an activity."""
    write, _ = commit
    return not is_top_level(write.execution_id) and any(isinstance(entry.entry, Finished) for entry in write.entries)


def seconds(commits: Commits) -> float:
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


if __name__ == "__main__":
    main()
