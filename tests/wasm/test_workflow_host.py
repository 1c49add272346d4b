"""What each import of a workflow asks for, and what the guest gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from obelisk.clock import EPOCH, FAR_FUTURE
from obelisk.core.commands import (
    AllProcessed,
    Answered,
    Call,
    CloseJoinSet,
    CreateJoinSet,
    DelayPassed,
    DelaySubmitted,
    JoinNextResponse,
    JoinSetMade,
    Mismatched,
    RefusalKind,
    Refused,
    ScheduleExecution,
    Sleep,
    Submit,
    SubmitDelay,
    Submitted,
)
from obelisk.core.events import ExecutionResult, FailureKind, ScheduleAt, Span, TypedValue, failed
from obelisk.core.values import Unprojectable
from obelisk.errors import ComponentError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.names import Ffqn
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.workflow_host import Answer, JoinSets, WorkflowImport, offered_interfaces, workflow_import
from obelisk.wasm.workflow_values import to_schedule_at
from obelisk.wit.hosts import JOIN_SET, WORKFLOW_SUPPORT, host_interface, host_type
from obelisk.wit.model import BorrowType, Function, Param, Primitive, ResultType, Type

PLAIN = Ffqn("testing:plain/plain.get")
OTHER = Ffqn("testing:other/other.get")
CHILD = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM8D.g:1_1")
DELAY = DelayId("Delay_01HKQYGXB8DKHXWQ8A3K9WRM8D.g:1_1")
SET = JoinSetId("g:1")
IN_A_SECOND = {"in": {"seconds": 1}}
SECOND = ScheduleAt(in_=Span(1))
BORROWED = Param("join-set", BorrowType("join-set"))
AWAIT_ERROR = host_type("obelisk:types/execution@5.0.0", "await-next-extension-error").type
GET_ERROR = host_type("obelisk:types/execution@5.0.0", "get-extension-error").type


@pytest.fixture
def state() -> JoinSets:
    """A guest that holds one join set, as number 0."""
    state = JoinSets(keeps_answers=True)
    state.add(SET)
    return state


def host(name: str) -> WorkflowImport:
    """Return an import of ``workflow-support``, or a method of ``join-set``."""
    interface = host_interface(JOIN_SET if name.startswith("[") else WORKFLOW_SUPPORT)
    function = None if interface is None else interface.function(name)
    assert interface is not None and function is not None
    return workflow_import(ImportedFunction(interface.name, function, recorded=False))


def other(interface: str, name: str, result: Type | None, *params: Param) -> WorkflowImport:
    """Return an import of another component's function, or of one that extends it."""
    return workflow_import(ImportedFunction(interface, Function(name, params, result), recorded=False))


def returned(value: Any, name: Ffqn = PLAIN) -> Answered:
    return Answered(CHILD, name, ExecutionResult(ok=TypedValue("u64", value)))


FAILED = Answered(CHILD, PLAIN, failed(FailureKind.TIMED_OUT, "too slow"))

# --- workflow-support -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("join-set-create", [], CreateJoinSet()),
        ("join-set-create-named", ["one"], CreateJoinSet("one")),
        ("join-set-close", [0], CloseJoinSet(SET)),
        ("join-next", [0], JoinNextResponse(SET)),
        ("submit-delay", [0, IN_A_SECOND], SubmitDelay(SET, SECOND)),
        ("sleep", ["now", None], Sleep("now")),
        ("sleep", [IN_A_SECOND, "nap"], Sleep(SECOND, "nap")),
    ],
)
def test_an_import_asks_for_its_command(state, name, arguments, command):
    assert host(name).ask(state, arguments) == command


def test_a_join_set_that_was_made_gets_the_next_number(state):
    made = JoinSetMade(JoinSetId("n:one"))
    assert host("join-set-create").reply(state, CreateJoinSet(), made) == 1
    assert host("join-set-create-named").reply(state, CreateJoinSet("one"), made) == {"ok": 2}
    assert state.ids[1:] == ["n:one", "n:one"]


@pytest.mark.parametrize(
    ("kind", "value"), [(RefusalKind.CONFLICT, "conflict"), (RefusalKind.INVALID_NAME, {"invalid_name": "why"})]
)
def test_a_name_that_is_refused_is_an_error_of_the_guests(state, kind, value):
    reply = host("join-set-create-named").reply(state, CreateJoinSet("x"), Refused(kind, "why"))
    assert reply == {"err": value}


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (ExecutionResult(ok=TypedValue("u64", 2**64 - 1)), {"ok": {"ok": "18446744073709551615"}}),
        (ExecutionResult(ok=None), {"ok": {"ok": None}}),
        (ExecutionResult(err=TypedValue("string", "ä")), {"ok": {"err": '"ä"'}}),
        (ExecutionResult(err=None), {"ok": {"err": None}}),
        (failed(FailureKind.CANCELLED, "why"), {"ok": {"err": '"execution_failed"'}}),
    ],
)
def test_join_next_hands_out_a_result_as_json_text(state, result, value):
    assert host("join-next").reply(state, JoinNextResponse(SET), Answered(CHILD, PLAIN, result)) == value


@pytest.mark.parametrize(("success", "side"), [(True, "ok"), (False, "err")])
def test_join_next_hands_out_a_delay_without_a_payload(state, success, side):
    reply = DelayPassed(DELAY, 1, 2, success)
    assert host("join-next").reply(state, JoinNextResponse(SET), reply) == {"ok": {side: None}}


def test_join_next_has_nothing_left(state):
    assert host("join-next").reply(state, JoinNextResponse(SET), AllProcessed()) == {"err": "all_processed"}


def test_a_delay_has_an_id(state):
    reply = host("submit-delay").reply(state, SubmitDelay(SET, "now"), DelaySubmitted(DELAY))
    assert reply == {"id": DELAY}


def test_a_join_set_knows_its_id(state):
    assert host("[method]join-set.id").ask(state, [0]) == Answer(SET)


def test_a_join_set_knows_whose_response_was_taken_last(state):
    last = host("[method]join-set.last-id")
    assert last.ask(state, [0]) == Answer(None)
    host("join-next").reply(state, JoinNextResponse(SET), returned(1))
    assert last.ask(state, [0]) == Answer({"execution_id": {"id": CHILD}})
    host("join-next").reply(state, JoinNextResponse(SET), DelayPassed(DELAY, 1, 2))
    assert last.ask(state, [0]) == Answer({"delay_id": {"id": DELAY}})
    host("join-next").reply(state, JoinNextResponse(SET), AllProcessed())
    assert last.ask(state, [0]) == Answer({"delay_id": {"id": DELAY}})


def test_the_last_direct_call_is_known(state):
    assert host("last-direct-call-id").ask(state, []) == Answer(None)
    other("testing:plain/plain", "get", Primitive.U64).reply(state, Call(PLAIN, []), returned(5))
    assert host("last-direct-call-id").ask(state, []) == Answer({"id": CHILD})


# --- functions of other components -------------------------------------------------------------------------------------


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


def test_an_extension_that_workflows_do_not_have_is_refused():
    with pytest.raises(ComponentError, match="cannot import `testing:plain-obelisk-stub/plain"):
        other("testing:plain-obelisk-stub/plain", "get-stub", None)


def test_what_is_offered_is_what_has_a_meaning():
    for interface in offered_interfaces():
        for function in interface.functions if interface.name in (WORKFLOW_SUPPORT, JOIN_SET) else ():
            host(function.name)


# --- times ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("now", "now"),
        ({"in": {"milliseconds": 1}}, ScheduleAt(in_=Span(0, 1_000_000))),
        ({"in": {"milliseconds": 2**64 - 1}}, ScheduleAt(in_=Span(18446744073709551, 615_000_000))),
        ({"in": {"seconds": 2**64 - 1}}, ScheduleAt(in_=Span(2**64 - 1))),
        ({"in": {"minutes": 2}}, ScheduleAt(in_=Span(120))),
        ({"in": {"hours": 2**32 - 1}}, ScheduleAt(in_=Span((2**32 - 1) * 3600))),
        ({"in": {"days": 1}}, ScheduleAt(in_=Span(86_400))),
        ({"at": {"seconds": 0, "nanoseconds": 0}}, ScheduleAt(at=EPOCH)),
        ({"at": {"seconds": 1, "nanoseconds": 1}}, ScheduleAt(at=EPOCH + timedelta(seconds=1, microseconds=1))),
        ({"at": {"seconds": 1, "nanoseconds": 999_999_001}}, ScheduleAt(at=EPOCH + timedelta(seconds=2))),
        ({"at": {"seconds": 1, "nanoseconds": 4_000_000_000}}, ScheduleAt(at=EPOCH + timedelta(seconds=5))),
        ({"at": {"seconds": 2**64 - 1, "nanoseconds": 2**32 - 1}}, ScheduleAt(at=FAR_FUTURE)),
        (
            {"at": {"seconds": 253_402_300_798, "nanoseconds": 999_999_999}},
            ScheduleAt(at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ),
        ({"at": {"seconds": 253_402_300_798, "nanoseconds": 4_000_000_000}}, ScheduleAt(at=FAR_FUTURE)),
    ],
)
def test_a_time_is_what_the_log_holds(value, expected):
    assert to_schedule_at(value) == expected
