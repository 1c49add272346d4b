"""Deleting executions by hand: what may go, what is refused, and what others see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from obelisk.errors import ExecutionNotFoundError, ExecutionStateError, InvalidIdError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import SubmitOutcome
from obelisk.interfaces.storage import Batch, Deleted, Entry, ExecutionQuery, LineQuery, Storage, Write
from obelisk.names import Ffqn
from obelisk.runtime.lookups import result_of
from obelisk.testing.engine import EngineHarness
from obelisk.testing.storage_samples import create, created, entries, finished, locked, numbered
from tests import scripts
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open
from tests.runtime.scripting import SPIN_FOREVER, TABLES, TEXT, child, reaches, start
from tests.scripts import RUN

FIBOA = "testing:fibo-workflow/workflow.fiboa"
UNKNOWN = new_execution_id(1, bytes(10))


@pytest.fixture
async def harness(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        yield harness


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


def storage_of(harness: EngineHarness) -> Storage:
    kernel = harness.engine._kernel
    assert kernel is not None
    return kernel.storage


async def ended(harness: EngineHarness, steps: int = 5) -> ExecutionId:
    """Return an execution that has ended, with a child for each step."""
    execution = await harness.submit(FIBOA, 10, steps)
    await harness.result(execution)
    return execution


async def remaining(harness: EngineHarness) -> set[ExecutionId]:
    return {
        held.execution_id for held in await harness.engine.executions.list(ExecutionQuery(harness.clock.now(), 100))
    }


async def test_an_execution_is_deleted_with_its_children_and_lines(harness: EngineHarness):
    kept, execution = await ended(harness, 1), await ended(harness)
    await storage_of(harness).append_lines([*numbered(1, of=execution), *numbered(2, of=child(execution))])
    assert await harness.engine.executions.delete(execution) == 6
    assert {each[: len(kept)] for each in await remaining(harness)} == {kept}
    assert await storage_of(harness).lines(LineQuery(execution, derived=True)) == []
    with pytest.raises(ExecutionNotFoundError, match=execution):
        await harness.engine.executions.get(execution)


async def test_an_execution_that_has_not_finished_is_refused(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(TEXT, "x"))
    with pytest.raises(ExecutionStateError, match=f"`{execution}` of `.*` has not finished.*cancel it"):
        await scripted.engine.executions.delete(execution)
    assert len(await remaining(scripted)) == 2


async def test_a_child_is_refused_and_its_top_level_execution_named(harness: EngineHarness):
    execution = await ended(harness)
    for wanted in (child(execution), child(ExecutionId(UNKNOWN))):
        with pytest.raises(InvalidIdError, match=f"is a child.* deleted with `{wanted.partition('.')[0]}`"):
            await harness.engine.executions.delete(wanted)
    assert len(await remaining(harness)) == 6


async def test_an_id_that_no_execution_has_is_refused(harness: EngineHarness):
    with pytest.raises(ExecutionNotFoundError, match=UNKNOWN):
        await harness.engine.executions.delete(UNKNOWN)


async def test_a_tree_in_which_something_has_not_finished_is_refused_and_that_named(harness: EngineHarness):
    below = child(UNKNOWN)
    life = Write(UNKNOWN, entries(created(), locked(), finished()), 0)
    await storage_of(harness).commit(Batch((life, create(below))))
    with pytest.raises(ExecutionStateError, match=f"`{below}` below it has not finished"):
        await harness.engine.executions.delete(UNKNOWN)
    assert await remaining(harness) == {UNKNOWN, below}


async def test_a_deleted_id_may_be_submitted_again_and_runs_anew(harness: EngineHarness):
    execution = await ended(harness)
    log = await harness.canonical(execution)
    await harness.engine.executions.delete(execution)
    again = await harness.engine.executions.submit(Ffqn(FIBOA), [10, 5], execution_id=execution)
    assert again.outcome is SubmitOutcome.CREATED
    await harness.result(execution)
    assert await harness.canonical(execution) == log
    assert len(await remaining(harness)) == 6


async def test_executions_that_were_scheduled_by_a_deleted_one_stay(scripted: EngineHarness):
    execution = await start(scripted, scripts.new_id(), scripts.schedule(0, TEXT, "x"))
    await scripted.result(execution)
    assert await scripted.engine.executions.delete(execution) == 1
    (scheduled,) = await remaining(scripted)
    assert (await scripted.engine.executions.get(scheduled)).ffqn == TEXT


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_a_run_of_an_execution_that_another_process_ended_and_deleted_is_stopped(scripted: EngineHarness):
    kernel, storage = scripted.engine._kernel, storage_of(scripted)
    assert kernel is not None
    activity = await scripted.submit(SPIN_FOREVER)
    workflow = await scripted.submit(RUN, [scripts.spin(2**63)])
    await reaches(lambda: activity in kernel.activities and list(kernel.workflows.computing))
    for execution in (activity, workflow):
        state = await storage.state(execution)
        assert state is not None
        end = Write(execution, (Entry(scripted.clock.now(), finished()),), state.next_version)
        await storage.commit(Batch((end,)))
    assert await storage.delete([activity, workflow]) == Deleted(2)
    kernel.timers.wake()
    await reaches(lambda: activity not in kernel.activities and not list(kernel.workflows.computing))


async def test_who_waits_for_the_result_of_a_deleted_execution_is_told(harness: EngineHarness):
    execution = await ended(harness)
    state = await harness.engine.executions.get(execution)
    await harness.engine.executions.delete(execution)
    with pytest.raises(ExecutionNotFoundError, match=execution):
        await result_of(storage_of(harness), execution, state)
