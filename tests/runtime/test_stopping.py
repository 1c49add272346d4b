"""Stopping and starting again: what was held goes on at once, and nothing is counted as a failure."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from obelisk.core.events import Finished, Locked, TemporarilyTimedOut, TypedValue, Unlocked
from obelisk.core.state import Status
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open, activity, workflow

pytestmark = pytest.mark.parametrize("storage", ["sqlite"])
SLOW_FIBO = activity("fibo", "examples/wat/fibo_activity.wat", 'exec.lock_expiry = "1h"')
SLOW_WORKFLOW = workflow("fibo-workflow", "examples/wat/fibo_workflow.wat", 'exec.lock_expiry = "1h"')
SPIN = activity("spin", "tests/guests/spin.wat", 'exec.lock_expiry = "1h"')
FIBOA = "testing:fibo-workflow/workflow.fiboa"


async def test_an_activity_that_does_not_end_in_time_is_given_back(open_engine: Open):
    async with open_engine(SPIN) as harness:
        execution = await harness.submit("testing:spin/spin.spin-forever")
        await asyncio.sleep(0)
    async with open_engine() as harness:
        events = await harness.events(execution)
        assert isinstance(events[-1], Unlocked)
        assert (await harness.engine.executions.get(execution)).failures == 0


async def test_a_waiting_workflow_is_unlocked_so_that_its_lock_need_not_expire(open_engine: Open):
    clock = ManualClock()
    sleepy = workflow("sleepy", "tests/guests/sleepy.wat", 'exec.lock_expiry = "1h"')
    async with open_engine(sleepy, clock=clock) as harness:
        execution = await harness.submit("testing:sleepy/sleepy.sleep-ms", 1_000)
        await harness.settle()
    async with open_engine(sleepy, clock=clock) as harness:
        started = clock.now()
        await harness.result(execution)
        assert clock.now() - started <= timedelta(seconds=2)


async def test_a_stop_in_the_middle_of_a_workflow_loses_nothing(open_engine: Open):
    async with open_engine(SLOW_FIBO, SLOW_WORKFLOW) as harness:
        execution = await harness.submit(FIBOA, 10, 300)
        await asyncio.sleep(0)
    async with open_engine(SLOW_FIBO, SLOW_WORKFLOW) as harness:
        result = await harness.result(execution)
        assert result.ok == TypedValue("u64", 55)
        assert not any(isinstance(event, TemporarilyTimedOut) for event in await harness.events(execution))


async def _crash(harness: EngineHarness) -> None:
    """Make the engine lose its memory without handing anything back, as a killed process does."""
    kernel = harness.engine._kernel
    kernel.is_stopping = True
    for run in kernel.workflows.hot:
        run.drop()
    for running in list(kernel.activities.values()):
        running.discard()


async def test_a_lock_of_an_executor_that_is_gone_is_unlocked_at_start(open_engine: Open):
    async with open_engine(SPIN) as harness:
        execution = await harness.submit("testing:spin/spin.spin-forever")
        kernel = harness.engine._kernel
        held = await kernel.storage.held_by(frozenset((kernel.executor_id,)))
        assert [one.execution_id for one in held] == [execution]
        await _crash(harness)
    async with open_engine() as harness:
        assert (await harness.engine.executions.get(execution)).status is Status.PENDING


async def test_a_workflow_without_its_component_waits_until_that_is_back(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        execution = await harness.submit(FIBOA, 10, 1000)
        await asyncio.sleep(0)
    async with open_engine(FIBO) as harness:
        await harness.settle()
        assert not (await harness.engine.executions.get(execution)).is_finished
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        assert (await harness.result(execution)).ok == TypedValue("u64", 55)
        events = await harness.events(execution)
        assert isinstance(events[-1], Finished)
        assert isinstance(events[1], Locked)
