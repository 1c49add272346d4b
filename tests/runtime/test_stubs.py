"""Stubs: nobody runs them, their results are given by workflows and by others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import Created, ExecutionResult, FailureKind, Finished, Stub, TypedValue, error_outcome
from obelisk.core.state import Status
from obelisk.errors import ExecutionConflictError, ExecutionNotFoundError, ExecutionStateError, InvalidValueError
from obelisk.ids import new_execution_id
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import Open
from tests.runtime.scripting import (
    CODED,
    FIBO_CALL,
    NUMBER,
    TABLES,
    TEXT,
    TRAP,
    UNIT,
    child,
    crash,
    failure,
    is_open,
    kinds,
    start,
    trace,
    trace_of,
)
from tests.scripts import RUN

WAYS = ["", "[workflows]\nhot_limit = 0"]


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


def text(value: str) -> ExecutionResult:
    return ExecutionResult(ok=TypedValue("string", value))


# --- given by others --------------------------------------------------------------------------------------------------


async def test_a_stub_is_never_locked(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    scripted.clock.advance(timedelta(days=1))
    await scripted.settle()
    assert await kinds(scripted, execution) == [Created]
    assert (await scripted.engine.executions.get(execution)).status is Status.PENDING


async def test_a_stub_that_was_submitted_gets_its_result(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    await scripted.engine.executions.stub(execution, {"ok": "y"})
    assert await scripted.result(execution) == text("y")
    assert await kinds(scripted, execution) == [Created, Finished]


@pytest.mark.parametrize("kernel", WAYS)
async def test_a_workflow_goes_on_when_its_stub_has_a_result(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution = await start(harness, scripts.call(TEXT, "x"))
        await harness.engine.executions.stub(child(execution, 1, "o:1-text"), {"err": "no"})
        assert await trace_of(harness, execution) == [["err", '"no"']]


async def test_the_same_result_twice_is_fine(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    for _ in range(2):
        await scripted.engine.executions.stub(execution, {"ok": "y"})
    assert await kinds(scripted, execution) == [Created, Finished]


async def test_the_same_result_twice_at_once_is_fine(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    stub = scripted.engine.executions.stub
    await asyncio.gather(stub(execution, {"ok": "y"}), stub(execution, {"ok": "y"}))
    assert await scripted.result(execution) == text("y")


async def test_another_result_is_a_conflict(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    await scripted.engine.executions.stub(execution, {"ok": "y"})
    with pytest.raises(ExecutionConflictError, match=execution):
        await scripted.engine.executions.stub(execution, {"ok": "z"})
    assert await scripted.result(execution) == text("y")


async def test_of_two_results_at_once_one_wins(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    stub = scripted.engine.executions.stub
    outcomes = await asyncio.gather(stub(execution, {"ok": "y"}), stub(execution, {"ok": "z"}), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {type(None), ExecutionConflictError}


async def test_a_result_of_another_type_is_refused(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    for value in (None, "y", {"ok": 1}, {"ok": "y", "err": "z"}, {"okay": "y"}, {"err": None}):
        with pytest.raises(InvalidValueError):
            await scripted.engine.executions.stub(execution, value)
    assert await kinds(scripted, execution) == [Created]


async def test_a_number_is_given_as_it_is_or_as_ok(scripted: EngineHarness):
    executions = [await scripted.submit(NUMBER) for _ in range(3)]
    for execution, value in zip(executions, (5, 5.0, {"ok": 5}), strict=True):
        await scripted.engine.executions.stub(execution, value)
        assert await scripted.result(execution) == ExecutionResult(ok=TypedValue("u64", 5))


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"ok": 5}, ExecutionResult(ok=TypedValue("u32", 5))),
        ({"err": 5}, ExecutionResult(err=TypedValue("u32", 5))),
        ({"ok": {"err": 5}}, ExecutionResult(err=TypedValue("u32", 5))),
    ],
)
async def test_a_result_with_another_error_is_given_as_it_is_or_as_ok(
    scripted: EngineHarness, value: Any, result: ExecutionResult
):
    execution = await scripted.submit(CODED)
    await scripted.engine.executions.stub(execution, value)
    assert await scripted.result(execution) == result


@pytest.mark.parametrize("function", [NUMBER, CODED])
async def test_a_type_without_a_place_for_it_can_be_given_a_failure(scripted: EngineHarness, function: str):
    execution = await scripted.submit(function)
    await scripted.engine.executions.stub(execution, {"err": "timed_out"})
    assert (await scripted.result(execution)).execution_failure.kind is FailureKind.TIMED_OUT


@pytest.mark.parametrize("value", [{"ok": None}, {"err": None}])
async def test_a_result_without_payload_is_given_as_null(scripted: EngineHarness, value: Any):
    execution = await start(scripted, scripts.call(UNIT))
    await scripted.engine.executions.stub(child(execution, 1, "o:1-unit"), value)
    assert await trace_of(scripted, execution) == [[next(iter(value)), ""]]


async def test_a_stub_that_returns_nothing_is_given_null_or_ok(open_engine: Open):
    stubs = '[[activity_stub]]\nname = "spin"\nlocation = "tests/guests/spin.wat"\n'
    async with open_engine(stubs) as harness:
        for value in (None, {"ok": None}):
            execution = await harness.submit(TRAP)
            await harness.engine.executions.stub(execution, value)
            assert await harness.result(execution) == ExecutionResult(ok=None)
        with pytest.raises(InvalidValueError):
            await harness.engine.executions.stub(await harness.submit(TRAP), 5)


@pytest.mark.parametrize(("function", "params"), [(FIBO_CALL, (10,)), (RUN, ([],))])
async def test_what_runs_cannot_be_given_a_result(scripted: EngineHarness, function: str, params: tuple[Any, ...]):
    execution = await scripted.submit(function, *params)
    with pytest.raises(ExecutionStateError, match="is no stub"):
        await scripted.engine.executions.stub(execution, {"ok": 55})


async def test_a_stub_that_there_is_not_is_not_found(scripted: EngineHarness):
    with pytest.raises(ExecutionNotFoundError):
        await scripted.engine.executions.stub(new_execution_id(0, bytes(10)), {"ok": "y"})


async def test_a_cancelled_stub_takes_no_result_any_more(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    await scripted.engine.executions.cancel(execution)
    with pytest.raises(ExecutionConflictError):
        await scripted.engine.executions.stub(execution, {"ok": "y"})
    assert await failure(scripted, execution) is FailureKind.CANCELLED


async def test_a_paused_stub_can_be_given_its_result(scripted: EngineHarness):
    execution = await scripted.submit(TEXT, "x")
    await scripted.engine.executions.pause(execution)
    await scripted.engine.executions.stub(execution, {"ok": "y"})
    assert await scripted.result(execution) == text("y")


async def test_a_stub_is_given_its_result_while_its_workflow_is_paused(scripted: EngineHarness):
    execution = await start(scripted, scripts.call(TEXT, "x"))
    await scripted.engine.executions.pause(execution)
    await scripted.engine.executions.stub(child(execution, 1, "o:1-text"), {"ok": "y"})
    await scripted.settle()
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(execution)
    assert await trace_of(scripted, execution) == [["ok", '"y"']]


# --- given by a workflow ----------------------------------------------------------------------------------------------

STUBBED = [scripts.create(), scripts.submit(0, TEXT, "x")]


@pytest.mark.parametrize("kernel", [*WAYS, "[workflows]\nmax_events_per_run = 1"])
async def test_a_workflow_stubs_a_child_that_it_has_just_submitted(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        entries = await trace(harness, *STUBBED, scripts.stub(1, {"ok": "y"}), scripts.next_(0), scripts.next_(0))
        assert entries[2:] == [["ok", ""], ["ok", '"y"'], ["all-processed", ""]]


async def test_a_workflow_stubs_a_number(scripted: EngineHarness):
    script = [scripts.create(), *(scripts.submit(0, NUMBER) for _ in range(3))]
    script += [scripts.stub(1, 5), scripts.stub(2, {"ok": 6}), scripts.stub(3, {"err": "cancelled"})]
    entries = await trace(scripted, *script, *(scripts.next_(0) for _ in range(3)))
    assert entries[4:] == [["ok", ""]] * 3 + [["ok", "5"], ["ok", "6"], ["err", '"execution_failed"']]


async def test_a_workflow_that_gives_two_results_is_told_of_the_conflict(scripted: EngineHarness):
    values = ({"ok": "y"}, {"ok": "y"}, {"ok": "z"}, {"err": "y"})
    entries = await trace(scripted, *STUBBED, *(scripts.stub(1, value) for value in values))
    assert [kind for kind, _ in entries[2:]] == ["ok", "ok", "conflict", "conflict"]


async def test_a_workflow_that_gives_a_result_of_another_type_is_told_so(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [*STUBBED, scripts.stub(1, 5), scripts.stub(1, {"ok": "y"})])
    entries = await trace_of(scripted, execution)
    assert [kind for kind, _ in entries[2:]] == ["type-check-error", "ok"]
    (refused, _) = [event for event in await scripted.events(execution) if isinstance(event, Stub)]
    assert refused.result == error_outcome("type_check_error", entries[2][1])


async def test_a_result_that_is_no_json_leaves_no_event(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [*STUBBED, {"stub": [1, "{"]}, scripts.stub(1, {"ok": "y"})])
    assert [kind for kind, _ in await trace_of(scripted, execution)][2:] == ["type-check-error", "ok"]
    assert sum(isinstance(event, Stub) for event in await scripted.events(execution)) == 1


async def test_a_workflow_cannot_stub_what_runs(scripted: EngineHarness):
    entries = await trace(
        scripted, scripts.create(), scripts.submit(0, FIBO_CALL, 10), scripts.stub(1, {"ok": 55}), scripts.next_(0)
    )
    assert entries[2][0] == "type-check-error"
    assert "is no stub" in entries[2][1]
    assert entries[3] == ["ok", "55"]


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("nonsense", "execution-id-parsing-error"),
        (f"Delay_{'0' * 26}.g:1_1", "execution-id-parsing-error"),
        (f"E_{'0' * 26}", "execution-not-found"),
        (f"E_{'0' * 26}.g:1_1", "execution-not-found"),
    ],
)
async def test_a_workflow_cannot_stub_what_there_is_not(scripted: EngineHarness, target: str, kind: str):
    assert (await trace(scripted, scripts.text(target), scripts.stub(0, {"ok": "y"})))[1][0] == kind


async def test_a_workflow_stubs_the_child_of_another(scripted: EngineHarness):
    waiting = await start(scripted, scripts.call(TEXT, "x"))
    target = child(waiting, 1, "o:1-text")
    assert (await trace(scripted, scripts.text(target), scripts.stub(0, {"ok": "y"})))[1] == ["ok", ""]
    assert await trace_of(scripted, waiting) == [["ok", '"y"']]


async def test_a_workflow_stubs_what_its_child_waits_for(scripted: EngineHarness):
    inner = [scripts.call(TEXT, "x")]
    execution = scripted.engine.executions.generate_id()
    target = child(child(execution), 1, "o:1-text")
    script = [
        scripts.create(),
        scripts.submit(0, RUN, inner),
        scripts.sleep(seconds=1),
        scripts.text(target),
        scripts.stub(3, {"ok": "y"}),
        scripts.next_(0),
    ]
    await scripted.submit(RUN, script, execution_id=execution)
    assert (await trace_of(scripted, execution))[5] == ["ok", '[["ok","\\"y\\""]]']


async def test_of_many_workflows_that_stub_one_child_one_wins_and_all_know(scripted: EngineHarness):
    waiting = await start(scripted, scripts.call(TEXT, "x"))
    target = scripts.text(child(waiting, 1, "o:1-text"))
    racers = [await scripted.submit(RUN, [target, scripts.stub(0, {"ok": str(number)})]) for number in range(10)]
    outcomes = [(await trace_of(scripted, racer))[1][0] for racer in racers]
    assert sorted(outcomes) == ["conflict"] * 9 + ["ok"]
    assert await trace_of(scripted, waiting) == [["ok", f'"{outcomes.index("ok")}"']]


@pytest.mark.parametrize("kernel", WAYS)
async def test_an_outcome_that_was_recorded_holds_whatever_happened_since(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution = harness.engine.executions.generate_id()
        script = [
            scripts.text(child(execution, 1, "n:later")),
            scripts.stub(0, {"ok": "y"}),
            scripts.create_named("later"),
            scripts.submit(0, TEXT, "x"),
            scripts.stub(0, {"ok": "y"}),
            scripts.sleep(hours=1),
            scripts.next_(0),
        ]
        await harness.submit(RUN, script, execution_id=execution)
        await harness.settle()
        await crash(harness)
        kinds = [kind for kind, _ in await trace_of(harness, execution)]
        assert kinds == ["ok", "execution-not-found", "ok", "ok", "ok", "ok", "ok"]


async def test_a_stub_that_a_workflow_gave_is_never_locked(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [*STUBBED, scripts.stub(1, {"ok": "y"})])
    await trace_of(scripted, execution)
    assert await kinds(scripted, child(execution)) == [Created, Finished]
