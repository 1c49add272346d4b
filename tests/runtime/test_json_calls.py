"""Calls of functions named by text, and what a workflow asks about those that were answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import (
    ChildExecutionRequest,
    JoinSetRequest,
    Schedule,
    error_outcome,
)
from obelisk.ids import ExecutionId
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import FIBO_WORKFLOW, Open
from tests.runtime.scripting import (
    FIBO_CALL,
    REFUSE,
    TABLES,
    TEXT,
    TRAP,
    child,
    delay,
    is_open,
    start,
    trace,
    trace_of,
)
from tests.scripts import RUN

FIBOA = "testing:fibo-workflow/workflow.fiboa"
WRONG_NAMES = ["nonsense", "a:b", "a:b/c@one.f", ":b/c.f"]
WRONG_PARAMS = {
    "[1": "cannot parse params as JSON array",
    "": "cannot parse params as JSON array",
    "[18446744073709551616]": "cannot parse params as JSON array",
    "[" * 300 + "]" * 300: "cannot parse params as JSON array",
    '{"n": 1}': "params must be a json array",
    "null": "params must be a json array",
    '["ten"]': "type checking failed",
    "[256]": "type checking failed",
    "[]": "type checking failed",
    "[1, 2]": "type checking failed",
}


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES, FIBO_WORKFLOW) as harness:
        yield harness


def raw(what: str, params: str, *, function: str = "fibo") -> scripts.Op:
    before = {"call": [], "submit": [0], "schedule": [0, "now"]}[what]
    return {what: [*before, "testing:fibo/fibo", function, params]}


# --- calls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "params"), [(FIBO_CALL, [10]), (FIBOA, [10, 2])])
async def test_a_call_by_text_returns_the_result_as_json(scripted: EngineHarness, function: str, params: list[int]):
    assert await trace(scripted, scripts.call(function, *params)) == [["ok", "55"]]


async def test_a_result_without_a_payload_has_no_text(scripted: EngineHarness):
    assert await trace(scripted, scripts.call(FIBO_CALL, 41)) == [["err", ""]]


@pytest.mark.parametrize(("call", "entry"), [((REFUSE, "no"), '"no"'), ((TRAP,), '"execution_failed"')])
async def test_a_call_that_fails_is_an_error(scripted: EngineHarness, call: tuple[Any, ...], entry: str):
    assert await trace(scripted, scripts.call(*call)) == [["err", entry]]


@pytest.mark.parametrize("what", ["call", "submit", "schedule"])
async def test_an_unknown_function_is_not_found(scripted: EngineHarness, what: str):
    begin = scripts.new_id() if what == "schedule" else scripts.create()
    assert (await trace(scripted, begin, raw(what, "[1]", function="missing")))[1] == ["function-not-found", ""]


@pytest.mark.parametrize("what", ["call", "submit", "schedule"])
async def test_text_that_is_no_name_of_a_function_is_told_so(scripted: EngineHarness, what: str):
    begin = scripts.new_id() if what == "schedule" else scripts.create()
    ops = {
        "call": scripts.call,
        "submit": lambda name: scripts.submit(0, name),
        "schedule": lambda name: scripts.schedule(0, name),
    }
    _, *entries = await trace(scripted, begin, *map(ops[what], WRONG_NAMES))
    assert [kind for kind, _ in entries] == ["ffqn-parsing-error"] * len(WRONG_NAMES)
    assert all(name.partition(".")[0] in detail for name, (_, detail) in zip(WRONG_NAMES, entries, strict=True))


@pytest.mark.parametrize("what", ["call", "submit", "schedule"])
async def test_params_that_do_not_fit_are_told_why(scripted: EngineHarness, what: str):
    begin = scripts.new_id() if what == "schedule" else scripts.create()
    _, *entries = await trace(scripted, begin, *(raw(what, params) for params in WRONG_PARAMS))
    assert [kind for kind, _ in entries] == ["type-check-error"] * len(WRONG_PARAMS)
    told = zip(WRONG_PARAMS.values(), (detail for _, detail in entries), strict=True)
    assert [(problem, detail) for problem, detail in told if problem not in detail] == []


@pytest.mark.parametrize("kernel", ["", "[workflows]\nhot_limit = 0"])
async def test_a_refusal_is_in_the_log_so_that_a_replay_gives_it_again(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        script = [
            scripts.create(),
            scripts.submit(0, "testing:fibo/fibo.missing", 1),
            raw("submit", "[1"),
            scripts.call("testing:fibo/fibo.missing", 1),
            scripts.sleep(seconds=1),
        ]
        execution = await harness.submit(RUN, script)
        assert [kind for kind, _ in await trace_of(harness, execution)] == [
            "ok", "function-not-found", "type-check-error", "function-not-found", "ok",
        ]  # fmt: skip
        requests = [event.request for event in await harness.events(execution) if isinstance(event, JoinSetRequest)]
        refused = [request for request in requests if isinstance(request, ChildExecutionRequest)]
        assert [request.child_execution_id for request in refused] == [
            child(execution, 1), child(execution, 2), child(execution, 1, "o:1-missing"),
        ]  # fmt: skip
        assert [request.params for request in refused] == [[1], "[1", [1]]
        assert refused[0].result == error_outcome("function_not_found")


async def test_a_refused_submission_uses_up_its_number(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN, [scripts.create(), raw("submit", "[]"), raw("submit", "[10]"), scripts.next_(0)]
    )
    assert (await trace_of(scripted, execution))[2:] == [["ok", child(execution, 2)], ["ok", "55"]]


async def test_params_in_other_words_are_the_same_params(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [raw("call", " [ 10.0 ]")])
    assert await trace_of(scripted, execution) == [["ok", "55"]]
    (created, *_) = await scripted.events(child(execution, 1, "o:1-fibo"))
    assert created.params == [10]


# --- what was answered ------------------------------------------------------------------------------------------------


async def test_nothing_was_called_at_the_beginning(scripted: EngineHarness):
    assert await trace(scripted, scripts.last_call(), scripts.last_oneoff()) == [["none", ""], ["none", ""]]


async def test_the_last_one_off_is_a_sleep_or_a_call(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN,
        [
            scripts.call(FIBO_CALL, 1),
            scripts.last_oneoff(),
            scripts.sleep(seconds=1, name="nap"),
            scripts.last_oneoff(),
            scripts.last_call(),
        ],
    )
    entries = await trace_of(scripted, execution)
    assert [entries[row] for row in (1, 3, 4)] == [
        ["execution-id", child(execution, 1, "o:1-fibo")],
        ["delay-id", delay(execution, 1, "o:2-nap")],
        ["execution-id", child(execution, 1, "o:1-fibo")],
    ]


async def test_the_last_one_off_is_a_sleep_even_when_it_was_cancelled(scripted: EngineHarness):
    execution = await start(scripted, scripts.sleep(hours=1), scripts.last_oneoff())
    await scripted.engine.executions.cancel_delay(delay(execution, 1, "o:1-sleep"))
    assert await trace_of(scripted, execution) == [["err", ""], ["delay-id", delay(execution, 1, "o:1-sleep")]]


async def test_a_result_can_be_asked_for_again(scripted: EngineHarness):
    entries = await trace(
        scripted,
        scripts.create(),
        scripts.submit(0, REFUSE, "no"),
        scripts.next_(0),
        scripts.get_result(1),
        scripts.get_failure(1),
    )
    assert entries[3:] == [["err", '"no"'], ["none", ""]]


async def test_a_result_that_a_look_took_can_be_asked_for_again(scripted: EngineHarness):
    entries = await trace(
        scripted,
        scripts.create(),
        scripts.submit(0, FIBO_CALL, 10),
        scripts.sleep(seconds=1),
        scripts.try_next(0),
        scripts.get_result(1),
    )
    assert entries[4] == ["ok", "55"]


async def test_a_result_that_was_not_taken_is_not_found(scripted: EngineHarness):
    entries = await trace(
        scripted, scripts.create(), scripts.submit(0, FIBO_CALL, 10), scripts.sleep(seconds=1), scripts.get_result(1)
    )
    assert entries[3] == ["not-found-in-processed-responses", ""]


@pytest.mark.parametrize("close", [scripts.close(0), scripts.drop(0)])
@pytest.mark.parametrize("kernel", ["", "[workflows]\nhot_limit = 0"])
async def test_what_ended_while_its_join_set_was_closed_can_be_asked_for(
    open_engine: Open, close: scripts.Op, kernel: str
):
    script = [
        scripts.create(),
        scripts.submit(0, TEXT, "x"),
        scripts.submit(0, FIBO_CALL, 10),
        scripts.sleep(seconds=1),
    ]
    async with open_engine(TABLES, kernel=kernel) as harness:
        entries = await trace(
            harness,
            *script,
            close,
            scripts.new_id(),
            scripts.get_failure(1),
            scripts.get_result(2),
            scripts.sleep(seconds=1),
        )
    assert entries[6:8] == [["cancelled", ""], ["ok", "55"]]


async def test_the_kind_of_a_failure_tells_it_from_an_error(scripted: EngineHarness):
    entries = await trace(
        scripted, scripts.call(TRAP), scripts.last_call(), scripts.get_failure(1), scripts.get_result(1)
    )
    assert entries[2:] == [["uncategorized", ""], ["err", '"execution_failed"']]


async def test_the_kind_of_a_cancelled_childs_failure_is_cancelled(scripted: EngineHarness):
    execution = await start(
        scripted, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.next_(0), scripts.get_failure(1)
    )
    await scripted.engine.executions.cancel(child(execution))
    assert (await trace_of(scripted, execution))[2:] == [["err", '"execution_failed"'], ["cancelled", ""]]


@pytest.mark.parametrize("ask", [scripts.get_result, scripts.get_failure])
async def test_a_result_of_what_has_no_id_cannot_be_parsed(scripted: EngineHarness, ask: Any):
    ((_, _), (kind, detail)) = await trace(scripted, scripts.text("E_1"), ask(0))
    assert kind == "execution-id-parsing-error"
    assert "E_1" in detail


# --- schedules --------------------------------------------------------------------------------------------------------


async def test_a_scheduled_execution_has_the_id_that_was_drawn_and_no_parent(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10)])
    ((_, scheduled), (kind, _)) = await trace_of(scripted, execution)
    assert kind == "ok"
    (created, *_) = await scripted.events(ExecutionId(scheduled))
    assert (created.parent, created.scheduled_by) == (None, execution)
    assert (await scripted.result(ExecutionId(scheduled))).ok.value == 55


async def test_a_scheduled_execution_starts_at_its_time(scripted: EngineHarness):
    started = scripted.clock.now()
    entries = await trace(scripted, scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10, at=scripts.after(hours=1)))
    scheduled = ExecutionId(entries[0][1])
    assert await is_open(scripted, scheduled)
    await scripted.result(scheduled)
    assert scripted.clock.now() - started >= timedelta(hours=1)


async def test_a_schedule_in_the_past_is_one_of_now(scripted: EngineHarness):
    entries = await trace(scripted, scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10, at=scripts.at(1)))
    state = await scripted.engine.executions.get(ExecutionId(entries[0][1]))
    assert state.scheduled_at == state.created_at
    assert (await scripted.result(ExecutionId(entries[0][1]))).ok.value == 55


@pytest.mark.parametrize("again", [[10], [10.0]])
async def test_scheduling_the_same_again_is_fine_and_changes_nothing(scripted: EngineHarness, again: list[Any]):
    script = [
        scripts.new_id(),
        scripts.schedule(0, FIBO_CALL, 10),
        scripts.schedule(0, FIBO_CALL, *again, at=scripts.after(hours=1)),
    ]
    entries = await trace(scripted, *script)
    assert [kind for kind, _ in entries] == ["ok", "ok", "ok"]
    state = await scripted.engine.executions.get(ExecutionId(entries[0][1]))
    assert state.scheduled_at == state.created_at


@pytest.mark.parametrize("other", [(FIBO_CALL, 11), (FIBOA, 10, 1)])
async def test_scheduling_something_else_under_a_taken_id_is_refused(scripted: EngineHarness, other: tuple[Any, ...]):
    entries = await trace(scripted, scripts.new_id(), scripts.schedule(0, FIBO_CALL, 10), scripts.schedule(0, *other))
    assert entries[2][0] == "type-check-error"
    assert entries[0][1] in entries[2][1]


async def test_an_id_of_an_execution_that_was_submitted_is_taken_too(scripted: EngineHarness):
    taken = await scripted.submit(FIBO_CALL, 10)
    entries = await trace(
        scripted, scripts.text(taken), scripts.schedule(0, FIBO_CALL, 10), scripts.schedule(0, FIBO_CALL, 11)
    )
    assert [kind for kind, _ in entries[1:]] == ["ok", "type-check-error"]


async def test_a_schedule_that_was_refused_can_be_repaired(scripted: EngineHarness):
    entries = await trace(
        scripted, scripts.new_id(), scripts.schedule(0, FIBO_CALL, "ten"), scripts.schedule(0, FIBO_CALL, 10)
    )
    assert [kind for kind, _ in entries] == ["ok", "type-check-error", "ok"]


@pytest.mark.parametrize("wrong", ["nonsense", f"E_{'0' * 26}.n:a_1", f"Run_{'0' * 26}"])
async def test_what_is_no_id_of_a_top_level_execution_cannot_be_scheduled(scripted: EngineHarness, wrong: str):
    ((_, _), (kind, detail)) = await trace(scripted, scripts.text(wrong), scripts.schedule(0, FIBO_CALL, 10))
    assert kind == "type-check-error"
    assert wrong in detail


async def test_a_stub_that_is_scheduled_waits_for_its_result(scripted: EngineHarness):
    entries = await trace(scripted, scripts.new_id(), scripts.schedule(0, TEXT, "x"))
    scheduled = ExecutionId(entries[0][1])
    assert await is_open(scripted, scheduled)
    await scripted.engine.executions.stub(scheduled, {"ok": "y"})
    assert (await scripted.result(scheduled)).ok.value == "y"


async def test_a_schedule_keeps_what_was_asked(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN, [scripts.new_id(), scripts.schedule(0, FIBO_CALL, 1, at=scripts.after(days=2))]
    )
    await trace_of(scripted, execution)
    (schedule,) = [event for event in await scripted.events(execution) if isinstance(event, Schedule)]
    assert schedule.schedule_at.in_.secs == 2 * 86_400


# --- ids and chance ---------------------------------------------------------------------------------------------------


async def test_a_workflow_knows_its_own_id(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.current_id()])
    assert await trace_of(scripted, execution) == [["ok", execution]]


async def test_an_empty_range_is_its_lower_end(scripted: EngineHarness):
    ranges = [(5, 6), (5, 5), (5, 3), (0, 0)]
    draws = [scripts.random(*bounds) for bounds in ranges] + [
        scripts.random_inclusive(7, 7),
        scripts.random_inclusive(7, 3),
    ]
    assert [value for _, value in await trace(scripted, *draws)] == ["5", "5", "5", "0", "7", "7"]


async def test_a_text_has_the_shortest_length_when_there_is_no_other(scripted: EngineHarness):
    ranges = [(5, 6), (5, 5), (5, 3), (0, 1), (0, 0)]
    entries = await trace(scripted, *(scripts.random_string(*bounds) for bounds in ranges))
    assert [len(text) for _, text in entries] == [5, 5, 5, 0, 0]


@pytest.mark.parametrize("kernel", ["", "[workflows]\nhot_limit = 0"])
async def test_a_replay_draws_the_same(open_engine: Open, kernel: str):
    draws = [scripts.random(0, 2**64 - 1), scripts.random_inclusive(0, 2**64 - 1), scripts.random_string(9, 20)]
    script = [*draws, scripts.new_id(), scripts.sleep(seconds=1), *draws, scripts.new_id()]
    async with open_engine(TABLES, kernel=kernel) as harness:
        values = [value for _, value in await trace(harness, *script)]
    assert len(set(values)) == len(values)
