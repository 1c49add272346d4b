"""What a webhook asks of the engine: ``webhook-support``, calls of other components, and starts of executions.

A handler gets the guest's sandbox, whose ``caller`` is the request. What is waited for is a ``Later``; an error of the
engine that the guest has no place for makes it trap.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import UNSET

from obelisk.clock import EPOCH
from obelisk.core.events import ExecutionResult, ResultKind
from obelisk.core.state import Lifecycle, State, Status
from obelisk.core.values import ReturnShape, Unprojectable
from obelisk.errors import (
    ComponentError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    FunctionNotFoundError,
    GuestError,
    GuestTrapError,
    InvalidIdError,
    InvalidNameError,
    InvalidValueError,
    ObeliskError,
)
from obelisk.ids import ExecutionId, is_top_level, parse_execution_id
from obelisk.interfaces.executions import Executions
from obelisk.interfaces.sessions import Session
from obelisk.names import Ffqn, ffqn
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.wasi.calls import Handler, Later, err, ok
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.workflow_support import function_of, params_of
from obelisk.wasm.workflow_values import execution_id_value, result_text, to_schedule_at
from obelisk.wit.extensions import FunctionExtension, extended
from obelisk.wit.hosts import (
    BACKTRACE,
    EXECUTION,
    LOG,
    TIME,
    WEBHOOK_SUPPORT,
    WEBHOOK_SUPPORT_BACKTRACE,
    host_interfaces,
)
from obelisk.wit.model import Interface

OFFERED: Final = (TIME, EXECUTION, BACKTRACE, LOG, WEBHOOK_SUPPORT, WEBHOOK_SUPPORT_BACKTRACE)
_STATUS: Final = {Status.LOCKED: "locked", Status.BLOCKED: "blocked_by_join_set"}
_LIFECYCLE: Final = {Lifecycle.PAUSED: "paused", Lifecycle.CANCELLING: "cancelling"}


class Caller:
    """The request that a guest answers, as far as the guest asks the engine for something."""

    def __init__(self, session: Session, executions: Executions) -> None:
        self.session = session
        self.executions = executions
        self.last_call: ExecutionId | None = None

    async def call(self, name: Ffqn, params: Any) -> tuple[ExecutionId, ExecutionResult]:
        """Run a child to its end; the session's errors pass."""
        called = await self.session.call(name, params)
        self.last_call = called.execution_id
        return called.execution_id, called.result


def offered_interfaces() -> tuple[Interface, ...]:
    """Return the host interfaces that a webhook may import beside those of WASI."""
    return tuple(host_interfaces()[name] for name in OFFERED)


def webhook_handler(function: ImportedFunction) -> Handler:
    """Return what an import does that is not WASI's; raise ``ComponentError`` for one that has no meaning."""
    interface, name = function.interface, function.function.name
    if interface in (WEBHOOK_SUPPORT, WEBHOOK_SUPPORT_BACKTRACE):
        found = _SUPPORT.get(name)
        if found is None:
            raise ComponentError(f"a webhook cannot import `{interface}.{name}`")
        return found
    behind = extended(interface, name)
    if behind is None:
        return _direct_call(ffqn(interface, name), ReturnShape(function.function.result))
    if behind.extension is not FunctionExtension.SCHEDULE:
        raise ComponentError(f"a webhook cannot import `{interface}.{name}`, only functions and their `-schedule`")
    return _schedule_typed(ffqn(behind.interface, behind.function))


def _caller(sandbox: Sandbox) -> Caller:
    if not isinstance(sandbox.caller, Caller):
        raise GuestTrapError("the guest answers no request")
    return sandbox.caller


def _waiting(work: Callable[..., Awaitable[Any]]) -> Handler:
    """Return a handler that waits for ``work(caller, *arguments)``. What is left of the arguments nobody reads."""

    async def run(caller: Caller, arguments: tuple[Any, ...]) -> Any:
        try:
            return await work(caller, *arguments)
        except GuestError:
            raise
        except ObeliskError as error:
            raise GuestTrapError(str(error)) from error

    return lambda sandbox, *arguments: Later(run(_caller(sandbox), arguments))


# --- functions of other components ------------------------------------------------------------------------------------


def _direct_call(name: Ffqn, shape: ReturnShape) -> Handler:
    async def call(caller: Caller, *arguments: Any) -> Any:
        child, result = await caller.call(name, list(arguments))
        value = shape.project(result)
        if isinstance(value, Unprojectable):
            raise GuestTrapError(f"child `{child}` of `{name}` failed: {value.reason}")
        return value

    return _waiting(call)


def _schedule_typed(name: Ffqn) -> Handler:
    async def schedule(caller: Caller, at: Any, *arguments: Any) -> Any:
        submission = await caller.session.schedule(name, list(arguments), schedule_at=to_schedule_at(at))
        return execution_id_value(submission.execution_id)

    return _waiting(schedule)


# --- functions named by text ------------------------------------------------------------------------------------------


async def _call_json(caller: Caller, function: Any, text: str, *_: Any) -> Any:
    async def call(name: Ffqn, params: Any) -> Any:
        _child, result = await caller.call(name, params)
        return result_text(result)

    return await _by_text(function, text, call)


async def _schedule_json(caller: Caller, wanted: Any, at: Any, function: Any, text: str, *_: Any) -> Any:
    try:
        execution_id = parse_execution_id(wanted["id"])
    except InvalidIdError as error:
        return err({"type_check_error": f"execution-id: {error}"})
    if not is_top_level(execution_id):
        found = f"execution-id: `{execution_id}` names a child, expected the id of an execution without a parent"
        return err({"type_check_error": found})

    async def schedule(name: Ffqn, params: Any) -> None:
        await caller.session.schedule(name, params, execution_id=execution_id, schedule_at=to_schedule_at(at))

    return await _by_text(function, text, schedule)


async def _by_text(function: Any, text: str, start: Callable[[Ffqn, Any], Awaitable[Any]]) -> Any:
    """Start what text names; what is wrong with it is the guest's to know."""
    try:
        name = function_of(function)
        params, problem = params_of(text)
        if problem is not None:
            return err({"type_check_error": problem})
        return ok(await start(name, params))
    except InvalidNameError as error:
        return err({"ffqn_parsing_error": str(error)})
    except FunctionNotFoundError:
        return err("function_not_found")
    except (InvalidValueError, ExecutionConflictError) as error:
        return err({"type_check_error": str(error)})


# --- other executions -------------------------------------------------------------------------------------------------


def _of_execution(read: Callable[[Caller, ExecutionId], Awaitable[Any]]) -> Handler:
    """Return a handler of a function that asks about an execution."""

    async def asked(caller: Caller, wanted: Any) -> Any:
        try:
            return await read(caller, parse_execution_id(wanted["id"]))
        except InvalidIdError as error:
            return err({"execution_id_parsing_error": str(error)})
        except ExecutionNotFoundError:
            return err("not_found")

    return _waiting(asked)


async def _get(caller: Caller, execution_id: ExecutionId) -> Any:
    return ok(result_text((await caller.executions.wait(execution_id)).result))


async def _try_get(caller: Caller, execution_id: ExecutionId) -> Any:
    finished = await caller.executions.finished(execution_id)
    return err("not_finished_yet") if finished is None else ok(result_text(finished.result))


async def _failure_kind(caller: Caller, execution_id: ExecutionId) -> Any:
    failure = (await caller.executions.wait(execution_id)).result.execution_failure
    return ok(None if failure is UNSET else failure.kind.value)


async def _status(caller: Caller, execution_id: ExecutionId) -> Any:
    return ok(_status_value(await caller.executions.get(execution_id)))


def _status_value(state: State) -> Any:
    if state.is_finished:
        return {"finished": _finished_value(state)}
    if state.lifecycle in _LIFECYCLE:
        return _LIFECYCLE[state.lifecycle]
    return _STATUS.get(state.status) or {"pending_at": _datetime_value(state.due_at)}


def _finished_value(state: State) -> Any:
    if state.result_kind is ResultKind.OK:
        return "ok"
    if state.result_kind is ResultKind.ERROR or state.failure_kind is None:
        return "err"
    return {"execution_failure": state.failure_kind.value}


def _datetime_value(at: datetime) -> Any:
    seconds, rest = divmod(at - EPOCH, timedelta(seconds=1))
    return {"seconds": max(seconds, 0), "nanoseconds": rest.microseconds * 1000}


_SUPPORT: Final[dict[str, Handler]] = {
    "execution-id-generate": lambda sandbox: execution_id_value(_caller(sandbox).session.generate_id()),
    "execution-id-current": lambda sandbox: execution_id_value(_caller(sandbox).session.execution_id),
    "last-direct-call-id": lambda sandbox: (
        None if (last := _caller(sandbox).last_call) is None else execution_id_value(last)
    ),
    "call-json": _waiting(_call_json),
    "schedule-json": _waiting(_schedule_json),
    "get-status": _of_execution(_status),
    "get-execution-failure-kind": _of_execution(_failure_kind),
    "get": _of_execution(_get),
    "try-get": _of_execution(_try_get),
}
