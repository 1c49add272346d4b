"""What a workflow's imports mean: each becomes a command, and the reply to it a WIT value.

An import has two halves. ``ask`` turns the arguments into a ``Command``, or into an ``Answer`` when the program knows it
already. ``reply`` turns what the engine replied into the value that the guest gets, or into ``Unprojectable`` when the
guest cannot get one and has to trap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obelisk.core.commands import (
    Answered,
    Call,
    Command,
    JoinNextResponse,
    Mismatched,
    Refused,
    Reply,
    ScheduleExecution,
    StubExecution,
    Submit,
)
from obelisk.core.hashing import typed_text
from obelisk.core.values import ReturnShape, Unprojectable
from obelisk.errors import ComponentError, InvalidIdError
from obelisk.ids import is_top_level, parse_execution_id
from obelisk.names import Ffqn, ffqn
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.workflow_state import Answer, JoinSets, WorkflowImport, no_value, refusal_value
from obelisk.wasm.workflow_support import JOIN_SET_METHODS, RESULT_GETTERS, SUPPORT_FUNCTIONS
from obelisk.wasm.workflow_values import execution_id_value, mismatch_value, to_schedule_at
from obelisk.wit.extensions import FunctionExtension, extended, is_projectable
from obelisk.wit.hosts import (
    BACKTRACE,
    EXECUTION,
    JOIN_SET,
    LOG,
    TIME,
    WORKFLOW_SUPPORT,
    WORKFLOW_SUPPORT_BACKTRACE,
    host_interfaces,
)
from obelisk.wit.model import Interface, ResultType, Type

OFFERED = (TIME, EXECUTION, BACKTRACE, JOIN_SET, LOG, WORKFLOW_SUPPORT, WORKFLOW_SUPPORT_BACKTRACE)
_FUNCTIONS = {
    WORKFLOW_SUPPORT: SUPPORT_FUNCTIONS,
    # The same functions with a backtrace as the last argument, which nobody reads.
    WORKFLOW_SUPPORT_BACKTRACE: SUPPORT_FUNCTIONS,
    JOIN_SET: JOIN_SET_METHODS,
}


def offered_interfaces() -> tuple[Interface, ...]:
    """Return the host interfaces that a workflow may import."""
    return tuple(host_interfaces()[name] for name in OFFERED)


def workflow_import(function: ImportedFunction) -> WorkflowImport:
    """Return what an import means; raise ``ComponentError`` for one that has no meaning."""
    interface, name = function.interface, function.function.name
    if interface in _FUNCTIONS:
        found = _FUNCTIONS[interface].get(name)
        if found is None:
            raise ComponentError(f"a workflow cannot import `{interface}.{name}`")
        return found
    behind = extended(interface, name)
    if behind is None:
        return _direct_call(ffqn(interface, name), ReturnShape(function.function.result))
    behind_name = ffqn(behind.interface, behind.function)
    if behind.extension is FunctionExtension.STUB:
        return _stub(behind_name, _shape_of(function.function.params[1].type))
    result = function.function.result
    return _EXTENSIONS[behind.extension](behind_name, _shape_of(result.ok if isinstance(result, ResultType) else None))


def gets_results(function: ImportedFunction) -> bool:
    """Tell whether an import asks for the result of a child that was answered before."""
    if function.interface == WORKFLOW_SUPPORT:
        return function.function.name in RESULT_GETTERS
    behind = extended(function.interface, function.function.name)
    return behind is not None and behind.extension is FunctionExtension.GET


def _shape_of(extended_type: Type | None) -> ReturnShape:
    """Return the shape of the function whose R in extension functions is ``extended_type``.

    R is the function's own type where that can carry a failure, else ``result<type, execution-failure-kind>``.
    """
    if is_projectable(extended_type) or not isinstance(extended_type, ResultType):
        return ReturnShape(extended_type)
    return ReturnShape(extended_type.ok)


# --- functions of other components -----------------------------------------------------------------------------------


def _direct_call(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    def reply(state: JoinSets, command: Command, reply: Answered | Refused) -> Any:
        if isinstance(reply, Refused):
            return _was_refused(name, reply)
        state.called(reply)
        value = shape.project(reply.result)
        if isinstance(value, Unprojectable):
            return Unprojectable(f"child `{reply.execution_id}` of `{name}` failed: {value.reason}")
        return value

    return WorkflowImport(lambda state, arguments: Call(name, arguments), reply)


def _was_refused(name: Ffqn, reply: Refused) -> Unprojectable:
    """Return why a typed call ends: the log says that the same call, made by text, was refused."""
    detail = f": {reply.detail}" if reply.detail else ""
    return Unprojectable(f"a call of `{name}` is recorded as {reply.kind.value}{detail}")


def _created(name: Ffqn) -> Callable[[JoinSets, Command, Any], Any]:
    def reply(state: JoinSets, command: Command, reply: Any) -> Any:
        return _was_refused(name, reply) if isinstance(reply, Refused) else execution_id_value(reply.execution_id)

    return reply


def _submit(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    return WorkflowImport(lambda state, arguments: Submit(state.ids[arguments[0]], name, arguments[1:]), _created(name))


def _schedule(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    return WorkflowImport(
        lambda state, arguments: ScheduleExecution(name, arguments[1:], to_schedule_at(arguments[0])), _created(name)
    )


def _stub(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    def ask(state: JoinSets, arguments: list[Any]) -> Command | Answer:
        try:
            target = parse_execution_id(arguments[0]["id"])
        except InvalidIdError:
            return Answer({"err": "execution_not_found"})
        if is_top_level(target):
            return Answer({"err": "execution_not_found"})
        result = shape.stubbed(arguments[1])
        return StubExecution(target, result, name, typed_text(result))

    def reply(state: JoinSets, command: Command, reply: Reply) -> Any:
        return {"err": refusal_value(reply)} if isinstance(reply, Refused) else {"ok": None}

    return WorkflowImport(ask, reply)


def _extension_result(name: Ffqn, reply: Any) -> Any:
    if isinstance(reply, Mismatched):
        return {"err": {"function_mismatch": mismatch_value(name, reply)}}
    return {"err": "all_processed"}


def _await_next(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    def reply(state: JoinSets, command: JoinNextResponse, reply: Any) -> Any:
        state.take(command.join_set, reply)
        if isinstance(reply, Answered):
            return {"ok": shape.extension(reply.result)}
        return _extension_result(name, reply)

    return WorkflowImport(lambda state, arguments: JoinNextResponse(state.ids[arguments[0]], name), reply)


def _get(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    def ask(state: JoinSets, arguments: list[Any]) -> Answer:
        answered = state.answers.get(arguments[0]["id"])
        if answered is None:
            return Answer({"err": "not_found_in_processed_responses"})
        if answered.ffqn != name:
            return Answer(_extension_result(name, Mismatched(answered.ffqn, answered.execution_id)))
        return Answer({"ok": shape.extension(answered.result)})

    return WorkflowImport(ask, no_value)


_EXTENSIONS = {
    FunctionExtension.SUBMIT: _submit,
    FunctionExtension.AWAIT_NEXT: _await_next,
    FunctionExtension.GET: _get,
    FunctionExtension.SCHEDULE: _schedule,
}
