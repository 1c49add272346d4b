"""Recovery: what an executor held goes on at once when the executor is gone, or is about to go.

Theory of operation
    At start, and whenever timers look, the executors of this machine whose process is gone are looked up, and what they
    held is unlocked: no lock has to expire, and no retry is used up. So is what others hold and may have been answered
    by one that is gone: they do not know of it. At the end, an engine does the same for itself. A session cannot go on
    elsewhere: it ends as a failure.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from obelisk.core.events import Finished, Unlocked
from obelisk.core.state import Lifecycle, State, Status
from obelisk.core.tracing import COMMIT_UNKNOWN, EXECUTOR_GONE
from obelisk.errors import CommitRefusedError, StorageError
from obelisk.ids import ExecutorId
from obelisk.interfaces.storage import Batch, Entry, Held, Write
from obelisk.runtime.alarms import RETRY_AFTER_ERROR
from obelisk.runtime.incarnations import forget, gone, recorded
from obelisk.runtime.sessions import LOST_SESSION

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

_log = logging.getLogger("obelisk.recovery")


async def recover(kernel: Kernel) -> None:
    """Unlock what executors held whose process is gone."""
    directory = kernel.storage.directory
    if directory is None:
        return
    executors = frozenset(executor for executor in gone(directory) if executor != kernel.executor_id)
    if executors:
        await unlock_all(kernel, executors, reason=EXECUTOR_GONE)
        await _let_go_on_what_they_answered(kernel, frozenset(recorded(directory)) - executors)
    for executor in executors:
        forget(directory, executor)


async def warn_of_orphans(kernel: Kernel) -> None:
    """Say which executions wait for a component that the deployment does not have."""
    for ffqn, count in sorted((await kernel.storage.unfinished_functions()).items()):
        if kernel.functions.find(ffqn) is None:
            _log.warning(
                "%d unfinished executions of `%s` stay as they are: no component exports it; "
                "configure one that does, or cancel them", count, ffqn,
            )  # fmt: skip


async def unlock_idle(kernel: Kernel) -> None:
    """Unlock what this executor holds without running it: what became of its commits was not known. Tries until it can.

    However many commits fail while it cannot, one of these calls is tried again.
    """
    kernel.unlocks_later = False
    try:
        with kernel.work.piece():
            await unlock_all(kernel, frozenset((kernel.executor_id,)), reason=COMMIT_UNKNOWN)
    except StorageError as error:
        _log.error("executions cannot be unlocked, trying again: %s", error)
        if not (kernel.is_stopping or kernel.unlocks_later):
            kernel.unlocks_later = True
            kernel.alarms.after(RETRY_AFTER_ERROR, lambda: kernel.spawn(unlock_idle(kernel)))


async def let_go_on(kernel: Kernel, held: Held) -> None:
    """Unlock an execution that another process's executor keeps, and that this process answered. Tries until it can.

    That process is not told of the answer; it would look only when its lock expires. Whoever is first goes on.
    """
    try:
        with kernel.work.piece():
            now = kernel.clock.now()
            await _append(kernel, held, Entry(now, Unlocked(now, "answered by another server")))
    except StorageError as error:
        _log.error("`%s` cannot be unlocked, trying again: %s", held.execution_id, error)
        if not kernel.is_stopping:
            kernel.alarms.after(RETRY_AFTER_ERROR, lambda: kernel.spawn(let_go_on(kernel, held)))


async def _let_go_on_what_they_answered(kernel: Kernel, alive: frozenset[ExecutorId]) -> None:
    """Unlock what executors that are alive keep, and that one that is gone may have answered right before it went."""
    now = kernel.clock.now()
    for held in await kernel.storage.held_by(alive):
        state = held.state
        if state.status is Status.PENDING and state.lifecycle is Lifecycle.ACTIVE and state.due_at > now:
            await let_go_on(kernel, held)


async def unlock_all(kernel: Kernel, executors: frozenset[ExecutorId], *, reason: str) -> None:
    """Unlock everything that ``executors`` hold, but what this one runs itself, so that any executor may go on with it.

    Sessions among that end as failures.
    """
    now = kernel.clock.now()
    held = [one for one in await kernel.storage.held_by(executors) if not _is_run_here(kernel, one)]
    sessions = [one for one in held if one.state.is_of_session]
    others = [one for one in held if not one.state.is_of_session and _keeps_others_off(one.state, now)]
    if sessions:
        _log.warning("%d sessions are ended as failures: %s", len(sessions), reason)
    if others:
        _log.info("unlocking %d executions: %s", len(others), reason)
    lost, unlocked = Entry(now, Finished(LOST_SESSION)), Entry(now, Unlocked(now, reason))
    await asyncio.gather(
        *(_append(kernel, one, lost) for one in sessions), *(_append(kernel, one, unlocked) for one in others)
    )


def _is_run_here(kernel: Kernel, held: Held) -> bool:
    # What another executor holds was taken from this one, though it may not know of that yet.
    holder = held.state.held_by
    return holder is not None and holder.executor_id == kernel.executor_id and kernel.runs(held.execution_id)


def _keeps_others_off(state: State, now: datetime) -> bool:
    if state.lifecycle is not Lifecycle.ACTIVE:
        return False
    # A lock counts even when it has expired: found by the timers it would use up a retry.
    return state.status is Status.LOCKED or state.due_at > now


async def _append(kernel: Kernel, held: Held, entry: Entry) -> None:
    # Responses do not matter: whoever locks it meanwhile adds a version.
    write = Write(held.execution_id, (entry,), held.state.next_version)
    try:
        committed = await kernel.storage.commit(Batch((write,)))
        kernel.committed(write, committed.states[0])
    except CommitRefusedError as error:
        _log.info("`%s` went on meanwhile: %s", held.execution_id, error)
