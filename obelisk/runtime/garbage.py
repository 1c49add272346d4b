"""Garbage collection at points of our choosing.

Theory of operation
    A collection that starts by itself may start in a host callback, on a guest's fiber, where freeing a deep structure
    recurses into a stack that Python does not know. So automatic collection is off while an engine is open, and the
    loop collects: the young generation when enough objects were allocated, everything now and then. The process-wide
    setting is put back as it was found.
"""

from __future__ import annotations

import asyncio
import gc
from typing import ClassVar

YOUNG_ALLOCATIONS = 50_000
CHECK_SECONDS = 0.25
FULL_EVERY = 240


class GarbageCollector:
    """Collects on the loop for as long as ``run`` runs.

    The setting belongs to the process, so the engines of a process share it: the first to take over turns automatic
    collection off, the last to give back puts it back.
    """

    _engines: ClassVar[int] = 0
    _was_enabled: ClassVar[bool] = False

    def take_over(self) -> None:
        """Turn automatic collection off; what exists now is not looked at again."""
        cls = type(self)
        if cls._engines == 0:
            cls._was_enabled = gc.isenabled()
            gc.disable()
            gc.collect()
            gc.freeze()
        cls._engines += 1

    def give_back(self) -> None:
        """Put the setting back when no other engine needs it."""
        cls = type(self)
        cls._engines -= 1
        if cls._engines == 0:
            gc.unfreeze()
            if cls._was_enabled:
                gc.enable()

    async def run(self) -> None:
        """Collect until cancelled."""
        checks = 0
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            checks += 1
            if checks % FULL_EVERY == 0:
                gc.collect()
            elif gc.get_count()[0] > YOUNG_ALLOCATIONS:
                gc.collect(1)
