"""Many runs that start at once leave the loop to others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from obelisk.runtime.starts import TURN_NS, Starts
from obelisk.testing.clock import ManualClock


class Work:
    """A clock, and starts that each take a part of a turn."""

    def __init__(self, part: float) -> None:
        self.part = part
        self.clock = ManualClock()
        self.begun: list[int] = []

    def begin(self, number: int) -> None:
        self.begun.append(number)
        self.clock.advance(timedelta(microseconds=self.part * TURN_NS / 1000))


def started(work: Work, count: int) -> Starts:
    starts = Starts(work.clock)
    for number in range(count):
        starts.begin(partial(work.begin, number))
    return starts


async def test_short_starts_are_not_put_off():
    work = Work(0.001)
    started(work, 100)
    assert work.begun == list(range(100))


async def test_after_a_long_start_the_others_have_a_turn_each_in_their_order():
    work = Work(5)
    started(work, 3)
    seen = [len(work.begun)]
    for _ in range(2):
        await asyncio.sleep(0)
        seen.append(len(work.begun))
    assert (seen, work.begun) == ([1, 2, 3], [0, 1, 2])


async def test_many_short_starts_of_one_turn_count_together():
    work = Work(0.3)
    started(work, 10)
    assert 0 < len(work.begun) < 10


async def test_a_start_that_fails_does_not_keep_the_others_from_starting():
    def fail() -> None:
        raise ValueError("a defect")

    failures: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failures.append(str(context["exception"])))
    work = Work(5)
    starts = started(work, 1)
    starts.begin(fail)
    starts.begin(partial(work.begin, 1))
    for _ in range(3):
        await asyncio.sleep(0)
    assert (work.begun, failures) == ([0, 1], ["a defect"])


async def test_a_start_that_follows_from_another_waits_until_that_has_returned():
    work, order = Work(0.1), []
    starts = Starts(work.clock)

    def first() -> None:
        starts.soon(lambda: order.append("second"))
        order.append("first")

    starts.begin(first)
    assert order == ["first", "second"]


async def test_starts_that_follow_from_each_other_leave_the_loop_to_others():
    work = Work(0.3)
    starts = Starts(work.clock)

    def begin() -> None:
        work.begin(len(work.begun))
        if len(work.begun) < 10:
            starts.soon(begin)

    starts.soon(begin)
    seen = [len(work.begun)]
    while len(work.begun) < 10:
        await asyncio.sleep(0)
        seen.append(len(work.begun))
    assert seen == [0, 4, 8, 10]
