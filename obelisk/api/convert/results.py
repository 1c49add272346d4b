"""How executions end."""

from __future__ import annotations

from msgspec import UNSET

from obelisk.api.convert.basics import RESULT_TYPE_URL, json_message, json_of, member_of, unknown
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import ExecutionFailure, ExecutionResult, FailureKind, ResultKind, TypedValue

_FAILURE_KIND = "EXECUTION_FAILURE_KIND_"


def failure_name(kind: FailureKind) -> str:
    """Return the name of the enum value that says why an execution failed."""
    return _FAILURE_KIND + kind.name


def failure_of(number: int) -> FailureKind:
    """Read why an execution failed."""
    return member_of(FailureKind, pb.ExecutionFailureKind, number, prefix=_FAILURE_KIND)


def result_message(result: ExecutionResult) -> pb.SupportedFunctionResult:
    """Write a result with its payload."""
    failure = result.execution_failure
    if failure is not UNSET:
        return pb.SupportedFunctionResult(execution_failure=_failure_message(failure))
    is_error = result.kind is ResultKind.ERROR
    payload = result.err if is_error else result.ok
    message = pb.SupportedFunctionResult()
    target = message.error if is_error else message.ok
    target.SetInParent()
    if isinstance(payload, TypedValue):
        target.return_value.CopyFrom(json_message(RESULT_TYPE_URL, payload.value))
        message.wit_type_inline = payload.type
    return message


def _failure_message(failure: ExecutionFailure) -> pb.SupportedFunctionResult.ExecutionFailure:
    return pb.SupportedFunctionResult.ExecutionFailure(
        kind=failure_name(failure.kind), reason=failure.reason, detail=failure.detail
    )


def result_of(message: pb.SupportedFunctionResult) -> ExecutionResult:
    """Read a result with its payload."""
    match message.WhichOneof("value"):
        case "ok":
            return ExecutionResult(ok=_payload_of(message, message.ok))
        case "error":
            return ExecutionResult(err=_payload_of(message, message.error))
        case "execution_failure":
            return ExecutionResult(execution_failure=_failure_of(message.execution_failure))
        case _:
            raise unknown("a result")


def _payload_of(
    message: pb.SupportedFunctionResult,
    payload: pb.SupportedFunctionResult.OkPayload | pb.SupportedFunctionResult.ErrorPayload,
) -> TypedValue | None:
    if not payload.HasField("return_value"):
        return None
    return TypedValue(message.wit_type_inline, json_of(payload.return_value))


def _failure_of(message: pb.SupportedFunctionResult.ExecutionFailure) -> ExecutionFailure:
    reason = message.reason if message.HasField("reason") else None
    detail = message.detail if message.HasField("detail") else None
    return ExecutionFailure(failure_of(message.kind), reason, detail)


def result_kind_message(kind: ResultKind, failure: FailureKind | None) -> pb.ResultKind:
    """Write how an execution finished, without its payload."""
    if kind is ResultKind.OK:
        return pb.ResultKind(ok=pb.ResultKind.Ok())
    if kind is ResultKind.ERROR:
        return pb.ResultKind(error=pb.ResultKind.Error())
    return pb.ResultKind(execution_failure_kind=failure_name(failure or FailureKind.UNCATEGORIZED))


def result_kind_of(message: pb.ResultKind) -> ResultKind:
    """Read how an execution finished."""
    match message.WhichOneof("value"):
        case "ok":
            return ResultKind.OK
        case "error":
            return ResultKind.ERROR
        case "execution_failure_kind":
            return ResultKind.EXECUTION_FAILURE
        case _:
            raise unknown("a kind of result")
