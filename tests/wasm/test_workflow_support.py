"""``workflow-support`` and the methods of a join set: what each function asks for, and what the guest gets."""

from __future__ import annotations

import pytest

from obelisk.core.commands import (
    AllProcessed,
    Answered,
    Call,
    CloseJoinSet,
    CreateJoinSet,
    CurrentExecutionId,
    DelayPassed,
    DelaySubmitted,
    Done,
    DrawExecutionId,
    Drawn,
    DrawString,
    DrawU64,
    JoinNextResponse,
    JoinSetMade,
    Pending,
    RefusalKind,
    Refused,
    Sleep,
    SubmitDelay,
    TryNextResponse,
)
from obelisk.core.events import ExecutionResult, FailureKind, TypedValue, failed
from obelisk.ids import JoinSetId
from obelisk.wasm.workflow_state import Answer
from obelisk.wit.hosts import WORKFLOW_SUPPORT_BACKTRACE, host_interface
from obelisk.wit.model import Primitive
from tests.wasm.imports import CHILD, DELAY, IN_A_SECOND, PLAIN, SECOND, SET, TOP, host, other, returned


@pytest.mark.parametrize(
    ("name", "arguments", "command"),
    [
        ("join-set-create", [], CreateJoinSet()),
        ("join-set-create-named", ["one"], CreateJoinSet("one")),
        ("join-set-close", [0], CloseJoinSet(SET)),
        ("join-next", [0], JoinNextResponse(SET)),
        ("join-next-try", [0], TryNextResponse(SET)),
        ("submit-delay", [0, IN_A_SECOND], SubmitDelay(SET, SECOND)),
        ("sleep", ["now", None], Sleep("now")),
        ("sleep", [IN_A_SECOND, "nap"], Sleep(SECOND, "nap")),
        ("random-u64", [3, 9], DrawU64(3, 8)),
        ("random-u64", [3, 0], DrawU64(3, -1)),
        ("random-u64-inclusive", [3, 9], DrawU64(3, 9)),
        ("random-string", [3, 9], DrawString(3, 9)),
        ("execution-id-current", [], CurrentExecutionId()),
        ("execution-id-generate", [], DrawExecutionId()),
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


# --- values that were drawn, and time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "drawn", "value"),
    [
        ("random-u64", 2**64 - 1, 2**64 - 1),
        ("random-u64-inclusive", 0, 0),
        ("random-string", "aB3", "aB3"),
        ("execution-id-current", TOP, {"id": TOP}),
        ("execution-id-generate", TOP, {"id": TOP}),
    ],
)
def test_what_was_drawn_is_handed_on(state, name, drawn, value):
    assert host(name).reply(state, CurrentExecutionId(), Drawn(drawn)) == value


def test_a_sleep_tells_when_it_was_due(state):
    assert host("sleep").reply(state, Sleep("now"), DelayPassed(DELAY, 7, 8)) == {
        "ok": {"seconds": 7, "nanoseconds": 8}
    }


def test_a_cancelled_sleep_is_an_err(state):
    assert host("sleep").reply(state, Sleep("now"), DelayPassed(DELAY, 7, 8, success=False)) == {"err": None}


def test_a_sleep_whose_name_is_refused_is_an_err(state):
    reply = host("sleep").reply(state, Sleep("now", "a.b"), Refused(RefusalKind.INVALID_NAME, "no `.` here"))
    assert reply == {"err": None}


# --- looking without waiting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (returned(5), {"ok": {"ok": "5"}}),
        (DelayPassed(DELAY, 1, 2), {"ok": {"ok": None}}),
        (DelayPassed(DELAY, 1, 2, success=False), {"ok": {"err": None}}),
        (Pending(), {"err": "pending"}),
        (AllProcessed(), {"err": "all_processed"}),
    ],
)
def test_join_next_try_hands_out_what_it_found(state, reply, value):
    assert host("join-next-try").reply(state, TryNextResponse(SET), reply) == value


def test_what_a_look_found_is_the_last_response_of_the_join_set(state):
    host("join-next-try").reply(state, TryNextResponse(SET), returned(5))
    host("join-next-try").reply(state, TryNextResponse(SET), Pending())
    assert host("[method]join-set.last-id").ask(state, [0]) == Answer({"execution_id": {"id": CHILD}})


def test_join_sets_remember_their_last_responses_apart(state):
    state.add(JoinSetId("n:two"))
    host("join-next").reply(state, JoinNextResponse(SET), returned(1))
    assert host("[method]join-set.last-id").ask(state, [1]) == Answer(None)


def test_a_close_gives_nothing(state):
    assert host("join-set-close").reply(state, CloseJoinSet(SET), Done()) is None


# --- the last one-off -------------------------------------------------------------------------------------------------


def test_there_is_no_last_one_off_before_the_first(state):
    assert host("last-oneoff-id").ask(state, []) == Answer(None)


def test_the_last_one_off_is_the_last_call_or_the_last_sleep(state):
    host("call-json").reply(state, Call(PLAIN, [], is_typed=False), returned(5))
    assert host("last-oneoff-id").ask(state, []) == Answer({"execution_id": {"id": CHILD}})
    host("sleep").reply(state, Sleep("now"), DelayPassed(DELAY, 7, 8, success=False))
    assert host("last-oneoff-id").ask(state, []) == Answer({"delay_id": {"id": DELAY}})
    assert host("last-direct-call-id").ask(state, []) == Answer({"id": CHILD})
    other("testing:plain/plain", "get", Primitive.U64).reply(state, Call(PLAIN, []), returned(5))
    assert host("last-oneoff-id").ask(state, []) == Answer({"execution_id": {"id": CHILD}})


def test_responses_of_join_sets_are_no_one_offs(state):
    host("join-next").reply(state, JoinNextResponse(SET), returned(5))
    assert host("last-oneoff-id").ask(state, []) == Answer(None)
    assert host("last-direct-call-id").ask(state, []) == Answer(None)


# --- the twin with backtraces -----------------------------------------------------------------------------------------

FUNCTION = {"interface_name": "testing:plain/plain", "function_name": "get"}
WITH_BACKTRACE = {
    "random-u64": [0, 1],
    "random-u64-inclusive": [0, 1],
    "random-string": [0, 1],
    "sleep": [IN_A_SECOND, "nap"],
    "join-set-create": [],
    "join-set-create-named": ["one"],
    "join-set-close": [0],
    "submit-json": [0, FUNCTION, "[]"],
    "submit-delay": [0, "now"],
    "join-next": [0],
    "join-next-try": [0],
    "execution-id-generate": [],
    "schedule-json": [{"id": TOP}, "now", FUNCTION, "[]"],
    "call-json": [FUNCTION, "[]"],
    "stub-json": [{"id": CHILD}, "null"],
}


def test_the_twin_has_the_functions_that_leave_an_event():
    interface = host_interface(WORKFLOW_SUPPORT_BACKTRACE)
    assert interface is not None
    assert {function.name for function in interface.functions} == WITH_BACKTRACE.keys()


@pytest.mark.parametrize("name", WITH_BACKTRACE)
@pytest.mark.parametrize("backtrace", [None, {"frames": []}])
def test_a_backtrace_changes_nothing(state, name, backtrace):
    arguments = WITH_BACKTRACE[name]
    twin = host(name, WORKFLOW_SUPPORT_BACKTRACE)
    assert twin.ask(state, [*arguments, backtrace]) == host(name).ask(state, arguments)
