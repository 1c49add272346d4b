"""What a step takes, counted: a regression shows on any machine, however fast or busy it is."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from obelisk_sqlite import calm

from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness, engine_harness
from tests.performance.counting import Rates, counted, queued

STEPS = 300
FIBO = Ffqn("testing:fibo/fibo.fibo")
FIBOA = "testing:fibo-workflow/workflow.fiboa"
TOML = """
storage.use = "sqlite"
[workflows]
run_ahead = {run_ahead}
[[activity_wasm]]
name = "fibo"
location = "examples/wat/fibo_activity.wat"
[[workflow_wasm]]
name = "fibo-workflow"
location = "examples/wat/fibo_workflow.wat"
"""
MAX_CALLS = 277
"""Of Python functions in a step on the loop's thread, where there are 266 with Python 3.11; a newer one has fewer, since it
inlines comprehensions."""
MAX_WRITER_CALLS = 240
"""The same on the thread that writes, where there are 230."""


def opened(root: Path, directory: Path, *, run_ahead: bool) -> AbstractAsyncContextManager[EngineHarness]:
    toml = TOML.format(run_ahead=str(run_ahead).lower())
    return engine_harness(toml, base=root, directory=directory)


async def run(harness: EngineHarness, steps: int) -> None:
    """Run a workflow of so many steps, one after another."""
    submission = await harness.submit(FIBOA, 10, steps)
    await harness.engine.executions.wait(submission)


async def step(harness: EngineHarness) -> Rates:
    """Return what each of many steps takes, in an engine that is warm."""
    await run(harness, STEPS)
    return (await counted(harness, lambda: run(harness, STEPS))).per(STEPS)


def steps(root: Path, directory: Path, *, run_ahead: bool) -> Rates:
    """Return what a step takes in an engine of its own, for all tests that look at it.

    The thread that writes makes every transaction: how many the loop makes depends on the machine.
    """

    async def measured() -> Rates:
        async with opened(root, directory, run_ahead=run_ahead) as harness:
            return await step(harness)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calm, "MAX_IN_ROW", 0)
        return asyncio.run(measured())


@pytest.fixture(scope="module")
def one_by_one(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Rates:
    """A step of an activity that may have effects outside."""
    return steps(repository, tmp_path_factory.mktemp("one-by-one"), run_ahead=False)


@pytest.fixture(scope="module")
def ahead(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Rates:
    """A step of a pure activity."""
    return steps(repository, tmp_path_factory.mktemp("ahead"), run_ahead=True)


def test_a_step_is_one_transaction(one_by_one: Rates):
    assert one_by_one.transactions == pytest.approx(1, abs=0.02)


def test_a_step_is_eight_statements_with_the_begin_and_the_end_of_its_transaction(one_by_one: Rates):
    assert one_by_one.statements == pytest.approx(8, abs=0.1)


def test_a_step_calls_few_functions(one_by_one: Rates):
    assert one_by_one.calls < MAX_CALLS


def test_a_step_calls_few_functions_where_it_is_written(one_by_one: Rates):
    assert one_by_one.writer_calls < MAX_WRITER_CALLS


def test_a_step_leaves_no_garbage_to_collect(one_by_one: Rates):
    assert one_by_one.garbage < 0.5


def test_a_step_leaves_nothing_in_memory(one_by_one: Rates):
    assert one_by_one.blocks < 2


def test_steps_of_pure_activities_share_transactions(ahead: Rates):
    assert ahead.transactions < 0.9


def test_a_step_of_a_pure_activity_calls_few_functions(ahead: Rates):
    assert ahead.calls < MAX_CALLS


async def test_steps_one_by_one_seldom_wait_for_the_thread_that_writes(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(calm, "QUICK_SECONDS", 3600)
    async with opened(repository, tmp_path, run_ahead=False) as harness:
        with queued(harness) as pieces:
            await run(harness, STEPS)
    assert len(pieces) < STEPS / 5


async def test_a_submission_under_its_own_id_waits_for_one_transaction(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(calm, "MAX_IN_ROW", 0)
    async with opened(repository, tmp_path, run_ahead=True) as harness:
        submit, generate_id = harness.engine.executions.submit, harness.engine.executions.generate_id

        async def work() -> None:
            for _ in range(STEPS):
                await submit(FIBO, [10], execution_id=generate_id(), paused=True)

        with queued(harness) as pieces:
            await work()
    assert len(pieces) == pytest.approx(STEPS, rel=0.02)
