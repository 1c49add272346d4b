"""Stopping: hand back what this process holds, so that others, or the next start, go on at once.

Nothing new is locked. A workflow that waits is unlocked and dropped; one that computes goes on to its next wait. Running
activities may end for ``grace``; what is left then is cancelled and unlocked, which uses up no retry.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from obelisk.runtime.kernel import Kernel
from obelisk.runtime.workflow_run import WorkflowRun

CHECK_SECONDS = 0.01
_log = logging.getLogger("obelisk.stop")


async def stop(kernel: Kernel, grace: timedelta) -> None:
    """Stop all work of a kernel and wait until everything is written."""
    kernel.is_stopping = True
    loop = asyncio.get_running_loop()
    until = loop.time() + grace.total_seconds()
    while _is_working(kernel) and loop.time() < until:
        _hand_back(kernel, [run for run in kernel.workflows.hot if run.is_settled])
        await asyncio.sleep(CHECK_SECONDS)
    for activity in list(kernel.activities.values()):
        _log.warning("activity `%s` did not end in time and is given back", activity.execution_id)
        activity.stop("server is stopping")
    await kernel.work.wait_none()
    _hand_back(kernel, kernel.workflows.hot)
    await kernel.work.wait_none()


def _is_working(kernel: Kernel) -> bool:
    return bool(kernel.activities) or any(not run.is_settled for run in kernel.workflows.hot)


def _hand_back(kernel: Kernel, runs: list[WorkflowRun]) -> None:
    for run in runs:
        if run.holds_lock:
            turn = kernel.new_turn()
            run.unlock(turn, "server is stopping")
            kernel.pipeline.submit(turn)
        run.drop()
