"""What the storage has to do, kept for a moment, so that asking often costs nothing.

Theory of operation
    The storage is asked at most every ``FRESH_SECONDS``, and so seldom that counting takes no more than one part in
    ``SHARE`` of its time. Whoever asks meanwhile gets what is known. Nobody waits for it longer than ``PATIENCE_SECONDS``;
    what was known before is told for ``STALE_SECONDS``, then nothing: a number that does not change would look well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from obelisk.clock import Clock
from obelisk.errors import StorageError
from obelisk.interfaces.storage import Backlog, Storage

FRESH_SECONDS: Final = 1.0
SHARE: Final = 20
PATIENCE_SECONDS: Final = 2.0
STALE_SECONDS: Final = 60.0
_NS: Final = 1_000_000_000
_log = logging.getLogger("obelisk.metrics")


class KnownBacklog(Struct, frozen=True):
    """What was unfinished ``at`` a time."""

    at: datetime
    items: Sequence[Backlog]


class BacklogCache:
    """See the module's theory of operation."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._known: KnownBacklog | None = None
        self._known_at = 0
        self._fresh_until = 0
        self._asking: asyncio.Task[None] | None = None

    async def get(self) -> KnownBacklog | None:
        """Return what is unfinished, ``None`` when the storage does not tell. Raises nothing."""
        if self._clock.monotonic_ns() >= self._fresh_until:
            await self._ask()
        if self._known is None or self._clock.monotonic_ns() - self._known_at > STALE_SECONDS * _NS:
            return None
        return self._known

    async def close(self) -> None:
        """Ask no more. Raises nothing."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait((asking,))

    async def _ask(self) -> None:
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._read())
        await asyncio.wait((self._asking,), timeout=PATIENCE_SECONDS)

    async def _read(self) -> None:
        began, now = self._clock.monotonic_ns(), self._clock.now()
        try:
            self._known = KnownBacklog(now, await self._storage.backlog(now))
            self._known_at = began
        except StorageError as error:
            _log.warning("what is unfinished cannot be counted: %s", error)
        except Exception:  # noqa: BLE001 - metrics without this number are better than none
            _log.exception("what is unfinished cannot be counted")
        finally:
            took = self._clock.monotonic_ns() - began
            self._fresh_until = began + max(int(FRESH_SECONDS * _NS), took * SHARE)
            self._asking = None
