"""Retention: what ended long enough ago is deleted.

Theory of operation
    A pass goes through the top-level executions that ended longer than ``keep`` ago, page by page, and has the storage
    delete each with everything below it. A tree in which something has not finished yet is left for a later pass; it keeps
    no other from being deleted, since a page begins behind the one before it. The storage sees to it that others get their
    turn meanwhile. Servers that share a storage may all do this: what one has deleted the others do not find.

    Nothing is lost when a pass is cut short, at a stop or by an error: the next one finds what is left.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from obelisk.errors import StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Held

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

PAGE = 100
SHORTEST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=1)
_log = logging.getLogger("obelisk.retention")


class Retention:
    """See the module's theory of operation. ``keep`` is how long what has ended is kept."""

    def __init__(self, kernel: Kernel, keep: timedelta) -> None:
        self._kernel = kernel
        self._keep = keep
        self._pause = min(max(keep / 10, SHORTEST_PAUSE), LONGEST_PAUSE)
        self._kept: set[ExecutionId] = set()
        self._task: asyncio.Task[object] | None = None

    async def run(self) -> None:
        """Delete until cancelled."""
        self._task = asyncio.current_task()
        while True:
            try:
                with self._kernel.work.piece():
                    await self._pass(self._kernel.clock.now() - self._keep)
            except StorageError as error:
                _log.error("executions that ended cannot be deleted, trying again: %s", error)
            await self._sleep()

    def stop(self) -> None:
        """Have ``run`` end now, whatever is left: a pass may take longer than a stop."""
        if self._task is not None:
            self._task.cancel()

    async def _sleep(self) -> None:
        over = asyncio.Event()
        alarm = self._kernel.alarms.after(self._pause, over.set)
        try:
            await over.wait()
        finally:
            alarm.cancel()

    async def _pass(self, before: datetime) -> None:
        storage, last = self._kernel.storage, None
        trees = executions = 0
        kept: set[ExecutionId] = set()
        while page := await self._page(before, last):
            deleted = await storage.delete([held.execution_id for held in page])
            executions += deleted.executions
            trees += len(page) - len(deleted.unfinished)
            kept.update(deleted.unfinished)
            last = page[-1]
        if executions:
            _log.info("deleted %d executions that ended before %s, %d with their children", trees, before, executions)
        self._tell_kept(kept)

    async def _page(self, before: datetime, last: Held | None) -> list[Held]:
        return await self._kernel.storage.finished_before(before, limit=PAGE, after=last)

    def _tell_kept(self, kept: set[ExecutionId]) -> None:
        new, self._kept = kept - self._kept, kept
        if new:
            _log.warning(
                "%d executions ended long ago and stay, since something below them has not finished, such as `%s`",
                len(kept), min(new),
            )  # fmt: skip
