"""Calls that are under way when the server stops."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

from obelisk.api.calls import Calls
from obelisk.api.status import CallRefusedError
from obelisk.errors import StorageError


async def fails_when_cancelled() -> None:
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        raise StorageError("it was deleted") from None


async def refused(calls: Calls) -> bool:
    try:
        await calls.until_stopping(fails_when_cancelled())
    except CallRefusedError:
        return True
    return False


async def test_what_fails_as_it_is_stopped_is_told_to_nobody():
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    calls = Calls(log=logging.getLogger("test"))
    waiting = asyncio.ensure_future(refused(calls))
    for _ in range(3):
        await asyncio.sleep(0)
    calls.stop()
    assert await waiting
    gc.collect()
    assert told == []
