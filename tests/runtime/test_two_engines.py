"""Two engines on one SQLite file: what one does to executions that the other runs."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.core.events import Created, FailureKind, Finished, Locked
from obelisk.errors import ExecutionStateError
from obelisk.ids import ExecutionId
from obelisk.names import Ffqn
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness, engine_harness
from tests import scripts
from tests.runtime.conftest import LATE, ROOT
from tests.runtime.lending import DONE, Lender
from tests.runtime.scripting import (
    FIBO_CALL,
    SPIN_FOREVER,
    TABLES,
    TEXT,
    child,
    delay,
    failure,
    is_open,
    iterations,
    kinds,
    reaches,
    start,
)
from tests.scripts import RUN, RUN_CANCELLABLE

POLL = timedelta(seconds=1)
Two = tuple[EngineHarness, EngineHarness]


@pytest.fixture
def lenders() -> tuple[Lender, Lender]:
    return Lender(), Lender()


@pytest.fixture
async def two(tmp_path: Path, code_cache: Path, lenders: tuple[Lender, Lender]) -> AsyncIterator[Two]:
    """Two engines, the second of which runs nothing that the first began, for as long as that holds it."""
    clock, tables = ManualClock(), TABLES.replace(LATE, "1s")
    toml = (
        f'[storage]\nuse = "sqlite"\n[timers_watcher]\ntick_sleep = "1s"\n[server]\nshutdown_timeout = "50ms"\n'
        f'[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{tables}'
    )
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(
                engine_harness(
                    toml, base=ROOT, directory=tmp_path, clock=clock, seed=seed, triggers=[lenders[seed].use]
                )
            )
            for seed in range(2)
        ]
        yield first, second


async def passes(two: Two, seconds: int) -> None:
    """Let both engines look at what the other did."""
    for _ in range(seconds):
        two[0].clock.advance(POLL)
        for harness in two:
            await iterations()
            await harness.engine.quiet()
            await iterations()


def crash(harness: EngineHarness) -> None:
    """Leave an engine as a killed process leaves it: it does nothing any more, and its record is there."""
    kernel, incarnation = harness.engine._kernel, harness.engine._incarnation
    kernel.is_stopping = True
    for run in list(kernel.workflows.hot):
        run.drop()
    for activity in list(kernel.activities.values()):
        activity.discard()
    assert incarnation is not None
    incarnation.leave()


async def ends(two: Two, execution: ExecutionId, within: int = 10) -> None:
    for _ in range(within):
        if not await is_open(two[0], execution):
            return
        await passes(two, 1)
    raise AssertionError(f"`{execution}` does not end: {await two[0].events(execution)}")


async def test_a_result_that_the_other_gives_lets_a_workflow_go_on(two: Two):
    execution = await start(two[0], scripts.call(TEXT, "x"), scripts.call(FIBO_CALL, 10))
    await two[1].engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await ends(two, execution)
    assert (await two[0].result(execution)).ok.value == [["ok", '"y"'], ["ok", "55"]]


async def test_what_the_other_does_is_seen_in_time_when_the_clock_is_set_back(two: Two):
    execution = await two[0].submit(SPIN_FOREVER)
    await reaches(lambda: two[0].engine._kernel.activities)
    two[0].clock.set_back(timedelta(hours=1))
    await two[1].engine.executions.cancel(execution)
    await passes(two, 2)
    assert not two[0].engine._kernel.activities


async def test_what_the_other_answered_right_before_it_was_killed_goes_on_before_its_lock_expires(two: Two):
    execution = await start(two[0], scripts.call(TEXT, "x"), scripts.call(FIBO_CALL, 10))
    killed = two[1].engine
    spawn, killed._kernel.spawn = killed._kernel.spawn, lambda work: work.close()
    await killed.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    killed._kernel.spawn = spawn
    assert killed._incarnation is not None
    killed._incarnation.leave()
    two[0].engine._kernel.timers.wake()
    for _ in range(5):
        await iterations()
        await two[0].engine.quiet()
    assert not await is_open(two[0], execution)  # and the clock stood still
    assert (await two[0].result(execution)).ok.value == [["ok", '"y"'], ["ok", "55"]]


async def test_what_the_other_took_over_before_it_was_killed_is_unlocked_by_who_ran_it_before(two: Two):
    execution = await start(two[0], scripts.call(TEXT, "x"), scripts.call(SPIN_FOREVER))
    killed = two[1].engine._kernel
    await two[1].engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await reaches(lambda: killed.activities)
    await killed.storage.state(execution)  # what ran ahead of its commit is committed
    crash(two[1])
    two[0].engine._kernel.timers.wake()
    for _ in range(5):
        await iterations()
        await two[0].engine.quiet()
    assert await two[0].engine._kernel.storage.held_by(frozenset((killed.executor_id,))) == []


async def test_an_activity_that_the_other_cancels_is_stopped(two: Two):
    execution = await two[0].submit(SPIN_FOREVER)
    await reaches(lambda: two[0].engine._kernel.activities)
    await two[1].engine.executions.cancel(execution)
    await passes(two, 2)
    assert not two[0].engine._kernel.activities
    assert await kinds(two[0], execution) == [Created, Locked, Finished]


@pytest.mark.parametrize("script", [[scripts.sleep(days=1)], [scripts.spin(2**63)]])
async def test_a_workflow_that_the_other_cancels_is_ended(two: Two, script: list[scripts.Op]):
    execution = await two[0].submit(RUN_CANCELLABLE, script)
    await iterations()
    await two[1].engine.executions.cancel(execution)
    await ends(two, execution)
    assert await failure(two[0], execution) is FailureKind.CANCELLED


async def test_what_the_other_pauses_does_not_go_on_until_it_is_let_go(two: Two):
    execution = await start(two[0], scripts.call(TEXT, "x"))
    await two[1].engine.executions.pause(execution)
    await two[0].engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await passes(two, 3)
    assert await is_open(two[0], execution)
    await two[0].engine.executions.unpause(execution)
    await ends(two, execution)


async def test_a_delay_that_the_other_cancels_is_over(two: Two):
    execution = await start(two[0], scripts.sleep(days=1))
    await two[1].engine.executions.cancel_delay(delay(execution, 1, "o:1-sleep"))
    await ends(two, execution)
    assert (await two[0].result(execution)).ok.value == [["err", ""]]


async def test_a_delay_ends_once_whoever_is_first(two: Two):
    execution = await start(two[0], scripts.create(), *(scripts.delay(0, seconds=5) for _ in range(20)))
    execution = await start(two[0], *itertools.repeat(scripts.sleep(seconds=2), 5))
    await ends(two, execution, 20)
    assert len((await two[0].log(execution)).responses) == 5


async def test_what_both_close_is_closed_once(two: Two):
    script = [scripts.create(), scripts.submit(0, RUN, [scripts.sleep(seconds=5)]), scripts.submit(0, TEXT, "x")]
    execution = await start(two[0], *script, scripts.close(0))
    await ends(two, execution, 20)
    assert len((await two[0].log(execution)).responses) == 2


async def test_a_cancellation_that_both_drive_ends_once(two: Two):
    inner = [scripts.create(), scripts.submit(0, RUN, [scripts.sleep(seconds=5)]), scripts.submit(0, TEXT, "x")]
    execution = await start(two[0], scripts.call(RUN_CANCELLABLE, inner), function=RUN_CANCELLABLE)
    await two[1].engine.executions.cancel(execution)
    await ends(two, execution, 20)
    assert await failure(two[0], execution) is FailureKind.CANCELLED


async def test_a_session_gets_a_result_that_the_other_wrote(two: Two, lenders: tuple[Lender, Lender]):
    session = lenders[0].session()
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await passes(two, 1)
    await two[1].engine.executions.stub(child(session.execution_id, 1, "o:1-text"), {"ok": "y"})
    await passes(two, 3)
    assert call.done()
    assert (await call).result.ok.value == "y"
    await session.finish(DONE)
    assert (await two[1].result(session.execution_id)) == DONE


async def test_the_other_leaves_a_long_session_alone(two: Two, lenders: tuple[Lender, Lender]):
    session = lenders[0].session(lock_expiry=timedelta(seconds=4))
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await passes(two, 30)
    assert not call.done()
    await two[1].engine.executions.stub(child(session.execution_id, 1, "o:1-text"), {"ok": "y"})
    await passes(two, 3)
    assert call.done()
    await passes(two, 10)
    await session.finish(DONE)
    assert (await two[0].result(session.execution_id)) == DONE


async def test_the_other_ends_a_session_whose_lock_is_not_extended(two: Two, lenders: tuple[Lender, Lender]):
    session = lenders[0].session(lock_expiry=timedelta(seconds=4))
    call = asyncio.ensure_future(session.call(Ffqn(TEXT), ["x"]))
    await passes(two, 1)
    session._lock_watch.cancel()
    await ends(two, session.execution_id)
    assert await failure(two[1], session.execution_id) is FailureKind.UNCATEGORIZED
    await passes(two, 2)
    with pytest.raises(ExecutionStateError, match="took this one for dead"):
        await call
