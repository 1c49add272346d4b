"""However a workflow is kept, dropped and replayed, its log is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.core.canonical import canonical
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.storage import ExecutionQuery
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, Open, workflow

FIBO_WORKFLOW = "examples/wat/fibo_workflow.wat"
OUTER_WORKFLOW = "examples/wat/fibo_workflow_outer.wat"
ROOT = new_execution_id(1, bytes(10))
CALLS = {
    "serial": ("testing:fibo-workflow/workflow.fiboa", (10, 12)),
    "concurrent": ("testing:fibo-workflow/workflow.fiboa-concurrent", (10, 12)),
    "nested": ("testing:fibo-workflow-outer/workflow.fibo-nested-workflow", (5,)),
    "many": ("testing:fibo-workflow-outer/workflow.fibo-start-fiboas", (5, 3, 4)),
    "delay": ("testing:sleepy/sleepy.sleep-many", (250, 4)),
    "draws": ("testing:drawer/drawer.each", ()),
    "race": ("testing:delayer/delayer.race", (10, 1000)),
}


def tables(extra: str = "") -> str:
    return FIBO + "".join(
        workflow(name, location, extra)
        for name, location in (
            ("fibo-workflow", FIBO_WORKFLOW),
            ("fibo-workflow-outer", OUTER_WORKFLOW),
            ("sleepy", "tests/guests/sleepy.wat"),
            ("drawer", "tests/guests/drawer.wat"),
            ("delayer", "tests/guests/delayer.wat"),
        )
    )


async def tree(harness: EngineHarness, call: str) -> dict[ExecutionId, str]:
    """Return the canonical logs of all executions.

    Workflows that run side by side finish in an order that depends on the storage's threads, so that order is left out.
    """
    held = await harness.engine.executions.list(ExecutionQuery(harness.clock.now(), limit=10_000))
    logs = {one.execution_id: await harness.log(one.execution_id) for one in held}
    if call == "many":
        return {one: canonical(log.events, ()) for one, log in logs.items()}
    return {one: canonical(log.events, log.responses) for one, log in logs.items()}


async def undisturbed(open_engine: Open, call: str) -> dict[ExecutionId, str]:
    function, params = CALLS[call]
    async with open_engine(tables()) as harness:
        await harness.submit(function, *params, execution_id=ROOT)
        await harness.result(ROOT)
        return await tree(harness, call)


STRATEGIES = {
    "no run-ahead": ("[workflows]\nrun_ahead = false", ""),
    "nothing hot": ("[workflows]\nhot_limit = 0", ""),
    "nothing hot, no run-ahead": ("[workflows]\nhot_limit = 0\nrun_ahead = false", ""),
    "one hot": ("[workflows]\nhot_limit = 1\nrun_ahead = false", ""),
    "interrupt": ("[workflows]\nrun_ahead = false", 'blocking_strategy = "interrupt"'),
    "small batches": ("", 'blocking_strategy = {kind = "await", non_blocking_event_batching = 1}'),
    "one at a time": ("", "exec.instance_limiter = 1"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_the_log_does_not_depend_on_the_strategy(open_engine: Open, tmp_path: Path, call: str, strategy: str):
    expected = await undisturbed(open_engine, call)
    (tmp_path / "data").rename(tmp_path / "undisturbed")
    kernel, extra = STRATEGIES[strategy]
    function, params = CALLS[call]
    async with open_engine(tables(extra), kernel=kernel) as harness:
        await harness.submit(function, *params, execution_id=ROOT)
        await harness.result(ROOT)
        assert await tree(harness, call) == expected


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_a_workflow_that_waits_over_a_stop_goes_on_after_the_next_start(open_engine: Open):
    clock = ManualClock()
    async with open_engine(tables(), clock=clock) as harness:
        execution = await harness.submit("testing:sleepy/sleepy.sleep-ms", 5_000)
        await harness.settle()
    async with open_engine(tables(), clock=clock) as harness:
        result = await harness.result(execution)
        assert result.ok is None
