"""Workflows that compute: how long they keep their lock, and what becomes of those that never stop; and other limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from obelisk.core.events import (
    Created,
    FailureKind,
    Finished,
    Locked,
    TemporarilyTimedOut,
    Unlocked,
)
from obelisk.core.state import Status
from obelisk.ids import ExecutionId
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.builds import SPINS_AT_ONCE, build
from tests.runtime.conftest import FIBO, Open, activity, workflow
from tests.runtime.scripting import (
    ACTIVITIES,
    FIBO_CALL,
    SPIN_FOREVER,
    TABLES,
    TEXT,
    TRAP,
    child,
    crash,
    failure,
    is_open,
    iterations,
    kinds,
    reaches,
    start,
    trace_of,
)
from tests.scripts import RUN, SCRIPTED

FOREVER = scripts.spin(2**63)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(ACTIVITIES, limited()) as harness:
        yield harness


def limited(extra: str = "") -> str:
    return workflow("scripted", SCRIPTED, f'exec.lock_expiry = "10s"\nretry_exp_backoff = "1s"\n{extra}')


async def passes(harness: EngineHarness, time: timedelta, step: timedelta = SECOND) -> None:
    """Let time pass in steps, while a guest computes so that the engine is never quiet."""
    until = harness.clock.now() + time
    while harness.clock.now() < until:
        harness.clock.advance(min(step, until - harness.clock.now()))
        await iterations()
        await harness.engine.quiet()
        await iterations()


def locks(found: list[type]) -> int:
    return sum(kind is Locked for kind in found)


# --- workflows that never stop ----------------------------------------------------------------------------------------


async def test_a_workflow_that_loops_extends_its_lock_five_times_and_loses_it(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [FOREVER])
    await passes(scripted, timedelta(seconds=55))
    assert await kinds(scripted, execution) == [Created, *[Locked] * 6]
    await passes(scripted, timedelta(seconds=6))
    assert (await kinds(scripted, execution))[7] is TemporarilyTimedOut


async def test_a_workflow_that_lost_its_lock_runs_again_after_a_pause_that_doubles(open_engine: Open):
    async with open_engine(ACTIVITIES, limited("lock_extension = false")) as harness:
        execution = await harness.submit(RUN, [FOREVER])
        await passes(harness, timedelta(seconds=60))
        events = (await harness.log(execution)).events
        pauses = [
            event.event.backoff_expires_at - event.created_at
            for event in events
            if isinstance(event.event, TemporarilyTimedOut)
        ]
        assert pauses[:3] == [SECOND, 2 * SECOND, 4 * SECOND]
        assert (await harness.engine.executions.get(execution)).failures == len(pauses)


async def test_a_lock_that_is_not_extended_is_lost_at_its_end(open_engine: Open):
    async with open_engine(ACTIVITIES, limited("lock_extension = false")) as harness:
        execution = await harness.submit(RUN, [FOREVER])
        await passes(harness, timedelta(seconds=9))
        assert await kinds(harness, execution) == [Created, Locked]
        await passes(harness, timedelta(seconds=2))
        assert (await kinds(harness, execution))[:3] == [Created, Locked, TemporarilyTimedOut]


async def test_others_go_on_while_a_workflow_loops(scripted: EngineHarness):
    loops = [await scripted.submit(RUN, [FOREVER]) for _ in range(4)]
    await iterations()
    execution = await scripted.submit(RUN, [scripts.call(FIBO_CALL, 10), scripts.sleep(scripts.now())])
    finished = await scripted.engine.executions.wait(execution)
    assert finished.result.ok.value[0] == ["ok", "55"]
    assert [await is_open(scripted, loop) for loop in loops] == [True] * 4


async def test_a_loop_that_lost_its_lock_leaves_its_permit_to_others(open_engine: Open):
    async with open_engine(ACTIVITIES, limited("exec.instance_limiter = 1\nlock_extension = false")) as harness:
        await harness.submit(RUN, [FOREVER])
        await iterations()
        execution = await harness.submit(RUN, [])
        assert (await harness.engine.executions.get(execution)).status is Status.PENDING
        await passes(harness, timedelta(seconds=10, milliseconds=900), timedelta(milliseconds=300))
        await harness.engine.executions.wait(execution)


async def test_a_loop_after_some_progress_is_unlocked_and_uses_up_nothing(open_engine: Open):
    async with open_engine(ACTIVITIES, limited("lock_extension = false")) as harness:
        execution = await harness.submit(RUN, [scripts.create(), scripts.submit(0, TEXT, "x"), FOREVER])
        await passes(harness, timedelta(seconds=11))
        events = await harness.events(execution)
        (unlocked,) = [event for event in events if isinstance(event, Unlocked)]
        assert unlocked.reason == "made progress"
        assert (await harness.engine.executions.get(execution)).failures == 0
        await passes(harness, timedelta(seconds=11))
        assert TemporarilyTimedOut in await kinds(harness, execution)


async def test_a_loop_can_be_ended_by_another_build(reopen: Open, tmp_path):
    async with reopen(ACTIVITIES, build(tmp_path, SPINS_AT_ONCE)) as harness:
        execution, clock = await harness.submit(RUN, [scripts.new_id()]), harness.clock
        await iterations()
    async with reopen(ACTIVITIES, build(tmp_path), clock=clock) as harness:
        assert len(await trace_of(harness, execution)) == 1


# --- workflows that compute and go on ---------------------------------------------------------------------------------


async def test_a_host_call_starts_the_count_of_extensions_again(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.call(TEXT, "x"), FOREVER])
    await scripted.settle()
    await scripted.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await passes(scripted, timedelta(seconds=50))
    found = await kinds(scripted, execution)
    assert TemporarilyTimedOut not in found
    assert Unlocked not in found


async def test_an_extension_is_no_progress(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [FOREVER])
    await passes(scripted, timedelta(seconds=63))
    assert Unlocked not in await kinds(scripted, execution)
    assert (await scripted.engine.executions.get(execution)).failures == 1


async def test_a_workflow_that_computes_for_a_while_ends_in_one_run(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.spin(100_000_000), scripts.new_id(), scripts.spin(1_000_000)])
    finished = scripted.engine.executions.wait(execution)
    assert (await finished).result.ok.value[0][0] == "ok"
    assert await kinds(scripted, execution) == [Created, Locked, type((await scripted.events(execution))[2]), Finished]


async def test_a_workflow_that_waits_keeps_no_lock(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(TEXT, "x"))
    scripted.clock.advance(HOUR)
    await scripted.settle()
    assert locks(await kinds(scripted, execution)) == 1
    await scripted.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await trace_of(scripted, execution)
    events = [event for event in await scripted.events(execution) if isinstance(event, Locked)]
    assert len({event.run_id for event in events}) == 1
    assert len(events) == 2


async def test_a_replay_of_what_computes_extends_its_lock_too(scripted: EngineHarness):
    execution = await start(scripted, scripts.new_id(), scripts.spin(1_000_000), scripts.call(TEXT, "x"), FOREVER)
    await scripted.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await iterations()
    await passes(scripted, timedelta(seconds=50))
    assert TemporarilyTimedOut not in await kinds(scripted, execution)


# --- activities -------------------------------------------------------------------------------------------------------


async def test_an_activity_that_takes_too_long_fails_as_timed_out(open_engine: Open):
    spin = activity("spin", "tests/guests/spin.wat", 'max_retries = 0\nexec.lock_expiry = "10s"')
    async with open_engine(FIBO, spin, limited()) as harness:
        execution = await harness.submit(RUN, [scripts.call(SPIN_FOREVER), scripts.last_call(), scripts.get_failure(1)])
        await reaches(lambda: harness.engine._kernel.activities)
        await passes(harness, timedelta(seconds=11))
        entries = await trace_of(harness, execution)
        assert [entries[0], entries[2]] == [["err", '"execution_failed"'], ["timed-out", ""]]


# --- other limits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["[wasm]\nfuel = 2000000"])
async def test_a_workflow_without_fuel_fails_once_what_it_left_is_closed(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution = await harness.submit(RUN, [scripts.create(), scripts.submit(0, TEXT, "x"), FOREVER])
        found = (await harness.result(execution)).execution_failure
        assert found.kind is FailureKind.OUT_OF_FUEL
        assert "fuel" in found.reason
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED


async def test_an_activity_without_fuel_fails(open_engine: Open):
    async with open_engine(TABLES, kernel="[wasm]\nfuel = 2000000") as harness:
        entries = await harness.call(RUN, [scripts.call(SPIN_FOREVER), scripts.last_call(), scripts.get_failure(1)])
        assert entries.ok.value[2] == ["out-of-fuel", ""]


async def test_the_failure_of_a_trap_has_the_backtrace_in_its_detail(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.call(TRAP), scripts.trap()])
    below = child(execution, 1, "o:1-trap")
    for one, who in ((execution, "workflow"), (below, "activity")):
        found = (await scripted.result(one)).execution_failure
        assert found.kind is FailureKind.UNCATEGORIZED
        assert found.reason == f"{who} trap: wasm `unreachable` instruction executed"
        assert "wasm backtrace" in found.detail


async def test_a_workflow_that_trapped_is_not_run_again(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.trap()])
    await scripted.result(execution)
    assert await kinds(scripted, execution) == [Created, Locked, Finished]


async def test_a_crash_of_the_engine_uses_up_nothing(scripted: EngineHarness):
    execution: ExecutionId = await scripted.submit(RUN, [scripts.spin(2_000_000), scripts.new_id()])
    await iterations(5)
    await crash(scripted)
    await scripted.result(execution)
    assert TemporarilyTimedOut not in await kinds(scripted, execution)
