"""Functions of other components and their extensions: what each asks for, and what the guest gets."""

from __future__ import annotations

import pytest

from obelisk.core.commands import (
    AllProcessed,
    Answered,
    Call,
    Command,
    Done,
    JoinNextResponse,
    Mismatched,
    RefusalKind,
    Refused,
    ScheduleExecution,
    StubExecution,
    Submit,
    Submitted,
)
from obelisk.core.events import ExecutionResult, FailureKind, TypedValue
from obelisk.core.hashing import typed_text
from obelisk.core.values import Unprojectable
from obelisk.ids import ExecutionId
from obelisk.wasm.workflow_state import Answer, WorkflowImport
from obelisk.wit.hosts import host_type
from obelisk.wit.model import Param, Primitive, ResultType, Type
from tests.wasm.imports import (
    BORROWED,
    CHILD,
    DELAY,
    FAILED,
    IN_A_SECOND,
    OTHER,
    PLAIN,
    SECOND,
    SET,
    TOP,
    other,
    returned,
)

AWAIT_ERROR = host_type("obelisk:types/execution@5.0.0", "await-next-extension-error").type
GET_ERROR = host_type("obelisk:types/execution@5.0.0", "get-extension-error").type
EXECUTION_ID = host_type("obelisk:types/execution@5.0.0", "execution-id").type


def test_a_direct_call_is_a_call(state):
    direct = other("testing:plain/plain", "get", Primitive.U64, Param("a", Primitive.U8))
    assert direct.ask(state, [3]) == Call(PLAIN, [3])
    assert direct.reply(state, Call(PLAIN, [3]), returned(5)) == 5


def test_a_direct_call_whose_type_cannot_carry_a_failure_traps_with_the_child_and_the_reason(state):
    reply = other("testing:plain/plain", "get", Primitive.U64).reply(state, Call(PLAIN, []), FAILED)
    assert isinstance(reply, Unprojectable)
    assert all(part in reply.reason for part in (CHILD, PLAIN, "too slow"))


def test_a_submission_has_the_childs_id(state):
    submit = other("testing:plain-obelisk-ext/plain", "get-submit", None, BORROWED, Param("a", Primitive.U8))
    assert submit.ask(state, [0, 3]) == Submit(SET, PLAIN, [3])
    assert submit.reply(state, Submit(SET, PLAIN, [3]), Submitted(CHILD)) == {"id": CHILD}


def test_a_schedule_has_the_executions_id(state):
    schedule = other("testing:plain-obelisk-schedule/plain", "get-schedule", None)
    command = ScheduleExecution(PLAIN, [3], SECOND)
    assert schedule.ask(state, [IN_A_SECOND, 3]) == command
    assert schedule.reply(state, command, Submitted(CHILD)) == {"id": CHILD}


def awaiting(result: Type) -> WorkflowImport:
    return other("testing:plain-obelisk-ext/plain", "get-await-next", ResultType(result, AWAIT_ERROR), BORROWED)


WRAPPED = ResultType(Primitive.U64, host_type("obelisk:types/execution@5.0.0", "execution-failure-kind").type)
FALLIBLE = ResultType(Primitive.U64, None)


def test_await_next_asks_for_the_function(state):
    assert awaiting(FALLIBLE).ask(state, [0]) == JoinNextResponse(SET, PLAIN)


@pytest.mark.parametrize(
    ("result", "reply", "value"),
    [
        (FALLIBLE, returned(5), {"ok": {"ok": 5}}),
        (FALLIBLE, Answered(CHILD, PLAIN, ExecutionResult(err=None)), {"ok": {"err": None}}),
        (FALLIBLE, FAILED, {"ok": {"err": None}}),
        (WRAPPED, returned(5), {"ok": {"ok": 5}}),
        (WRAPPED, FAILED, {"ok": {"err": "timed_out"}}),
        (FALLIBLE, AllProcessed(), {"err": "all_processed"}),
    ],
)
def test_await_next_hands_out_what_the_type_can_say(state, result, reply, value):
    assert awaiting(result).reply(state, JoinNextResponse(SET, PLAIN), reply) == value


@pytest.mark.parametrize(
    ("reply", "actual", "actual_id"),
    [
        (
            Mismatched(OTHER, CHILD),
            {"interface_name": "testing:other/other", "function_name": "get"},
            {"execution_id": {"id": CHILD}},
        ),
        (Mismatched(None, DELAY), None, {"delay_id": {"id": DELAY}}),
    ],
)
def test_await_next_names_what_it_found_instead(state, reply, actual, actual_id):
    value = awaiting(FALLIBLE).reply(state, JoinNextResponse(SET, PLAIN), reply)
    assert value == {
        "err": {
            "function_mismatch": {
                "specified_function": {"interface_name": "testing:plain/plain", "function_name": "get"},
                "actual_function": actual,
                "actual_id": actual_id,
            }
        }
    }
    assert state.last_taken[SET] == reply.actual_id


def getting(result: Type) -> WorkflowImport:
    return other("testing:plain-obelisk-ext/plain", "get-get", ResultType(result, GET_ERROR))


def test_get_finds_a_result_that_was_taken(state):
    awaiting(FALLIBLE).reply(state, JoinNextResponse(SET, PLAIN), returned(5))
    assert getting(FALLIBLE).ask(state, [{"id": CHILD}]) == Answer({"ok": {"ok": 5}})


def test_get_does_not_find_what_was_not_taken(state):
    assert getting(FALLIBLE).ask(state, [{"id": CHILD}]) == Answer({"err": "not_found_in_processed_responses"})


def test_get_names_the_function_that_it_found_instead(state):
    awaiting(FALLIBLE).reply(state, JoinNextResponse(SET), returned(5, OTHER))
    answer = getting(FALLIBLE).ask(state, [{"id": CHILD}])
    assert answer.value["err"]["function_mismatch"]["actual_id"] == {"execution_id": {"id": CHILD}}


# --- stubs ------------------------------------------------------------------------------------------------------------


def stubbing(result: Type) -> WorkflowImport:
    params = (Param("execution-id", EXECUTION_ID), Param("execution-result", result))
    return other("testing:plain-obelisk-stub/plain", "get-stub", ResultType(None, None), *params)


FIVE = ExecutionResult(ok=TypedValue("u64", 5))


@pytest.mark.parametrize(
    ("type_", "value", "result"),
    [
        (FALLIBLE, {"ok": 5}, FIVE),
        (FALLIBLE, {"err": None}, ExecutionResult(err=None)),
        (WRAPPED, {"ok": 5}, FIVE),
    ],
)
def test_a_stub_is_given_a_result_of_its_type(state, type_, value, result):
    command = stubbing(type_).ask(state, [{"id": CHILD}, value])
    assert command == StubExecution(CHILD, result, PLAIN, typed_text(result))


@pytest.mark.parametrize("kind", FailureKind)
def test_a_stub_whose_type_has_no_place_for_a_failure_can_be_failed(state, kind):
    command = stubbing(WRAPPED).ask(state, [{"id": CHILD}, {"err": kind.value}])
    assert isinstance(command, StubExecution)
    assert command.value.execution_failure.kind is kind


@pytest.mark.parametrize("text", ["", "E_1", f"{CHILD}.", DELAY, TOP])
def test_what_is_no_childs_id_is_not_found_without_a_command(state, text):
    assert stubbing(FALLIBLE).ask(state, [{"id": text}, {"ok": 5}]) == Answer({"err": "execution_not_found"})


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (Done(), {"ok": None}),
        (Refused(RefusalKind.EXECUTION_NOT_FOUND), {"err": "execution_not_found"}),
        (Refused(RefusalKind.CONFLICT), {"err": "conflict"}),
        (Refused(RefusalKind.TYPE_CHECK_ERROR, "no stub"), {"err": {"type_check_error": "no stub"}}),
    ],
)
def test_the_outcome_of_a_stub_is_told(state, reply, value):
    assert stubbing(FALLIBLE).reply(state, StubExecution(CHILD, FIVE, PLAIN, ""), reply) == value


# --- calls whose refusal is recorded ----------------------------------------------------------------------------------

TYPED_CALLS: dict[str, tuple[WorkflowImport, Command]] = {
    "a direct call": (other("testing:plain/plain", "get", Primitive.U64), Call(PLAIN, [])),
    "a submission": (
        other("testing:plain-obelisk-ext/plain", "get-submit", None, BORROWED),
        Submit(SET, PLAIN, []),
    ),
    "a schedule": (
        other("testing:plain-obelisk-schedule/plain", "get-schedule", None),
        ScheduleExecution(PLAIN, [], "now"),
    ),
}


@pytest.mark.parametrize(("import_", "command"), TYPED_CALLS.values(), ids=TYPED_CALLS)
def test_a_typed_call_that_was_refused_traps_with_the_function_and_the_reason(state, import_, command):
    reply = import_.reply(state, command, Refused(RefusalKind.TYPE_CHECK_ERROR, "type checking failed"))
    assert reply == Unprojectable(f"a call of `{PLAIN}` is recorded as type_check_error: type checking failed")


@pytest.mark.parametrize(("import_", "command"), TYPED_CALLS.values(), ids=TYPED_CALLS)
def test_a_typed_call_that_was_refused_without_a_detail_traps_with_the_kind(state, import_, command):
    reply = import_.reply(state, command, Refused(RefusalKind.FUNCTION_NOT_FOUND))
    assert reply == Unprojectable(f"a call of `{PLAIN}` is recorded as function_not_found")


def test_a_refused_call_is_not_the_last_one(state):
    direct, command = TYPED_CALLS["a direct call"]
    direct.reply(state, command, Refused(RefusalKind.FUNCTION_NOT_FOUND))
    assert (state.last_call, state.last_one_off) == (None, None)


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_direct_call_whose_type_can_carry_a_failure_gets_it_as_its_error(state):
    variant = host_type("obelisk:types/execution@5.0.0", "get-extension-error").type
    text = other("testing:plain/plain", "get", ResultType(None, Primitive.STRING))
    assert text.reply(state, Call(PLAIN, []), FAILED) == {"err": "execution_failed"}
    plain = other("testing:plain/plain", "get", ResultType(Primitive.U64, None))
    assert plain.reply(state, Call(PLAIN, []), FAILED) == {"err": None}
    unfit = other("testing:plain/plain", "get", ResultType(Primitive.U64, variant))
    assert isinstance(unfit.reply(state, Call(PLAIN, []), FAILED), Unprojectable)


def test_a_direct_call_that_failed_is_the_last_one(state):
    other("testing:plain/plain", "get", Primitive.U64).reply(state, Call(PLAIN, []), FAILED)
    assert state.last_call == CHILD


def test_get_tells_a_failure_as_await_next_did(state):
    awaiting(WRAPPED).reply(state, JoinNextResponse(SET, PLAIN), FAILED)
    assert getting(WRAPPED).ask(state, [{"id": CHILD}]) == Answer({"ok": {"err": "timed_out"}})


def test_get_finds_the_result_of_a_direct_call(state):
    other("testing:plain/plain", "get", FALLIBLE).reply(state, Call(PLAIN, []), returned(5))
    assert getting(FALLIBLE).ask(state, [{"id": CHILD}]) == Answer({"ok": {"ok": 5}})


@pytest.mark.parametrize("text", ["", "E_1", DELAY, ExecutionId(f"{TOP}.g:1_2")])
def test_get_does_not_find_what_nobody_has(state, text):
    awaiting(FALLIBLE).reply(state, JoinNextResponse(SET, PLAIN), returned(5))
    assert getting(FALLIBLE).ask(state, [{"id": text}]) == Answer({"err": "not_found_in_processed_responses"})


def test_get_finds_a_response_that_was_taken_as_a_mismatch(state):
    five = ExecutionResult(ok=TypedValue("u64", 5))
    other_await = other(
        "testing:other-obelisk-ext/other", "get-await-next", ResultType(FALLIBLE, AWAIT_ERROR), BORROWED
    )
    other_await.reply(state, JoinNextResponse(SET, OTHER), Mismatched(PLAIN, CHILD, five))
    assert getting(FALLIBLE).ask(state, [{"id": CHILD}]) == Answer({"ok": {"ok": 5}})
