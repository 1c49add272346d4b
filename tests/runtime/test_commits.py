"""What the commit pipeline promises: one commit per step, and three outcomes.

The faults here (a refusal in the middle, an unknown outcome) cannot be produced on demand by a real storage, so a wrapper
around a real one makes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import Created, Finished, JoinSetCreate, Locked, TypedValue, Unlocked
from obelisk.errors import CommitRefusedError, CommitUnknownError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Batch, Committed, Entry, Write
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, OUTER_WORKFLOW, Open

FIBOA = "testing:fibo-workflow/workflow.fiboa"
FIFTY_FIVE = TypedValue("u64", 55)


class Watched:
    """A storage whose commits a test sees, and can let fail."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self.batches: list[Batch] = []
        self.fault: Callable[[Batch], Exception | None] = lambda batch: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        self.batches.append(batch)
        error = self.fault(batch)
        if error is None:
            return self._storage.commit(batch)
        failed: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        failed.set_exception(error)
        return failed


def watch(harness: EngineHarness) -> Watched:
    kernel = harness.engine._kernel
    watched = Watched(kernel.storage)
    kernel.storage = kernel.pipeline._storage = watched
    return watched


def holds(batch: Batch, kind: type) -> bool:
    return any(isinstance(entry.entry, kind) for write in batch.writes for entry in write.entries)


def once(error: Exception, wanted: Callable[[Batch], bool]) -> Callable[[Batch], Exception | None]:
    left = [error]
    return lambda batch: left.pop() if left and wanted(batch) else None


@pytest.mark.parametrize("run_ahead", ["true", "false"])
async def test_a_serial_step_is_one_batch(open_engine: Open, run_ahead: str):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=f"[workflows]\nrun_ahead = {run_ahead}") as harness:
        watched = watch(harness)
        assert (await harness.call(FIBOA, 10, 50)).ok == FIFTY_FIVE
        assert len(watched.batches) == 51  # the submission with the first request, then one for each result


@pytest.mark.parametrize(("run_ahead", "waiting"), [("true", 49), ("false", 0)])
async def test_only_batches_that_everything_runs_ahead_of_may_wait(open_engine: Open, run_ahead: str, waiting: int):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=f"[workflows]\nrun_ahead = {run_ahead}") as harness:
        watched = watch(harness)
        await harness.call(FIBOA, 10, 50)
        assert [batch.may_wait for batch in watched.batches] == [False, *[True] * waiting, *[False] * (50 - waiting)]


async def test_a_step_holds_the_result_the_response_and_the_next_request(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        watched = watch(harness)
        await harness.call(FIBOA, 10, 3)
        child, parent, next_child = watched.batches[1].writes
        assert [type(entry.entry).__name__ for entry in child.entries] == ["Finished"]
        assert [type(entry.entry).__name__ for entry in parent.entries] == [
            "ChildExecutionFinished", "JoinSetCreate", "JoinSetRequest", "JoinNext",
        ]  # fmt: skip
        assert [type(entry.entry).__name__ for entry in next_child.entries] == ["Created", "Locked"]


async def test_every_write_of_a_running_execution_names_its_version_and_cursor(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        watched = watch(harness)
        await harness.call(FIBOA, 10, 5)
        writes = [write for batch in watched.batches for write in batch.writes]
        assert all(write.expected_version is not None for write in writes)
        roots = [write for write in writes if "." not in write.execution_id]
        assert all(write.expected_cursor is not None for write in roots)


async def test_a_batch_builds_on_the_commits_that_its_workflow_ran_ahead_of(open_engine: Open, storage: str):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel="[workflows]\nmax_events_per_run = 1") as harness:
        watched = watch(harness)
        commit = watched._storage.commit
        earlier: dict[asyncio.Future[Committed], Batch] = {}
        ahead = []

        def builds_on(batch: Batch) -> set[asyncio.Future[Committed]]:
            return {*batch.after, *(below for named in batch.after for below in builds_on(earlier[named]))}

        def commit_and_check(batch: Batch) -> asyncio.Future[Committed]:
            under_way = {future for future, before in earlier.items() if not future.done() and writes_to_root(before)}
            if writes_to_root(batch):
                ahead.append(len(under_way))
                assert under_way <= builds_on(batch)
            future = commit(batch)
            earlier[future] = batch
            return future

        watched._storage.commit = commit_and_check
        await harness.call("testing:fibo-workflow/workflow.fiboa-concurrent", 10, 20)
        assert max(ahead) >= (2 if storage == "sqlite" else 0)


def writes_to_root(batch: Batch) -> bool:
    return any("." not in write.execution_id for write in batch.writes)


async def test_nothing_starts_before_the_commit_that_holds_its_cause(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel="[workflows]\nrun_ahead = false") as harness:
        watched = watch(harness)
        watched.fault = lambda batch: CommitUnknownError("lost") if holds(batch, JoinSetCreate) else None
        submitted = asyncio.ensure_future(harness.submit(FIBOA, 10, 5))
        with pytest.raises(CommitUnknownError):
            await submitted
        await harness.settle()
        assert not any(holds(batch, Finished) for batch in watched.batches)


@pytest.mark.parametrize("call", [(FIBOA, 20), ("testing:fibo-workflow/workflow.fiboa-concurrent", 20)])
@pytest.mark.parametrize("error", [CommitRefusedError("moved"), CommitUnknownError("lost")])
@pytest.mark.parametrize("run_ahead", ["true", "false"])
async def test_a_commit_that_fails_in_the_middle_only_costs_time(
    open_engine: Open, call: tuple[str, int], error: Exception, run_ahead: str
):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=f"[workflows]\nrun_ahead = {run_ahead}") as harness:
        watched = watch(harness)
        seen = iter(range(1000))
        watched.fault = once(error, lambda batch: next(seen) == 7)
        execution = await harness.submit(call[0], 10, call[1])
        assert (await harness.result(execution)).ok == FIFTY_FIVE
        finished = [event for event in await harness.events(execution) if isinstance(event, Finished)]
        assert len(finished) == 1


async def test_a_result_is_kept_when_what_ran_ahead_of_it_is_refused(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel="[workflows]\nrun_ahead = false") as harness:
        watched = watch(harness)
        watched.fault = once(
            CommitRefusedError("moved"), lambda batch: holds(batch, Finished) and holds(batch, JoinSetCreate)
        )
        execution = await harness.submit(FIBOA, 10, 2)
        await harness.result(execution)
        child = ExecutionId(f"{execution}.o:1-fibo_1")
        finishes = [batch for batch in watched.batches if any(w.execution_id == child for w in batch.writes)]
        assert [len(batch.writes) for batch in finishes] == [2, 3, 2]  # created; refused with the parent's next; alone


async def test_a_workflow_that_somebody_else_wrote_to_is_replayed(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, OUTER_WORKFLOW) as harness:
        watched = watch(harness)

        def interfere(batch: Batch) -> None:
            if len(watched.batches) == 10:
                write = next(write for write in batch.writes if "." not in write.execution_id)
                now = harness.clock.now()
                foreign = Entry(now, Unlocked(now, "somebody else"))
                watched._storage.commit(Batch((Write(write.execution_id, (foreign,), write.expected_version),)))

        watched.fault = interfere
        execution = await harness.submit(FIBOA, 10, 30)
        assert (await harness.result(execution)).ok == FIFTY_FIVE


async def test_an_execution_that_was_dropped_goes_on_before_its_lock_expires(open_engine: Open):
    long_lock = 'exec.lock_expiry = "1h"\n'
    async with open_engine(FIBO, FIBO_WORKFLOW + long_lock) as harness:
        watched = watch(harness)
        seen = iter(range(1000))
        watched.fault = once(CommitRefusedError("moved"), lambda batch: next(seen) == 5)
        started = harness.clock.now()
        await harness.call(FIBOA, 10, 20)
        assert harness.clock.now() - started < timedelta(seconds=5)


async def test_a_result_builds_on_the_lock_that_was_renewed_because_its_commit_took_long(
    open_engine: Open, storage: str
):
    async with open_engine(FIBO + 'exec.lock_expiry = "10s"\n', kernel="[workflows]\nrun_ahead = false") as harness:
        watched = watch(harness)

        def take_long(batch: Batch) -> None:
            if holds(batch, Created):
                harness.clock.advance(timedelta(seconds=5))

        watched.fault = take_long
        commit, futures = watched._storage.commit, list[asyncio.Future[Committed]]()
        open_before: list[tuple[asyncio.Future[Committed], ...]] = []

        def kept(batch: Batch) -> asyncio.Future[Committed]:
            open_before.append(tuple(future for future in futures if not future.done()))
            futures.append(commit(batch))
            return futures[-1]

        watched._storage.commit = kept
        execution = await harness.submit("testing:fibo/fibo.fibo", 10)
        assert (await harness.result(execution)).ok == FIFTY_FIVE
        assert [type(event) for event in await harness.events(execution)] == [Created, Locked, Locked, Finished]
        assert watched.batches[2].after == open_before[2]
        assert len(open_before[2]) == (1 if storage == "sqlite" else 0)
