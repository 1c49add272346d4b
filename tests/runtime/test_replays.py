"""Replaying a workflow's log against the current component, without writing anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.core.events import ExecutionResult, FailureKind, Finished, JoinNext, JoinSetCreate, JoinSetRequest
from obelisk.errors import ExecutionNotFoundError, ExecutionStateError, FunctionNotFoundError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.executions import ReplayOutcome, ReplayReport
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.builds import DRAWS_FIRST, HAS_NO_STOP, LOGS, SPINS_AT_ONCE, STOPS_AT_ONCE, Change, build
from tests.runtime.conftest import FIBO, Open
from tests.runtime.scripting import (
    ACTIVITIES,
    FIBO_CALL,
    TABLES,
    TEXT,
    TRAP,
    child,
    start,
)
from tests.scripts import RUN, RUN_CANCELLABLE, Op

SLEEP = scripts.sleep(hours=1)


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


async def replay(harness: EngineHarness, execution: ExecutionId) -> ReplayReport:
    """Replay an execution, and take care that nothing was written."""
    before = await harness.log(execution)
    report = await harness.engine.executions.replay(execution)
    await harness.settle()
    assert await harness.log(execution) == before
    return report


async def paused(harness: EngineHarness, *script: Op) -> ExecutionId:
    submission = await harness.engine.executions.submit(Ffqn(RUN), [list(script)], paused=True)
    return submission.execution_id


# --- outcomes ---------------------------------------------------------------------------------------------------------


async def test_a_workflow_that_waits_is_blocked(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(FIBO_CALL, 10), scripts.call(TEXT, "x"))
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.BLOCKED)


@pytest.mark.parametrize("close", [[scripts.close(0)], [scripts.drop(0)], [], [scripts.trap()]])
async def test_a_workflow_that_closes_is_blocked(scripted: EngineHarness, close: list[Op]):
    execution = await start(scripted, scripts.create(), scripts.submit(0, RUN, [SLEEP]), *close)
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.BLOCKED)


async def test_a_workflow_that_returned_is_finished(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, FIBO_CALL, 10), scripts.next_(0), scripts.random(0, 99), SLEEP]
    execution = await scripted.submit(RUN, [*script, scripts.new_id(), scripts.schedule(4, FIBO_CALL, 10)])
    result = await scripted.result(execution)
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.FINISHED, result=result)


@pytest.mark.parametrize("end", [scripts.trap(), scripts.fail("no")])
async def test_a_workflow_that_failed_is_finished(scripted: EngineHarness, end: Op):
    execution = await scripted.submit(RUN, [scripts.create(), scripts.submit(0, TEXT, "x"), end])
    result = await scripted.result(execution)
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.FINISHED, result=result)


async def test_a_workflow_that_was_cancelled_is_finished(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.submit(0, TEXT, "x"), SLEEP, function=RUN_CANCELLABLE)
    await scripted.engine.executions.cancel(execution)
    result = await scripted.result(execution)
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.FINISHED, result=result)


@pytest.mark.parametrize("close", [[scripts.close(0), scripts.new_id()], []])
async def test_a_workflow_that_was_cancelled_while_it_closed_is_finished(scripted: EngineHarness, close: list[Op]):
    script = [scripts.create(), *(scripts.submit(0, RUN, [SLEEP]) for _ in range(2)), *close]
    execution = await start(scripted, *script, function=RUN_CANCELLABLE)
    await scripted.engine.executions.cancel(execution)
    result = await scripted.result(execution)
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.FINISHED, result=result)


async def test_a_workflow_that_is_being_cancelled_is_blocked(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, RUN, [SLEEP]), scripts.call(TEXT, "x"), scripts.call(TEXT, "y")]
    execution = await start(scripted, *script, function=RUN_CANCELLABLE)
    await scripted.engine.executions.cancel(execution)
    await scripted.settle()
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.BLOCKED)


async def test_a_workflow_that_was_cancelled_before_it_began_is_finished(scripted: EngineHarness):
    submit = scripted.engine.executions.submit
    execution = (await submit(Ffqn(RUN_CANCELLABLE), [[SLEEP]], paused=True)).execution_id
    await scripted.engine.executions.cancel(execution)
    result = await scripted.result(execution)
    assert await replay(scripted, execution) == ReplayReport(ReplayOutcome.FINISHED, result=result)


async def test_a_workflow_whose_response_it_has_not_seen_can_advance(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(TEXT, "x"), scripts.create(), scripts.delay(0, hours=1))
    await scripted.engine.executions.pause(execution)
    await scripted.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    report = await replay(scripted, execution)
    assert report.outcome is ReplayOutcome.ADVANCEABLE
    state = await scripted.engine.executions.get(execution)
    events = [event for write in report.writes for event in write.events]
    assert [event.version for event in events] == [state.next_version + number for number in range(len(events))]
    assert [type(event.event) for event in events] == [JoinSetCreate, JoinSetRequest, JoinNext]


async def test_a_workflow_that_has_not_begun_can_advance_to_its_end(scripted: EngineHarness):
    execution = await paused(scripted, scripts.random(0, 9))
    report = await replay(scripted, execution)
    assert report.outcome is ReplayOutcome.ADVANCEABLE
    last = report.writes[-1].events[-1].event
    assert isinstance(last, Finished)
    await scripted.engine.executions.unpause(execution)
    assert await scripted.result(execution) == last.retval


async def test_what_would_be_created_is_shown(scripted: EngineHarness):
    execution = await paused(scripted, scripts.call(FIBO_CALL, 10))
    report = await replay(scripted, execution)
    (created,) = [created for write in report.writes for created in write.executions]
    assert created.execution_id == child(execution, 1, "o:1-fibo")
    assert (created.created.ffqn, created.created.params) == (FIBO_CALL, [10])
    assert created.created.parent == (execution, "o:1-fibo")


async def test_a_delay_that_is_over_at_once_is_gone_past(scripted: EngineHarness):
    execution = await paused(scripted, scripts.sleep(scripts.now()), scripts.call(FIBO_CALL, 10))
    report = await replay(scripted, execution)
    assert len([created for write in report.writes for created in write.executions]) == 1


@pytest.mark.parametrize("question", ["stub", "schedule"])
async def test_a_replay_stops_where_it_would_ask_about_another_execution(scripted: EngineHarness, question: str):
    taken = await scripted.submit(FIBO_CALL, 10)
    await scripted.result(taken)
    asks = scripts.stub(0, {"ok": "y"}) if question == "stub" else scripts.schedule(0, FIBO_CALL, 10)
    target = f"E_{'0' * 26}.n:a_1" if question == "stub" else taken
    execution = await paused(scripted, scripts.text(target), asks, scripts.random(0, 9))
    assert (await replay(scripted, execution)).outcome is ReplayOutcome.ADVANCEABLE


async def test_a_replay_that_would_write_without_end_stops(scripted: EngineHarness):
    execution = await paused(scripted, *(scripts.random(0, 9) for _ in range(1000)))
    report = await replay(scripted, execution)
    assert report.outcome is ReplayOutcome.ADVANCEABLE
    assert sum(len(write.events) for write in report.writes) == 100


async def test_a_replay_of_what_is_hot_leaves_it_alone(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(TEXT, "x"))
    hot = scripted.engine._kernel.workflows.hot
    await replay(scripted, execution)
    assert scripted.engine._kernel.workflows.hot == hot


async def test_a_replay_logs_nothing(scripted: EngineHarness, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "app")
    execution = await start(scripted, scripts.log("a line"), scripts.call(TEXT, "x"))
    assert "a line" in caplog.text
    caplog.clear()
    await replay(scripted, execution)
    assert "a line" not in caplog.text


# --- another build ----------------------------------------------------------------------------------------------------


async def rebuilt(
    reopen: Open, directory: Path, script: list[Op], *changes: Change, until_end: bool = False
) -> ReplayReport:
    async with reopen(ACTIVITIES, build(directory)) as harness:
        execution = await start(harness, *script)
        if until_end:
            await harness.result(execution)
        clock = harness.clock
    async with reopen(ACTIVITIES, build(directory, *changes), clock=clock) as harness:
        return await replay(harness, execution)


async def test_a_build_with_other_log_lines_fits(reopen: Open, tmp_path: Path):
    report = await rebuilt(reopen, tmp_path, [scripts.call(FIBO_CALL, 10), SLEEP], LOGS)
    assert report == ReplayReport(ReplayOutcome.BLOCKED)


async def test_a_build_that_asks_for_more_at_its_beginning_does_not_fit(reopen: Open, tmp_path: Path):
    report = await rebuilt(reopen, tmp_path, [scripts.call(FIBO_CALL, 10), SLEEP], DRAWS_FIRST)
    assert report.outcome is ReplayOutcome.FAILED
    assert "stored at version 2" in report.error
    assert "actual call" in report.error


async def test_a_build_that_asks_for_less_does_not_fit(reopen: Open, tmp_path: Path):
    report = await rebuilt(reopen, tmp_path, [scripts.call(FIBO_CALL, 10)], STOPS_AT_ONCE, until_end=True)
    assert report.outcome is ReplayOutcome.FAILED
    assert "the workflow ended" in report.error


async def test_a_build_that_asks_for_more_than_a_finished_log_holds_does_not_fit(reopen: Open, tmp_path: Path):
    script = [scripts.random(0, 9), scripts.stop(), scripts.call(FIBO_CALL, 10)]
    report = await rebuilt(reopen, tmp_path, script, HAS_NO_STOP, until_end=True)
    assert report.outcome is ReplayOutcome.FAILED
    assert "more than its log holds" in report.error


async def test_a_build_that_asks_about_another_execution_after_a_finished_log_does_not_fit(
    reopen: Open, tmp_path: Path
):
    script = [scripts.text(f"E_{'0' * 26}.n:a_1"), scripts.stop(), scripts.stub(0, {"ok": "y"})]
    report = await rebuilt(reopen, tmp_path, script, HAS_NO_STOP, until_end=True)
    assert report.outcome is ReplayOutcome.FAILED
    assert "more than its log holds" in report.error


async def test_a_build_that_ends_otherwise_does_not_fit_a_finished_log(reopen: Open, tmp_path: Path):
    shorter = ("(i32.store (i32.const 8) (global.get $entries))", "(i32.store (i32.const 8) (i32.const 0))")
    report = await rebuilt(reopen, tmp_path, [scripts.random(0, 9)], shorter, until_end=True)
    assert report.outcome is ReplayOutcome.FAILED
    assert "the workflow ends with" in report.error


async def test_a_build_that_traps_before_the_end_of_the_log_does_not_fit(reopen: Open, tmp_path: Path):
    trapping = ("(call_indirect (type $operation)", "(unreachable)(call_indirect (type $operation)")
    report = await rebuilt(reopen, tmp_path, [scripts.random(0, 9), SLEEP], trapping)
    assert report.outcome is ReplayOutcome.FAILED


async def test_a_build_that_computes_without_end_does_not_fit(
    reopen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("obelisk.runtime.replays.MAX_SECONDS", 0.05)
    report = await rebuilt(reopen, tmp_path, [SLEEP], SPINS_AT_ONCE)
    assert report.outcome is ReplayOutcome.FAILED
    assert "did not end within" in report.error


# --- what cannot be replayed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [TRAP, TEXT])
async def test_what_is_no_workflow_cannot_be_replayed(scripted: EngineHarness, function: str):
    execution = await scripted.submit(function, *(["x"] if function == TEXT else []))
    await scripted.settle()
    with pytest.raises(ExecutionStateError, match="is no workflow"):
        await scripted.engine.executions.replay(execution)


async def test_what_there_is_not_cannot_be_replayed(scripted: EngineHarness):
    with pytest.raises(ExecutionNotFoundError):
        await scripted.engine.executions.replay(new_execution_id(0, bytes(10)))


async def test_a_workflow_that_no_component_exports_cannot_be_replayed(reopen: Open):
    async with reopen(TABLES) as harness:
        execution = await start(harness, SLEEP)
    async with reopen(FIBO) as harness:
        with pytest.raises(FunctionNotFoundError):
            await harness.engine.executions.replay(execution)


async def test_a_workflow_that_failed_for_nondeterminism_fails_in_a_replay_too(reopen: Open, tmp_path: Path):
    async with reopen(ACTIVITIES, build(tmp_path)) as harness:
        execution, clock = await start(harness, scripts.call(FIBO_CALL, 10), SLEEP), harness.clock
    clock.advance(timedelta(hours=2))
    async with reopen(ACTIVITIES, build(tmp_path, DRAWS_FIRST), clock=clock) as harness:
        result: ExecutionResult = await harness.result(execution)
        assert result.execution_failure.kind is FailureKind.NONDETERMINISM_DETECTED
        assert (await replay(harness, execution)).outcome is ReplayOutcome.FAILED
