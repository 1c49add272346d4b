"""What a step takes, counted: a regression shows on any machine, however fast or busy it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

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
MAX_CALLS = 300
"""Of Python functions in a step; a newer Python has fewer, since it inlines comprehensions."""


def opened(root: Path, directory: Path, *, run_ahead: bool) -> AbstractAsyncContextManager[EngineHarness]:
    toml = TOML.format(run_ahead=str(run_ahead).lower())
    return engine_harness(toml, base=root, directory=directory)


async def step(harness: EngineHarness) -> Rates:
    """Return what each of many steps takes, in an engine that is warm."""

    async def run(steps: int) -> None:
        submission = await harness.submit(FIBOA, 10, steps)
        await harness.engine.executions.wait(submission)

    await run(STEPS)
    return (await counted(harness, lambda: run(STEPS))).per(STEPS)


@pytest.fixture
async def one_by_one(repository: Path, tmp_path: Path) -> AsyncIterator[Rates]:
    """A step of an activity that may have effects outside."""
    async with opened(repository, tmp_path, run_ahead=False) as harness:
        yield await step(harness)


@pytest.fixture
async def ahead(repository: Path, tmp_path: Path) -> AsyncIterator[Rates]:
    """A step of a pure activity."""
    async with opened(repository, tmp_path, run_ahead=True) as harness:
        yield await step(harness)


async def test_a_step_is_one_transaction(one_by_one: Rates):
    assert one_by_one.transactions == pytest.approx(1, abs=0.02)


async def test_a_step_is_eight_statements_with_the_begin_and_the_end_of_its_transaction(one_by_one: Rates):
    assert one_by_one.statements == pytest.approx(8, abs=0.1)


async def test_a_step_calls_few_functions(one_by_one: Rates):
    assert one_by_one.calls < MAX_CALLS


async def test_a_step_leaves_nothing_in_memory(one_by_one: Rates):
    assert one_by_one.blocks < 3


async def test_steps_of_pure_activities_share_transactions(ahead: Rates):
    assert ahead.transactions <= 1


async def test_a_step_of_a_pure_activity_calls_few_functions(ahead: Rates):
    assert ahead.calls < MAX_CALLS


async def test_a_submission_under_its_own_id_waits_for_one_transaction(repository: Path, tmp_path: Path):
    async with opened(repository, tmp_path, run_ahead=True) as harness:
        submit, generate_id = harness.engine.executions.submit, harness.engine.executions.generate_id

        async def work() -> None:
            for _ in range(STEPS):
                await submit(FIBO, [10], execution_id=generate_id(), paused=True)

        with queued(harness) as pieces:
            await work()
    assert len(pieces) == pytest.approx(STEPS, rel=0.02)
