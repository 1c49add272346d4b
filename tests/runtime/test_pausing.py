"""Pausing executions: nothing runs them until they are let go, and nothing that came meanwhile is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import Created, Finished, Locked, Paused, TemporarilyFailed, Unlocked, Unpaused
from obelisk.core.state import Lifecycle, Status
from obelisk.errors import ExecutionNotFoundError, ExecutionStateError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import Open, activity, workflow
from tests.runtime.scripting import (
    ACTIVITIES,
    FIBO_CALL,
    SPIN_FOREVER,
    TABLES,
    TEXT,
    TRAP,
    child,
    crash,
    is_open,
    iterations,
    kinds,
    start,
    trace_of,
)
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED

HOUR = timedelta(hours=1)
NAP = [scripts.sleep(hours=1)]
FOREVER = 2**63
WAYS = {
    "await": ("", ""),
    "interrupt": ("", 'blocking_strategy = "interrupt"'),
    "nothing hot": ("[workflows]\nhot_limit = 0", ""),
    "long lock": ("", 'exec.lock_expiry = "30m"'),
}


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


async def submit_paused(harness: EngineHarness, function: str, *params: Any) -> ExecutionId:
    return (await harness.engine.executions.submit(Ffqn(function), list(params), paused=True)).execution_id


async def later(harness: EngineHarness, by: timedelta = 2 * HOUR) -> None:
    harness.clock.advance(by)
    await harness.settle()


# --- workflows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_a_workflow_that_waits_goes_on_when_it_is_let_go(open_engine: Open, way: str):
    kernel, extra = WAYS[way]
    async with open_engine(ACTIVITIES, workflow("scripted", SCRIPTED, extra), kernel=kernel) as harness:
        execution = await start(harness, scripts.call(TEXT, "x"), scripts.call(FIBO_CALL, 10))
        await harness.engine.executions.pause(execution)
        assert (await harness.engine.executions.get(execution)).lifecycle is Lifecycle.PAUSED
        await harness.engine.executions.unpause(execution)
        await harness.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
        assert await trace_of(harness, execution) == [["ok", '"y"'], ["ok", "55"]]


@pytest.mark.parametrize("way", WAYS)
async def test_a_response_that_comes_meanwhile_is_there_when_it_is_let_go(open_engine: Open, way: str):
    kernel, extra = WAYS[way]
    async with open_engine(ACTIVITIES, workflow("scripted", SCRIPTED, extra), kernel=kernel) as harness:
        execution = await start(
            harness, scripts.create(), *(scripts.submit(0, TEXT, "x") for _ in range(2)), *[scripts.next_(0)] * 2
        )
        await harness.engine.executions.pause(execution)
        for number in (2, 1):
            await harness.engine.executions.stub(child(execution, number), {"ok": str(number)})
        await later(harness)
        assert await is_open(harness, execution)
        assert (await kinds(harness, execution))[-1] is Paused
        await harness.engine.executions.unpause(execution)
        assert (await trace_of(harness, execution))[3:] == [["ok", '"2"'], ["ok", '"1"']]


async def test_a_delay_that_ends_meanwhile_is_over_when_it_is_let_go(scripted: EngineHarness):
    execution = await start(scripted, *NAP)
    await scripted.engine.executions.pause(execution)
    await later(scripted)
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(execution)
    await scripted.settle()
    assert not await is_open(scripted, execution)


async def test_a_workflow_that_holds_its_lock_is_unlocked_first(open_engine: Open):
    async with open_engine(ACTIVITIES, workflow("scripted", SCRIPTED, 'exec.lock_expiry = "1h"')) as harness:
        execution = await start(harness, *NAP)
        await harness.engine.executions.pause(execution)
        assert (await kinds(harness, execution))[-2:] == [Unlocked, Paused]


async def test_a_workflow_that_computes_is_stopped_and_runs_again(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.spin(300_000_000)])
    await iterations()
    await scripted.engine.executions.pause(execution)
    await scripted.settle()
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(execution)
    assert len(await trace_of(scripted, execution)) == 2


@pytest.mark.parametrize("pause", range(0, 40, 8))
async def test_a_workflow_can_be_paused_at_any_moment(open_engine: Open, pause: int):
    async with open_engine(TABLES) as harness:
        execution = await harness.submit(RUN, [scripts.call(FIBO_CALL, 10) for _ in range(20)])
        await iterations(pause)
        try:
            await harness.engine.executions.pause(execution)
        except ExecutionStateError:
            assert not await is_open(harness, execution)
        else:
            await later(harness)
            assert await is_open(harness, execution)
            await harness.engine.executions.unpause(execution)
        assert await trace_of(harness, execution) == [["ok", "55"]] * 20


async def test_a_child_of_a_paused_workflow_goes_on(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(RUN, NAP))
    await scripted.engine.executions.pause(execution)
    await later(scripted)
    assert not await is_open(scripted, child(execution, 1, "o:1-run"))
    assert await is_open(scripted, execution)


async def test_a_workflow_that_closes_waits_while_it_is_paused(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.submit(0, RUN, NAP), scripts.close(0))
    await scripted.engine.executions.pause(execution)
    await later(scripted)
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(execution)
    await trace_of(scripted, execution)


async def test_a_crash_does_not_let_it_go(scripted: EngineHarness):
    execution = await start(scripted, *NAP)
    await scripted.engine.executions.pause(execution)
    await crash(scripted)
    await later(scripted)
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(execution)
    await trace_of(scripted, execution)


async def test_a_restart_does_not_let_it_go(reopen: Open):
    async with reopen(TABLES) as harness:
        execution = await start(harness, *NAP)
        await harness.engine.executions.pause(execution)
    async with reopen(TABLES) as harness:
        await later(harness)
        assert await is_open(harness, execution)
        await harness.engine.executions.unpause(execution)
        await trace_of(harness, execution)


# --- submitted paused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "params"), [(FIBO_CALL, [10]), (RUN, [[]]), (TEXT, ["x"])])
async def test_what_is_submitted_paused_does_not_begin(scripted: EngineHarness, function: str, params: list[Any]):
    execution = await submit_paused(scripted, function, *params)
    await later(scripted)
    assert await kinds(scripted, execution) == [Created, Paused]


@pytest.mark.parametrize(("function", "params"), [(FIBO_CALL, [10]), (RUN, [[]])])
async def test_what_was_submitted_paused_begins_when_it_is_let_go(
    scripted: EngineHarness, function: str, params: list[Any]
):
    execution = await submit_paused(scripted, function, *params)
    await scripted.engine.executions.unpause(execution)
    await scripted.result(execution)
    assert await kinds(scripted, execution) == [Created, Paused, Unpaused, Locked, Finished]


# --- activities -------------------------------------------------------------------------------------------------------


async def test_an_activity_that_runs_cannot_be_paused(scripted: EngineHarness):
    execution = await scripted.submit(SPIN_FOREVER)
    await iterations()
    with pytest.raises(ExecutionStateError, match="can only be cancelled"):
        await scripted.engine.executions.pause(execution)
    await scripted.engine.executions.cancel(execution)


async def test_an_activity_that_waits_for_its_retry_is_paused(open_engine: Open):
    async with open_engine(
        activity("spin", "tests/guests/spin.wat", 'max_retries = 1\nretry_exp_backoff = "1h"')
    ) as harness:
        execution = await harness.submit(TRAP)
        await harness.settle()
        await harness.engine.executions.pause(execution)
        await later(harness)
        assert await kinds(harness, execution) == [Created, Locked, TemporarilyFailed, Paused]
        await harness.engine.executions.unpause(execution)
        await harness.settle()
        assert not await is_open(harness, execution)


async def test_an_activity_that_was_let_go_before_its_retry_waits_for_it(open_engine: Open):
    async with open_engine(
        activity("spin", "tests/guests/spin.wat", 'max_retries = 1\nretry_exp_backoff = "1h"')
    ) as harness:
        execution = await harness.submit(TRAP)
        await harness.settle()
        await harness.engine.executions.pause(execution)
        await harness.engine.executions.unpause(execution)
        await later(harness, HOUR / 2)
        assert await is_open(harness, execution)
        await later(harness, HOUR / 2)
        assert not await is_open(harness, execution)


# --- what cannot be ---------------------------------------------------------------------------------------------------


async def test_what_is_paused_can_be_paused_again_and_nothing_changes(scripted: EngineHarness):
    execution = await submit_paused(scripted, RUN, NAP)
    await scripted.engine.executions.pause(execution)
    assert await kinds(scripted, execution) == [Created, Paused]


async def test_what_has_finished_cannot_be_paused(scripted: EngineHarness):
    execution = await scripted.submit(FIBO_CALL, 10)
    await scripted.result(execution)
    with pytest.raises(ExecutionStateError, match="is finished"):
        await scripted.engine.executions.pause(execution)


async def test_what_is_being_cancelled_cannot_be_paused(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(RUN, NAP), function=RUN_CANCELLABLE)
    await scripted.engine.executions.cancel(execution)
    with pytest.raises(ExecutionStateError, match="is being cancelled"):
        await scripted.engine.executions.pause(execution)


async def test_what_is_not_paused_cannot_be_let_go(scripted: EngineHarness):
    execution = await start(scripted, *NAP)
    with pytest.raises(ExecutionStateError, match="is not paused"):
        await scripted.engine.executions.unpause(execution)
    assert (await scripted.engine.executions.get(execution)).status is Status.BLOCKED


@pytest.mark.parametrize("change", ["pause", "unpause"])
async def test_what_there_is_not_is_not_found(scripted: EngineHarness, change: str):
    with pytest.raises(ExecutionNotFoundError):
        await getattr(scripted.engine.executions, change)(new_execution_id(0, bytes(10)))
