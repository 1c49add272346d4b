"""The main job: fibonacci workflows over an activity, on both storages."""

from __future__ import annotations

import asyncio

import pytest

from obelisk.core.events import (
    Created,
    ExecutionResult,
    Finished,
    JoinNext,
    JoinSetCreate,
    JoinSetRequest,
    Locked,
    TypedValue,
)
from obelisk.errors import (
    ExecutionConflictError,
    ExecutionNotFoundError,
    FunctionNotFoundError,
    InvalidValueError,
)
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import SubmitOutcome
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness

FIBO = "testing:fibo/fibo.fibo"
FIBOA = "testing:fibo-workflow/workflow.fiboa"
FIFTY_FIVE = ExecutionResult(ok=TypedValue("u64", 55))


async def test_an_activity_returns_its_value(fibo: EngineHarness):
    assert await fibo.call(FIBO, 10) == FIFTY_FIVE


@pytest.mark.parametrize("function", ["fibow", "fiboa", "fiboa-concurrent"])
async def test_each_way_to_compute_gives_the_same_value(fibo: EngineHarness, function: str):
    assert await fibo.call(f"testing:fibo-workflow/workflow.{function}", 10, 7) == FIFTY_FIVE


async def test_workflows_call_workflows(fibo: EngineHarness):
    nested = await fibo.call("testing:fibo-workflow-outer/workflow.fibo-nested-workflow", 6)
    assert nested.ok == TypedValue("u64", 13)


async def test_a_workflow_starts_many_workflows_and_awaits_each(fibo: EngineHarness):
    result = await fibo.call("testing:fibo-workflow-outer/workflow.fibo-start-fiboas", 10, 4, 3)
    assert result.ok == TypedValue("u64", 4 * 55)


async def test_a_direct_call_leaves_three_events_and_a_child(fibo: EngineHarness):
    execution = await fibo.submit(FIBOA, 10, 1)
    await fibo.result(execution)
    events = await fibo.events(execution)
    assert [type(event) for event in events] == [Created, Locked, JoinSetCreate, JoinSetRequest, JoinNext, Finished]
    child = await fibo.events(ExecutionId(f"{execution}.o:1-fibo_1"))
    assert [type(event) for event in child] == [Created, Locked, Finished]


async def test_the_child_names_its_parent(fibo: EngineHarness):
    execution = await fibo.submit(FIBOA, 10, 1)
    await fibo.result(execution)
    state = await fibo.engine.executions.get(ExecutionId(f"{execution}.o:1-fibo_1"))
    assert state.parent == (execution, "o:1-fibo")


async def test_an_error_of_a_child_reaches_the_parent_as_its_error(fibo: EngineHarness):
    result = await fibo.call(FIBOA, 41, 1)
    assert result == ExecutionResult(err=None)


async def test_submitting_again_with_the_same_id_and_params_is_the_same_execution(fibo: EngineHarness):
    first = await fibo.engine.executions.submit(Ffqn(FIBO), [3])
    again = await fibo.engine.executions.submit(Ffqn(FIBO), [3], execution_id=first.execution_id)
    assert again.outcome is SubmitOutcome.EXISTS
    assert again.execution_id == first.execution_id


async def test_submitting_other_params_with_the_same_id_is_a_conflict(fibo: EngineHarness):
    first = await fibo.engine.executions.submit(Ffqn(FIBO), [3])
    with pytest.raises(ExecutionConflictError, match=first.execution_id):
        await fibo.engine.executions.submit(Ffqn(FIBO), [4], execution_id=first.execution_id)


async def test_the_same_id_submitted_twice_at_once_creates_one_execution(fibo: EngineHarness):
    execution = fibo.engine.executions.generate_id()
    submit = fibo.engine.executions.submit
    both = await asyncio.gather(
        submit(Ffqn(FIBO), [3], execution_id=execution), submit(Ffqn(FIBO), [3], execution_id=execution)
    )
    assert {submission.outcome for submission in both} == {SubmitOutcome.CREATED, SubmitOutcome.EXISTS}


@pytest.mark.parametrize("ffqn", [FIBO, FIBOA])
async def test_an_id_that_a_batch_under_way_takes_is_not_created_again(fibo: EngineHarness, ffqn: str):
    kernel, execution = fibo.engine._kernel, fibo.engine.executions.generate_id()
    function, params = kernel.functions.get(Ffqn(ffqn)), [10, 2][: 2 if ffqn == FIBOA else 1]
    turn = kernel.new_turn()
    created = Created(Ffqn(ffqn), params, None, turn.now, function.entry.component.id, kernel.deployment_id, {})
    kernel.create_execution(turn, execution, function, created)
    kernel.pipeline.submit(turn)
    submission = await fibo.engine.executions.submit(Ffqn(ffqn), params, execution_id=execution)
    assert submission.outcome is SubmitOutcome.EXISTS
    assert await fibo.result(execution) == FIFTY_FIVE
    assert [type(event) for event in await fibo.events(execution)].count(Finished) == 1


async def test_an_unknown_function_is_refused_with_the_nearest_name(fibo: EngineHarness):
    with pytest.raises(FunctionNotFoundError, match=r"did you mean `testing:fibo/fibo\.fibo`"):
        await fibo.engine.executions.submit(Ffqn("testing:fibo/fibo.fib"), [3])


@pytest.mark.parametrize("params", [[], [1, 2], ["ten"], [256], [-1], [None]])
async def test_params_that_do_not_fit_are_refused(fibo: EngineHarness, params: list[object]):
    with pytest.raises(InvalidValueError):
        await fibo.engine.executions.submit(Ffqn(FIBO), params)


async def test_an_unknown_execution_is_not_found(fibo: EngineHarness):
    with pytest.raises(ExecutionNotFoundError):
        await fibo.engine.executions.get(new_execution_id(0, bytes(10)))


async def test_watching_yields_states_up_to_the_finished_one(fibo: EngineHarness):
    execution = await fibo.submit(FIBOA, 10, 20)
    states = [state async for state in fibo.engine.executions.watch(execution)]
    assert states[-1].is_finished
    versions = [(state.next_version, state.cursor) for state in states]
    assert versions == sorted(versions)


async def test_two_thousand_workflows_finish(fibo: EngineHarness):
    executions = [await fibo.submit(FIBOA, 10, 2) for _ in range(2000)]
    results = [await fibo.result(execution) for execution in executions]
    assert results == [FIFTY_FIVE] * 2000
