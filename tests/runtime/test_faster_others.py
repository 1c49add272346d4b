"""Somebody else is faster: two who end the same child, another server, a commit whose outcome nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.errors import CommitUnknownError, ObeliskError, StorageError
from obelisk.ids import ExecutorId
from obelisk.interfaces.storage import Held
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.builds import DRAWS_FIRST, LOGS, STOPS_AT_ONCE, build
from tests.runtime.conftest import FIBO, Open, workflow
from tests.runtime.scripting import ACTIVITIES, FIBO_CALL, TABLES, TEXT, child, delay, failure, is_open, kinds, start
from tests.runtime.test_commits import once, watch
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED

TWO_CHILDREN = [scripts.create(), *[scripts.submit(0, TEXT, "x")] * 2, *[scripts.next_(0)] * 2]
FAULTS = ["cancel", "cancel a child", "pause", "stub"]


async def mistakes(*calls: Awaitable[object]) -> list[BaseException]:
    """Make calls at once; return what they raised that is no answer."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    return [one for one in found if isinstance(one, BaseException) and not isinstance(one, ObeliskError)]


@pytest.mark.parametrize("ways", ["stub stub", "stub cancel", "cancel cancel"])
async def test_two_may_end_a_child_at_once(open_engine: Open, ways: str):
    limited = workflow("scripted", SCRIPTED, "exec.instance_limiter = 1")
    async with open_engine(ACTIVITIES, limited) as harness:
        execution, executions = await start(harness, *TWO_CHILDREN), harness.engine.executions
        ended = child(execution)
        calls = {"stub": lambda: executions.stub(ended, {"ok": "y"}), "cancel": lambda: executions.cancel(ended)}
        assert await mistakes(*(calls[way]() for way in ways.split())) == []
        other = await harness.submit(RUN, [])
        assert (await harness.result(other)).ok is not None  # the permit was given back


async def test_two_may_end_a_delay_at_once(open_engine: Open):
    async with open_engine(TABLES) as harness:
        script = [scripts.create(), scripts.delay(0, hours=1), scripts.delay(0, hours=2), *[scripts.next_(0)] * 2]
        execution, executions = await start(harness, *script), harness.engine.executions
        assert await mistakes(*(executions.cancel_delay(delay(execution)) for _ in range(2))) == []
        assert (await harness.result(execution)).ok is not None


def asked(harness: EngineHarness, execution: str, way: str) -> Awaitable[object]:
    executions = harness.engine.executions
    match way:
        case "cancel":
            return executions.cancel(execution)
        case "cancel a child":
            return executions.cancel(child(execution))
        case "pause":
            return executions.pause(execution)
        case _:
            return executions.stub(child(execution), {"ok": "x"})


@pytest.mark.parametrize("way", FAULTS)
async def test_a_call_whose_commit_is_unknown_says_so_and_is_not_tried_again(open_engine: Open, way: str):
    async with open_engine(TABLES) as harness:
        script = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.next_(0)]
        execution = await start(harness, *script, function=RUN_CANCELLABLE)
        watched = watch(harness)
        watched.fault = once(CommitUnknownError("the disk is full"), lambda batch: True)
        with pytest.raises(CommitUnknownError, match="ask for it again"):
            await asked(harness, execution, way)


async def test_however_many_commits_fail_unlocking_is_tried_again_once_a_second(open_engine: Open):
    async with open_engine(TABLES) as harness:
        watched, tries = watch(harness), [0]

        async def held_by(executors: frozenset[ExecutorId]) -> list[Held]:
            tries[0] += 1
            raise StorageError("the disk is full")

        watched.held_by = held_by
        watched.fault = lambda batch: CommitUnknownError("the disk is full")
        for _ in range(5):
            with pytest.raises(CommitUnknownError, match="the disk is full"):
                await harness.submit(FIBO_CALL, 10)
        await harness.settle()
        for _ in range(3):
            before = tries[0]
            harness.clock.advance(timedelta(seconds=1))
            await harness.settle()
            assert tries[0] == before + 1
        del watched.held_by
        watched.fault = lambda batch: None


async def test_what_is_known_of_a_dropped_workflow_is_forgotten_when_a_commit_is_unknown(open_engine: Open):
    nothing_hot = "[workflows]\nhot_limit = 0"
    script = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.call(TEXT, "y"), scripts.next_(0)]
    async with open_engine(TABLES, kernel=nothing_hot) as harness:
        execution = await start(harness, *script)
        watch(harness).fault = once(CommitUnknownError("lost"), lambda batch: True)
        with pytest.raises(CommitUnknownError):
            await harness.submit(FIBO_CALL, 10)
        await harness.settle()
        await harness.engine.executions.stub(child(execution), {"ok": "2"})
        await harness.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "1"})
        assert (await harness.result(execution)).ok is not None


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_a_server_without_a_childs_component_leaves_the_child_alone(open_engine: Open):
    async with open_engine(TABLES) as owner:
        script = [scripts.create(), scripts.submit(0, RUN, [scripts.sleep(seconds=5)]), scripts.close(0)]
        execution = await start(owner, *script)
        async with open_engine(FIBO, clock=owner.clock) as other:
            await other.settle()
            await owner.settle()
        await owner.result(execution)
        assert await failure(owner, child(execution)) is None


async def test_a_workflow_that_traps_after_its_log_fails_with_a_new_build_too(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path, settings="")) as harness:
        outer, clock = await start(harness, scripts.call(RUN, [scripts.sleep(hours=1), scripts.trap()])), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=""), clock=clock) as harness:
        assert (await harness.result(outer)).ok is not None
        assert not await is_open(harness, child(outer, 1, "o:1-run"))


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_two_builds_that_do_not_fit_leave_each_other_time(open_engine: Open, tmp_path: Path):
    async with open_engine(ACTIVITIES, build(tmp_path, settings="")) as harness:
        execution, clock = await start(harness, scripts.call(FIBO_CALL, 10), scripts.sleep(hours=1)), harness.clock
    one, two = build(tmp_path, DRAWS_FIRST, settings=""), build(tmp_path, STOPS_AT_ONCE, settings="")
    async with open_engine(ACTIVITIES, one, clock=clock) as one, open_engine(ACTIVITIES, two, clock=clock) as two:
        clock.advance(timedelta(hours=2))
        for _ in range(20):
            for harness in (one, two):
                harness.engine._kernel.wake_executors()
                await harness.settle()
        assert len(await kinds(one, execution)) < 30
