"""The calls of ExecutionRepository over a real connection."""

from __future__ import annotations

from datetime import timedelta

import grpc
import pytest

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import (
    ExecutionResult,
    Locked,
    RetryConfig,
    TimeSpan,
    TypedValue,
)
from obelisk.errors import CommitUnknownError
from obelisk.ids import ExecutionId, ExecutorId, RunId, parse_execution_id
from obelisk.interfaces.storage import Bucket, Order
from obelisk.names import Ffqn
from tests.api.calls import ID, OTHER_ID, drained, id_message, refused, status_request, submit_request
from tests.api.fakes import COMPONENT, DEPLOYMENT, DIGEST, FIBOA, NOW, FakeExecutions, created

CHILD = ExecutionId(f"{ID}.g:1_1")
LOCK = Locked(
    COMPONENT,
    ExecutorId("Exr_1"),
    DEPLOYMENT,
    RunId("Run_1"),
    NOW + timedelta(seconds=9),
    RetryConfig(None, TimeSpan(0)),
)
Repository = ExecutionRepositoryStub


async def test_a_generated_id_is_an_execution_id(executions: Repository) -> None:
    response = await executions.GenerateExecutionId(pb.GenerateExecutionIdRequest())
    assert parse_execution_id(response.execution_id.id)


async def test_a_submission_creates_an_execution(executions: Repository, engine: FakeExecutions) -> None:
    response = await executions.Submit(submit_request([10, 5]))
    assert response.outcome == pb.SubmitResponse.OUTCOME_CREATED
    assert engine.states[ID].ffqn == FIBOA


async def test_the_same_submission_again_is_answered_as_such(executions: Repository) -> None:
    await executions.Submit(submit_request())
    response = await executions.Submit(submit_request())
    assert response.outcome == pb.SubmitResponse.OUTCOME_EXISTS_WITH_SAME_PARAMETERS


async def test_another_submission_of_the_same_id_is_a_conflict(executions: Repository) -> None:
    await executions.Submit(submit_request([10, 5]))
    code, details = await refused(executions.Submit(submit_request([10, 6])))
    assert code is grpc.StatusCode.ALREADY_EXISTS
    assert ID in details


async def test_an_unknown_function_is_not_found(executions: Repository) -> None:
    code, details = await refused(executions.Submit(submit_request(ffqn=Ffqn("a:b/c.d"))))
    assert (code, FIBOA in details) == (grpc.StatusCode.NOT_FOUND, True)


@pytest.mark.parametrize("argument", ["execution_id", "function_name", "params"])
async def test_a_missing_argument_is_named(executions: Repository, argument: str) -> None:
    request = submit_request()
    request.ClearField(argument)
    answer = await refused(executions.Submit(request))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, f"argument `{argument}` must exist")


@pytest.mark.parametrize(
    "params", [b"", b"[1", b"{}", b"5", b"\xff", b"[" * 100_000, b'["\xff"]', b"[1e999]"], ids=range(8)
)
async def test_params_that_are_not_a_json_array_are_refused(executions: Repository, params: bytes) -> None:
    code, details = await refused(executions.Submit(submit_request(params)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("argument `params` must be encoded as JSON array")


@pytest.mark.parametrize("execution_id", ["", "E_", "x", CHILD])
async def test_an_id_that_a_submission_cannot_have_is_refused(executions: Repository, execution_id: str) -> None:
    code, _ = await refused(executions.Submit(submit_request(execution_id=execution_id)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(("paused", "status"), [(True, "paused"), (False, "pending_at")])
async def test_a_submission_is_created_paused_when_that_is_asked(
    executions: Repository, paused: bool, status: str
) -> None:
    request = submit_request()
    request.paused = paused
    await executions.Submit(request)
    (message,) = await drained(executions.GetStatus(status_request()))
    assert message.summary.current_status.WhichOneof("status") == status


async def test_a_failing_storage_is_an_internal_error_of_one_line(
    executions: Repository, engine: FakeExecutions, caplog: pytest.LogCaptureFixture
) -> None:
    engine.failure = CommitUnknownError("the disk is full\nat /secret/path")
    answer = await refused(executions.Submit(submit_request()))
    assert answer == (grpc.StatusCode.INTERNAL, "the disk is full")
    assert "/secret/path" in caplog.text


async def test_a_bug_is_logged_with_its_traceback_and_not_told(
    executions: Repository, engine: FakeExecutions, caplog: pytest.LogCaptureFixture
) -> None:
    engine.failure = KeyError("a secret")
    code, details = await refused(executions.Submit(submit_request()))
    assert (code, "secret" in details) == (grpc.StatusCode.INTERNAL, False)
    assert "Traceback" in caplog.text


# --- status -----------------------------------------------------------------------------------------------------------


async def test_without_follow_the_stream_is_one_summary(executions: Repository) -> None:
    await executions.Submit(submit_request())
    (message,) = await drained(executions.GetStatus(status_request()))
    assert message.summary.execution_id.id == ID
    assert message.summary.current_status.pending_at.scheduled_at.ToDatetime(NOW.tzinfo) == NOW
    assert message.summary.component_digest.digest == DIGEST


async def test_with_follow_each_status_comes_until_the_end(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([10, 5]))
    stream = aiter(executions.GetStatus(status_request(follow=True)))
    assert (await anext(stream)).summary.current_status.HasField("pending_at")
    await engine.append(ID, LOCK)
    assert (await anext(stream)).current_status.locked.run_id.id == "Run_1"
    await engine.finish(ID)
    assert (await anext(stream)).current_status.finished.result_kind.HasField("ok")
    assert await drained(stream) == []


async def test_the_result_follows_when_it_is_wanted(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([10, 5]))
    await engine.finish(ID, ExecutionResult(err=TypedValue("string", "no")))
    summary, finished = await drained(executions.GetStatus(status_request(result=True)))
    assert summary.summary.current_status.finished.result_kind.HasField("error")
    assert finished.finished_status.value.error.return_value.value == b'"no"'


async def test_an_unfinished_execution_has_no_result_without_follow(executions: Repository) -> None:
    await executions.Submit(submit_request())
    assert len(await drained(executions.GetStatus(status_request(result=True)))) == 1


@pytest.mark.parametrize("follow", [False, True])
async def test_the_status_of_an_unknown_execution_is_not_found(executions: Repository, follow: bool) -> None:
    code, details = await refused(drained(executions.GetStatus(status_request(follow=follow))))
    assert (code, ID in details) == (grpc.StatusCode.NOT_FOUND, True)


async def test_a_client_that_leaves_ends_the_watching(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([10, 5]))
    call = executions.GetStatus(status_request(follow=True))
    await anext(aiter(call))
    call.cancel()
    await engine.unwatched.wait()
    assert engine.watchers == 0


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_executions_are_listed_newest_first(executions: Repository, engine: FakeExecutions) -> None:
    for execution_id in (ID, OTHER_ID):
        await engine.append(execution_id, created([]))
    response = await executions.ListExecutions(pb.ListExecutionsRequest())
    assert [summary.execution_id.id for summary in response.executions] == [OTHER_ID, ID]


async def test_every_filter_reaches_the_query(executions: Repository, engine: FakeExecutions) -> None:
    request = pb.ListExecutionsRequest(
        function_name_prefix="testing:",
        top_level_only=True,
        hide_finished=True,
        execution_id_prefix="E_0",
        component_digest=pb.ContentDigest(digest=DIGEST),
        deployment_id=pb.DeploymentId(id=DEPLOYMENT),
        function_filter=pb.ListExecutionsRequest.ExecutionFunctionFilter(interface_name="a:b/c@1.0.0"),
        state_filters=["EXECUTION_STATE_FILTER_PENDING", "EXECUTION_STATE_FILTER_FINISHED_EXECUTION_FAILURE"],
        newer_than=pb.ListExecutionsRequest.NewerThan(
            length=7, cursor=pb.ListExecutionsRequest.Cursor(created_at=NOW), including_cursor=True
        ),
    )
    await executions.ListExecutions(request)
    (query,) = engine.queries
    assert (query.now, query.ffqn_prefix, query.execution_id_prefix) == (NOW, "testing:", "E_0")
    assert (query.top_level_only, query.hide_finished, query.interface) == (True, True, "a:b/c@1.0.0")
    assert (query.component_digest, query.deployment_id) == (DIGEST, DEPLOYMENT)
    assert query.buckets == {Bucket.PENDING, Bucket.FINISHED_EXECUTION_FAILURE}
    assert (query.order, query.limit, query.cursor_created_at, query.including_cursor) == (Order.NEWER, 7, NOW, True)


async def test_an_empty_request_does_not_filter(executions: Repository, engine: FakeExecutions) -> None:
    await executions.ListExecutions(pb.ListExecutionsRequest())
    (query,) = engine.queries
    assert (query.order, query.limit, query.buckets) == (Order.OLDER, 20, frozenset())
    assert query.package is query.interface is query.ffqn is query.ffqn_prefix is query.component_digest is None


@pytest.mark.parametrize(("seconds", "nanos"), [(0, -1), (0, 2**31 - 1), (2**62, 0), (-(2**62), 0)])
async def test_a_cursor_whose_time_is_none_is_refused(executions: Repository, seconds: int, nanos: int) -> None:
    cursor = pb.ListExecutionsRequest.Cursor(created_at={"seconds": seconds, "nanos": nanos})
    older = pb.ListExecutionsRequest.OlderThan(length=5, cursor=cursor)
    code, details = await refused(executions.ListExecutions(pb.ListExecutionsRequest(older_than=older)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("argument `created_at` must be a time: ")


async def test_a_cursor_by_id_is_completed_with_its_time(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    cursor = pb.ListExecutionsRequest.Cursor(execution_id=id_message())
    older = pb.ListExecutionsRequest.OlderThan(length=5, cursor=cursor)
    await executions.ListExecutions(pb.ListExecutionsRequest(older_than=older))
    (query,) = engine.queries
    assert (query.cursor_id, query.cursor_created_at) == (ID, NOW)


@pytest.mark.parametrize("number", [0, 99])
async def test_a_filter_that_is_none_is_refused(executions: Repository, number: int) -> None:
    code, _ = await refused(executions.ListExecutions(pb.ListExecutionsRequest(state_filters=[number])))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
