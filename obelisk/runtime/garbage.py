"""Garbage collection at points of our choosing.

A collection that starts by itself may start in a host callback, on a guest's fiber, where freeing a deep structure
recurses into a stack that Python does not know. So automatic collection is off while an engine is open, and the loop
collects: the young generation when enough objects were allocated, everything now and then. The process-wide setting is put
back as it was found.
"""

from __future__ import annotations

import asyncio
import gc

YOUNG_ALLOCATIONS = 50_000
CHECK_SECONDS = 0.25
FULL_EVERY = 240


class GarbageCollector:
    """Collects on the loop for as long as ``run`` runs."""

    def __init__(self) -> None:
        self._was_enabled = False

    def take_over(self) -> None:
        """Turn automatic collection off; what exists now is not looked at again."""
        self._was_enabled = gc.isenabled()
        gc.disable()
        gc.collect()
        gc.freeze()

    def give_back(self) -> None:
        """Put the setting back."""
        gc.unfreeze()
        if self._was_enabled:
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
