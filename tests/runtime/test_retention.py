"""Retention, in virtual time: what ended long enough ago goes, nothing else does, and nothing keeps it from going on."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from obelisk.errors import StorageError
from obelisk.ids import ExecutionId, top_level
from obelisk.interfaces.storage import Batch, Deleted, Held
from obelisk.runtime import retention
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from obelisk.testing.storage_samples import append, child, create, ended, execution, finished, locked
from tests import scripts
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open
from tests.runtime.scripting import TABLES, start
from tests.runtime.test_deletion import FIBOA, remaining, storage_of

KEEP = timedelta(days=30)
KERNEL = '[retention]\nfinished = "30d"\n'
JUMPS = 2000


async def until_gone(harness: EngineHarness, execution_id: ExecutionId) -> None:
    """Let time pass until an execution is deleted."""
    for _ in range(JUMPS):
        await harness.settle()
        if await storage_of(harness).state(execution_id) is None:
            return
        harness.clock.jump()
    raise AssertionError(f"`{execution_id}` was not deleted until {harness.clock.now()}")


def advance_near(harness: EngineHarness, end: datetime) -> None:
    """Let time pass until shortly before what ended at ``end`` has been kept for long enough."""
    harness.clock.advance_to(end + KEEP - timedelta(minutes=3))


async def ended_at(harness: EngineHarness) -> tuple[ExecutionId, datetime]:
    """Return an execution that ended now, and when that was."""
    execution_id = await harness.submit(FIBOA, 10, 3)
    await harness.result(execution_id)
    return execution_id, (await harness.engine.executions.get(execution_id)).due_at


async def test_what_ended_is_deleted_with_its_children_once_it_was_kept_for_long_enough(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=KERNEL) as harness:
        old, end = await ended_at(harness)
        harness.clock.advance(timedelta(hours=1))
        young, _ = await ended_at(harness)
        advance_near(harness, end)
        await until_gone(harness, old)
        assert KEEP < harness.clock.now() - end < KEEP + timedelta(minutes=2)
        assert {top_level(each) for each in await remaining(harness)} == {young}
        await until_gone(harness, young)
        assert await remaining(harness) == set()


async def test_what_has_not_finished_is_never_deleted(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW, TABLES.removeprefix(FIBO), kernel=KERNEL) as harness:
        waiting = await start(harness, scripts.sleep(hours=10_000))
        ended_one, end = await ended_at(harness)
        advance_near(harness, end)
        await until_gone(harness, ended_one)
        assert await remaining(harness) == {waiting}


async def test_without_a_setting_nothing_is_deleted(open_engine: Open):
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        execution_id, _ = await ended_at(harness)
        harness.clock.advance(timedelta(days=10_000))
        await harness.settle()
        assert len(await remaining(harness)) == 4
        assert execution_id in await remaining(harness)


async def test_a_tree_that_has_to_stay_keeps_no_other_and_goes_when_it_may(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(retention, "PAGE", 2)
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=KERNEL) as harness:
        storage, below = storage_of(harness), child()
        await storage.commit(Batch(tuple(ended(number) for number in range(1, 8))))
        await storage.commit(Batch((create(below, locked()),)))
        harness.clock.advance(2 * KEEP)
        await until_gone(harness, execution(7))
        assert await remaining(harness) == {execution(1), below}
        await storage.commit(Batch((append(below, finished()),)))
        await until_gone(harness, execution(1))
        assert await remaining(harness) == set()
    assert caplog.text.count("stay, since something below them has not finished") == 1
    assert below in caplog.text


async def test_a_storage_that_fails_is_tried_again(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=KERNEL) as harness:
        execution_id, end = await ended_at(harness)
        storage, failures = storage_of(harness), [StorageError("the disk is gone"), StorageError("still")]
        whole = storage.finished_before

        async def failing(*arguments: Any, **named: Any) -> list[Held]:
            if failures:
                raise failures.pop()
            return await whole(*arguments, **named)

        monkeypatch.setattr(storage, "finished_before", failing)
        advance_near(harness, end)
        await until_gone(harness, execution_id)
    assert caplog.text.count("cannot be deleted, trying again") == 2


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_two_engines_on_one_storage_delete_everything_once(open_engine: Open):
    clock, tables = ManualClock(), (FIBO, FIBO_WORKFLOW)
    first, second = (open_engine(*tables, kernel=KERNEL, clock=clock) for _ in range(2))
    async with first as one, second as other:
        await storage_of(other).commit(Batch(tuple(ended(number) for number in range(1, 400))))
        clock.advance(2 * KEEP)
        await until_gone(one, execution(399))
        await until_gone(other, execution(1))
        assert await remaining(one) == set()


async def test_a_stop_does_not_wait_for_a_deletion(open_engine: Open, monkeypatch: pytest.MonkeyPatch):
    begun = asyncio.Event()

    async def for_ever(*_: Any) -> Deleted:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody set it")

    async with open_engine(FIBO, FIBO_WORKFLOW, kernel=KERNEL) as harness:
        await storage_of(harness).commit(Batch((ended(1),)))
        monkeypatch.setattr(storage_of(harness), "delete", for_ever)
        await harness.settle()  # a first pass that is under way would pause from the time that follows
        harness.clock.advance(2 * KEEP)
        await begun.wait()
