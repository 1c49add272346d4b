"""Recovery: what a crashed process of this machine held goes on at once.

Run at start, and again whenever timers find nothing better to do: several servers may share a storage, and one of them may
die while the others live.
"""

from __future__ import annotations

import asyncio
import logging

from obelisk.core.events import Unlocked
from obelisk.core.state import Lifecycle, Status
from obelisk.errors import CommitRefusedError
from obelisk.ids import ExecutorId
from obelisk.interfaces.storage import Batch, Entry, Held, Write
from obelisk.runtime.incarnations import forget, gone
from obelisk.runtime.kernel import Kernel

_log = logging.getLogger("obelisk.recovery")


async def recover(kernel: Kernel) -> None:
    """Unlock what executors held whose process is gone."""
    directory = kernel.storage.directory
    if directory is None:
        return
    executors = [executor for executor in gone(directory) if executor != kernel.executor_id]
    if not executors:
        return
    held = await kernel.storage.held_by(frozenset(executors))
    if held:
        _log.info("unlocking %d executions of %d executors that are gone", len(held), len(executors))
    await asyncio.gather(*(_unlock(kernel, execution) for execution in held))
    for executor in executors:
        await asyncio.to_thread(forget, directory, ExecutorId(executor))


async def _unlock(kernel: Kernel, held: Held) -> None:
    state, now = held.state, kernel.clock.now()
    is_free = state.status is Status.PENDING and state.due_at <= now
    if is_free or state.lifecycle is not Lifecycle.ACTIVE:
        return
    entry = Entry(now, Unlocked(now, "executor is gone"))
    write = Write(held.execution_id, (entry,), state.next_version, state.cursor)
    try:
        await kernel.storage.commit(Batch((write,)))
    except CommitRefusedError as error:
        _log.info("`%s` went on meanwhile: %s", held.execution_id, error)
