"""``wasi:clocks``, called by a guest."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.wasi.probing import Probe


async def test_the_wall_clock_is_the_engines(probe: Probe):
    before = datetime.now(UTC).timestamp()
    seconds = await probe.run("n = wall_clock.now()\nresult = n.seconds + n.nanoseconds / 1e9")
    assert before - 1 < seconds < datetime.now(UTC).timestamp() + 1


async def test_clocks_have_a_resolution(probe: Probe):
    script = "r = wall_clock.resolution()\nresult = [r.seconds, r.nanoseconds, monotonic_clock.resolution()]"
    assert await probe.run(script) == [0, 1000, 1]


async def test_monotonic_time_passes(probe: Probe):
    script = """
before = monotonic_clock.now()
monotonic_clock.subscribe_instant(before + 5_000_000).block()
result = monotonic_clock.now() - before >= 5_000_000
"""
    assert await probe.run(script) is True


async def test_the_sleep_of_a_language_waits(probe: Probe):
    script = "before = time.monotonic()\ntime.sleep(0.01)\nresult = time.monotonic() - before >= 0.01"
    assert await probe.run(script) is True


async def test_a_wait_of_centuries_can_be_dropped(probe: Probe):
    script = "monotonic_clock.subscribe_duration(2**64 - 1)\nmonotonic_clock.subscribe_instant(2**64 - 1)\nresult = 1"
    assert await probe.run(script) == 1


async def test_who_waits_does_not_keep_others_from_running(probe: Probe):
    waiting = await probe.submit("monotonic_clock.subscribe_duration(10**18).block()")
    assert await probe.run("result = 1") == 1
    await probe.engine.executions.cancel(waiting)
