"""However workflows are kept, dropped, replayed and restarted, a scenario has the same logs and the same results.

The scenarios are generated (``tests/scenarios.py``). Each runs in one engine for each way of keeping workflows, all of
which stay open over all scenarios; one of them crashes after every commit.
"""

from __future__ import annotations

import asyncio
import difflib
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from obelisk.core.events import Schedule
from obelisk.errors import ExecutionNotFoundError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.storage import Batch, Committed, ExecutionQuery, Storage
from obelisk.runtime.recovery import unlock_all
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness, engine_harness
from tests.runtime.conftest import FIBO, LATE, ROOT, workflow
from tests.scenarios import scenario
from tests.scripts import RUN, SCRIPTED, Op

SCENARIOS = 300
RESTARTED = 25
PART = 30
STUB = """
[[activity_stub]]
ffqn = "testing:stub-activity/activity.foo"
params = [{ name = "arg", type = "string" }]
return_type = "result<string>"
"""
WAYS = {
    "await": ("", ""),
    "interrupt": ("", 'blocking_strategy = "interrupt"'),
    "nothing hot": ("[workflows]\nhot_limit = 0", ""),
    "one hot": ("[workflows]\nhot_limit = 1\nrun_ahead = false", ""),
    "many hot": ("[workflows]\nhot_limit = 1000\nmax_events_per_run = 2\nrun_ahead = false", ""),
    "small batches": ("", 'blocking_strategy = {kind = "await", non_blocking_event_batching = 1}'),
    "crashing": ("", ""),
}
SECONDS = re.compile(r"\b[12]\d{9}\b")
Logs = dict[str, str]


class Crashing:
    """A storage; after each commit of the engine, everything that is in memory is lost."""

    def __init__(self, harness: EngineHarness) -> None:
        self._kernel = harness.engine._kernel
        self._storage: Storage = self._kernel.storage
        self._is_crashing = False
        self._kernel.storage = self._kernel.pipeline._storage = self

    def __getattr__(self, name: str) -> object:
        return getattr(self._storage, name)

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        future = self._storage.commit(batch)
        if not self._is_crashing:
            future.add_done_callback(lambda _: asyncio.get_running_loop().call_soon(self._crash))
        return future

    def _crash(self) -> None:
        kernel = self._kernel
        for run in kernel.workflows.hot:
            kernel.workflows.forget(run.execution_id)
        kernel.workflows._cold.clear()
        for activity in list(kernel.activities.values()):
            activity.discard()
        kernel.spawn(self._recover())

    async def _recover(self) -> None:
        self._is_crashing = True
        try:
            with self._kernel.work.piece():
                await unlock_all(self._kernel, frozenset((self._kernel.executor_id,)), reason="crashed")
        finally:
            self._is_crashing = False


def config(storage: str, code_cache: Path, way: str) -> str:
    kernel, extra = WAYS[way]
    return (
        f'[storage]\nuse = "{storage}"\n[timers_watcher]\ntick_sleep = "{LATE}"\n[server]\nshutdown_timeout = "50ms"\n'
        f'[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{kernel}\n'
        + FIBO
        + STUB
        + workflow("scripted", SCRIPTED, extra)
    )


async def log(harness: EngineHarness, execution: ExecutionId) -> str:
    """Return a canonical log without the times that sleeps return, which are in results."""
    return SECONDS.sub("TIME", await harness.canonical(execution))


async def logs(harness: EngineHarness, root: ExecutionId) -> Logs:
    """Return the canonical logs of an execution, of its descendants, and of all that they scheduled."""
    found: Logs = {}
    query = ExecutionQuery(harness.clock.now(), limit=10_000, execution_id_prefix=root)
    for held in await harness.engine.executions.list(query):
        found[held.execution_id] = await log(harness, held.execution_id)
        for event in await harness.events(held.execution_id):
            if isinstance(event, Schedule):
                await harness.result(event.execution_id)
                # The first part of a drawn id is a time.
                found[event.execution_id[-16:]] = await log(harness, event.execution_id)
    return found


async def play(harness: EngineHarness, root: ExecutionId, script: list[Op]) -> Logs:
    await harness.submit(RUN, script, execution_id=root)
    await harness.result(root)
    return await logs(harness, root)


def difference(one: Logs, other: Logs) -> str:
    """Return the lines in which logs differ."""
    lines = []
    for name in sorted({*one, *other}):
        before, after = one.get(name, "").splitlines(), other.get(name, "").splitlines()
        lines += difflib.unified_diff(before, after, name, name, lineterm="", n=0)
    return "\n".join(lines)


def root_of(seed: int) -> ExecutionId:
    return new_execution_id(1, seed.to_bytes(10, "big"))


@pytest.mark.parametrize("first", range(0, SCENARIOS, PART))
async def test_a_scenario_has_one_log(tmp_path: Path, code_cache: Path, first: int):
    async with AsyncExitStack() as stack:
        engines = {
            way: await stack.enter_async_context(
                engine_harness(config("memory", code_cache, way), base=ROOT, directory=tmp_path / way)
            )
            for way in WAYS
        }
        Crashing(engines["crashing"])
        for seed in range(first, first + PART):
            script = scenario(seed)
            played = {way: await play(engine, root_of(seed), script) for way, engine in engines.items()}
            for way, found in played.items():
                assert difference(played["await"], found) == "", f"seed {seed}, {way}: {script}"


@pytest.mark.parametrize("seed", range(RESTARTED))
async def test_a_scenario_has_the_same_log_when_the_engine_is_restarted_at_every_event(
    tmp_path: Path, code_cache: Path, seed: int
):
    script, root, clock = scenario(seed), root_of(seed), ManualClock()
    async with engine_harness(config("sqlite", code_cache, "await"), base=ROOT, directory=tmp_path / "once") as harness:
        expected = await play(harness, root, script)
    toml, number, is_finished = config("sqlite", code_cache, "await"), 0, False
    while not is_finished:
        number += 1
        async with engine_harness(toml, base=ROOT, directory=tmp_path / "often", clock=clock, seed=number) as harness:
            is_finished = await _advance(harness, root, script)
            if is_finished:
                assert difference(expected, await logs(harness, root)) == "", f"seed {seed}: {script}"
    assert number > 1


async def _advance(harness: EngineHarness, root: ExecutionId, script: list[Op]) -> bool:
    """Go on until one more event is stored; tell whether the execution is finished."""
    executions = harness.engine.executions
    try:
        before = await executions.get(root)
    except ExecutionNotFoundError:
        await harness.submit(RUN, script, execution_id=root)
        return False
    if before.is_finished:
        return True
    watched = executions.watch(root)

    async def moved() -> None:
        async for state in watched:
            if state.next_version > before.next_version + 2:
                return

    await harness.until(moved())
    return (await executions.get(root)).is_finished
