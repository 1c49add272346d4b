"""Workflows that go on with another component than they began with, or wait until one comes that fits."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from obelisk.core.events import (
    ComponentUpgradeFinished,
    Created,
    FailureKind,
    Finished,
    Locked,
    Unlocked,
)
from obelisk.core.state import State, Status
from obelisk.errors import CommitRefusedError, ExecutionNotFoundError, ExecutionStateError, FunctionNotFoundError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import CancelOutcome
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.builds import BY_DIGEST, BY_FUNCTION, DRAWS_FIRST, HAS_NO_STOP, LOGS, SPINS_AT_ONCE, build
from tests.runtime.conftest import FIBO, Open
from tests.runtime.scripting import (
    ACTIVITIES,
    FIBO_CALL,
    TABLES,
    TEXT,
    child,
    failure,
    is_open,
    kinds,
    reaches,
    start,
    trace_of,
)
from tests.runtime.test_commits import holds, watch
from tests.scripts import RUN

AUTO = ""
SLEEP = scripts.sleep(hours=1)
SCRIPT = [scripts.call(FIBO_CALL, 10), SLEEP]
LATER = timedelta(hours=2)


def digest(harness: EngineHarness) -> str:
    (component,) = [one for one in harness.engine.components.list() if one.id.name == "scripted"]
    return component.id.component_digest


async def state(harness: EngineHarness, execution: ExecutionId) -> State:
    return await harness.engine.executions.get(execution)


async def upgrades(harness: EngineHarness, execution: ExecutionId) -> list[ComponentUpgradeFinished]:
    return [event for event in await harness.events(execution) if isinstance(event, ComponentUpgradeFinished)]


async def begun(reopen: Open, table: str, *script: scripts.Op) -> tuple[ExecutionId, ManualClock, str]:
    """Run a script to its sleep, and stop the engine."""
    async with reopen(ACTIVITIES, table) as harness:
        execution = await start(harness, *(script or SCRIPT))
        return execution, harness.clock, digest(harness)


async def later(harness: EngineHarness) -> None:
    harness.clock.advance(LATER)
    await harness.settle()


# --- auto -------------------------------------------------------------------------------------------------------------


async def test_a_workflow_goes_on_with_a_component_that_fits(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=AUTO))
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=AUTO), clock=clock) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]
        (upgrade,) = await upgrades(harness, execution)
        assert upgrade.component_digest == digest(harness) != old
        assert upgrade.outcome.success == {"reason": "auto"}
        assert (await state(harness, execution)).component_id.component_digest == digest(harness)


async def test_a_workflow_that_goes_on_with_another_component_is_locked_once(reopen: Open, tmp_path: Path):
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO))
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=AUTO), clock=clock) as harness:
        await later(harness)
        assert (await kinds(harness, execution))[-3:] == [Locked, ComponentUpgradeFinished, Finished]


async def test_a_workflow_that_was_upgraded_is_not_tried_again(reopen: Open, tmp_path: Path):
    old, new = build(tmp_path, settings=AUTO), build(tmp_path, LOGS, settings=AUTO)
    execution, clock, _ = await begun(reopen, old, SLEEP, SLEEP, SLEEP)
    for _ in range(3):
        async with reopen(ACTIVITIES, new, clock=clock) as harness:
            await later(harness)
    assert len(await upgrades_after(reopen, execution)) == 1


async def upgrades_after(reopen: Open, execution: ExecutionId) -> list[ComponentUpgradeFinished]:
    async with reopen() as harness:
        return await upgrades(harness, execution)


async def test_a_workflow_that_does_not_fit_is_marked_and_left_alone(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=AUTO))
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=AUTO), clock=clock) as harness:
        await later(harness)
        (upgrade,) = await upgrades(harness, execution)
        assert upgrade.component_digest == digest(harness)
        assert "stored at version" in upgrade.outcome.failed["reason"]
        found = await state(harness, execution)
        assert (found.status, found.component_id.component_digest) == (Status.PENDING, old)
        assert found.incompatible_digest == digest(harness)
        events = await kinds(harness, execution)
        assert events[-2:] == [ComponentUpgradeFinished, Unlocked]
        for _ in range(3):
            await later(harness)
        assert await kinds(harness, execution) == events


async def test_a_workflow_that_does_not_fit_is_not_tried_again_after_a_restart(reopen: Open, tmp_path: Path):
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO))
    new = build(tmp_path, DRAWS_FIRST, settings=AUTO)
    for _ in range(2):
        async with reopen(ACTIVITIES, new, clock=clock) as harness:
            await later(harness)
            assert len(await upgrades(harness, execution)) == 1


async def test_a_workflow_that_does_not_fit_runs_again_when_its_component_is_back(reopen: Open, tmp_path: Path):
    old = build(tmp_path, settings=AUTO)
    execution, clock, _ = await begun(reopen, old)
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=AUTO), clock=clock) as harness:
        await later(harness)
    async with reopen(ACTIVITIES, old, clock=clock) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]
        assert len(await upgrades(harness, execution)) == 1


async def test_a_workflow_that_does_not_fit_goes_on_with_a_third_component_that_does(reopen: Open, tmp_path: Path):
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO))
    for change in (DRAWS_FIRST, LOGS):
        async with reopen(ACTIVITIES, build(tmp_path, change, settings=AUTO), clock=clock) as harness:
            await later(harness)
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=AUTO)) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]
        assert [event.outcome.failed is UNSET for event in await upgrades(harness, execution)] == [False, True]
        assert (await state(harness, execution)).incompatible_digest is None


async def test_a_workflow_that_was_not_started_goes_on_with_any_component(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path, settings=AUTO)) as harness:
        submitted = await harness.engine.executions.submit(RUN, [SCRIPT], paused=True)
        execution, clock = submitted.execution_id, harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=AUTO), clock=clock) as harness:
        await harness.engine.executions.unpause(execution)
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]


async def test_a_workflow_with_more_to_ask_at_its_end_fits(reopen: Open, tmp_path: Path):
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO), SLEEP, scripts.stop(), *SCRIPT)
    async with reopen(ACTIVITIES, build(tmp_path, HAS_NO_STOP, settings=AUTO), clock=clock) as harness:
        assert (await trace_of(harness, execution))[1] == ["ok", "55"]


async def test_many_workflows_are_tried_side_by_side(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path, settings=AUTO)) as harness:
        executions, clock = [await start(harness, *SCRIPT) for _ in range(20)], harness.clock
    limited = "exec.instance_limiter = 3"
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=limited), clock=clock) as harness:
        await later(harness)
        assert [len(await upgrades(harness, execution)) for execution in executions] == [1] * 20
        assert [entry.permits.running for entry in harness.engine._kernel.executors] == [0, 0, 0]
        assert await harness.call(RUN, [scripts.new_id()])


async def test_a_component_that_loops_at_once_does_not_fit(
    reopen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("obelisk.runtime.replays.MAX_SECONDS", 0.05)
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO))
    async with reopen(ACTIVITIES, build(tmp_path, SPINS_AT_ONCE, settings=AUTO), clock=clock) as harness:
        await later(harness)
        (upgrade,) = await upgrades(harness, execution)
        assert "did not end within" in upgrade.outcome.failed["reason"]


async def test_a_workflow_that_is_cancelled_while_it_is_marked_is_cancelled(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path, settings=AUTO)) as harness:
        execution, clock = await start(harness, *SCRIPT, SLEEP, function=scripts.RUN_CANCELLABLE), harness.clock
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=AUTO), clock=clock) as harness:
        await later(harness)
        await harness.engine.executions.cancel(execution)
        await harness.result(execution)
        assert await failure(harness, execution) is FailureKind.CANCELLED


# --- other strategies -------------------------------------------------------------------------------------------------


async def test_by_function_a_workflow_just_goes_on(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=BY_FUNCTION))
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=BY_FUNCTION), clock=clock) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]
        assert await upgrades(harness, execution) == []
        assert (await state(harness, execution)).component_id.component_digest == old


async def test_by_digest_a_workflow_waits_for_its_own_component(reopen: Open, tmp_path: Path):
    old = build(tmp_path, settings=BY_DIGEST)
    execution, clock, _ = await begun(reopen, old)
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=BY_DIGEST), clock=clock) as harness:
        await later(harness)
        assert await is_open(harness, execution)
        assert Created in await kinds(harness, execution)
        assert (await trace_of(harness, await harness.submit(RUN, SCRIPT)))[0] == ["ok", "55"]
    async with reopen(ACTIVITIES, old, clock=clock) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]


# --- by hand ----------------------------------------------------------------------------------------------------------


async def upgrade(harness: EngineHarness, execution: ExecutionId, old: str, **more: Any) -> None:
    await harness.engine.executions.upgrade(execution, expected=old, new=digest(harness), **more)


async def test_a_workflow_is_upgraded_by_hand_while_it_waits(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=BY_DIGEST))
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=BY_DIGEST), clock=clock) as harness:
        await upgrade(harness, execution, old)
        (event,) = await upgrades(harness, execution)
        assert event.outcome.success == {"reason": {"manual": {"force": False}}}
        assert (await state(harness, execution)).status is Status.BLOCKED
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]


async def test_a_workflow_that_is_due_goes_on_once_it_was_upgraded_by_hand(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=BY_DIGEST))
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=BY_DIGEST), clock=clock) as harness:
        await later(harness)
        await upgrade(harness, execution, old)
        await harness.settle()
        assert not await is_open(harness, execution)


async def test_an_upgrade_by_hand_that_does_not_fit_is_refused_with_the_report(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=BY_DIGEST))
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=BY_DIGEST), clock=clock) as harness:
        with pytest.raises(ExecutionStateError, match="stored at version 2"):
            await upgrade(harness, execution, old)
        assert await upgrades(harness, execution) == []


async def test_an_upgrade_that_is_not_checked_fails_when_the_workflow_runs(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=BY_DIGEST))
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=BY_DIGEST), clock=clock) as harness:
        await upgrade(harness, execution, old, skip_determinism_check=True)
        (event,) = await upgrades(harness, execution)
        assert event.outcome.success == {"reason": {"manual": {"force": True}}}
        await harness.result(execution)
        assert await failure(harness, execution) is FailureKind.NONDETERMINISM_DETECTED


async def test_an_upgrade_by_hand_takes_the_mark_away(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=AUTO))
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST, settings=AUTO), clock=clock) as harness:
        await later(harness)
        await upgrade(harness, execution, old, skip_determinism_check=True)
        await harness.result(execution)
        assert await failure(harness, execution) is FailureKind.NONDETERMINISM_DETECTED


async def test_a_paused_workflow_is_upgraded_and_stays_paused(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock, old = await start(harness, *SCRIPT), harness.clock, digest(harness)
        await harness.engine.executions.pause(execution)
    async with reopen(ACTIVITIES, build(tmp_path, LOGS), clock=clock) as harness:
        await upgrade(harness, execution, old)
        await later(harness)
        assert await is_open(harness, execution)
        await harness.engine.executions.unpause(execution)
        await trace_of(harness, execution)


async def test_a_workflow_that_runs_is_upgraded_in_place(open_engine: Open):
    async with open_engine(TABLES) as harness:
        execution, own = await start(harness, *SCRIPT), digest(harness)
        await harness.engine.executions.upgrade(execution, expected=own, new=own)
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]


async def test_an_upgrade_of_a_workflow_whose_log_moves_on_and_on_says_to_pause_it(reopen: Open, tmp_path: Path):
    execution, clock, old = await begun(reopen, build(tmp_path, settings=BY_DIGEST))
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=BY_DIGEST), clock=clock) as harness:
        moved = CommitRefusedError("somebody was faster")
        watch(harness).fault = lambda batch: moved if holds(batch, ComponentUpgradeFinished) else None
        with pytest.raises(ExecutionStateError, match="pause it, upgrade it, and unpause it"):
            await upgrade(harness, execution, old)
        assert await upgrades(harness, execution) == []


@pytest.mark.parametrize("wrong", ["expected", "new"])
async def test_an_upgrade_names_both_digests(open_engine: Open, wrong: str):
    async with open_engine(TABLES) as harness:
        execution, own = await start(harness, *SCRIPT), digest(harness)
        other = f"sha256:{'0' * 64}"
        with pytest.raises(ExecutionStateError, match=other):
            await harness.engine.executions.upgrade(execution, **{"expected": own, "new": own, wrong: other})


async def test_what_has_finished_cannot_be_upgraded(open_engine: Open):
    async with open_engine(TABLES) as harness:
        execution = await harness.submit(RUN, [])
        await harness.result(execution)
        with pytest.raises(ExecutionStateError, match="is finished"):
            await upgrade(harness, execution, digest(harness))


async def test_what_is_no_workflow_or_is_not_there_cannot_be_upgraded(open_engine: Open):
    async with open_engine(TABLES) as harness:
        stub = await harness.submit(TEXT, "x")
        with pytest.raises(ExecutionStateError, match="is no workflow"):
            await upgrade(harness, stub, digest(harness))
        with pytest.raises(ExecutionNotFoundError):
            await upgrade(harness, new_execution_id(0, bytes(10)), digest(harness))


# --- functions that nobody exports ------------------------------------------------------------------------------------


async def test_what_no_component_exports_stays_as_it_is_and_is_warned_of_once(
    reopen: Open, caplog: pytest.LogCaptureFixture
):
    async with reopen(TABLES) as harness:
        executions, clock = [await start(harness, *SCRIPT) for _ in range(3)], harness.clock
    async with reopen(FIBO, clock=clock) as harness:
        await later(harness)
        assert {(await state(harness, one)).status for one in executions} == {Status.PENDING}
    warnings = [record.getMessage() for record in caplog.records if "no component exports it" in record.getMessage()]
    assert [warning for warning in warnings if RUN in warning] == [
        f"3 unfinished executions of `{RUN}` stay as they are: no component exports it; "
        "configure one that does, or cancel them"
    ]


async def test_what_no_component_exports_can_be_cancelled(reopen: Open):
    async with reopen(TABLES) as harness:
        execution = await start(harness, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.next_(0))
        activity = await harness.submit(TEXT, "x")
    async with reopen(FIBO) as harness:
        for one in (activity, execution):
            assert await harness.engine.executions.cancel(one) is CancelOutcome.REQUESTED
            await harness.result(one)
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED


async def test_what_no_component_exports_cannot_be_upgraded(reopen: Open):
    async with reopen(TABLES) as harness:
        execution, own = await start(harness, *SCRIPT), digest(harness)
    async with reopen(FIBO) as harness:
        with pytest.raises(FunctionNotFoundError):
            await harness.engine.executions.upgrade(execution, expected=own, new=own)


async def test_an_engine_that_stops_in_the_middle_of_a_try_does_not_wait_for_it(reopen: Open, tmp_path: Path):
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO))
    async with reopen(ACTIVITIES, build(tmp_path, SPINS_AT_ONCE, settings=AUTO), clock=clock) as harness:
        clock.advance(LATER)
        await reaches(lambda: harness.engine._kernel.replays)
    async with reopen(ACTIVITIES, build(tmp_path, LOGS, settings=AUTO), clock=clock) as harness:
        assert (await trace_of(harness, execution))[0] == ["ok", "55"]
        assert len(await upgrades(harness, execution)) == 1


async def test_a_lock_is_kept_for_as_long_as_a_try_takes(reopen: Open, tmp_path: Path):
    execution, clock, _ = await begun(reopen, build(tmp_path, settings=AUTO))
    lock_expiry = timedelta(seconds=1)  # what a component has when nothing is set
    async with reopen(ACTIVITIES, build(tmp_path, SPINS_AT_ONCE, settings=AUTO), clock=clock) as harness:
        clock.advance(LATER)
        await reaches(lambda: harness.engine._kernel.replays)
        locks = []
        for _ in range(3):
            clock.advance(lock_expiry / 2)
            locks.append(await newest_lock(harness, execution, after=len(locks)))
        assert [lock.lock_expires_at - clock.now() for lock in locks[-1:]] == [lock_expiry]
        assert len({lock.run_id for lock in locks}) == 1


async def newest_lock(harness: EngineHarness, execution: ExecutionId, *, after: int) -> Locked:
    """Wait until an execution's lock was extended once more than ``after`` times, and return it."""
    first = await harness.engine.executions.get(execution)
    while True:
        locks = [event for event in await harness.events(execution) if isinstance(event, Locked)]
        own = [lock for lock in locks if first.held_by is not None and lock.run_id == first.held_by.run_id]
        if len(own) > after + 1:
            return own[-1]
        await asyncio.sleep(0)
