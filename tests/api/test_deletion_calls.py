"""``obelisk_admin.v1.Executions.Delete``, and what pages do about executions that were deleted."""

from __future__ import annotations

import grpc
import pytest

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_admin_pb2_grpc import ExecutionsStub
from tests.api.calls import ID, OTHER_ID, id_message, refused
from tests.api.conftest import Executions
from tests.api.fakes import FakeExecutions, created
from tests.api.wire_format import wire_format

WIRE_FORMAT = [
    "Executions.Delete(DeleteExecutionRequest) -> DeleteExecutionResponse",
    "obelisk_admin.v1.DeleteExecutionRequest { 1 execution_id: string }",
    "obelisk_admin.v1.DeleteExecutionResponse { 1 deleted: uint64 }",
]


@pytest.fixture
def deletions(channel: grpc.aio.Channel) -> ExecutionsStub:
    return ExecutionsStub(channel)


def request(execution_id: str = ID) -> admin.DeleteExecutionRequest:
    return admin.DeleteExecutionRequest(execution_id=execution_id)


async def test_what_has_finished_is_deleted_and_counted(deletions: ExecutionsStub, engine: FakeExecutions) -> None:
    await engine.append(ID, created([10, 5]))
    await engine.finish(ID)
    assert (await deletions.Delete(request())).deleted == 3
    assert engine.states == {}


async def test_what_has_not_finished_is_refused(deletions: ExecutionsStub, engine: FakeExecutions) -> None:
    await engine.append(ID, created([10, 5]))
    code, details = await refused(deletions.Delete(request()))
    assert (code, details) == (grpc.StatusCode.FAILED_PRECONDITION, f"`{ID}` has not finished")


async def test_an_unknown_execution_is_not_found(deletions: ExecutionsStub) -> None:
    code, details = await refused(deletions.Delete(request()))
    assert code is grpc.StatusCode.NOT_FOUND
    assert ID in details


@pytest.mark.parametrize("wrong", ["", "E_1", "Delay_x"])
async def test_what_is_no_id_is_refused(deletions: ExecutionsStub, wrong: str) -> None:
    code, _ = await refused(deletions.Delete(request(wrong)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_cursor_that_was_deleted_says_what_to_do(executions: Executions, engine: FakeExecutions) -> None:
    await engine.append(OTHER_ID, created([10, 5]))
    cursor = pb.ListExecutionsRequest.Cursor(execution_id=id_message(ID))
    older = pb.ListExecutionsRequest.OlderThan(length=1, cursor=cursor)
    code, details = await refused(executions.ListExecutions(pb.ListExecutionsRequest(older_than=older)))
    assert code is grpc.StatusCode.NOT_FOUND
    assert details == f"the cursor `{ID}` names no execution, perhaps it was deleted; begin at another, or at a time"


def test_the_wire_format_of_deletion_stays() -> None:
    assert [line for line in wire_format(admin.DESCRIPTOR) if "Delet" in line] == WIRE_FORMAT
