"""Activities that fail, trap, hang or compute: retries, timeouts and what is left in the log."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from obelisk.core.events import (
    Created,
    ExecutionResult,
    FailureKind,
    Finished,
    Locked,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TypedValue,
)
from obelisk.ids import ExecutionId
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open, activity

SPIN = "testing:spin/spin"
FIBO_CALL = "testing:fibo/fibo.fibo"


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


async def test_the_backoff_doubles_with_each_retry(open_engine: Open):
    async with open_engine(spin('max_retries = 3\nretry_exp_backoff = "2s"')) as harness:
        execution = await harness.submit(f"{SPIN}.trap")
        await harness.result(execution)
        events = (await harness.log(execution)).events
        waits = [
            event.event.backoff_expires_at - event.created_at
            for event in events
            if isinstance(event.event, TemporarilyFailed)
        ]
        assert waits == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]


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
        assert (await harness.engine.executions.wait(second)).result.execution_failure is not None


async def _running(harness: EngineHarness) -> None:
    """Let the engine start what is pending; a guest that computes goes to a worker."""
    await harness.engine.quiet()
    for _ in range(20):
        await asyncio.sleep(0)
    await harness.engine.quiet()
