"""Submitting under an id that somebody else took: nothing of it happens, whatever ran ahead of finding out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import Event, Finished
from obelisk.errors import ExecutionConflictError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import SubmitOutcome
from obelisk.interfaces.storage import Batch
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness, engine_harness
from tests import scripts
from tests.runtime import scripting
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, ROOT, Open
from tests.runtime.test_commits import watch
from tests.scripts import RUN

ID = new_execution_id(1, bytes(10))
CALLS: dict[str, tuple[Any, ...]] = {
    "testing:fibo/fibo.fibo": (20,),
    "testing:fibo-workflow/workflow.fiboa": (20, 3),
    "testing:fibo-workflow/workflow.fiboa-concurrent": (20, 3),
}


@pytest.fixture(params=CALLS)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def beginning(function: str, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """What another process wrote first when the id was submitted to it: the execution, and what it asked for at once."""
    toml = f'storage.use = "memory"\n{FIBO}{FIBO_WORKFLOW}'
    async with engine_harness(toml, base=ROOT, directory=tmp_path_factory.mktemp("other")) as other:
        watched = watch(other)
        await other.submit(function, *CALLS[function], execution_id=ID)
        await other.result(ID)
        return watched.batches[0]


def executions_of(batch: Batch) -> list[ExecutionId]:
    return [write.execution_id for write in batch.writes]


async def logs(harness: EngineHarness, batch: Batch) -> list[list[Event]]:
    return [await harness.events(execution) for execution in executions_of(batch)]


async def test_other_params_are_a_conflict_and_leave_what_another_process_runs_alone(
    open_engine: Open, function: str, beginning: Batch
):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        await harness.engine._kernel.storage.commit(beginning)
        before = await logs(harness, beginning)
        with pytest.raises(ExecutionConflictError, match=ID):
            await harness.submit(function, 10, *CALLS[function][1:], execution_id=ID)
        await harness.settle()
        assert await logs(harness, beginning) == before


async def test_the_same_params_are_the_same_execution(open_engine: Open, function: str, beginning: Batch):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        await harness.engine._kernel.storage.commit(beginning)
        before = await logs(harness, beginning)
        submission = await harness.engine.executions.submit(Ffqn(function), [*CALLS[function]], execution_id=ID)
        assert submission.outcome is SubmitOutcome.EXISTS
        await harness.settle()
        assert await logs(harness, beginning) == before


async def test_a_permit_that_was_taken_for_it_is_given_back(open_engine: Open, function: str, beginning: Batch):
    limited = "exec.instance_limiter = 1\n"
    async with open_engine(FIBO + limited, FIBO_WORKFLOW + limited) as harness:
        await harness.engine._kernel.storage.commit(beginning)
        for _ in range(3):
            with pytest.raises(ExecutionConflictError):
                await harness.submit(function, 10, *CALLS[function][1:], execution_id=ID)
        await harness.call(function, 10, *CALLS[function][1:])


async def test_many_submissions_at_once_by_two_engines_create_one_execution(tmp_path, code_cache, function: str):
    toml = f'storage.use = "sqlite"\n[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{FIBO}{FIBO_WORKFLOW}'
    async with (
        engine_harness(toml, base=ROOT, directory=tmp_path) as one,
        engine_harness(toml, base=ROOT, directory=tmp_path, seed=1, clock=one.clock) as two,
    ):
        submits = [harness.engine.executions.submit for harness in (one, two)] * 10
        outcomes = await asyncio.gather(
            *[submit(Ffqn(function), [*CALLS[function]], execution_id=ID) for submit in submits]
        )
        assert [each.outcome for each in outcomes].count(SubmitOutcome.CREATED) == 1
        await one.result(ID)
        assert [type(event) for event in await one.events(ID)].count(Finished) == 1


async def test_a_workflow_that_was_dropped_while_it_waits_goes_on_after_it_was_submitted_again(open_engine: Open):
    script = scripts.sleep(seconds=1), scripts.sleep(seconds=1)
    async with open_engine(scripting.TABLES, kernel="[workflows]\nhot_limit = 0") as harness:
        execution = await scripting.start(harness, *script)
        assert harness.engine._kernel.workflows.cold_count == 1
        again = await harness.engine.executions.submit(
            Ffqn(RUN), (await created_params(harness, execution)), execution_id=execution
        )
        assert again.outcome is SubmitOutcome.EXISTS
        began = harness.clock.now()
        await harness.result(execution)
        assert harness.clock.now() - began == timedelta(seconds=2)


async def created_params(harness: EngineHarness, execution: ExecutionId) -> list[Any]:
    return (await harness.events(execution))[0].params
