"""The calls that read logs, over a real connection."""

from __future__ import annotations

from datetime import timedelta

import grpc
import pytest

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import (
    ChildExecutionFinished,
    DelayFinished,
    ExecutionResult,
    Locked,
    RetryConfig,
    TimeSpan,
    TypedValue,
)
from obelisk.ids import DelayId, ExecutionId, ExecutorId, JoinSetId, RunId
from tests.api.calls import ID, id_message, refused
from tests.api.fakes import COMPONENT, DEPLOYMENT, DIGEST, NOW, FakeExecutions, created

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
LARGE = ExecutionResult(ok=TypedValue("string", "y" * 2_000_000))
Repository = ExecutionRepositoryStub


async def _list_events(executions: Repository, *, first: int, length: int) -> pb.ListExecutionEventsResponse:
    request = pb.ListExecutionEventsRequest(execution_id=id_message(), version_from=first, length=length)
    return await executions.ListExecutionEvents(request)


async def test_events_are_listed_from_a_version_on(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    await engine.append(ID, LOCK)
    await engine.finish(ID)
    response = await _list_events(executions, first=1, length=1)
    assert [(event.version, event.WhichOneof("event")) for event in response.events] == [(1, "locked")]
    assert response.max_version == 2


async def test_a_page_of_events_fits_a_client_with_default_limits(
    executions: Repository, engine: FakeExecutions
) -> None:
    await engine.append(ID, created(["x" * 2_000_000]))
    await engine.finish(ID, ExecutionResult(ok=TypedValue("string", "y" * 2_000_000)))
    first = await _list_events(executions, first=0, length=10)
    rest = await _list_events(executions, first=1, length=10)
    assert [event.version for event in (*first.events, *rest.events)] == [0, 1]


async def test_a_page_may_be_longer_than_a_chunk(executions: Repository, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    engine.logs_of[ID] *= 250
    assert len((await _list_events(executions, first=5, length=240)).events) == 240


@pytest.mark.parametrize(("cursor", "including", "found"), [(0, False, [1, 2]), (1, False, [2]), (1, True, [1, 2])])
async def test_responses_are_listed_from_a_cursor_on(
    executions: Repository, engine: FakeExecutions, cursor: int, including: bool, found: list[int]
) -> None:
    await engine.append(ID, created([]))
    engine.respond(ID, DelayFinished(JoinSetId("g:1"), DelayId(f"Delay_{ID[2:]}.g:1_1")))
    engine.respond(ID, ChildExecutionFinished(JoinSetId("g:1"), CHILD, 3, ExecutionResult(ok=None)))
    response = await executions.ListResponses(
        pb.ListResponsesRequest(execution_id=id_message(), cursor_from=cursor, including_cursor=including)
    )
    assert [each.cursor for each in response.responses] == found
    assert response.max_cursor == 2


# --- both -------------------------------------------------------------------------------------------------------------


async def _list_both(
    executions: Repository, *, version: int = 0, cursor: int = 0, including: bool = False, length: int = 0
) -> pb.ListExecutionEventsAndResponsesResponse:
    request = pb.ListExecutionEventsAndResponsesRequest(
        execution_id=id_message(),
        version_from=version,
        events_length=length,
        responses_cursor_from=cursor,
        responses_length=length,
        responses_including_cursor=including,
    )
    return await executions.ListExecutionEventsAndResponses(request)


async def _with_both(engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    engine.respond(ID, DelayFinished(JoinSetId("g:1"), DELAY))
    engine.respond(ID, ChildExecutionFinished(JoinSetId("g:1"), CHILD, 3, ExecutionResult(ok=None)))
    await engine.append(ID, LOCK)


async def test_events_and_responses_come_together_with_the_status(
    executions: Repository, engine: FakeExecutions
) -> None:
    await _with_both(engine)
    response = await _list_both(executions)
    assert [event.WhichOneof("event") for event in response.events] == ["created", "locked"]
    assert [each.event.WhichOneof("response") for each in response.responses] == [
        "delay_finished",
        "child_execution_finished",
    ]
    assert (response.max_version, response.max_cursor) == (1, 2)
    assert response.current_status.locked.run_id.id == "Run_1"
    assert response.current_status.component_digest.digest == DIGEST


@pytest.mark.parametrize(("cursor", "including", "found"), [(1, False, [2]), (1, True, [1]), (2, False, [])])
async def test_events_and_responses_begin_and_end_where_that_is_asked(
    executions: Repository, engine: FakeExecutions, cursor: int, including: bool, found: list[int]
) -> None:
    await _with_both(engine)
    response = await _list_both(executions, version=1, cursor=cursor, including=including, length=1)
    assert [event.version for event in response.events] == [1]
    assert [each.cursor for each in response.responses] == found
    assert (response.max_version, response.max_cursor) == (1, 2)


async def test_large_events_and_responses_fit_a_client_with_default_limits(
    executions: Repository, engine: FakeExecutions
) -> None:
    await engine.append(ID, created(["x" * 2_000_000]))
    engine.respond(ID, ChildExecutionFinished(JoinSetId("g:1"), CHILD, 3, LARGE))
    await engine.finish(ID, LARGE)
    version, cursor, pages = 0, 0, 0
    while version < 2 or cursor < 1:
        page = await _list_both(executions, version=version, cursor=cursor)
        assert page.events or page.responses
        version, cursor, pages = version + len(page.events), cursor + len(page.responses), pages + 1
    assert pages == 3


async def test_many_events_leave_room_for_responses(executions: Repository, engine: FakeExecutions) -> None:
    await _with_both(engine)
    engine.logs_of[ID] = [*engine.logs_of[ID][:1], *engine.logs_of[ID][1:] * 20_000]
    response = await _list_both(executions, length=100_000)
    assert len(response.responses) == 2


@pytest.mark.parametrize("call", ["ListExecutionEvents", "ListResponses", "ListExecutionEventsAndResponses"])
@pytest.mark.parametrize(
    ("execution_id", "code"),
    [
        (None, grpc.StatusCode.INVALID_ARGUMENT),
        ("x", grpc.StatusCode.INVALID_ARGUMENT),
        (DELAY, grpc.StatusCode.INVALID_ARGUMENT),
        (ID, grpc.StatusCode.NOT_FOUND),
        (CHILD, grpc.StatusCode.NOT_FOUND),
    ],
)
async def test_a_log_that_is_not_there_is_refused(
    executions: Repository, call: str, execution_id: str | None, code: grpc.StatusCode
) -> None:
    request = getattr(pb, f"{call}Request")()
    if execution_id is not None:
        request.execution_id.id = execution_id
    found, details = await refused(getattr(executions, call)(request))
    assert (found, (execution_id or "`execution_id`") in details) == (code, True)
