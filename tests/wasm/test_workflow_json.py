"""Functions, params and results that a workflow names and gives by text: each error has its place."""

from __future__ import annotations

from typing import Any

import pytest

from obelisk.core.commands import (
    Answered,
    Call,
    Command,
    Done,
    JoinNextResponse,
    RefusalKind,
    Refused,
    ScheduleExecution,
    StubExecution,
    Submit,
    Submitted,
    TryNextResponse,
)
from obelisk.core.events import ExecutionResult, FailureKind, TypedValue, failed
from obelisk.ids import ExecutionId
from obelisk.wasm.workflow_state import Answer, JoinSets
from tests.wasm.imports import CHILD, IN_A_SECOND, PLAIN, SECOND, SET, TOP, host, returned

FUNCTION = {"interface_name": "testing:plain/plain", "function_name": "get"}
VERSIONED = {"interface_name": "testing:plain/plain@1.2.3", "function_name": "get-it"}
NOT_FOUND = {"err": "not_found_in_processed_responses"}


def ask(state: JoinSets, name: str, function: Any, params: str) -> Command | Answer:
    """Ask for a function with params, in each way that there is."""
    arguments: dict[str, list[Any]] = {
        "submit-json": [0, function, params],
        "call-json": [function, params],
        "schedule-json": [{"id": TOP}, IN_A_SECOND, function, params],
    }
    return host(name).ask(state, arguments[name])  # type: ignore[return-value]


def asked(name: str, params: Any, problem: str | None = None) -> Command:
    """Return the command for ``PLAIN``."""
    commands: dict[str, Command] = {
        "submit-json": Submit(SET, PLAIN, params, is_typed=False, problem=problem),
        "call-json": Call(PLAIN, params, is_typed=False, problem=problem),
        "schedule-json": ScheduleExecution(PLAIN, params, SECOND, TOP, is_typed=False, problem=problem),
    }
    return commands[name]


each_call = pytest.mark.parametrize("name", ["submit-json", "call-json", "schedule-json"])


# --- functions ------------------------------------------------------------------------------------------------------------


@each_call
def test_a_function_and_its_params_are_asked_for_to_be_checked(state, name):
    assert ask(state, name, FUNCTION, '[1, {"a": null}]') == asked(name, [1, {"a": None}])


@each_call
def test_a_function_may_have_a_version(state, name):
    assert ask(state, name, VERSIONED, "[]").ffqn == "testing:plain/plain@1.2.3.get-it"


@each_call
@pytest.mark.parametrize(
    ("interface", "function"),
    [
        ("", ""),
        ("testing:plain/plain", ""),
        ("", "get"),
        ("testing:plain", "get"),
        ("plain", "get"),
        ("testing:plain/plain@1", "get"),
        ("testing:plain/plain", "get it"),
        ("testing:plain/plain", "get_it"),
        ("testing:plain/plain", "a.get"),
        ("testing:plain/plain\0", "get"),
        ("x" * 2000, "get"),
    ],
)
def test_what_is_no_function_name_is_answered_without_a_command(state, name, interface, function):
    answer = ask(state, name, {"interface_name": interface, "function_name": function}, "[]")
    assert isinstance(answer, Answer)
    assert list(answer.value["err"]) == ["ffqn_parsing_error"]
    assert "expected `namespace:package/interface[@version]" in answer.value["err"]["ffqn_parsing_error"]


# --- params ---------------------------------------------------------------------------------------------------------------


@each_call
@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ("", "cannot parse params as JSON array"),
        ("[1", "cannot parse params as JSON array"),
        ("[1],", "cannot parse params as JSON array"),
        ("[NaN]", "cannot parse params as JSON array"),
        ("[18446744073709551616]", "cannot parse params as JSON array"),
        ("[" * 300 + "]" * 300, "cannot parse params as JSON array"),
        ("{}", "params must be a json array, found an empty object"),
        ('"[1]"', "params must be a json array, found string '[1]'"),
        ("null", "params must be a json array, found null"),
    ],
)
def test_params_that_are_no_array_are_asked_for_as_their_text_with_the_problem(state, name, params, problem):
    command = ask(state, name, FUNCTION, params)
    assert isinstance(command, Submit | Call | ScheduleExecution)
    assert command.problem is not None and command.problem.startswith(problem)
    assert command == asked(name, params, command.problem)


@each_call
def test_numbers_of_64_bits_are_exact(state, name):
    assert ask(state, name, FUNCTION, f"[{2**64 - 1}, {-(2**63)}]") == asked(name, [2**64 - 1, -(2**63)])


# --- what the guest is told -----------------------------------------------------------------------------------------------

REFUSALS = [
    (Refused(RefusalKind.FUNCTION_NOT_FOUND), {"err": "function_not_found"}),
    (Refused(RefusalKind.TYPE_CHECK_ERROR, "why"), {"err": {"type_check_error": "why"}}),
]


@each_call
@pytest.mark.parametrize(("reply", "value"), REFUSALS)
def test_a_refusal_is_an_error_of_the_guests(state, name, reply, value):
    assert host(name).reply(state, asked(name, []), reply) == value


def test_a_submission_has_the_childs_id(state):
    assert host("submit-json").reply(state, asked("submit-json", []), Submitted(CHILD)) == {"ok": {"id": CHILD}}


def test_a_schedule_has_nothing_to_say(state):
    assert host("schedule-json").reply(state, asked("schedule-json", []), Submitted(TOP)) == {"ok": None}


RESULTS = [
    (ExecutionResult(ok=TypedValue("u64", 2**64 - 1)), {"ok": "18446744073709551615"}),
    (ExecutionResult(ok=TypedValue("option<u64>", None)), {"ok": "null"}),
    (ExecutionResult(ok=None), {"ok": None}),
    (ExecutionResult(err=TypedValue("string", "ä")), {"err": '"ä"'}),
    (ExecutionResult(err=None), {"err": None}),
    (failed(FailureKind.TIMED_OUT, "why"), {"err": '"execution_failed"'}),
]


@pytest.mark.parametrize(("result", "value"), RESULTS)
def test_a_call_has_the_result_as_json_text(state, result, value):
    reply = Answered(CHILD, PLAIN, result)
    assert host("call-json").reply(state, asked("call-json", []), reply) == {"ok": value}


def test_a_call_by_text_is_the_last_direct_call(state):
    host("call-json").reply(state, asked("call-json", []), returned(1))
    assert host("last-direct-call-id").ask(state, []) == Answer({"id": CHILD})


def test_a_refused_call_is_not_the_last_direct_call(state):
    host("call-json").reply(state, asked("call-json", []), Refused(RefusalKind.FUNCTION_NOT_FOUND))
    assert host("last-direct-call-id").ask(state, []) == Answer(None)


# --- schedules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "execution-id: "),
        ("E_1", "execution-id: "),
        ("Run_01HKQYGXB8DKHXWQ8A3K9WRM8D", "execution-id: "),
        (CHILD, f"execution-id: `{CHILD}` names a child"),
    ],
)
def test_an_id_that_cannot_be_scheduled_is_answered_without_a_command(state, text, message):
    answer = host("schedule-json").ask(state, [{"id": text}, "now", FUNCTION, "[]"])
    assert isinstance(answer, Answer)
    assert answer.value["err"]["type_check_error"].startswith(message)


# --- stubs ----------------------------------------------------------------------------------------------------------------


def test_a_stubs_result_is_asked_for_with_its_text_as_what_is_hashed(state):
    text = '{"ok":  1}'
    assert host("stub-json").ask(state, [{"id": CHILD}, text]) == StubExecution(CHILD, {"ok": 1}, None, "U|" + text)


@pytest.mark.parametrize("text", ["", "E_1", f"{CHILD}.", "Delay_01HKQYGXB8DKHXWQ8A3K9WRM8D.g:1_1"])
def test_a_stubs_id_that_cannot_be_parsed_is_answered_without_a_command(state, text):
    answer = host("stub-json").ask(state, [{"id": text}, "null"])
    assert isinstance(answer, Answer)
    assert list(answer.value["err"]) == ["execution_id_parsing_error"]


@pytest.mark.parametrize("text", ["", "{", "1 2", "18446744073709551616"])
def test_a_stubs_result_that_is_no_json_is_answered_without_a_command(state, text):
    answer = host("stub-json").ask(state, [{"id": CHILD}, text])
    assert isinstance(answer, Answer)
    assert answer.value["err"]["type_check_error"].startswith("cannot parse the result as JSON")


def test_an_execution_without_a_parent_is_no_stub(state):
    assert host("stub-json").ask(state, [{"id": TOP}, "null"]) == Answer({"err": "execution_not_found"})


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (Done(), {"ok": None}),
        (Refused(RefusalKind.EXECUTION_NOT_FOUND), {"err": "execution_not_found"}),
        (Refused(RefusalKind.CONFLICT), {"err": "conflict"}),
        (Refused(RefusalKind.TYPE_CHECK_ERROR, "why"), {"err": {"type_check_error": "why"}}),
    ],
)
def test_the_outcome_of_a_stub_is_told(state, reply, value):
    assert host("stub-json").reply(state, StubExecution(CHILD, 1, None, "U|1"), reply) == value


# --- results once more ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["get-result-json", "get-execution-failure-kind"])
def test_an_id_that_cannot_be_parsed_is_told(state, name):
    answer = host(name).ask(state, [{"id": "E_1"}])
    assert list(answer.value["err"]) == ["execution_id_parsing_error"]


@pytest.mark.parametrize("name", ["get-result-json", "get-execution-failure-kind"])
@pytest.mark.parametrize("execution_id", [TOP, CHILD])
def test_what_was_not_taken_is_not_found(state, name, execution_id):
    assert host(name).ask(state, [{"id": execution_id}]) == Answer(NOT_FOUND)


@pytest.mark.parametrize(("result", "value"), RESULTS)
def test_a_result_is_given_again_as_json_text(state, result, value):
    host("join-next").reply(state, JoinNextResponse(SET), Answered(CHILD, PLAIN, result))
    assert host("get-result-json").ask(state, [{"id": CHILD}]) == Answer({"ok": value})


@pytest.mark.parametrize("kind", FailureKind)
def test_the_kind_of_a_failure_is_told(state, kind):
    host("join-next").reply(state, JoinNextResponse(SET), Answered(CHILD, PLAIN, failed(kind, "why")))
    assert host("get-execution-failure-kind").ask(state, [{"id": CHILD}]) == Answer({"ok": kind.value})


@pytest.mark.parametrize("result", [ExecutionResult(ok=None), ExecutionResult(err=TypedValue("string", "no"))])
def test_what_returned_has_no_kind_of_failure(state, result):
    host("join-next").reply(state, JoinNextResponse(SET), Answered(CHILD, PLAIN, result))
    assert host("get-execution-failure-kind").ask(state, [{"id": CHILD}]) == Answer({"ok": None})


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("join-next", JoinNextResponse(SET)),
        ("join-next-try", TryNextResponse(SET)),
        ("call-json", asked("call-json", [])),
    ],
)
def test_results_are_kept_however_they_were_taken(state, name, command):
    host(name).reply(state, command, returned(5))
    assert host("get-result-json").ask(state, [{"id": CHILD}]) == Answer({"ok": {"ok": "5"}})


def test_results_are_kept_only_for_a_component_that_can_ask_for_them():
    state = JoinSets(keeps_answers=False)
    state.add(SET)
    host("join-next").reply(state, JoinNextResponse(SET), returned(5))
    assert state.answers == {}


def test_results_of_children_are_kept_apart(state):
    second = ExecutionId(f"{TOP}.g:1_2")
    for child, value in ((CHILD, 1), (second, 2)):
        result = ExecutionResult(ok=TypedValue("u64", value))
        host("join-next").reply(state, JoinNextResponse(SET), Answered(child, PLAIN, result))
    answers = [host("get-result-json").ask(state, [{"id": child}]) for child in (CHILD, second)]
    assert answers == [Answer({"ok": {"ok": "1"}}), Answer({"ok": {"ok": "2"}})]
