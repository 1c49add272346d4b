"""Stopping: hand back what this process holds, so that others, or the next start, go on at once.

Theory of operation
    Sessions end as failures: their triggers had their time before. Nothing new is locked, and replays of logs end. A
    workflow that waits is dropped; one that computes goes on to its next wait. Running activities may end for
    ``grace``; what is left then is cancelled. At last everything that this executor still holds is unlocked, which uses
    up no retry.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from obelisk.runtime.kernel import Kernel
from obelisk.runtime.recovery import unlock_all

CHECK_SECONDS = 0.01
_log = logging.getLogger("obelisk.stop")


async def stop(kernel: Kernel, grace: timedelta) -> None:
    """Stop all work of a kernel and wait until everything is written."""
    kernel.is_stopping = True
    await kernel.sessions.stop()
    for replay in list(kernel.replays):
        replay.stop()
    loop = asyncio.get_running_loop()
    until = loop.time() + grace.total_seconds()
    while _is_working(kernel) and loop.time() < until:
        for run in kernel.workflows.hot:
            if run.is_settled:
                run.drop()
        await asyncio.sleep(CHECK_SECONDS)
    for activity in list(kernel.activities.values()):
        _log.warning("activity `%s` did not end in time and is given back", activity.execution_id)
        activity.stop("server is stopping")
    kernel.workflows.drop_all()
    await kernel.work.wait_none()
    await unlock_all(kernel, frozenset((kernel.executor_id,)), reason="server is stopping")


def _is_working(kernel: Kernel) -> bool:
    return bool(kernel.activities) or any(not run.is_settled for run in kernel.workflows.hot)
