"""Workflows survive a crash at every point: between any two effects of the engine, whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from obelisk.errors import ExecutionStateError
from obelisk.ids import ExecutionId
from obelisk.testing.crash_points import Act, CrashReport, crash_points
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import FIBO, ROOT, activity, workflow
from tests.runtime.scripting import FIBO_CALL, REFUSE, STUBS, TEXT, TRAP, child, delay
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED, Op
from tests.testing.simulation import bugs

RETRIED = activity("spin", "tests/guests/spin.wat", 'max_retries = 2\nretry_exp_backoff = "1s"')
ONE_BY_ONE = 'blocking_strategy = {kind = "await", non_blocking_event_batching = 1}'
INTERRUPT = 'blocking_strategy = "interrupt"'
COLD = "[workflows]\nhot_limit = 0\nrun_ahead = false"


class Case(NamedTuple):
    script: list[Op]
    act: Act | None = None
    function: str = RUN
    extra: str = ""
    kernel: str = ""
    storage: str = "memory"


async def give(harness: EngineHarness, execution: ExecutionId) -> None:
    await harness.settle()
    await harness.engine.executions.stub(child(execution), {"ok": "given"})


async def end(harness: EngineHarness, execution: ExecutionId) -> None:
    await harness.settle()
    await harness.engine.executions.cancel(execution)


async def end_delay(harness: EngineHarness, execution: ExecutionId) -> None:
    await harness.settle()
    await harness.engine.executions.cancel_delay(delay(execution))


async def pause_a_while(harness: EngineHarness, execution: ExecutionId) -> None:
    await harness.settle()
    executions = harness.engine.executions
    try:
        await executions.pause(execution)
        await executions.stub(child(execution), {"ok": "given"})
        await executions.unpause(execution)
    except ExecutionStateError:
        assert (await executions.get(execution)).is_finished


INNER = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.delay(0, seconds=3), scripts.next_(0)]
OPEN = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.delay(0, days=1), scripts.next_(0)]
FAN_OUT = [
    scripts.create(),
    *(scripts.submit(0, FIBO_CALL, number) for number in range(4)),
    *(scripts.next_(0) for _ in range(5)),
]
DRAWS = [scripts.random(0, 9), scripts.random_string(3, 9), scripts.new_id(), scripts.current_id()]
STUBBED = [*OPEN[:2], scripts.stub(1, {"ok": "y"}), scripts.stub(1, {"ok": "z"})]
SCHEDULED = [scripts.new_id(), scripts.schedule(0, FIBO_CALL, 3), scripts.schedule(0, FIBO_CALL, 4)]
RACE = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.delay(0, seconds=5), scripts.next_(0), scripts.close(0)]
NESTED = [scripts.create(), scripts.submit(0, RUN_CANCELLABLE, INNER), scripts.call(RUN, FAN_OUT), scripts.close(0)]
TRIED = [
    scripts.create(),
    scripts.try_next(0),
    scripts.submit(0, TEXT, "x"),
    scripts.try_next(0),
    scripts.stub(2, {"ok": "y"}),
]
CORPUS = {
    "calls": Case([scripts.call(FIBO_CALL, 10), scripts.call(FIBO_CALL, 11)]),
    "calls of one event each, on disk": Case([scripts.call(FIBO_CALL, 10)], extra=ONE_BY_ONE, storage="sqlite"),
    "fan-out": Case(FAN_OUT, kernel=COLD),
    "fan-out, dropped while it waits": Case(FAN_OUT, extra=INTERRUPT),
    "sleeps": Case([scripts.sleep(seconds=5), scripts.sleep(days=30, name="nap")], storage="sqlite"),
    "recorded, but never seen": Case(DRAWS, extra=ONE_BY_ONE),
    "decided, but never seen": Case([*STUBBED, scripts.next_(0)], extra=ONE_BY_ONE),
    "scheduled twice": Case(SCHEDULED, extra=ONE_BY_ONE, storage="sqlite"),
    "race with a delay": Case(RACE),
    "children that close": Case(NESTED),
    "children that close, replayed": Case(NESTED, extra=INTERRUPT, kernel=COLD),
    "looked for": Case([*TRIED, scripts.try_next(0), scripts.drop(0), *DRAWS], extra=INTERRUPT),
    "activities that fail": Case([scripts.call(TRAP), scripts.call(REFUSE, "no")]),
    "left open": Case([*OPEN[:2], scripts.create(), scripts.delay(1, days=1)]),
    "trap": Case([*OPEN, scripts.close(0), scripts.trap()], give),
    "answered by a client": Case(OPEN, give, storage="sqlite"),
    "cancelled by a client": Case(OPEN, end, function=RUN_CANCELLABLE),
    "delay ended by a client": Case([scripts.create(), scripts.delay(0, days=1), scripts.next_(0)], end_delay),
    "paused by a client": Case(OPEN, pause_a_while),
}


@pytest.fixture
def tried(tmp_path: Path, code_cache: Path) -> Callable[..., Awaitable[CrashReport]]:
    async def crash_everywhere(case: Case, seconds: float = 60.0) -> CrashReport:
        toml = (
            f'[storage]\nuse = "{case.storage}"\n[server]\nshutdown_timeout = "50ms"\n'
            f'[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{case.kernel}\n'
            + FIBO + RETRIED + STUBS + workflow("scripted", SCRIPTED, case.extra)
        )  # fmt: skip
        return await crash_points(
            toml, case.function, case.script, base=ROOT, directory=tmp_path, act=case.act, seconds=seconds
        )

    return crash_everywhere


@pytest.mark.parametrize("name", CORPUS)
async def test_a_workflow_survives_a_crash_at_every_point(tried, name: str):
    report = await tried(CORPUS[name])
    assert len(report.points) >= 4


async def test_a_recorded_value_is_handed_out_again_when_the_guest_never_saw_it(tried):
    report = await tried(CORPUS["recorded, but never seen"])
    recorded = [number for number, name in enumerate(report.points) if name.endswith("(Persist)")]
    assert len(recorded) == 3
    for number in recorded:
        assert report.points[number + 1].startswith("after a commit of which nobody has learnt")


async def test_the_points_are_commits_and_runs_of_activities(tried):
    report = await tried(Case([scripts.call(FIBO_CALL, 10)], kernel="[workflows]\nrun_ahead = false"))
    starts = [
        "before the commit",
        "after a commit",
        "before a run",
        "after a run",
        "before the commit",
        "after a commit",
    ]
    assert [name[: len(start)] for name, start in zip(report.points, starts, strict=True)] == starts


async def test_a_crash_that_changes_the_result_is_told_with_its_point(tried):
    lives = 0

    async def cancel_in_the_second_life(harness: EngineHarness, execution: ExecutionId) -> None:
        nonlocal lives
        lives += 1
        if lives == 2:
            await end(harness, execution)

    with pytest.raises(AssertionError, match=r"crash point 0, before the commit of `E_[^`]+` .*cancelled"):
        await tried(Case([scripts.sleep(seconds=1)], cancel_in_the_second_life, function=RUN_CANCELLABLE))


async def test_a_crash_that_changes_the_log_is_told_with_what_differs(tried):
    lives = 0

    async def pause_in_the_second_life(harness: EngineHarness, execution: ExecutionId) -> None:
        nonlocal lives
        lives += 1
        if lives == 2:
            await harness.settle()
            await harness.engine.executions.pause(execution)
            await harness.engine.executions.unpause(execution)

    with pytest.raises(AssertionError, match=r'crash point 0, .*: the logs differ(.|\n)*\+{"event":"paused"'):
        await tried(Case([scripts.sleep(seconds=1)], pause_in_the_second_life))


async def test_a_workflow_that_gets_what_its_log_does_not_hold_is_told(tried, monkeypatch: pytest.MonkeyPatch):
    bugs.takes_what_it_did_not_record(monkeypatch)
    with pytest.raises(AssertionError, match="crash point"):
        await tried(Case([*DRAWS, scripts.call(FIBO_CALL, 3)]))


async def test_a_workflow_that_does_not_end_is_told(tried):
    async def wait_for_ever(harness: EngineHarness, execution: ExecutionId) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await tried(Case([], wait_for_ever), seconds=0.05)
