"""Alarms on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from obelisk.runtime.alarms import Alarms
from obelisk.testing.clock import ManualClock

SECOND = timedelta(seconds=1)


@asynccontextmanager
async def running(clock: ManualClock) -> AsyncIterator[Alarms]:
    alarms = Alarms(clock)
    task = asyncio.ensure_future(alarms.run())
    try:
        yield alarms
    finally:
        task.cancel()


async def iterations() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_alarm_goes_off_at_its_time_and_not_before():
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.at(clock.now() + 2 * SECOND, lambda: heard.append("now"))
        clock.advance(SECOND)
        await iterations()
        assert heard == []
        clock.advance(SECOND)
        await iterations()
        assert heard == ["now"]


async def test_an_earlier_alarm_is_not_kept_waiting_by_a_later_one():
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.at(clock.now() + 10 * SECOND, lambda: heard.append("late"))
        await iterations()
        alarms.at(clock.now() + SECOND, lambda: heard.append("early"))
        clock.advance(SECOND)
        await iterations()
        assert heard == ["early"]


async def test_a_cancelled_alarm_does_nothing():
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.at(clock.now(), lambda: heard.append("now")).cancel()
        await iterations()
        assert heard == []


async def test_an_alarm_that_sets_itself_again_does_not_keep_the_loop():
    clock, count = ManualClock(), [0]
    async with running(clock) as alarms:

        def again() -> None:
            count[0] += 1
            alarms.at(clock.now(), again)

        alarms.at(clock.now(), again)
        await iterations()
    assert 1 <= count[0] <= 20


async def test_an_alarm_that_raises_does_not_silence_the_others(caplog: pytest.LogCaptureFixture):
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.at(clock.now(), lambda: 1 // 0)
        alarms.at(clock.now(), lambda: heard.append("now"))
        await iterations()
    assert heard == ["now"]
    assert "an alarm ended unexpectedly" in caplog.text


async def test_cancelled_alarms_do_not_pile_up():
    alarms = Alarms(ManualClock())
    for _ in range(1000):
        alarms.at(ManualClock().now() + SECOND, lambda: None).cancel()
    assert len(alarms._times) < 200


async def test_a_pause_takes_as_long_when_the_clock_is_set_back():
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.after(2 * SECOND, lambda: heard.append("now"))
        await iterations()
        clock.set_back(timedelta(hours=1))
        clock.advance(SECOND)
        await iterations()
        assert heard == []
        clock.advance(SECOND)
        await iterations()
        assert heard == ["now"]


async def test_an_alarm_waits_for_its_time_when_the_clock_is_set_back():
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.at(clock.now() + SECOND, lambda: heard.append("now"))
        await iterations()
        clock.set_back(SECOND)
        clock.advance(SECOND)
        await iterations()
        assert heard == []
        clock.advance(SECOND)
        await iterations()
        assert heard == ["now"]


async def test_a_pause_that_is_cancelled_does_nothing():
    clock, heard = ManualClock(), []
    async with running(clock) as alarms:
        alarms.after(SECOND, lambda: heard.append("now")).cancel()
        clock.advance(SECOND)
        await iterations()
        assert heard == []
