"""Activities that fail, trap, hang or compute: retries, timeouts and what is left in the log."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.core.events import (
    ComponentId,
    ComponentRole,
    Created,
    Event,
    ExecutionResult,
    FailureKind,
    Finished,
    Locked,
    RetryConfig,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TimeSpan,
    TypedValue,
)
from obelisk.core.retry import jittered
from obelisk.ids import ExecutionId, new_executor_id, new_run_id
from obelisk.interfaces.storage import Batch, Entry, Write
from obelisk.names import Ffqn
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open, activity

SPIN = "testing:spin/spin"
FIBO_CALL = "testing:fibo/fibo.fibo"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
OLD = ComponentId(ComponentRole.ACTIVITY, "old", "sha256:" + "0" * 64)
FLAKY = """
(component
  (core module $main
    (memory (export "memory") 1)
    (func (export "run") (result i32) BODY))
  (core instance $main (instantiate $main))
  (func $run (result (result u64 (error string)))
    (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $flaky (export "run" (func $run)))
  (export "testing:flaky/flaky" (instance $flaky)))
"""


def spin(extra: str) -> str:
    return activity("spin", "tests/guests/spin.wat", extra)


async def kinds(harness: EngineHarness, execution: ExecutionId) -> list[type]:
    return [type(event) for event in await harness.events(execution)]


async def test_an_activity_that_traps_is_run_again_until_its_retries_are_used_up(open_engine: Open):
    async with open_engine(spin("max_retries = 2")) as harness:
        execution = await harness.submit(f"{SPIN}.trap")
        result = await harness.result(execution)
        failure = result.execution_failure
        assert (failure.kind, failure.reason) == (
            FailureKind.UNCATEGORIZED,
            "activity trap: wasm `unreachable` instruction executed",
        )
        assert await kinds(harness, execution) == [
            Created, Locked, TemporarilyFailed, Locked, TemporarilyFailed, Locked, Finished,
        ]  # fmt: skip


async def pauses(harness: EngineHarness, execution: ExecutionId) -> list[timedelta]:
    """Return how long an execution had to wait after each failure."""
    return [
        event.event.backoff_expires_at - event.created_at
        for event in (await harness.log(execution)).events
        if isinstance(event.event, TemporarilyFailed | TemporarilyTimedOut)
    ]


async def test_the_backoff_doubles_with_each_retry(open_engine: Open):
    async with open_engine(spin('max_retries = 3\nretry_exp_backoff = "2s"')) as harness:
        execution = await harness.submit(f"{SPIN}.trap")
        await harness.result(execution)
        assert await pauses(harness, execution) == [2 * SECOND, 4 * SECOND, 8 * SECOND]


async def test_the_backoff_stays_below_its_cap(open_engine: Open):
    capped = spin('max_retries = 4\nretry_exp_backoff = "2s"\nretry_max_backoff = "5s"')
    async with open_engine(capped) as harness:
        execution = await harness.submit(f"{SPIN}.trap")
        await harness.result(execution)
        assert await pauses(harness, execution) == [2 * SECOND, 4 * SECOND, 5 * SECOND, 5 * SECOND]


async def test_an_hour_is_the_cap_that_nobody_set(open_engine: Open):
    async with open_engine(spin('max_retries = 2\nretry_exp_backoff = "40m"')) as harness:
        execution = await harness.submit(f"{SPIN}.trap")
        await harness.result(execution)
        assert await pauses(harness, execution) == [2400 * SECOND, HOUR]


async def test_a_part_of_the_backoff_is_left_to_chance_that_the_execution_seeds(open_engine: Open):
    capped = 'max_retries = 3\nretry_exp_backoff = "20s"\nretry_max_backoff = "40s"\nretry_jitter = 0.5'
    async with open_engine(spin(capped)) as harness:
        executions = [await harness.submit(f"{SPIN}.trap") for _ in range(2)]
        found = []
        for execution in executions:
            await harness.result(execution)
            found.append(await pauses(harness, execution))
    assert found == [
        [
            jittered(pause * SECOND, 0.5, execution_id=execution, failures=number)
            for number, pause in enumerate((20, 40, 40), 1)
        ]
        for execution in executions
    ]
    assert len({pause for each in found for pause in each}) == 6
    assert all(
        pause * SECOND / 2 <= each[index] <= pause * SECOND for each in found for index, pause in ((0, 20), (2, 40))
    )


async def plant(harness: EngineHarness, function: str, *events: Event, params: tuple[object, ...] = ()) -> ExecutionId:
    """Write the log of an execution that another executor ran."""
    execution, now = harness.engine.executions.generate_id(), harness.clock.now()
    created = Created(Ffqn(function), list(params), None, now, OLD, harness.engine.components.deployment_id)
    entries = tuple(Entry(now, event) for event in (created, *events))
    kernel = harness.engine._kernel
    await kernel.storage.commit(Batch((Write(execution, entries, 0),)))
    kernel.wake_executors()
    # That the lock expires is found in a second's time, as when another process had written it.
    kernel.timers.expect(now + SECOND)
    return execution


def foreign_lock(harness: EngineHarness, *, backoff: int, number: int = 1) -> Locked:
    """Return a lock of half a second that another executor took, with its own idea of retries."""
    executor, run = new_executor_id(1, bytes(10)), new_run_id(number, bytes(10))
    until = harness.clock.now() + SECOND / 2
    return Locked(OLD, executor, harness.engine.components.deployment_id, run, until, RetryConfig(3, TimeSpan(backoff)))


async def test_a_lock_that_another_executor_let_expire_backs_off_as_the_component_says(open_engine: Open):
    capped = spin('max_retries = 3\nretry_exp_backoff = "20s"\nretry_max_backoff = "30s"\nretry_jitter = 0.5')
    async with open_engine(capped) as harness:
        before = (TemporarilyFailed(harness.clock.now(), "trap"), foreign_lock(harness, backoff=7, number=2))
        execution = await plant(harness, f"{SPIN}.trap", foreign_lock(harness, backoff=7), *before)
        await harness.result(execution)
        expected = [jittered(30 * SECOND, 0.5, execution_id=execution, failures=number) for number in (2, 3)]
        assert (await pauses(harness, execution))[1:] == expected


@pytest.mark.parametrize(("backoff", "pause"), [(7, 7 * SECOND), (5000, HOUR)], ids=["short", "capped"])
async def test_a_lost_run_of_a_function_that_is_gone_backs_off_as_its_lock_said(
    open_engine: Open, backoff: int, pause: timedelta
):
    async with open_engine(spin("max_retries = 0")) as harness:
        execution = await plant(harness, "testing:gone/gone.run", foreign_lock(harness, backoff=backoff))
        await harness.settle()
        harness.clock.advance(2 * SECOND)
        await harness.settle()
        assert await kinds(harness, execution) == [Created, Locked, TemporarilyTimedOut]
        assert await pauses(harness, execution) == [pause]


async def test_a_retry_starts_at_its_time_and_not_before(open_engine: Open):
    async with open_engine(spin('max_retries = 1\nretry_exp_backoff = "1h"')) as harness:
        execution = await harness.submit(f"{SPIN}.trap")
        await harness.settle()
        harness.clock.advance(timedelta(minutes=59))
        await harness.settle()
        assert (await kinds(harness, execution))[-1] is TemporarilyFailed
        harness.clock.advance(timedelta(minutes=1))
        await harness.settle()
        assert (await kinds(harness, execution))[-1] is Finished


async def test_a_backtrace_is_kept_as_detail(open_engine: Open):
    async with open_engine(spin("max_retries = 0")) as harness:
        failure = (await harness.call(f"{SPIN}.trap")).execution_failure
        assert "wasm backtrace" in failure.detail


async def test_a_returned_error_is_retried_and_then_is_the_result(open_engine: Open):
    async with open_engine(activity("fibo", "examples/wat/fibo_activity.wat", "max_retries = 1")) as harness:
        execution = await harness.submit(FIBO_CALL, 41)
        assert await harness.result(execution) == ExecutionResult(err=None)
        assert await kinds(harness, execution) == [Created, Locked, TemporarilyFailed, Locked, Finished]


async def test_an_error_whose_case_says_that_it_is_permanent_is_not_retried(open_engine: Open):
    async with open_engine(activity("refuser", "tests/guests/refuser.wat", "max_retries = 1")) as harness:
        permanent = await harness.submit("testing:refuser/refuser.refuse", True)
        assert (await harness.result(permanent)).err.value == "permanent_failure"
        assert await kinds(harness, permanent) == [Created, Locked, Finished]
        later = await harness.submit("testing:refuser/refuser.refuse", False)
        assert (await harness.result(later)).err.value == "later"
        assert await kinds(harness, later) == [Created, Locked, TemporarilyFailed, Locked, Finished]


async def test_failures_of_every_kind_use_up_the_same_retries(open_engine: Open):
    async with open_engine(spin("max_retries = 3")) as harness:
        trapped = (foreign_lock(harness, backoff=0), TemporarilyFailed(harness.clock.now(), "trap"))
        lost = foreign_lock(harness, backoff=0, number=2)
        execution = await plant(harness, f"{SPIN}.refuse", *trapped, lost, params=("no",))
        assert (await harness.result(execution)).err == TypedValue("string", "no")
        assert await kinds(harness, execution) == [
            Created, Locked, TemporarilyFailed, Locked, TemporarilyTimedOut, Locked, TemporarilyFailed, Locked, Finished,
        ]  # fmt: skip


def flaky(directory: Path, body: str) -> str:
    """Return the table of an activity whose only function does what ``body`` says."""
    (directory / "flaky.wat").write_text(FLAKY.replace("BODY", body))
    return activity("flaky", str(directory / "flaky.wat"), 'max_retries = 2\nexec.lock_expiry = "10s"')


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_retries_are_counted_over_traps_timeouts_errors_and_restarts(open_engine: Open, tmp_path: Path):
    clock = ManualClock()
    async with open_engine(flaky(tmp_path, "unreachable"), clock=clock) as harness:
        execution = await harness.submit("testing:flaky/flaky.run")
        await harness.settle()
    clock.advance(SECOND)
    async with open_engine(flaky(tmp_path, "(loop $next (br $next)) unreachable"), clock=clock) as harness:
        await _running(harness)
        clock.advance(10 * SECOND)
        await asyncio.sleep(0)
        await harness.settle()
    clock.advance(SECOND)
    async with open_engine(
        flaky(tmp_path, "(i32.store8 (i32.const 16) (i32.const 1)) (i32.const 16)"), clock=clock
    ) as harness:
        assert (await harness.result(execution)).err == TypedValue("string", "")
        assert await kinds(harness, execution) == [
            Created, Locked, TemporarilyFailed, Locked, TemporarilyTimedOut, Locked, Finished,
        ]  # fmt: skip


async def test_an_activity_that_never_ends_times_out_when_its_lock_expires(open_engine: Open):
    async with open_engine(spin('max_retries = 1\nexec.lock_expiry = "10s"')) as harness:
        execution = await harness.submit(f"{SPIN}.spin-forever")
        for _ in range(2):
            await _running(harness)
            harness.clock.advance(timedelta(seconds=10))
            await asyncio.sleep(0)
            await harness.settle()
            harness.clock.advance(timedelta(seconds=1))
        result = await harness.result(execution)
        assert result.execution_failure.kind is FailureKind.TIMED_OUT
        assert await kinds(harness, execution) == [Created, Locked, TemporarilyTimedOut, Locked, Finished]


async def test_an_activity_that_never_ends_times_out_in_time_when_the_clock_is_set_back(open_engine: Open):
    async with open_engine(spin('max_retries = 0\nexec.lock_expiry = "10s"')) as harness:
        execution = await harness.submit(f"{SPIN}.spin-forever")
        await _running(harness)
        harness.clock.set_back(timedelta(hours=1))
        harness.clock.advance(timedelta(seconds=10))
        assert (await harness.result(execution)).execution_failure.kind is FailureKind.TIMED_OUT


async def test_an_activity_that_computes_does_not_hold_up_others(open_engine: Open):
    async with open_engine(spin('exec.lock_expiry = "60s"'), FIBO, FIBO_WORKFLOW) as harness:
        await harness.submit(f"{SPIN}.spin-forever")
        await _running(harness)
        submitted = await harness.submit("testing:fibo-workflow/workflow.fiboa", 10, 20)
        finished = await harness.engine.executions.wait(submitted)
        assert finished.result.ok == TypedValue("u64", 55)


async def test_an_instance_limit_bounds_how_many_run_at_once(open_engine: Open):
    async with open_engine(spin('exec.instance_limiter = 1\nexec.lock_expiry = "60s"')) as harness:
        first = await harness.submit(f"{SPIN}.spin-forever")
        second = await harness.submit(f"{SPIN}.trap")
        await _running(harness)
        assert await kinds(harness, first) == [Created, Locked]
        assert await kinds(harness, second) == [Created]


async def test_what_waited_for_a_permit_runs_when_there_is_one(open_engine: Open):
    async with open_engine(spin('exec.instance_limiter = 1\nexec.lock_expiry = "10s"\nmax_retries = 0')) as harness:
        await harness.submit(f"{SPIN}.spin-forever")
        second = await harness.submit(f"{SPIN}.trap")
        await _running(harness)
        harness.clock.advance(timedelta(seconds=10))
        failure = (await harness.engine.executions.wait(second)).result.execution_failure
        assert failure is not None
        assert failure.reason == "activity trap: wasm `unreachable` instruction executed"


async def _running(harness: EngineHarness) -> None:
    """Let the engine start what is pending; a guest that computes goes to a worker."""
    await harness.engine.quiet()
    for _ in range(20):
        await asyncio.sleep(0)
    await harness.engine.quiet()
