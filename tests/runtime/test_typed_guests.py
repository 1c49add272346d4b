"""Guests that call each other by their types, through the real engine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from obelisk.core.events import ExecutionResult, FailureKind, Finished, TemporarilyFailed, TypedValue
from obelisk.ids import DelayId, ExecutionId
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import FIBO, Open, activity, workflow

SERDE = "testing:serde/serde."
SERDE_WORKFLOW = "testing:serde-workflow/workflow."
STUB_WORKFLOW = "testing:stub-workflow/workflow."
SLEEP = "testing:sleep-workflow/workflow."
TIMEOUT = "example:timeout/workflow.wait-or-give-up"
FIBO_CALL = "testing:fibo/fibo.fibo"
STUBS = """
[[activity_stub]]
ffqn = "testing:stub-activity/activity.foo"
params = [{ name = "arg", type = "string" }]
return_type = "result<string>"

[[activity_stub]]
ffqn = "testing:stub-activity/activity.noret"
return_type = "result"
"""
APPROVAL = """
[[activity_stub]]
ffqn = "example:approval/approval.ask"
params = [{ name = "who", type = "u32" }]
return_type = "result<string>"
"""
DONE = ExecutionResult(ok=None)
RECORD = {"a": 2**32 - 1, "image": [0, 255], "b": "b€", "opt": None}
PERMANENT = "variant { temporary, permanent-failure, execution-failed }"


# --- what results can be ----------------------------------------------------------------------------------------------


@pytest.fixture
async def serde(open_engine: Open) -> AsyncIterator[EngineHarness]:
    """An engine with the activity of every kind of result, retried once, and the workflow that calls it."""
    tables = (
        activity("serde", "tests/guests/serde_activity.wat", "max_retries = 1"),
        workflow("serde-workflow", "tests/guests/serde_workflow.wat"),
    )
    async with open_engine(*tables) as harness:
        yield harness


async def failures(harness: EngineHarness, execution: ExecutionId) -> int:
    return sum(isinstance(event, TemporarilyFailed) for event in await harness.events(execution))


@pytest.mark.parametrize("record", [RECORD, RECORD | {"opt": "some"}])
async def test_a_record_comes_back_as_it_was(serde: EngineHarness, record: dict[str, object]):
    result = await serde.call(SERDE + "rec", record)
    assert isinstance(result.ok, TypedValue)
    assert result.ok.value == record


@pytest.mark.parametrize("variant", ["var2", {"var1": None}, {"var1": True}, {"var1": False}])
async def test_a_variant_comes_back_as_it_was(serde: EngineHarness, variant: object):
    assert (await serde.call(SERDE + "var", variant)).ok == TypedValue(
        "variant { var1(option<bool>), var2 }", variant
    )  # fmt: skip


async def test_an_error_is_retried_and_then_the_result(serde: EngineHarness):
    execution = await serde.submit(SERDE + "err-string", "wrong")
    assert await serde.result(execution) == ExecutionResult(err=TypedValue("string", "wrong"))
    assert await failures(serde, execution) == 1


async def test_an_error_that_is_called_permanent_is_not_retried(serde: EngineHarness):
    execution = await serde.submit(SERDE + "permanent-err")
    assert await serde.result(execution) == ExecutionResult(err=TypedValue(PERMANENT, "permanent_failure"))
    assert await failures(serde, execution) == 0


async def test_an_error_that_is_called_otherwise_is_retried(serde: EngineHarness):
    execution = await serde.submit(SERDE + "temporary-err")
    assert await serde.result(execution) == ExecutionResult(err=TypedValue(PERMANENT, "temporary"))
    assert await failures(serde, execution) == 1


@pytest.mark.parametrize("function", ["trap", "trap-u64", "nothing-trap"])
async def test_a_trap_fails_the_execution_whatever_its_type(serde: EngineHarness, function: str):
    failure = (await serde.call(SERDE + function)).execution_failure
    assert failure.kind is FailureKind.UNCATEGORIZED
    assert "unreachable" in failure.reason


async def test_a_type_with_a_case_for_it_carries_a_childs_failure(serde: EngineHarness):
    assert await serde.call(SERDE_WORKFLOW + "expect-trap") == DONE


async def test_a_direct_call_that_cannot_return_a_failure_fails_its_caller(serde: EngineHarness):
    execution = await serde.submit(SERDE_WORKFLOW + "call-trap-u64")
    failure = (await serde.result(execution)).execution_failure
    assert failure.kind is FailureKind.UNCATEGORIZED
    assert "testing:serde/serde.trap-u64" in failure.reason
    assert isinstance((await serde.events(ExecutionId(f"{execution}.o:1-trap-u64_1")))[-1], Finished)


async def test_awaiting_what_cannot_return_a_failure_tells_its_kind(serde: EngineHarness):
    assert (await serde.call(SERDE_WORKFLOW + "await-trap-u64")).ok == TypedValue("string", "uncategorized")


async def test_awaiting_a_result_with_another_error_keeps_that_error(serde: EngineHarness):
    assert (await serde.call(SERDE_WORKFLOW + "await-code-err")).ok == TypedValue("u32", 7)


# --- stubs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def stubs(open_engine: Open) -> AsyncIterator[EngineHarness]:
    """An engine with two stubs and the workflow that uses them."""
    async with open_engine(STUBS, workflow("stub-workflow", "tests/guests/stub_workflow.wat")) as harness:
        yield harness


def said(text: str) -> ExecutionResult:
    return ExecutionResult(ok=TypedValue("string", text))


def child(execution: ExecutionId, number: int = 1, join_set: str = "g:1") -> ExecutionId:
    return ExecutionId(f"{execution}.{join_set}_{number}")


async def is_cancelled(harness: EngineHarness, execution: ExecutionId) -> bool:
    finished = await harness.engine.executions.finished(execution)
    return finished is not None and finished.result.execution_failure.kind is FailureKind.CANCELLED


@pytest.mark.parametrize("function", ["submit-stub-await", "stub-twice", "get-after-await"])
async def test_a_workflow_stubs_its_own_child(stubs: EngineHarness, function: str):
    execution = await stubs.submit(STUB_WORKFLOW + function, "a word")
    assert await stubs.result(execution) == said("a word")
    assert await stubs.result(child(execution)) == said("a word")


@pytest.mark.parametrize("function", ["stub-not-found", "await-next-all-processed", "mismatch", "named-twice"])
async def test_a_workflow_is_told_what_is_wrong(stubs: EngineHarness, function: str):
    assert await stubs.call(STUB_WORKFLOW + function) == DONE


async def test_somebody_outside_stubs_a_child(stubs: EngineHarness):
    execution = await stubs.submit(STUB_WORKFLOW + "submit-await", "a word")
    await stubs.settle()
    assert await stubs.engine.executions.finished(execution) is None
    await stubs.engine.executions.stub(child(execution), {"ok": "an answer"})
    assert await stubs.result(execution) == said("an answer")


@pytest.mark.parametrize(("value", "result"), [({"ok": None}, DONE), ({"err": None}, ExecutionResult(err=None))])
async def test_a_stub_without_payload_returns_or_fails(
    stubs: EngineHarness, value: dict[str, None], result: ExecutionResult
):
    execution = await stubs.submit(STUB_WORKFLOW + "noret-submit-await")
    await stubs.settle()
    await stubs.engine.executions.stub(child(execution), value)
    assert await stubs.result(execution) == result


async def test_a_delay_comes_before_a_stub_that_nobody_answers(stubs: EngineHarness):
    execution = await stubs.submit(STUB_WORKFLOW + "submit-race-delay", "a word", 1000)
    assert await stubs.result(execution) == said("delay")
    assert await is_cancelled(stubs, child(execution))


async def test_a_stub_that_is_answered_comes_before_a_delay(stubs: EngineHarness):
    execution = await stubs.submit(STUB_WORKFLOW + "submit-race-delay", "a word", 1000)
    await stubs.settle()
    await stubs.engine.executions.stub(child(execution), {"ok": "an answer"})
    started = stubs.clock.now()
    assert await stubs.result(execution) == said("child")
    assert stubs.clock.now() - started < timedelta(seconds=1)


async def test_closing_a_join_set_cancels_what_is_open(stubs: EngineHarness):
    started = stubs.clock.now()
    execution = await stubs.submit(STUB_WORKFLOW + "close-order")
    assert await stubs.result(execution) == DONE
    assert stubs.clock.now() - started < timedelta(hours=1)
    assert all([await is_cancelled(stubs, child(execution, number, "n:a")) for number in (1, 2, 3)])


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def sleeper(open_engine: Open) -> AsyncIterator[EngineHarness]:
    """An engine with the workflow of sleeps, and what it schedules."""
    async with open_engine(FIBO, workflow("sleep-workflow", "tests/guests/sleep_workflow.wat")) as harness:
        yield harness


def delay_of(execution: ExecutionId, join_set: str, number: int) -> DelayId:
    return DelayId(f"Delay_{execution.removeprefix('E_')}.{join_set}_{number}")


async def test_a_workflow_sleeps(sleeper: EngineHarness):
    started = sleeper.clock.now()
    assert await sleeper.call(SLEEP + "sleep-for", 60_000) == DONE
    assert sleeper.clock.now() - started >= timedelta(minutes=1)


async def test_a_sleep_that_may_be_cancelled_sleeps(sleeper: EngineHarness):
    assert await sleeper.call(SLEEP + "sleep-cancellable", 1000) == said("slept")


async def test_a_cancelled_delay_wakes_the_sleeper(sleeper: EngineHarness):
    execution = await sleeper.submit(SLEEP + "sleep-cancellable", 1000)
    await sleeper.settle()
    await sleeper.engine.executions.cancel_delay(delay_of(execution, "o:1-sleep", 1))
    assert await sleeper.result(execution) == said("cancelled")


@pytest.mark.parametrize(("first", "second", "winner"), [(1000, 2000, 1), (2000, 1000, 2)])
async def test_the_shorter_of_two_delays_is_first(sleeper: EngineHarness, first: int, second: int, winner: int):
    execution = await sleeper.submit(SLEEP + "two-delays", first, second)
    assert await sleeper.result(execution) == said(delay_of(execution, "g:1", winner))


async def test_a_scheduled_execution_starts_at_its_time(sleeper: EngineHarness):
    started = sleeper.clock.now()
    scheduled = (await sleeper.call(SLEEP + "schedule-fibo", 10, 60_000)).ok
    assert isinstance(scheduled, TypedValue)
    assert (await sleeper.result(ExecutionId(scheduled.value))).ok == TypedValue("u64", 55)
    assert sleeper.clock.now() - started >= timedelta(minutes=1)


async def test_a_response_is_there_when_it_came(sleeper: EngineHarness):
    assert await sleeper.call(SLEEP + "try-pending-then-found", 1000) == DONE


# --- the example ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def approvals(open_engine: Open) -> AsyncIterator[EngineHarness]:
    """An engine with the example of a timeout."""
    async with open_engine(APPROVAL, workflow("timeout", "examples/wat/timeout_workflow.wat")) as harness:
        yield harness


async def test_the_first_approval_decides_and_cancels_the_others(approvals: EngineHarness):
    execution = await approvals.submit(TIMEOUT, 3, 30)
    await approvals.settle()
    await approvals.engine.executions.stub(child(execution, 2), {"ok": "approved"})
    assert await approvals.result(execution) == said("approved")
    assert all([await is_cancelled(approvals, child(execution, number)) for number in (1, 3)])


async def test_without_one_of_a_hundred_approvals_the_workflow_gives_up_after_thirty_days(approvals: EngineHarness):
    started, computed = approvals.clock.now(), time.process_time()
    execution = await approvals.submit(TIMEOUT, 100, 30)
    assert await approvals.result(execution) == said("timed out")
    assert time.process_time() - computed < 1
    assert approvals.clock.now() - started == timedelta(days=30)
    assert all([await is_cancelled(approvals, child(execution, number)) for number in range(1, 101)])


# --- scripts ----------------------------------------------------------------------------------------------------------


async def trace(open_engine: Open, *script: scripts.Op) -> tuple[ExecutionId, list[list[str]]]:
    async with open_engine(FIBO, STUBS, workflow("scripted", scripts.SCRIPTED)) as harness:
        execution = await harness.submit(scripts.RUN, list(script))
        result = (await harness.result(execution)).ok
        assert isinstance(result, TypedValue)
        return execution, result.value


async def test_a_script_calls_starts_and_waits(open_engine: Open):
    execution, entries = await trace(
        open_engine,
        scripts.call(FIBO_CALL, 10),
        scripts.create(),
        scripts.submit(0, FIBO_CALL, 11),
        scripts.delay(0, days=1),
        scripts.next_(0),
        scripts.get_result(2),
        scripts.get_failure(2),
        scripts.try_next(0),
        scripts.last_call(),
        scripts.last_id(0),
        scripts.set_id(0),
    )
    assert entries == [
        ["ok", "55"],
        ["ok", ""],
        ["ok", child(execution)],
        ["ok", delay_of(execution, "g:1", 1)],
        ["ok", "89"],
        ["ok", "89"],
        ["none", ""],
        ["pending", ""],
        ["execution-id", child(execution, 1, "o:1-fibo")],
        ["execution-id", child(execution)],
        ["ok", "g:1"],
    ]


async def test_a_script_stubs(open_engine: Open):
    execution, entries = await trace(
        open_engine,
        scripts.create_named("a"),
        scripts.submit(0, "testing:stub-activity/activity.foo", "a word"),
        scripts.stub(1, {"ok": 1}),
        scripts.stub(1, {"ok": "an answer"}),
        scripts.stub(1, {"ok": "another"}),
        scripts.next_(0),
        scripts.next_(0),
    )
    kinds = ["ok", "ok", "type-check-error", "ok", "conflict", "ok", "all-processed"]
    assert [kind for kind, _ in entries] == kinds
    assert (entries[1][1], entries[5][1]) == (child(execution, 1, "n:a"), '"an answer"')


async def test_a_script_sleeps_draws_and_schedules(open_engine: Open):
    execution, entries = await trace(
        open_engine,
        scripts.sleep(scripts.at(4_000_000_000)),
        scripts.random_inclusive(7, 7),
        scripts.random_string(5, 6),
        scripts.current_id(),
        scripts.new_id(),
        scripts.schedule(4, FIBO_CALL, 10, at=scripts.after(seconds=5)),
        scripts.last_oneoff(),
    )
    assert {kind for kind, _ in entries[:-1]} == {"ok"}
    assert [entries[number][1] for number in (0, 1, 3)] == ["4000000000", "7", execution]
    assert len(entries[2][1]) == 5
    assert entries[-1] == ["delay-id", delay_of(execution, "o:1-sleep", 1)]


async def test_a_script_is_told_what_is_wrong(open_engine: Open):
    _, entries = await trace(
        open_engine,
        scripts.create_named("a"),
        scripts.create_named("a"),
        scripts.create_named("a_b"),
        scripts.submit(0, FIBO_CALL, "ten"),
        scripts.submit(0, "testing:fibo/fibo.fib", 10),
        scripts.submit(0, "nonsense", 10),
        scripts.text(f"E_{'0' * 26}.n:fake_1"),
        scripts.stub(6, {"ok": 1}),
        scripts.get_result(6),
        scripts.text("nonsense"),
        scripts.stub(9, {"ok": 1}),
        scripts.get_failure(9),
        scripts.call(FIBO_CALL, 10),
        scripts.last_call(),
        scripts.stub(13, {"ok": 55}),
    )
    assert [kind for kind, _ in entries] == [
        "ok", "conflict", "invalid-name", "type-check-error", "function-not-found", "ffqn-parsing-error",
        "ok", "execution-not-found", "not-found-in-processed-responses",
        "ok", "execution-id-parsing-error", "execution-id-parsing-error",
        "ok", "execution-id", "type-check-error",
    ]  # fmt: skip
