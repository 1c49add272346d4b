"""Temporal does the shared work: a worker and a client in this process, and its development server beside it.

The one argument is the port of the server. A step is an activity. Times are those that the server wrote into the
histories. The sandbox that checks workflows for determinism is off, which is faster.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from exchange import Timings, Work, serve
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "benchmark"
AT_ONCE = 1_000


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


@dataclass(frozen=True)
class Noted:
    """When a workflow started and ended, in seconds, and how long its steps took, by its history."""

    started: float
    ended: float
    step_seconds: tuple[float, ...]


async def noted(handle: WorkflowHandle[Steps, int]) -> Noted:
    """Read from the history of a workflow that has ended."""
    asked: dict[int, float] = {}
    took: list[float] = []
    times: list[float] = []
    async for event in handle.fetch_history_events():
        times.append(seconds(event.event_time))
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            asked[event.event_id] = times[-1]
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            took.append(times[-1] - asked[event.activity_task_completed_event_attributes.scheduled_event_id])
    return Noted(times[0], times[-1], tuple(took))


def seconds(time: Timestamp) -> float:
    """Return a time in seconds since the epoch."""
    return time.ToNanoseconds() / 1e9


async def run(client: Client, numbers: count[int], work: Work) -> Timings:
    """Do the work once."""
    handles = await asyncio.gather(
        *(
            client.start_workflow(Steps.run, work.steps, id=f"steps-{next(numbers)}", task_queue=QUEUE)
            for _ in range(work.workflows)
        )
    )
    await asyncio.gather(*(handle.result() for handle in handles))
    found = [await noted(handle) for handle in handles]
    return Timings(
        wall_seconds=max(one.ended for one in found) - min(one.started for one in found),
        step_seconds=tuple(took for one in found for took in one.step_seconds),
        workflow_seconds=tuple(one.ended - one.started for one in found),
    )


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
