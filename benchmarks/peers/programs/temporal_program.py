"""Temporal does the shared work: a worker and a client in this process, and its development server beside it.

The one argument is the port of the server. A step is an activity; how long it took says the workflow's history. The
sandbox that checks workflows for determinism is off, which is faster.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from itertools import count, pairwise
from time import perf_counter

from exchange import Timings, Work, serve
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "benchmark"
AT_ONCE = 1_000
MARKS = (EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
"""The events at which a step ends: the next one's request, or the workflow's end."""


@activity.defn
async def add(left: int, right: int) -> int:
    """Add two numbers."""
    return left + right


@workflow.defn
class Steps:
    """So many steps one after another."""

    @workflow.run
    async def run(self, steps: int) -> int:
        """Return the sum of the numbers below ``steps``."""
        total = 0
        for number in range(steps):
            total = await workflow.execute_activity(
                add, args=(total, number), start_to_close_timeout=timedelta(seconds=60)
            )
        return total


async def one_workflow(client: Client, name: str, steps: int) -> float:
    """Run one workflow; returns how many seconds it took."""
    started = perf_counter()
    await client.execute_workflow(Steps.run, steps, id=name, task_queue=QUEUE)
    return perf_counter() - started


async def run(client: Client, numbers: count[int], work: Work) -> Timings:
    """Do the work once."""
    names = [f"steps-{next(numbers)}" for _ in range(work.workflows)]
    started = perf_counter()
    workflow_seconds = await asyncio.gather(*(one_workflow(client, name, work.steps) for name in names))
    wall_seconds = perf_counter() - started
    step_seconds = [took for name in names for took in await noted(client, name)]
    return Timings(wall_seconds, tuple(step_seconds), tuple(workflow_seconds))


async def noted(client: Client, name: str) -> list[float]:
    """Read from a workflow's history how many seconds each step took, from its request to the next one's."""
    marks = [
        event.event_time.ToNanoseconds() / 1e9
        async for event in client.get_workflow_handle(name).fetch_history_events()
        if event.event_type in MARKS
    ]
    return [after - before for before, after in pairwise(marks)]


async def main(port: int) -> None:
    """Work until the input ends."""
    client = await Client.connect(f"127.0.0.1:{port}")
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[Steps],
        activities=[add],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=AT_ONCE,
        max_concurrent_workflow_tasks=AT_ONCE,
        max_concurrent_activities=AT_ONCE,
    )
    async with worker:
        numbers = count()
        await serve([], lambda work: run(client, numbers, work))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
