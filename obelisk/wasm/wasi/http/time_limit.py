"""Limits of time on the engine's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from obelisk.clock import MICROSECOND_NS, Clock
from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError

MILLISECOND_NS: Final = 1_000_000


@asynccontextmanager
async def time_limit(clock: Clock, limit: int | None, *, case: ErrorCase, doing: str) -> AsyncIterator[None]:
    """Raise ``HttpFailedError`` of ``case`` when the block takes more than ``limit`` nanoseconds; ``None`` is no limit."""
    if limit is None:
        yield
        return
    try:
        async with asyncio.timeout(None) as timeout:
            timer = asyncio.get_running_loop().create_task(_expire(timeout, clock, limit))
            try:
                yield
            finally:
                timer.cancel()
    except TimeoutError as error:
        if not timeout.expired():
            raise
        raise HttpFailedError(f"{doing} took more than {limit / MILLISECOND_NS:g} ms", case) from error


async def _expire(timeout: asyncio.Timeout, clock: Clock, nanoseconds: int) -> None:
    await clock.sleep(timedelta(microseconds=-(-nanoseconds // MICROSECOND_NS)))
    timeout.reschedule(asyncio.get_running_loop().time())
