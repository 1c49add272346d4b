"""The calls that act on executions and delays, over a real connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest

from obelisk.api import pool
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import Created, ExecutionResult, Finished, Locked, RetryConfig, TimeSpan, TypedValue
from obelisk.core.state import Lifecycle
from obelisk.ids import DelayId, ExecutionId, ExecutorId, RunId
from tests.api.calls import ID, id_message, refused
from tests.api.fakes import (
    CANCELLABLE,
    COMPONENT,
    DEPLOYMENT,
    NOW,
    STUB,
    STUB_COMPONENT,
    DelayState,
    FakeExecutions,
    created,
)

Repository = ExecutionRepositoryStub
CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
LOCK = Locked(
    COMPONENT,
    ExecutorId("Exr_1"),
    DEPLOYMENT,
    RunId("Run_1"),
    NOW + timedelta(seconds=9),
    RetryConfig(None, TimeSpan(0)),
)
ON_EXECUTIONS = ["CancelExecution", "PauseExecution", "UnpauseExecution", "Stub"]
ON_DELAYS = ["CancelDelay", "PauseDelay", "UnpauseDelay"]
Cancelled = pb.CancelExecutionResponse


def request_of(call: str, **fields: Any) -> Any:
    """Return the request of a call; a stub gets a value."""
    request = getattr(pb, f"{call}Request")(**fields)
    if call == "Stub":
        request.return_value.value = b'{"ok": "x"}'
    return request


def stub_request(value: bytes, execution_id: str = CHILD) -> pb.StubRequest:
    """Return a request to give a stub its result."""
    return pb.StubRequest(execution_id=id_message(execution_id), return_value=pool.Any(value=value))


async def with_stub(engine: FakeExecutions) -> None:
    """Let a stub execution wait."""
    await engine.append(CHILD, created(["x"], ffqn=STUB, component=STUB_COMPONENT))


# --- executions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ON_EXECUTIONS)
@pytest.mark.parametrize("execution_id", ["", "E_", "x", DELAY, f"{ID}.g:1", f"{ID}.x:1_1", f"{ID}.g:1_0"])
async def test_an_id_that_names_no_execution_is_refused(executions: Repository, call: str, execution_id: str) -> None:
    code, _ = await refused(getattr(executions, call)(request_of(call, execution_id=id_message(execution_id))))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("call", ON_EXECUTIONS)
@pytest.mark.parametrize("execution_id", [ID, CHILD])
async def test_an_unknown_execution_is_not_found(executions: Repository, call: str, execution_id: str) -> None:
    code, details = await refused(getattr(executions, call)(request_of(call, execution_id=id_message(execution_id))))
    assert (code, execution_id in details) == (grpc.StatusCode.NOT_FOUND, True)


@pytest.mark.parametrize("call", ON_EXECUTIONS)
async def test_a_missing_execution_id_is_named(executions: Repository, call: str) -> None:
    answer = await refused(getattr(executions, call)(request_of(call)))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, "argument `execution_id` must exist")


async def test_a_cancellation_goes_from_requested_to_finished(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(CHILD, created([], ffqn=CANCELLABLE))
    request = pb.CancelExecutionRequest(execution_id=id_message(CHILD))
    outcomes = [(await executions.CancelExecution(request)).outcome for _ in range(2)]
    await engine.finish(CHILD)
    outcomes.append((await executions.CancelExecution(request)).outcome)
    assert outcomes == [
        Cancelled.CANCEL_EXECUTION_OUTCOME_CANCELLATION_REQUESTED,
        Cancelled.CANCEL_EXECUTION_OUTCOME_ALREADY_CANCELLING,
        Cancelled.CANCEL_EXECUTION_OUTCOME_ALREADY_FINISHED,
    ]


async def test_a_workflow_that_cannot_be_cancelled_says_why(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    code, details = await refused(executions.CancelExecution(pb.CancelExecutionRequest(execution_id=id_message())))
    assert (code, "`-cancellable`" in details) == (grpc.StatusCode.FAILED_PRECONDITION, True)


async def test_an_execution_is_paused_and_goes_on(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    for _ in range(2):
        await executions.PauseExecution(pb.PauseExecutionRequest(execution_id=id_message()))
    assert engine.states[ID].lifecycle is Lifecycle.PAUSED
    await executions.UnpauseExecution(pb.UnpauseExecutionRequest(execution_id=id_message()))
    assert engine.states[ID].lifecycle is Lifecycle.ACTIVE


@pytest.mark.parametrize("last", [LOCK, Finished(ExecutionResult(ok=None))])
async def test_an_execution_that_cannot_be_paused_is_refused(
    executions: Repository, engine: FakeExecutions, last: Any
) -> None:
    await engine.append(ID, created([]))
    await engine.append(ID, last)
    code, _ = await refused(executions.PauseExecution(pb.PauseExecutionRequest(execution_id=id_message())))
    assert code is grpc.StatusCode.FAILED_PRECONDITION


async def test_an_execution_that_is_not_paused_cannot_be_unpaused(
    executions: Repository, engine: FakeExecutions
) -> None:
    await engine.append(ID, created([]))
    code, _ = await refused(executions.UnpauseExecution(pb.UnpauseExecutionRequest(execution_id=id_message())))
    assert code is grpc.StatusCode.FAILED_PRECONDITION


# --- delays -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ON_DELAYS)
@pytest.mark.parametrize("delay_id", ["", "Delay_", "x", ID, CHILD, f"Delay_{ID[2:]}", f"Delay_{ID[2:]}.g:1"])
async def test_an_id_that_names_no_delay_is_refused(executions: Repository, call: str, delay_id: str) -> None:
    code, _ = await refused(getattr(executions, call)(request_of(call, delay_id=pb.DelayId(id=delay_id))))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("call", ON_DELAYS)
async def test_an_unknown_delay_is_not_found(executions: Repository, call: str) -> None:
    code, details = await refused(getattr(executions, call)(request_of(call, delay_id=pb.DelayId(id=DELAY))))
    assert (code, DELAY in details) == (grpc.StatusCode.NOT_FOUND, True)


@pytest.mark.parametrize("call", ON_DELAYS)
async def test_a_missing_delay_id_is_named(executions: Repository, call: str) -> None:
    answer = await refused(getattr(executions, call)(request_of(call)))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, "argument `delay_id` must exist")


@pytest.mark.parametrize(
    ("call", "before", "outcome", "after"),
    [
        ("CancelDelay", DelayState.OPEN, "CANCEL_DELAY_OUTCOME_CANCELLED", DelayState.FINISHED),
        ("CancelDelay", DelayState.FINISHED, "CANCEL_DELAY_OUTCOME_ALREADY_FINISHED", DelayState.FINISHED),
        ("PauseDelay", DelayState.OPEN, "PAUSE_DELAY_OUTCOME_PAUSED", DelayState.PAUSED),
        ("PauseDelay", DelayState.FINISHED, "PAUSE_DELAY_OUTCOME_ALREADY_FINISHED", DelayState.FINISHED),
        ("UnpauseDelay", DelayState.PAUSED, "UNPAUSE_DELAY_OUTCOME_UNPAUSED", DelayState.OPEN),
        ("UnpauseDelay", DelayState.FINISHED, "UNPAUSE_DELAY_OUTCOME_ALREADY_FINISHED", DelayState.FINISHED),
    ],
)
async def test_what_is_done_to_a_delay_is_told(
    executions: Repository, engine: FakeExecutions, call: str, before: DelayState, outcome: str, after: DelayState
) -> None:
    engine.delays[DELAY] = before
    response = await getattr(executions, call)(request_of(call, delay_id=pb.DelayId(id=DELAY)))
    names = getattr(pb, f"{call}Response")
    assert (response.outcome, engine.delays[DELAY]) == (getattr(names, outcome), after)


# --- stubs ------------------------------------------------------------------------------------------------------------


async def test_a_stub_gets_its_result_once_or_again_with_the_same(
    executions: Repository, engine: FakeExecutions
) -> None:
    await with_stub(engine)
    for _ in range(2):
        await executions.Stub(stub_request(b'{"ok": "x"}'))
    assert engine.logs_of[CHILD][-1].event == Finished(ExecutionResult(ok=TypedValue("string", "x")))
    assert len(engine.logs_of[CHILD]) == 2


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b'"\xff"', b"[" * 100_000, b"1e999", b"1 2"], ids=range(7))
async def test_a_return_value_that_is_not_json_is_refused(
    executions: Repository, engine: FakeExecutions, value: bytes
) -> None:
    await with_stub(engine)
    code, details = await refused(executions.Stub(stub_request(value)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("argument `return_value` must be encoded as JSON")


async def test_a_return_value_of_another_type_is_refused(executions: Repository, engine: FakeExecutions) -> None:
    await with_stub(engine)
    code, _ = await refused(executions.Stub(stub_request(b"5")))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_missing_return_value_is_named(executions: Repository) -> None:
    answer = await refused(executions.Stub(pb.StubRequest(execution_id=id_message())))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, "argument `return_value` must exist")


async def test_another_result_of_a_stub_is_a_conflict(executions: Repository, engine: FakeExecutions) -> None:
    await with_stub(engine)
    await executions.Stub(stub_request(b'{"ok": "x"}'))
    code, _ = await refused(executions.Stub(stub_request(b'{"ok": "y"}')))
    assert code is grpc.StatusCode.ALREADY_EXISTS


async def test_only_stubs_are_stubbed(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    code, _ = await refused(executions.Stub(stub_request(b'{"ok": "x"}', ID)))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert isinstance(engine.logs_of[ID][-1].event, Created)
