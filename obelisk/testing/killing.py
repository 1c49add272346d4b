"""Ending an engine as ``kill -9`` ends its process."""

from __future__ import annotations

import asyncio

from obelisk.runtime.engine import Engine
from obelisk.runtime.incarnations import DIRECTORY
from obelisk.testing.connection import Connection


async def kill(engine: Engine, connection: Connection) -> None:
    """End an engine of which nothing is to remain but what its storage and its directory hold.

    Nothing is written any more, guests are dropped, tasks are cancelled, and whoever waits for the engine gets an error.
    Its record of a running executor stays, as it does when a process is gone. The kit looks into the engine here: a server
    has no use for an end of this kind.
    """
    connection.cut()
    kernel, engine._kernel = engine._kernel, None
    if kernel is not None:
        kernel.is_stopping = True
        for task in engine._triggers._tasks:
            task.cancel()
        for run in kernel.workflows.hot:
            run.drop()
        for activity in list(kernel.activities.values()):
            activity.discard()
        connection.fail()
        kernel.notifier.close()
        await asyncio.gather(*engine._triggers._tasks, return_exceptions=True)
    await engine._close()
    if kernel is not None and connection.directory is not None:
        (connection.directory / DIRECTORY / kernel.executor_id).touch()
