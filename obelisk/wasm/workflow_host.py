"""What a workflow's imports mean: each becomes a command, and the reply to it a WIT value.

An import has two halves. ``ask`` turns the arguments into a ``Command``, or into an ``Answer`` when the program knows it
already. ``reply`` turns what the engine replied into the value that the guest gets, or into ``Unprojectable`` when the
guest cannot get one and has to trap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

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
    Mismatched,
    RefusalKind,
    Refused,
    Reply,
    ScheduleExecution,
    Sleep,
    Submit,
    SubmitDelay,
)
from obelisk.core.values import ReturnShape, Unprojectable
from obelisk.errors import ComponentError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.names import Ffqn, ffqn
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.workflow_values import (
    datetime_value,
    execution_id_value,
    mismatch_value,
    response_id_value,
    result_text,
    to_schedule_at,
)
from obelisk.wit.extensions import FunctionExtension, extended, is_projectable
from obelisk.wit.hosts import host_interface
from obelisk.wit.model import Interface, ResultType, Type

SUPPORT = "obelisk:workflow/workflow-support@6.0.0"
JOIN_SET = "obelisk:types/join-set@5.0.0"
LOG = "obelisk:log/log@1.0.0"
TYPES = ("obelisk:types/time@5.0.0", "obelisk:types/execution@5.0.0", JOIN_SET, LOG)


class Answer(Struct, frozen=True):
    """The guest can go on at once with ``value``."""

    value: Any


class JoinSets:
    """The join sets that a guest holds handles of, and what it was told about responses."""

    def __init__(self, *, keeps_answers: bool) -> None:
        self._keeps_answers = keeps_answers
        self.ids: list[JoinSetId] = []
        self.last_taken: dict[JoinSetId, ExecutionId | DelayId] = {}
        self.answers: dict[ExecutionId, Answered] = {}
        self.last_call: ExecutionId | None = None

    def add(self, join_set: JoinSetId) -> int:
        """Return the number that stands for a join set in the guest's handle."""
        self.ids.append(join_set)
        return len(self.ids) - 1

    def keep(self, reply: Answered) -> None:
        """Keep a result for ``-get``, when the component imports one."""
        if self._keeps_answers:
            self.answers[reply.execution_id] = reply

    def take(self, join_set: JoinSetId, reply: Reply) -> None:
        """Take note of a response that the guest is told about."""
        if isinstance(reply, Answered):
            self.last_taken[join_set] = reply.execution_id
            self.keep(reply)
        elif isinstance(reply, DelayPassed):
            self.last_taken[join_set] = reply.delay_id
        elif isinstance(reply, Mismatched):
            self.last_taken[join_set] = reply.actual_id


Ask = Callable[[JoinSets, list[Any]], Command | Answer]
ToValue = Callable[[JoinSets, Any, Any], Any]


class WorkflowImport(Struct, frozen=True):
    """An import's two halves."""

    ask: Ask
    reply: ToValue


def offered_interfaces() -> tuple[Interface, ...]:
    """Return the host interfaces that a workflow may import."""
    found = [interface for name in TYPES if (interface := host_interface(name)) is not None]
    support = host_interface(SUPPORT)
    if support is not None:
        functions = tuple(function for function in support.functions if function.name in _SUPPORT)
        found.append(Interface(support.name, functions, support.types))
    return tuple(found)


def workflow_import(function: ImportedFunction) -> WorkflowImport:
    """Return what an import means; raise ``ComponentError`` for one that has no meaning."""
    interface, name = function.interface, function.function.name
    found = _SUPPORT.get(name) if interface == SUPPORT else _JOIN_SET.get(name) if interface == JOIN_SET else None
    if found is not None:
        return found
    behind = extended(interface, name)
    if behind is None:
        return _direct_call(ffqn(interface, name), ReturnShape(function.function.result))
    make = _EXTENSIONS.get(behind.extension)
    if make is None:
        raise ComponentError(f"a workflow cannot import `{interface}.{name}`")
    return make(ffqn(behind.interface, behind.function), _child_shape(function.function.result))


def gets_results(function: ImportedFunction) -> bool:
    """Tell whether an import asks for the result of a child that was answered before."""
    behind = extended(function.interface, function.function.name)
    return behind is not None and behind.extension is FunctionExtension.GET


def _child_shape(result: Type | None) -> ReturnShape:
    """Return the shape of the function behind ``-await-next`` and ``-get``, whose result is ``result<R, ...>``.

    R is the function's own type where that can carry a failure, else ``result<type, execution-failure-kind>``.
    """
    extended_type = result.ok if isinstance(result, ResultType) else None
    if is_projectable(extended_type) or not isinstance(extended_type, ResultType):
        return ReturnShape(extended_type)
    return ReturnShape(extended_type.ok)


# --- functions of other components -----------------------------------------------------------------------------------


def _direct_call(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    def reply(state: JoinSets, command: Command, reply: Answered) -> Any:
        state.last_call = reply.execution_id
        state.keep(reply)
        value = shape.project(reply.result)
        if isinstance(value, Unprojectable):
            return Unprojectable(f"child `{reply.execution_id}` of `{name}` failed: {value.reason}")
        return value

    return WorkflowImport(lambda state, arguments: Call(name, arguments), reply)


def _submit(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    return WorkflowImport(
        lambda state, arguments: Submit(state.ids[arguments[0]], name, arguments[1:]),
        lambda state, command, reply: execution_id_value(reply.execution_id),
    )


def _schedule(name: Ffqn, shape: ReturnShape) -> WorkflowImport:
    return WorkflowImport(
        lambda state, arguments: ScheduleExecution(name, arguments[1:], to_schedule_at(arguments[0])),
        lambda state, command, reply: execution_id_value(reply.execution_id),
    )


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

    return WorkflowImport(ask, _nothing)


_EXTENSIONS = {
    FunctionExtension.SUBMIT: _submit,
    FunctionExtension.AWAIT_NEXT: _await_next,
    FunctionExtension.GET: _get,
    FunctionExtension.SCHEDULE: _schedule,
}

# --- workflow-support -------------------------------------------------------------------------------------------------


def _nothing(state: JoinSets, command: Command, reply: Any) -> Any:
    return None


def _drawn(state: JoinSets, command: Command, reply: Any) -> Any:
    return Unprojectable(reply.detail) if isinstance(reply, Refused) else reply.value


def _drawn_id(state: JoinSets, command: Command, reply: Any) -> Any:
    return execution_id_value(reply.value)


def _made(state: JoinSets, command: Command, reply: Any) -> Any:
    return state.add(reply.join_set)


def _made_named(state: JoinSets, command: Command, reply: Any) -> Any:
    if isinstance(reply, Refused):
        return {"err": "conflict" if reply.kind is RefusalKind.CONFLICT else {"invalid_name": reply.detail}}
    return {"ok": state.add(reply.join_set)}


def _slept(state: JoinSets, command: Command, reply: Any) -> Any:
    if isinstance(reply, Refused):
        return Unprojectable(f"sleep: {reply.detail}")
    return {"ok": datetime_value(reply)} if reply.success else {"err": None}


def _joined(state: JoinSets, command: JoinNextResponse, reply: Any) -> Any:
    state.take(command.join_set, reply)
    if isinstance(reply, DelayPassed):
        return {"ok": {"ok" if reply.success else "err": None}}
    return {"ok": result_text(reply.result)} if isinstance(reply, Answered) else {"err": "all_processed"}


_SUPPORT = {
    "execution-id-current": WorkflowImport(lambda state, arguments: CurrentExecutionId(), _drawn_id),
    "execution-id-generate": WorkflowImport(lambda state, arguments: DrawExecutionId(), _drawn_id),
    "random-u64": WorkflowImport(lambda state, arguments: DrawU64(arguments[0], arguments[1] - 1), _drawn),
    "random-u64-inclusive": WorkflowImport(lambda state, arguments: DrawU64(arguments[0], arguments[1]), _drawn),
    "random-string": WorkflowImport(lambda state, arguments: DrawString(arguments[0], arguments[1]), _drawn),
    "sleep": WorkflowImport(lambda state, arguments: Sleep(to_schedule_at(arguments[0]), arguments[1]), _slept),
    "join-set-create": WorkflowImport(lambda state, arguments: CreateJoinSet(), _made),
    "join-set-create-named": WorkflowImport(lambda state, arguments: CreateJoinSet(arguments[0]), _made_named),
    "join-set-close": WorkflowImport(lambda state, arguments: CloseJoinSet(state.ids[arguments[0]]), _nothing),
    "submit-delay": WorkflowImport(
        lambda state, arguments: SubmitDelay(state.ids[arguments[0]], to_schedule_at(arguments[1])),
        lambda state, command, reply: {"id": reply.delay_id},
    ),
    "join-next": WorkflowImport(lambda state, arguments: JoinNextResponse(state.ids[arguments[0]]), _joined),
    "last-direct-call-id": WorkflowImport(
        lambda state, arguments: Answer(None if state.last_call is None else execution_id_value(state.last_call)),
        _nothing,
    ),
}


def _last_id(state: JoinSets, arguments: list[Any]) -> Answer:
    taken = state.last_taken.get(state.ids[arguments[0]])
    return Answer(None if taken is None else response_id_value(taken))


_JOIN_SET = {
    "[method]join-set.id": WorkflowImport(lambda state, arguments: Answer(state.ids[arguments[0]]), _nothing),
    "[method]join-set.last-id": WorkflowImport(_last_id, _nothing),
}
