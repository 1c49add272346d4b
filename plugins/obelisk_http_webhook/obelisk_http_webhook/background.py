"""Work that outlives the request that it belongs to, such as writing its execution's end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from obelisk.errors import ObeliskError

_log = logging.getLogger("obelisk.http_webhook")


class Background:
    """The tasks of a trigger; ``wait`` for them before it is closed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work``; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def wait(self) -> None:
        """Return once none is left."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """Cancel all."""
        for task in tuple(self._tasks):
            task.cancel()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except ObeliskError as error:
        _log.error("%s", error)
    except Exception:  # noqa: BLE001 - nobody waits for it
        _log.exception("a task ended unexpectedly")
