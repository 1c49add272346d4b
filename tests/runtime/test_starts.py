"""Many runs that start at once leave the loop to others."""

from __future__ import annotations

import asyncio
from functools import partial

from obelisk.runtime.starts import TURN_SECONDS, Starts


class Work:
    """A clock, and starts that each take a part of a turn."""

    def __init__(self, part: float) -> None:
        self.part = part
        self.now = 0.0
        self.begun: list[int] = []

    def begin(self, number: int) -> None:
        self.begun.append(number)
        self.now += self.part * TURN_SECONDS


def started(work: Work, count: int) -> Starts:
    starts = Starts(lambda: work.now)
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
