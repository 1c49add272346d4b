"""Work that ends when the process is asked to stop."""

from __future__ import annotations

import asyncio
import signal

import pytest

from obelisk.runtime.stop_requests import StopRequest


async def test_work_that_ends_first_returns_its_result() -> None:
    async def work() -> int:
        return 5

    assert await StopRequest().unless_stopped(work()) == 5


async def test_work_is_cancelled_when_the_signal_comes_first() -> None:
    stop, begun, ended = StopRequest(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.ensure_future(stop.unless_stopped(work()))
    await begun.wait()
    stop.receive(signal.SIGTERM)
    assert await waiting is None
    assert ended.is_set()


async def test_an_error_of_the_work_is_raised() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await StopRequest().unless_stopped(work())
