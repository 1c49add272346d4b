"""The executor: locks pending executions of a component and runs them.

There is one loop per component. It is woken when a commit of this process left something pending, when a backoff is
over, and when a permit is free again; when the storage is shared it also looks every ``tick_sleep``. Most executions never
come here: a child or a submission is created locked when there is a permit for it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from obelisk.core.events import Created, Locked
from obelisk.errors import StorageError
from obelisk.interfaces.settings import LockingStrategy
from obelisk.interfaces.storage import LockedExecution, LockWanted
from obelisk.runtime.activity_run import RunningActivity
from obelisk.runtime.functions import ComponentEntry

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

RETRY_AFTER_ERROR = timedelta(seconds=1)
_log = logging.getLogger("obelisk.executor")


class Executor:
    """See the module's documentation."""

    def __init__(self, kernel: Kernel, entry: ComponentEntry) -> None:
        self._kernel = kernel
        self._entry = entry
        self._ffqns = entry.ffqns()
        self._wake = asyncio.Event()
        self._wake.set()
        entry.permits.on_free = self.wake

    def wake(self) -> None:
        """Look for pending executions soon."""
        self._wake.set()

    async def run(self) -> None:
        """Serve the component until cancelled."""
        settings = self._entry.component.settings.exec
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                with self._kernel.work.piece():
                    while await self._tick():
                        pass
            except StorageError as error:
                _log.error("component `%s` cannot lock executions: %s", self._entry.component.id.name, error)
                self._wake_after(RETRY_AFTER_ERROR)
            if self._kernel.storage.shared:
                self._wake_after(settings.tick_sleep)

    def _wake_after(self, pause: timedelta) -> None:
        self._kernel.alarms.at(self._kernel.clock.now() + pause, self.wake)

    async def _tick(self) -> bool:
        """Lock what is pending and start it; tell whether there may be more."""
        limit = min(self._entry.component.settings.exec.batch_size, self._entry.permits.free)
        if limit <= 0 or self._kernel.is_stopping:
            return False
        now = self._kernel.clock.now()
        lock = self._kernel.lock_event(self._entry, now, self._kernel.ids.run())
        taken = sum(self._entry.permits.take() for _ in range(limit))
        try:
            locked = await self._kernel.storage.lock(self._wanted(lock, taken))
        except BaseException:
            self._give_back(taken)
            raise
        self._give_back(taken - len(locked))
        for execution in locked:
            await self._start(execution, lock)
        return len(locked) == taken

    def _wanted(self, lock: Locked, limit: int) -> LockWanted:
        id_, settings = self._entry.component.id, self._entry.component.settings
        strategy = settings.exec.locking_strategy
        by_digest = strategy is LockingStrategy.BY_COMPONENT_DIGEST
        return LockWanted(
            frozenset() if by_digest else self._ffqns,
            limit,
            self._kernel.clock.now(),
            lock,
            id_.component_digest if by_digest else None,
        )

    def _give_back(self, count: int) -> None:
        for _ in range(count):
            self._entry.permits.release(started=False)

    async def _start(self, locked: LockedExecution, lock: Locked) -> None:
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
        ).start()  # fmt: skip
