"""What happens to workflows that compute, that were stored with other types, or that are dropped at a bad moment."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

import pytest
from msgspec.structs import replace

from obelisk.core.events import (
    Created,
    FailureKind,
    Finished,
    Locked,
    Paused,
    TemporarilyTimedOut,
    TypedValue,
)
from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Batch, Committed, Entry, ExecutionLog, Write
from obelisk.names import Ffqn
from obelisk.runtime.garbage import GarbageCollector
from obelisk.runtime.permits import START_WINDOW
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open, activity, workflow
from tests.runtime.test_commits import once, watch

FIBOA = Ffqn("testing:fibo-workflow/workflow.fiboa")
FIBOW = "testing:fibo-workflow/workflow.fibow"


def slow_workflow(extra: str) -> str:
    return workflow("fibo-workflow", "examples/wat/fibo_workflow.wat", extra)


async def test_a_workflow_that_computes_extends_its_lock(open_engine: Open):
    async with open_engine(FIBO, slow_workflow('exec.lock_expiry = "10s"')) as harness:
        execution = await harness.submit(FIBOW, 32, 8)
        for _ in range(3):
            await asyncio.sleep(0)
            harness.clock.advance(timedelta(seconds=9, milliseconds=950))
            for _ in range(10):
                await asyncio.sleep(0)
        finished = await harness.engine.executions.wait(execution)
        assert isinstance(finished.result.ok, TypedValue)
        events = await harness.events(execution)
        assert sum(isinstance(event, Locked) for event in events) > 1
        assert not any(isinstance(event, TemporarilyTimedOut) for event in events)


async def test_stored_params_that_do_not_fit_any_more_finish_their_execution_only(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        now = harness.clock.now()
        kernel = harness.engine._kernel
        wrong = [harness.engine.executions.generate_id() for _ in range(2)]
        for execution, function in zip(wrong, (Ffqn("testing:fibo/fibo.fibo"), FIBOA), strict=True):
            component = kernel.functions.get(function).entry.component.id
            created = Created(function, ["ten"], None, now, component, harness.engine.components.deployment_id)
            await kernel.storage.commit(Batch((Write(execution, (Entry(now, created),), 0),)))
        kernel.wake_executors()
        for execution in wrong:
            failure = (await harness.result(execution)).execution_failure
            assert failure.kind is FailureKind.UNCATEGORIZED
            assert "parameters cannot be deserialized" in failure.reason
        assert (await harness.call(FIBOA, 10, 3)).ok == TypedValue("u64", 55)


async def test_a_log_that_does_not_begin_with_created_keeps_no_other_execution(
    open_engine: Open, caplog: pytest.LogCaptureFixture
):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        kernel, now = harness.engine._kernel, harness.clock.now()
        load = kernel.storage.load
        broken, whole = (harness.engine.executions.generate_id() for _ in range(2))

        async def broken_load(execution_id: ExecutionId) -> ExecutionLog | None:
            log = await load(execution_id)
            if log is None or execution_id != broken:
                return log
            return replace(log, events=(replace(log.events[0], event=Paused()), *log.events[1:]))

        kernel.storage.load = broken_load
        component = kernel.functions.get(FIBOA).entry.component.id
        created = Created(FIBOA, [10, 3], None, now, component, harness.engine.components.deployment_id)
        await kernel.storage.commit(Batch(tuple(Write(one, (Entry(now, created),), 0) for one in (broken, whole))))
        kernel.wake_executors()
        assert (await harness.result(whole)).ok == TypedValue("u64", 55)
    assert f"`{broken}` cannot be started: version 0 of `{broken}` is not `created`" in caplog.text
    assert "ended unexpectedly" not in caplog.text


@pytest.mark.parametrize("applied", [True, False])
async def test_an_unknown_commit_uses_up_no_retry(open_engine: Open, applied: bool):
    no_retries = activity("fibo", "examples/wat/fibo_activity.wat", "max_retries = 0")
    async with open_engine(no_retries, FIBO_WORKFLOW, kernel="[workflows]\nrun_ahead = false") as harness:
        watched = watch(harness)
        error = once(CommitUnknownError("lost"), lambda batch: len(watched.batches) == 4)

        def commit(batch: Batch) -> asyncio.Future[Committed]:
            watched.batches.append(batch)
            fault = error(batch)
            if fault is None:
                return watched._storage.commit(batch)
            lost: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
            if applied:
                watched._storage.commit(batch).add_done_callback(lambda done: lost.set_exception(fault))
            else:
                lost.set_exception(fault)
            return lost

        watched.commit = commit
        execution = await harness.submit(FIBOA, 10, 10)
        assert (await harness.result(execution)).ok == TypedValue("u64", 55)


async def test_a_workflow_whose_end_was_refused_ends_soon(open_engine: Open):
    async with open_engine(FIBO, slow_workflow('exec.lock_expiry = "1h"')) as harness:
        watched = watch(harness)
        started = harness.clock.now()
        root = harness.engine.executions.generate_id()
        watched.fault = once(
            CommitRefusedError("moved"),
            lambda batch: _ends(batch, root),
        )
        await harness.submit(FIBOA, 10, 3, execution_id=root)
        assert (await harness.result(root)).ok == TypedValue("u64", 55)
        assert harness.clock.now() - started < timedelta(minutes=1)


def _ends(batch: Batch, execution: ExecutionId) -> bool:
    writes = [write for write in batch.writes if write.execution_id == execution]
    return any(isinstance(entry.entry, Finished) for write in writes for entry in write.entries)


async def test_who_awaits_an_execution_is_told_when_the_engine_stops(open_engine: Open):
    async with open_engine(workflow("sleepy", "tests/guests/sleepy.wat")) as harness:
        execution = await harness.submit("testing:sleepy/sleepy.sleep-ms", 60_000)
        waiting = asyncio.ensure_future(harness.engine.executions.wait(execution))
        await harness.settle()
    with pytest.raises(StorageError, match="stopped while"):
        await waiting


def test_the_last_engine_of_a_process_turns_garbage_collection_on_again():
    first, second = GarbageCollector(), GarbageCollector()
    before = gc.isenabled()
    first.take_over()
    second.take_over()
    first.give_back()
    assert not gc.isenabled()
    second.give_back()
    assert gc.isenabled() is before


async def test_many_submissions_at_once_are_each_created_with_their_lock(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        watched = watch(harness)
        await asyncio.gather(*(harness.submit(FIBOA, 10, 0) for _ in range(2 * START_WINDOW)))
        kinds = {tuple(type(entry.entry) for entry in batch.writes[0].entries[:2]) for batch in watched.batches}
        assert kinds == {(Created, Locked)}
