"""The loop of virtual time."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from obelisk.testing.clock import START
from obelisk.testing.simulation.clock import SimulatedClock
from obelisk.testing.simulation.loop import SimulatedLoop, SimulationStalledError


@contextmanager
def running(**options: Any) -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop(**options)
    try:
        yield loop
    finally:
        loop.close()


def played(work: Coroutine[Any, Any, Any], **options: Any) -> Any:
    with running(**options) as loop:
        return loop.run_until_complete(work)


async def order() -> list[int]:
    loop, seen = asyncio.get_running_loop(), []
    for number in range(10):
        loop.call_soon(seen.append, number)
    await asyncio.sleep(1)
    return seen


def test_a_long_sleep_takes_no_time():
    began = time.perf_counter()
    with running() as loop:
        loop.run_until_complete(asyncio.sleep(1_000_000))
        assert loop.time() == 1_000_000
    assert time.perf_counter() - began < 10


def test_callbacks_run_in_their_order_or_in_one_that_is_drawn():
    assert played(order()) == list(range(10))
    drawn = played(order(), shuffles=random.Random(1))
    assert sorted(drawn) == list(range(10)) != drawn
    assert drawn == played(order(), shuffles=random.Random(1))


def test_time_stands_still_while_a_thread_works():
    async def work() -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(1, lambda: None)
        await loop.run_in_executor(None, time.sleep, 0.01)
        return loop.time()

    assert played(work()) == 0


def test_it_is_told_when_nothing_can_happen_any_more():
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with running() as loop:
        task = loop.create_task(wait())
        with pytest.raises(SimulationStalledError, match="everybody waits for somebody else"):
            loop.run_until_complete(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)


def test_it_is_told_when_something_goes_on_for_ever():
    with running() as loop:

        def again() -> None:
            loop.call_soon(again)

        again()
        loop.turns_left = 1000
        with pytest.raises(SimulationStalledError, match="does not come to rest"):
            loop.run_forever()


def test_a_servers_clock_can_be_set():
    with running() as loop:
        clock = SimulatedClock(loop, offset=2.0, cost=0.5)
        assert clock.now() == START + timedelta(seconds=2)
        clock.offset = -3.0
        loop.run_until_complete(clock.sleep_until(START))
        assert clock.now() == START
        assert clock.monotonic_ns() == 3_500_000_000
        assert clock.monotonic_ns() == 4_000_000_000


class Interrupted(random.Random):
    """Another thread hands something in whenever an order is drawn."""

    hands_in: Callable[[], object] = staticmethod(lambda: None)

    def shuffle(self, x: Any) -> None:
        super().shuffle(x)
        self.hands_in()


def test_what_a_thread_hands_in_while_an_order_is_drawn_is_not_lost():
    chance, came = Interrupted(1), []
    with running(shuffles=chance) as loop:
        numbers = iter(range(5))

        def hands_in() -> None:
            for number in itertools.islice(numbers, 1):
                loop.call_soon_threadsafe(came.append, number)

        chance.hands_in = hands_in
        loop.run_until_complete(asyncio.sleep(1))
    assert came == [0, 1, 2, 3, 4]
