"""The work that Obelisk and its peers do alike, what is noted of a run of it, and the figures that follow.

Peers run in an environment of their own, so a peer's process prints ``Timings`` as JSON, and everything is computed here,
for all systems in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from benchmarks.results import Measure, Sample


class SharedWork(Struct, frozen=True, kw_only=True):
    """So many workflows at once, each of so many steps one after another; a step is one durable call that adds two numbers.

    ``name`` is also the name of the workload of Obelisk's.
    """

    name: str
    workflows: int
    steps: int

    @property
    def total(self) -> int:
        """How many steps there are in all."""
        return self.workflows * self.steps


SERIAL = SharedWork(name="serial", workflows=1, steps=500)
CONCURRENT = SharedWork(name="concurrent", workflows=200, steps=10)
SHARED_WORK = (SERIAL, CONCURRENT)
QUICK_SERIAL = SharedWork(name="serial", workflows=1, steps=20)
QUICK_CONCURRENT = SharedWork(name="concurrent", workflows=10, steps=3)
WARM_UP_RUNS = 3
"""How often each system does a work before it is measured."""
QUICK_SHARED_WORK = (QUICK_SERIAL, QUICK_CONCURRENT)


class Timings(Struct, frozen=True, kw_only=True):
    """What is noted of one run, in seconds.

    ``wall_seconds`` is from the first submission of a workflow to the last one's result, both at the client.
    ``workflow_seconds`` has the same for each workflow. ``step_seconds`` has, for each step, the time from its request to
    what follows its result, as the system's own log says, and is empty where a system does not tell.
    """

    wall_seconds: float
    step_seconds: tuple[float, ...] = ()
    workflow_seconds: tuple[float, ...] = ()


RATE = Measure("steps", "steps/s")
STEP_P50 = Measure("step p50", "ms", higher_is_better=False)
STEP_P99 = Measure("step p99", "ms", higher_is_better=False)
WORKFLOW_P50 = Measure("workflow p50", "ms", higher_is_better=False)
WORKFLOW_P99 = Measure("workflow p99", "ms", higher_is_better=False)


def samples(work: SharedWork, timings: Timings) -> list[Sample]:
    """Return what one run says: the rate, and percentiles of steps and, where there are many, of workflows."""
    found = [RATE.of(work.total / timings.wall_seconds)]
    if timings.step_seconds:
        found += [STEP_P50.of(milliseconds(timings.step_seconds, 0.5))]
        found += [STEP_P99.of(milliseconds(timings.step_seconds, 0.99))]
    if len(timings.workflow_seconds) > 1:
        found += [WORKFLOW_P50.of(milliseconds(timings.workflow_seconds, 0.5))]
        found += [WORKFLOW_P99.of(milliseconds(timings.workflow_seconds, 0.99))]
    return found


def milliseconds(seconds: Sequence[float], part: float) -> float:
    """Return the percentile of some times, in milliseconds."""
    return percentile(seconds, part) * 1000


def percentile(values: Sequence[float], part: float) -> float:
    """Return the least value that at least ``part`` of ``values`` do not exceed."""
    return sorted(values)[max(math.ceil(len(values) * part) - 1, 0)]
