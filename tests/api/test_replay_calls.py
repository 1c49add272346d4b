"""The calls that replay logs, over a real connection."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from obelisk.api.convert.captures import CapturedEvent, captured_events_of
from obelisk.api.convert.results import result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import (
    ChildExecutionRequest,
    Created,
    Finished,
    JoinNext,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    Schedule,
)
from obelisk.errors import ClientError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.interfaces.executions import CapturedExecution, CapturedWrite, ReplayOutcome, ReplayReport
from tests.api.calls import ID, OTHER_ID, id_message, refused
from tests.api.fakes import (
    ANSWER,
    COMPONENT,
    DEPLOYMENT,
    DIGEST,
    FIBOA,
    NOW,
    OLD_COMPONENT,
    OLD_DIGEST,
    STUB,
    STUB_COMPONENT,
    FakeExecutions,
    Upgrade,
    created,
)

Repository = ExecutionRepositoryStub
ONE_OFF = JoinSetId("o:1-fiboa")
CHILD = ExecutionId(f"{ID}.o:1-fiboa_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
CREATE, REQUEST, WAIT = (
    JoinSetCreate(ONE_OFF),
    JoinSetRequest(ONE_OFF, ChildExecutionRequest(CHILD, FIBOA, [1, 2])),
    JoinNext(ONE_OFF, NOW),
)
CHILD_CREATED = Created(FIBOA, [1, 2], (ID, ONE_OFF), NOW, COMPONENT, DEPLOYMENT, {"a": "1"}, OTHER_ID)


def write(*events: Any, version: int = 2, executions: tuple[CapturedExecution, ...] = ()) -> CapturedWrite:
    """Return a write of events from a version on."""
    logged = tuple(LogEvent(version + index, NOW, event) for index, event in enumerate(events))
    return CapturedWrite(version, logged, executions)


def replay_request(execution_id: str = ID) -> pb.ReplayExecutionRequest:
    """Return a request to replay an execution."""
    return pb.ReplayExecutionRequest(execution_id=id_message(execution_id))


async def replayed(
    executions: Repository, engine: FakeExecutions, report: ReplayReport, execution_id: ExecutionId = ID
) -> pb.ReplayExecutionResponse:
    """Let a replay report something and ask for it."""
    engine.report = report
    await engine.append(execution_id, created([]))
    return await executions.ReplayExecution(replay_request(execution_id))


async def captured(
    executions: Repository, engine: FakeExecutions, *writes: CapturedWrite, execution_id: ExecutionId = ID
) -> list[pb.CapturedWrite]:
    """Return what is sent for writes."""
    report = ReplayReport(ReplayOutcome.ADVANCEABLE, writes=writes)
    response = await replayed(executions, engine, report, execution_id)
    return list(response.advanceable.captured_writes)


# --- replay -----------------------------------------------------------------------------------------------------------


async def test_a_single_event_is_appended(executions: Repository, engine: FakeExecutions) -> None:
    (message,) = await captured(executions, engine, write(CREATE))
    assert message.WhichOneof("write") == "append"
    assert (message.append.execution_id.id, message.append.version) == (ID, 2)
    assert captured_events_of(message) == [CapturedEvent(2, NOW, CREATE)]


async def test_several_events_are_appended_as_a_batch(executions: Repository, engine: FakeExecutions) -> None:
    (message,) = await captured(executions, engine, write(CREATE, WAIT))
    assert message.WhichOneof("write") == "append_batch"
    assert (message.append_batch.execution_id.id, message.append_batch.version) == (ID, 2)
    assert captured_events_of(message) == [CapturedEvent(2, NOW, CREATE), CapturedEvent(3, NOW, WAIT)]


async def test_what_creates_executions_says_which(executions: Repository, engine: FakeExecutions) -> None:
    child = CapturedExecution(CHILD, CHILD_CREATED)
    (message,) = await captured(executions, engine, write(CREATE, REQUEST, WAIT, executions=(child,)))
    assert message.WhichOneof("write") == "append_batch_create_new_execution"
    batch = message.append_batch_create_new_execution
    assert (batch.execution_id.id, batch.version, len(captured_events_of(message))) == (ID, 2, 3)
    (request,) = batch.child_requests
    assert (request.execution_id.id, request.params.value, dict(request.metadata)) == (CHILD, b"[1,2]", {"a": "1"})
    assert (request.parent_execution_id.id, request.parent_join_set_id.name) == (ID, "1-fiboa")
    assert (request.scheduled_by.id, request.component_id.digest.digest) == (OTHER_ID, DIGEST)
    assert request.created_at == request.scheduled_at
    assert request.created_at.ToDatetime(NOW.tzinfo) == NOW


async def test_a_single_event_that_creates_an_execution_says_which(
    executions: Repository, engine: FakeExecutions
) -> None:
    scheduled = CapturedExecution(OTHER_ID, Created(FIBOA, [1, 2], None, NOW, COMPONENT, DEPLOYMENT))
    (message,) = await captured(executions, engine, write(Schedule(OTHER_ID, "now"), executions=(scheduled,)))
    (request,) = message.append_batch_create_new_execution.child_requests
    assert request.execution_id.id == OTHER_ID
    assert not any(map(request.HasField, ("parent_execution_id", "parent_join_set_id", "scheduled_by")))


@pytest.mark.parametrize(("execution_id", "parent"), [(ID, ("", "")), (CHILD, (ID, "1-fiboa"))])
async def test_the_end_of_an_execution_names_its_parent(
    executions: Repository, engine: FakeExecutions, execution_id: ExecutionId, parent: tuple[str, str]
) -> None:
    (message,) = await captured(executions, engine, write(Finished(ANSWER)), execution_id=execution_id)
    assert message.WhichOneof("write") == "append_finished"
    finished = message.append_finished
    assert (finished.execution_id.id, finished.version) == (execution_id, 2)
    assert (finished.parent_execution_id.id, finished.parent_join_set_id.name) == parent
    assert captured_events_of(message) == [CapturedEvent(2, None, Finished(ANSWER))]


async def test_writes_keep_their_order(executions: Repository, engine: FakeExecutions) -> None:
    messages = await captured(executions, engine, write(CREATE, WAIT), write(Finished(ANSWER), version=4))
    assert [message.WhichOneof("write") for message in messages] == ["append_batch", "append_finished"]


async def test_a_replay_that_ended_as_its_log_has_the_result(executions: Repository, engine: FakeExecutions) -> None:
    response = await replayed(executions, engine, ReplayReport(ReplayOutcome.FINISHED, ANSWER))
    assert result_of(response.finished.result) == ANSWER


async def test_a_replay_that_waits_is_blocked(executions: Repository, engine: FakeExecutions) -> None:
    response = await replayed(executions, engine, ReplayReport(ReplayOutcome.BLOCKED))
    assert response.WhichOneof("outcome") == "blocked"


async def test_a_failed_replay_has_the_whole_report(executions: Repository, engine: FakeExecutions) -> None:
    error = "nondeterminism at version 3\n  log:  x\n  call: y\n" + "z" * 10_000
    report = ReplayReport(ReplayOutcome.FAILED, error=error, writes=(write(CREATE),))
    response = await replayed(executions, engine, report)
    assert response.replay_failed.error == error
    assert [each.WhichOneof("write") for each in response.replay_failed.captured_writes] == ["append"]


@pytest.mark.parametrize(
    ("execution_id", "code"),
    [
        ("x", grpc.StatusCode.INVALID_ARGUMENT),
        (DELAY, grpc.StatusCode.INVALID_ARGUMENT),
        (ID, grpc.StatusCode.NOT_FOUND),
        (CHILD, grpc.StatusCode.NOT_FOUND),
    ],
)
async def test_what_cannot_be_found_is_not_replayed(
    executions: Repository, execution_id: str, code: grpc.StatusCode
) -> None:
    found, details = await refused(executions.ReplayExecution(replay_request(execution_id)))
    assert (found, execution_id in details) == (code, True)


async def test_a_replay_needs_an_id(executions: Repository) -> None:
    answer = await refused(executions.ReplayExecution(pb.ReplayExecutionRequest()))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, "argument `execution_id` must exist")


async def test_only_workflows_are_replayed(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created(["x"], ffqn=STUB, component=STUB_COMPONENT))
    code, _ = await refused(executions.ReplayExecution(replay_request()))
    assert code is grpc.StatusCode.FAILED_PRECONDITION


def test_every_kind_of_write_of_a_server_is_read() -> None:
    event = pb.ExecutionEvent(created_at=NOW, version=2, paused=pb.ExecutionEvent.Paused())
    for name in ("append_stub_response", "append_batch_with_delay_response", "append_batch"):
        message = pb.CapturedWrite()
        getattr(message, name).events.append(event)
        assert [each.version for each in captured_events_of(message)] == [2]


def test_a_write_that_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(ClientError, match="does not know"):
        captured_events_of(pb.CapturedWrite())


# --- upgrade ----------------------------------------------------------------------------------------------------------


def upgrade_request(execution_id: str = ID, *, skip: bool = False) -> pb.UpgradeExecutionComponentRequest:
    """Return a request to upgrade an execution from the old component to the current one."""
    return pb.UpgradeExecutionComponentRequest(
        execution_id=id_message(execution_id),
        expected_component_digest=pb.ContentDigest(digest=OLD_DIGEST),
        new_component_digest=pb.ContentDigest(digest=DIGEST),
        skip_determinism_check=skip,
    )


@pytest.mark.parametrize("skip", [False, True])
async def test_an_upgrade_reaches_the_engine(executions: Repository, engine: FakeExecutions, skip: bool) -> None:
    await engine.append(ID, created([], component=OLD_COMPONENT))
    await executions.UpgradeExecutionComponent(upgrade_request(skip=skip))
    assert engine.upgrades == [Upgrade(ID, OLD_DIGEST, DIGEST, skip)]


async def test_an_upgrade_from_another_digest_is_refused(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    code, details = await refused(executions.UpgradeExecutionComponent(upgrade_request()))
    assert (code, DIGEST in details, engine.upgrades) == (grpc.StatusCode.FAILED_PRECONDITION, True, [])


async def test_an_upgrade_whose_replay_fails_tells_the_report(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([], component=OLD_COMPONENT))
    engine.report = ReplayReport(ReplayOutcome.FAILED, error="at version 3\nanother call")
    code, details = await refused(executions.UpgradeExecutionComponent(upgrade_request()))
    assert (code, "at version 3\nanother call" in details) == (grpc.StatusCode.FAILED_PRECONDITION, True)


@pytest.mark.parametrize("argument", ["execution_id", "expected_component_digest", "new_component_digest"])
async def test_a_missing_argument_of_an_upgrade_is_named(executions: Repository, argument: str) -> None:
    request = upgrade_request()
    request.ClearField(argument)
    answer = await refused(executions.UpgradeExecutionComponent(request))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, f"argument `{argument}` must exist")


@pytest.mark.parametrize(
    ("execution_id", "code"), [("x", grpc.StatusCode.INVALID_ARGUMENT), (CHILD, grpc.StatusCode.NOT_FOUND)]
)
async def test_what_cannot_be_found_is_not_upgraded(
    executions: Repository, execution_id: str, code: grpc.StatusCode
) -> None:
    found, details = await refused(executions.UpgradeExecutionComponent(upgrade_request(execution_id)))
    assert (found, execution_id in details) == (code, True)
