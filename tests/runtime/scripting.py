"""What tests of scripted workflows share: the components that scripts use, names of what they make, and looks at logs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from obelisk.core.events import Event, FailureKind, TypedValue
from obelisk.ids import DelayId, ExecutionId
from obelisk.runtime.recovery import unlock_all
from obelisk.testing.engine import EngineHarness
from tests.runtime.conftest import FIBO, activity, workflow
from tests.scripts import RUN, SCRIPTED, Op

FIBO_CALL = "testing:fibo/fibo.fibo"
SPIN_FOREVER = "testing:spin/spin.spin-forever"
TRAP = "testing:spin/spin.trap"
REFUSE = "testing:spin/spin.refuse"
TEXT = "testing:stubs/stubs.text"
NUMBER = "testing:stubs/stubs.number"
UNIT = "testing:stubs/stubs.unit"
CODED = "testing:stubs/stubs.coded"
STUBS = f"""
[[activity_stub]]
ffqn = "{TEXT}"
params = [{{ name = "arg", type = "string" }}]

[[activity_stub]]
ffqn = "{NUMBER}"
return_type = "u64"

[[activity_stub]]
ffqn = "{UNIT}"
return_type = "result"

[[activity_stub]]
ffqn = "{CODED}"
return_type = "result<u32, u32>"
"""
SPIN = activity("spin", "tests/guests/spin.wat", 'max_retries = 0\nexec.lock_expiry = "1h"')
WORKFLOW = workflow("scripted", SCRIPTED)
ACTIVITIES = FIBO + SPIN + STUBS
TABLES = ACTIVITIES + WORKFLOW

Trace = list[list[str]]


def child(execution: ExecutionId, number: int = 1, join_set: str = "g:1") -> ExecutionId:
    """Return the id of a child."""
    return ExecutionId(f"{execution}.{join_set}_{number}")


def delay(execution: ExecutionId, number: int = 1, join_set: str = "g:1") -> DelayId:
    """Return the id of a delay."""
    return DelayId(f"Delay_{execution.removeprefix('E_')}.{join_set}_{number}")


async def start(harness: EngineHarness, *script: Op, function: str = RUN) -> ExecutionId:
    """Submit a script, and return its id when the engine has nothing more to do for it now."""
    execution = await harness.submit(function, list(script))
    await harness.settle()
    return execution


async def trace(harness: EngineHarness, *script: Op) -> Trace:
    """Run a script to its end and return what the host answered."""
    return await trace_of(harness, await harness.submit(RUN, list(script)))


async def trace_of(harness: EngineHarness, execution: ExecutionId) -> Trace:
    """Return what the host answered to a script once it has ended."""
    result = (await harness.result(execution)).ok
    assert isinstance(result, TypedValue), await harness.result(execution)
    entries: Trace = result.value
    return entries


async def failure(harness: EngineHarness, execution: ExecutionId) -> FailureKind | None:
    """Return how an execution failed, ``None`` when it did not, or has not ended."""
    return (await harness.engine.executions.get(execution)).failure_kind


async def is_open(harness: EngineHarness, execution: ExecutionId) -> bool:
    """Tell whether an execution has not ended."""
    return not (await harness.engine.executions.get(execution)).is_finished


async def kinds(harness: EngineHarness, execution: ExecutionId) -> list[type[Event]]:
    """Return the types of an execution's events."""
    return [type(event) for event in await harness.events(execution)]


async def responders(harness: EngineHarness, execution: ExecutionId) -> list[str]:
    """Return whose responses an execution got, in their order."""
    responses = [logged.response for logged in (await harness.log(execution)).responses]
    return [_of(response) for response in responses]


def _of(response: Any) -> str:
    found: str = getattr(response, "child_execution_id", None) or response.delay_id
    return found


async def iterations(count: int = 50) -> None:
    """Let the loop run, while something computes so that the engine is never quiet."""
    for _ in range(count):
        await asyncio.sleep(0)


async def reaches(condition: Callable[[], object]) -> None:
    """Let the loop run until a condition holds."""
    for _ in range(1_000_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("the condition never holds")


async def crash(harness: EngineHarness) -> None:
    """Lose everything that is in memory, and start again from the storage, as after a kill of the process."""
    kernel = harness.engine._kernel
    assert kernel is not None
    for run in kernel.workflows.hot:
        run.drop()
    kernel.workflows._cold.clear()
    for running in list(kernel.activities.values()):
        running.discard()
    await unlock_all(kernel, frozenset((kernel.executor_id,)), reason="crashed")
    await kernel.cancellations.find(afresh=True)
    await harness.settle()
