"""The executor: locks pending executions of a component and runs them.

Theory of operation
    There is one loop per component. It is woken when a commit of this process left something pending, when a backoff is
    over, and when a permit is free again; when the storage is shared it also looks every ``tick_sleep``. Most
    executions never come here: a child or a submission is created locked when there is a permit for it.

    What cannot be locked because the storage fails is logged and tried again after ``RETRY_AFTER_ERROR``; timers look
    too, for a lock that was written all the same.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from obelisk.core.events import Created, Locked
from obelisk.errors import ObeliskError, StorageError
from obelisk.interfaces.settings import LockingStrategy
from obelisk.interfaces.storage import LockedExecution, LockWanted
from obelisk.runtime.activity_run import RunningActivity
from obelisk.runtime.alarms import RETRY_AFTER_ERROR, Alarm
from obelisk.runtime.functions import ComponentEntry

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

_log = logging.getLogger("obelisk.executor")


class Executor:
    """See the module's theory of operation."""

    def __init__(self, kernel: Kernel, entry: ComponentEntry) -> None:
        self._kernel = kernel
        self._entry = entry
        self._ffqns = entry.ffqns()
        self._wake = asyncio.Event()
        self._wake.set()
        self._alarm: Alarm | None = None
        entry.permits.on_free = self.wake

    def wake(self) -> None:
        """Look for pending executions soon."""
        self._wake.set()

    async def run(self) -> None:
        """Serve the component until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            tick_sleep = self._entry.component.settings.exec.tick_sleep
            pause: timedelta | None = tick_sleep if self._kernel.storage.shared else None
            try:
                with self._kernel.work.piece():
                    while await self._tick():
                        pass
            except StorageError as error:
                _log.error("component `%s` cannot lock executions: %s", self._entry.component.id.name, error)
                self._kernel.timers.wake()  # what was locked all the same has to expire
                pause = RETRY_AFTER_ERROR
            if pause is not None:
                self._look_again(pause)

    def _look_again(self, pause: timedelta) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._kernel.alarms.after(pause, self.wake)

    async def _tick(self) -> bool:
        """Lock what is pending and start it; tell whether there may be more."""
        permits = self._entry.permits
        limit = permits.wanted(self._entry.component.settings.exec.batch_size)
        if limit <= 0 or self._kernel.is_stopping:
            return False
        lock = self._kernel.lock_event(self._entry, self._kernel.clock.now(), self._kernel.ids.run())
        taken = sum(permits.take() for _ in range(limit))
        locked: list[LockedExecution] = []
        try:
            wanted = self._wanted(lock, taken)
            locked = await self._kernel.storage.lock(wanted)
            if self._kernel.exports.wants_spans:
                for one in locked:
                    self._kernel.tracing.locked(one, wanted)
        finally:
            for _ in range(taken - len(locked)):
                permits.end(started=False)
        for execution in locked:
            await self._start(execution, lock)
        return len(locked) == taken

    def _wanted(self, lock: Locked, limit: int) -> LockWanted:
        digest = self._entry.component.id.component_digest
        by_digest = self._entry.locking is LockingStrategy.BY_COMPONENT_DIGEST
        return LockWanted(
            frozenset() if by_digest else self._ffqns,
            limit,
            self._kernel.clock.now(),
            lock,
            component_digest=digest if by_digest else None,
            incompatible_digest=digest if self._entry.upgrades else None,
        )

    async def _start(self, locked: LockedExecution, lock: Locked) -> None:
        """Run an execution whose permit is taken; one that cannot be started must not keep the others."""
        try:
            await self._run(locked, lock)
        except ObeliskError as error:
            _log.error("`%s` cannot be started: %s", locked.execution_id, error)
            self._kernel.timers.wake()  # its lock has to expire
            self._entry.permits.end(started=False)

    async def _run(self, locked: LockedExecution, lock: Locked) -> None:
        function = self._kernel.functions.get(locked.state.ffqn)
        if self._entry.is_workflow:
            await self._kernel.workflows.resume(locked, function, lock)
            return
        created = locked.created.event
        if not isinstance(created, Created):
            raise StorageError(f"version 0 of `{locked.execution_id}` is not `created`")
        RunningActivity(
            self._kernel, locked.execution_id, created, function,
            run_id=lock.run_id, version=locked.state.next_version, failures=locked.state.failures,
            deadline=lock.lock_expires_at,
        ).begin()  # fmt: skip
