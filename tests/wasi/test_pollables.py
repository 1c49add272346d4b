"""Waiting for many things at once."""

from __future__ import annotations

import asyncio

from obelisk.wasm.wasi.pollables import TimePollable, wait_any


async def test_of_many_times_only_the_next_one_is_waited_for():
    begun: list[int] = []
    reached: set[int] = set()

    def time(instant: int) -> TimePollable:
        async def wait() -> None:
            begun.append(instant)
            reached.add(instant)

        return TimePollable(instant, lambda: instant in reached, wait)

    await wait_any([time(instant) for instant in (3, 1, 2)])
    assert begun == [1]


async def test_a_time_does_not_keep_others_from_being_waited_for():
    class Thing:
        def is_ready(self) -> bool:
            return ready

        def subscribe(self, wake):
            nonlocal ready
            ready = True
            asyncio.get_running_loop().call_soon(wake)
            return lambda: None

    async def never() -> None:
        await asyncio.Event().wait()

    ready = False
    await wait_any([TimePollable(1, lambda: False, never), Thing()])
