"""Submitting under an id that somebody else took: nothing of it happens, whatever ran ahead of finding out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import Created, Event, Finished
from obelisk.errors import CommitRefusedError, ExecutionConflictError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import SubmitOutcome
from obelisk.interfaces.storage import Batch, Committed
from obelisk.names import Ffqn
from obelisk.runtime.workflows import RELOAD_AFTER
from obelisk.testing.engine import EngineHarness, engine_harness
from tests import scripts
from tests.runtime import scripting
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, ROOT, Open
from tests.runtime.test_commits import Watched, once, watch
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


UNHURRIED = scripting.TABLES + 'exec.lock_expiry = "60s"\n'
"""Whoever loses track of a workflow finds it only when its lock has expired."""

SLEEPS = [scripts.sleep(seconds=1), scripts.sleep(seconds=1)]


async def submit_again(harness: EngineHarness, execution: ExecutionId) -> None:
    created = (await harness.events(execution))[0]
    assert isinstance(created, Created)
    again = await harness.engine.executions.submit(created.ffqn, created.params, execution_id=execution)
    assert again.outcome is SubmitOutcome.EXISTS


async def test_a_workflow_that_was_dropped_while_it_waits_goes_on_after_it_was_submitted_again(open_engine: Open):
    async with open_engine(UNHURRIED, kernel="[workflows]\nhot_limit = 0") as harness:
        execution = await scripting.start(harness, *SLEEPS)
        assert harness.engine._kernel.workflows.cold_count == 1
        await submit_again(harness, execution)
        began = harness.clock.now()
        await harness.result(execution)
        assert harness.clock.now() - began == timedelta(seconds=2)


async def test_a_child_in_memory_goes_on_after_its_parent_that_is_not_was_submitted_again(open_engine: Open):
    async with open_engine(UNHURRIED) as harness:
        execution = await scripting.start(harness, scripts.call(RUN, SLEEPS))
        await harness.engine.executions.pause(execution)
        await submit_again(harness, execution)
        began = harness.clock.now()
        await harness.result(scripting.child(execution, join_set="o:1-run"))
        assert harness.clock.now() - began == timedelta(seconds=2)


async def test_a_workflow_that_is_to_be_loaded_again_is_loaded_though_it_was_submitted_again(open_engine: Open):
    async with open_engine(UNHURRIED) as harness:
        execution = await scripting.start(harness, *SLEEPS)
        watched, began = watch(harness), harness.clock.now()
        watched.fault = once(CommitRefusedError("somebody was faster"), lambda batch: True)
        harness.clock.advance(timedelta(seconds=1))
        await harness.settle()
        assert not harness.engine._kernel.runs(execution)
        refusal = refuse_later(watched)
        again = asyncio.ensure_future(submit_again(harness, execution))
        while len(watched.batches) < 3:  # noqa: ASYNC110 - the refused one, the response alone, and the submission
            await asyncio.sleep(0)
        harness.clock.advance(RELOAD_AFTER)
        await scripting.iterations()
        refusal.set()
        await again
        await harness.result(execution)
        assert harness.clock.now() - began < timedelta(seconds=3)


def refuse_later(watched: Watched) -> asyncio.Event:
    """Let the next commit that creates something be refused, as its id is taken, once the event is set."""
    refusal, commit = asyncio.Event(), watched.commit

    async def refused() -> Committed:
        await refusal.wait()
        raise CommitRefusedError("it exists")

    def commit_slowly(batch: Batch) -> asyncio.Future[Committed]:
        if batch.writes[0].expected_version != 0 or refusal.is_set():
            return commit(batch)
        watched.batches.append(batch)
        return asyncio.ensure_future(refused())

    watched.commit = commit_slowly  # type: ignore[method-assign]
    return refusal
