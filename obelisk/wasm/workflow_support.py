"""``workflow-support`` and the methods of a join set: each function's two halves, by its name."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET

from obelisk.core.checks import describe
from obelisk.core.commands import (
    Answered,
    Call,
    CloseJoinSet,
    Command,
    CreateJoinSet,
    CurrentExecutionId,
    DelayPassed,
    DrawExecutionId,
    DrawString,
    DrawU64,
    JoinNextResponse,
    Pending,
    Refused,
    ScheduleExecution,
    Sleep,
    StubExecution,
    Submit,
    SubmitDelay,
    TryNextResponse,
)
from obelisk.core.hashing import untyped_text
from obelisk.core.values import parse_json
from obelisk.errors import InvalidIdError, InvalidNameError, InvalidValueError
from obelisk.ids import is_top_level, parse_execution_id
from obelisk.names import Ffqn, ffqn, parse_ffqn
from obelisk.wasm.workflow_state import Answer, JoinSets, WorkflowImport, no_value, refusal_value
from obelisk.wasm.workflow_values import (
    datetime_value,
    execution_id_value,
    response_id_value,
    result_text,
    to_schedule_at,
)

RESULT_GETTERS: Final = frozenset(("get-result-json", "get-execution-failure-kind"))


def _drawn(state: JoinSets, command: Command, reply: Any) -> Any:
    return reply.value


def _drawn_id(state: JoinSets, command: Command, reply: Any) -> Any:
    return execution_id_value(reply.value)


def _made(state: JoinSets, command: Command, reply: Any) -> Any:
    return state.add(reply.join_set)


def _made_named(state: JoinSets, command: Command, reply: Any) -> Any:
    if isinstance(reply, Refused):
        return {"err": refusal_value(reply)}
    return {"ok": state.add(reply.join_set)}


def _closed(state: JoinSets, command: Command, reply: Any) -> Any:
    state.close(reply)


def _slept(state: JoinSets, command: Command, reply: Any) -> Any:
    if isinstance(reply, Refused):
        return {"err": None}
    state.last_one_off = reply.delay_id
    return {"ok": datetime_value(reply)} if reply.success else {"err": None}


def _joined(state: JoinSets, command: JoinNextResponse | TryNextResponse, reply: Any) -> Any:
    state.take(command.join_set, reply)
    if isinstance(reply, DelayPassed):
        return {"ok": {"ok" if reply.success else "err": None}}
    if isinstance(reply, Answered):
        return {"ok": result_text(reply.result)}
    return {"err": "pending" if isinstance(reply, Pending) else "all_processed"}


# --- functions named by text ------------------------------------------------------------------------------------------


def params_of(text: str) -> tuple[Any, str | None]:
    """Return the params that JSON text writes, or the text itself and what is wrong with it."""
    try:
        params = parse_json(text, "params")
    except InvalidValueError as error:
        return text, str(error).replace("as JSON", "as JSON array", 1)
    return (
        (params, None) if isinstance(params, list) else (text, f"params must be a json array, found {describe(params)}")
    )


def _submit(state: JoinSets, arguments: list[Any]) -> Command | Answer:
    try:
        name = function_of(arguments[1])
    except InvalidNameError as error:
        return Answer({"err": {"ffqn_parsing_error": str(error)}})
    params, problem = params_of(arguments[2])
    return Submit(state.ids[arguments[0]], name, params, is_typed=False, problem=problem)


def _call(state: JoinSets, arguments: list[Any]) -> Command | Answer:
    try:
        name = function_of(arguments[0])
    except InvalidNameError as error:
        return Answer({"err": {"ffqn_parsing_error": str(error)}})
    params, problem = params_of(arguments[1])
    return Call(name, params, is_typed=False, problem=problem)


def _schedule(state: JoinSets, arguments: list[Any]) -> Command | Answer:
    try:
        name = function_of(arguments[2])
        execution_id = parse_execution_id(arguments[0]["id"])
    except InvalidNameError as error:
        return Answer({"err": {"ffqn_parsing_error": str(error)}})
    except InvalidIdError as error:
        return Answer({"err": {"type_check_error": f"execution-id: {error}"}})
    if not is_top_level(execution_id):
        found = f"execution-id: `{execution_id}` names a child, expected the id of an execution without a parent"
        return Answer({"err": {"type_check_error": found}})
    params, problem = params_of(arguments[3])
    at = to_schedule_at(arguments[1])
    return ScheduleExecution(name, params, at, execution_id, is_typed=False, problem=problem)


def function_of(value: Any) -> Ffqn:
    """Return the name that a ``function`` holds; raise ``InvalidNameError`` when it is none."""
    return parse_ffqn(ffqn(value["interface_name"], value["function_name"]))


def _created(state: JoinSets, command: Command, reply: Any) -> Any:
    return (
        {"err": refusal_value(reply)} if isinstance(reply, Refused) else {"ok": execution_id_value(reply.execution_id)}
    )


def _done(state: JoinSets, command: Command, reply: Any) -> Any:
    return {"err": refusal_value(reply)} if isinstance(reply, Refused) else {"ok": None}


def _called(state: JoinSets, command: Command, reply: Any) -> Any:
    if isinstance(reply, Refused):
        return {"err": refusal_value(reply)}
    state.called(reply)
    return {"ok": result_text(reply.result)}


def _stub(state: JoinSets, arguments: list[Any]) -> Command | Answer:
    try:
        target = parse_execution_id(arguments[0]["id"])
        value = parse_json(arguments[1], "the result")
    except InvalidIdError as error:
        return Answer({"err": {"execution_id_parsing_error": str(error)}})
    except InvalidValueError as error:
        return Answer({"err": {"type_check_error": str(error)}})
    if is_top_level(target):
        return Answer({"err": "execution_not_found"})
    return StubExecution(target, value, None, untyped_text(arguments[1]))


def _answered(state: JoinSets, arguments: list[Any]) -> Answered | Answer:
    try:
        execution_id = parse_execution_id(arguments[0]["id"])
    except InvalidIdError as error:
        return Answer({"err": {"execution_id_parsing_error": str(error)}})
    return state.answers.get(execution_id) or Answer({"err": "not_found_in_processed_responses"})


def _get_result(state: JoinSets, arguments: list[Any]) -> Answer:
    answered = _answered(state, arguments)
    return answered if isinstance(answered, Answer) else Answer({"ok": result_text(answered.result)})


def _get_failure(state: JoinSets, arguments: list[Any]) -> Answer:
    answered = _answered(state, arguments)
    if isinstance(answered, Answer):
        return answered
    failure = answered.result.execution_failure
    return Answer({"ok": None if failure is UNSET else failure.kind.value})


def _last_one_off(state: JoinSets, arguments: list[Any]) -> Answer:
    return Answer(None if state.last_one_off is None else response_id_value(state.last_one_off))


SUPPORT_FUNCTIONS: Final = {
    "execution-id-current": WorkflowImport(lambda state, arguments: CurrentExecutionId(), _drawn_id),
    "execution-id-generate": WorkflowImport(lambda state, arguments: DrawExecutionId(), _drawn_id),
    "random-u64": WorkflowImport(lambda state, arguments: DrawU64(arguments[0], arguments[1] - 1), _drawn),
    "random-u64-inclusive": WorkflowImport(lambda state, arguments: DrawU64(arguments[0], arguments[1]), _drawn),
    "random-string": WorkflowImport(lambda state, arguments: DrawString(arguments[0], arguments[1]), _drawn),
    "sleep": WorkflowImport(lambda state, arguments: Sleep(to_schedule_at(arguments[0]), arguments[1]), _slept),
    "join-set-create": WorkflowImport(lambda state, arguments: CreateJoinSet(), _made),
    "join-set-create-named": WorkflowImport(lambda state, arguments: CreateJoinSet(arguments[0]), _made_named),
    "join-set-close": WorkflowImport(lambda state, arguments: CloseJoinSet(state.ids[arguments[0]]), _closed),
    "submit-delay": WorkflowImport(
        lambda state, arguments: SubmitDelay(state.ids[arguments[0]], to_schedule_at(arguments[1])),
        lambda state, command, reply: {"id": reply.delay_id},
    ),
    "join-next": WorkflowImport(lambda state, arguments: JoinNextResponse(state.ids[arguments[0]]), _joined),
    "join-next-try": WorkflowImport(lambda state, arguments: TryNextResponse(state.ids[arguments[0]]), _joined),
    "submit-json": WorkflowImport(_submit, _created),
    "call-json": WorkflowImport(_call, _called),
    "schedule-json": WorkflowImport(_schedule, _done),
    "stub-json": WorkflowImport(_stub, _done),
    "get-result-json": WorkflowImport(_get_result, no_value),
    "get-execution-failure-kind": WorkflowImport(_get_failure, no_value),
    "last-oneoff-id": WorkflowImport(_last_one_off, no_value),
    "last-direct-call-id": WorkflowImport(
        lambda state, arguments: Answer(None if state.last_call is None else execution_id_value(state.last_call)),
        no_value,
    ),
}


def _last_id(state: JoinSets, arguments: list[Any]) -> Answer:
    taken = state.last_taken.get(state.ids[arguments[0]])
    return Answer(None if taken is None else response_id_value(taken))


JOIN_SET_METHODS: Final = {
    "[method]join-set.id": WorkflowImport(lambda state, arguments: Answer(state.ids[arguments[0]]), no_value),
    "[method]join-set.last-id": WorkflowImport(_last_id, no_value),
}
