"""Cancelling executions: what can be, what it takes with it, and when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import (
    CancellationRequested,
    Created,
    ExecutionFailure,
    FailureKind,
    Finished,
    Locked,
    Paused,
    TemporarilyFailed,
    TemporarilyTimedOut,
    Unlocked,
)
from obelisk.core.state import Lifecycle
from obelisk.errors import ExecutionNotFoundError, ExecutionStateError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import CancelOutcome
from obelisk.interfaces.storage import ExecutionQuery
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness
from tests import scripts
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
    delay,
    failure,
    is_open,
    iterations,
    kinds,
    responders,
    start,
    trace_of,
)
from tests.runtime.test_commits import holds, watch
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED

DAY = timedelta(days=1)
SLEEPS = [scripts.sleep(days=1)]
FOREVER = 2**63
WAYS = {
    "await": ("", ""),
    "interrupt": ("", 'blocking_strategy = "interrupt"'),
    "nothing hot": ("[workflows]\nhot_limit = 0", ""),
    "small runs": ("[workflows]\nmax_events_per_run = 1\nrun_ahead = false", ""),
}
CANCELLED = ExecutionFailure(FailureKind.CANCELLED)


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


async def cancel(harness: EngineHarness, execution: ExecutionId) -> CancelOutcome:
    return await harness.engine.executions.cancel(execution)


async def lifecycle(harness: EngineHarness, execution: ExecutionId) -> Lifecycle:
    return (await harness.engine.executions.get(execution)).lifecycle


# --- activities -------------------------------------------------------------------------------------------------------


async def test_an_activity_that_runs_is_stopped_at_once(scripted: EngineHarness):
    execution = await scripted.submit(SPIN_FOREVER)
    await iterations()
    assert await cancel(scripted, execution) is CancelOutcome.REQUESTED
    assert (await scripted.result(execution)).execution_failure == CANCELLED
    assert await kinds(scripted, execution) == [Created, Locked, Finished]
    assert not scripted.engine._kernel.activities


async def test_an_activity_that_waits_for_its_retry_is_cancelled(open_engine: Open):
    async with open_engine(activity("spin", "tests/guests/spin.wat", 'retry_exp_backoff = "1h"')) as harness:
        execution = await harness.submit(TRAP)
        await harness.settle()
        assert await cancel(harness, execution) is CancelOutcome.REQUESTED
        assert await kinds(harness, execution) == [Created, Locked, TemporarilyFailed, Finished]


async def test_a_stub_is_cancelled(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    assert await cancel(scripted, execution) is CancelOutcome.REQUESTED
    assert await failure(scripted, execution) is FailureKind.CANCELLED


async def test_what_has_finished_stays_as_it_is(scripted: EngineHarness):
    execution = await scripted.submit(FIBO_CALL, 10)
    await scripted.result(execution)
    before = await scripted.log(execution)
    assert await cancel(scripted, execution) is CancelOutcome.ALREADY_FINISHED
    assert await scripted.log(execution) == before


async def test_what_was_cancelled_has_finished(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    await cancel(scripted, execution)
    assert await cancel(scripted, execution) is CancelOutcome.ALREADY_FINISHED


async def test_of_two_who_cancel_at_once_one_is_first(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    outcomes = await asyncio.gather(cancel(scripted, execution), cancel(scripted, execution))
    assert set(outcomes) == {CancelOutcome.REQUESTED, CancelOutcome.ALREADY_FINISHED}


async def test_what_there_is_not_is_not_found(scripted: EngineHarness):
    with pytest.raises(ExecutionNotFoundError):
        await cancel(scripted, new_execution_id(0, bytes(10)))


async def test_a_workflow_whose_child_is_cancelled_is_told_so(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(TEXT, "x"), scripts.last_call(), scripts.get_failure(1))
    await cancel(scripted, child(execution, 1, "o:1-text"))
    entries = await trace_of(scripted, execution)
    assert [entries[0], entries[2]] == [["err", '"execution_failed"'], ["cancelled", ""]]


async def test_an_activity_that_was_cancelled_frees_its_permit(open_engine: Open):
    limited = 'exec.instance_limiter = 1\nexec.lock_expiry = "1h"\nmax_retries = 0'
    async with open_engine(activity("spin", "tests/guests/spin.wat", limited)) as harness:
        execution = await harness.submit(SPIN_FOREVER)
        await iterations()
        waiting = await harness.submit(TRAP)
        await cancel(harness, execution)
        assert (await harness.result(waiting)).execution_failure.kind is FailureKind.UNCATEGORIZED


# --- workflows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_a_workflow_that_waits_is_ended(open_engine: Open, way: str):
    kernel, extra = WAYS[way]
    async with open_engine(ACTIVITIES, workflow("scripted", SCRIPTED, extra), kernel=kernel) as harness:
        started = harness.clock.now()
        execution = await start(harness, scripts.sleep(days=1), function=RUN_CANCELLABLE)
        assert await cancel(harness, execution) is CancelOutcome.REQUESTED
        assert (await harness.result(execution)).execution_failure == CANCELLED
        assert harness.clock.now() - started < DAY
        assert await responders(harness, execution) == [delay(execution, 1, "o:1-sleep")]


async def test_a_workflow_that_computes_is_ended(scripted: EngineHarness):
    execution = await scripted.submit(RUN_CANCELLABLE, [scripts.spin(FOREVER)])
    await iterations()
    await cancel(scripted, execution)
    assert (await scripted.result(execution)).execution_failure == CANCELLED
    assert await kinds(scripted, execution) == [Created, Locked, CancellationRequested, Finished]


async def test_a_workflow_that_computes_after_it_asked_for_something_is_ended(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.delay(0, days=1), scripts.spin(FOREVER)]
    execution = await scripted.submit(RUN_CANCELLABLE, script)
    await iterations()
    await cancel(scripted, execution)
    assert (await scripted.result(execution)).execution_failure == CANCELLED


async def test_a_workflow_that_waits_for_a_permit_is_ended(open_engine: Open):
    limited = workflow("scripted", SCRIPTED, 'exec.instance_limiter = 1\nexec.lock_expiry = "1h"')
    async with open_engine(ACTIVITIES, limited) as harness:
        waiting = await start(harness, scripts.sleep(seconds=1), function=RUN_CANCELLABLE)
        computing = await harness.submit(RUN_CANCELLABLE, [scripts.spin(FOREVER)])
        queued = await harness.submit(RUN_CANCELLABLE, SLEEPS)
        await iterations()
        harness.clock.advance(timedelta(seconds=2))
        await iterations()
        for execution in (waiting, queued, computing):
            await cancel(harness, execution)
        for execution in (waiting, queued, computing):
            assert (await harness.result(execution)).execution_failure == CANCELLED


@pytest.mark.parametrize("paused", [True, False])
async def test_a_workflow_that_was_not_started_is_ended(open_engine: Open, paused: bool):
    async with open_engine(TABLES) as harness:
        execution = harness.engine.executions.generate_id()
        await harness.engine.executions.submit(Ffqn(RUN_CANCELLABLE), [SLEEPS], execution_id=execution, paused=paused)
        await cancel(harness, execution)
        assert (await harness.result(execution)).execution_failure == CANCELLED


async def test_a_paused_workflow_is_ended(scripted: EngineHarness):
    execution = await start(scripted, scripts.sleep(days=1), function=RUN_CANCELLABLE)
    await scripted.engine.executions.pause(execution)
    await cancel(scripted, execution)
    assert (await scripted.result(execution)).execution_failure == CANCELLED
    assert (await kinds(scripted, execution))[-3:] == [Paused, CancellationRequested, Finished]


async def test_a_workflow_that_cannot_be_cancelled_says_what_its_name_lacks(scripted: EngineHarness):
    execution = await start(scripted, scripts.sleep(days=1))
    with pytest.raises(ExecutionStateError, match="-cancellable"):
        await cancel(scripted, execution)
    assert await lifecycle(scripted, execution) is Lifecycle.ACTIVE


async def test_a_workflow_that_cannot_be_cancelled_but_has_finished_says_that(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [])
    await scripted.result(execution)
    assert await cancel(scripted, execution) is CancelOutcome.ALREADY_FINISHED


async def test_a_cancelled_workflow_awaits_children_that_cannot_be_cancelled(scripted: EngineHarness):
    execution = await start(
        scripted, scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.next_(0), function=RUN_CANCELLABLE
    )
    started = scripted.clock.now()
    await cancel(scripted, execution)
    await scripted.settle()
    assert await lifecycle(scripted, execution) is Lifecycle.CANCELLING
    assert await cancel(scripted, execution) is CancelOutcome.ALREADY_CANCELLING
    assert (await scripted.result(execution)).execution_failure == CANCELLED
    assert scripted.clock.now() - started >= DAY
    assert await failure(scripted, child(execution)) is None


async def test_what_a_cancelled_workflow_has_open_ends_newest_first(scripted: EngineHarness):
    script = [scripts.create(), scripts.create(), scripts.submit(0, TEXT, "x"), scripts.delay(1, days=1)]
    script += [scripts.submit(1, TEXT, "x"), scripts.submit(0, TEXT, "x"), scripts.next_(0)]
    execution = await start(scripted, *script, function=RUN_CANCELLABLE)
    await cancel(scripted, execution)
    await scripted.result(execution)
    assert await responders(scripted, execution) == [
        child(execution, 2), child(execution, 1, "g:2"), delay(execution, 1, "g:2"), child(execution, 1),
    ]  # fmt: skip


async def test_an_activity_of_a_cancelled_workflow_is_stopped(scripted: EngineHarness):
    execution = await scripted.submit(RUN_CANCELLABLE, [scripts.call(SPIN_FOREVER)])
    await iterations()
    await cancel(scripted, execution)
    await scripted.result(execution)
    assert await failure(scripted, child(execution, 1, "o:1-spin-forever")) is FailureKind.CANCELLED


def nested(depth: int) -> list[Any]:
    if not depth:
        return [scripts.call(TEXT, "x")]
    return [
        scripts.create(),
        *(scripts.submit(0, RUN_CANCELLABLE, nested(depth - 1)) for _ in range(2)),
        scripts.next_(0),
    ]


@pytest.mark.parametrize("way", WAYS)
async def test_a_tree_is_cancelled_from_its_root_and_ends_from_its_leaves(open_engine: Open, way: str):
    kernel, extra = WAYS[way]
    async with open_engine(ACTIVITIES, workflow("scripted", SCRIPTED, extra), kernel=kernel) as harness:
        root = await start(harness, *nested(2), function=RUN_CANCELLABLE)
        await cancel(harness, root)
        await harness.result(root)
        tree = await harness.engine.executions.list(
            ExecutionQuery(harness.clock.now(), execution_id_prefix=root, limit=100)
        )
        assert len(tree) == 1 + 2 + 4 + 4
        assert {held.state.failure_kind for held in tree} == {FailureKind.CANCELLED}


async def test_a_tree_waits_for_its_slowest_leaf(scripted: EngineHarness):
    inner = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.next_(0)]
    execution = await start(scripted, scripts.call(RUN_CANCELLABLE, inner), function=RUN_CANCELLABLE)
    await cancel(scripted, execution)
    middle = child(execution, 1, "o:1-run-cancellable")
    scripted.clock.advance(timedelta(hours=23))
    await scripted.settle()
    assert [await lifecycle(scripted, one) for one in (execution, middle)] == [Lifecycle.CANCELLING] * 2
    await scripted.result(execution)
    assert [await failure(scripted, one) for one in (middle, child(middle))] == [FailureKind.CANCELLED, None]


async def test_a_child_that_is_cancelled_answers_its_parent_when_it_has_ended(scripted: EngineHarness):
    inner = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.next_(0)]
    execution = await start(scripted, scripts.call(RUN_CANCELLABLE, inner))
    await cancel(scripted, child(execution, 1, "o:1-run-cancellable"))
    await scripted.settle()
    assert await is_open(scripted, execution)
    assert await trace_of(scripted, execution) == [["err", '"execution_failed"']]


async def test_a_response_that_comes_while_it_is_cancelled_does_not_let_it_run(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.next_(0), scripts.call(FIBO_CALL, 10)]
    execution = await start(scripted, *script, function=RUN_CANCELLABLE)
    await cancel(scripted, execution)
    await scripted.result(execution)
    assert (await kinds(scripted, execution))[-2:] == [CancellationRequested, Finished]


async def test_a_lock_that_expires_while_it_is_cancelled_is_nobodys_business(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.spin(FOREVER)]
    execution = await scripted.submit(RUN_CANCELLABLE, script)
    await iterations()
    await cancel(scripted, execution)
    watched = watch(scripted)
    await scripted.result(execution)
    assert (await kinds(scripted, execution))[-2:] == [CancellationRequested, Finished]
    assert not any(holds(batch, Unlocked) or holds(batch, TemporarilyTimedOut) for batch in watched.batches)


@pytest.mark.parametrize("pause", range(0, 60, 8))
async def test_a_cancellation_in_the_middle_of_everything_leaves_nothing_behind(open_engine: Open, pause: int):
    async with open_engine(TABLES) as harness:
        inner = [scripts.call(FIBO_CALL, 10) for _ in range(10)]
        script = [scripts.create(), *(scripts.submit(0, RUN_CANCELLABLE, inner) for _ in range(3)), *inner]
        execution = await harness.submit(RUN_CANCELLABLE, script)
        await iterations(pause)
        await cancel(harness, execution)
        await harness.result(execution)
        await harness.settle()
        tree = await harness.engine.executions.list(
            ExecutionQuery(harness.clock.now(), execution_id_prefix=execution, limit=100)
        )
        assert all(held.state.is_finished for held in tree)
        kernel = harness.engine._kernel
        assert [entry.permits.running for entry in kernel.executors] == [0] * len(kernel.executors)
        assert not kernel.workflows.hot


# --- crashes and restarts ---------------------------------------------------------------------------------------------


async def test_a_cancellation_goes_on_after_a_crash(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.submit(0, TEXT, "x"), scripts.next_(0)]
    execution = await start(scripted, *script, function=RUN_CANCELLABLE)
    await cancel(scripted, execution)
    await crash(scripted)
    assert (await scripted.result(execution)).execution_failure == CANCELLED


async def test_a_cancellation_goes_on_after_a_restart(reopen: Open):
    script = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.submit(0, TEXT, "x"), scripts.next_(0)]
    async with reopen(TABLES) as harness:
        harness.engine._kernel.cancellations.drive = lambda execution: None
        execution = await start(harness, *script, function=RUN_CANCELLABLE)
        assert await cancel(harness, execution) is CancelOutcome.REQUESTED
        await harness.settle()
        assert await is_open(harness, child(execution, 2))
    async with reopen(TABLES) as harness:
        assert (await harness.result(execution)).execution_failure == CANCELLED
        assert await failure(harness, child(execution, 2)) is FailureKind.CANCELLED


async def test_a_workflow_whose_component_is_gone_can_be_cancelled_whatever_its_name(reopen: Open):
    async with reopen(TABLES) as harness:
        execution = await start(harness, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.sleep(days=1))
    async with reopen(FIBO) as harness:
        assert await cancel(harness, execution) is CancelOutcome.REQUESTED
        assert (await harness.result(execution)).execution_failure == CANCELLED
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED
