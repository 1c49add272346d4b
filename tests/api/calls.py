"""Requests that many tests make."""

from __future__ import annotations

from typing import Any

import grpc
import msgspec
import pytest

from obelisk.api import pool
from obelisk.api.convert.basics import function_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.names import Ffqn
from tests.api.fakes import FIBOA

ID = new_execution_id(1_795_000_000_000, bytes(10))
OTHER_ID = new_execution_id(1_795_000_000_001, bytes(10))


def id_message(execution_id: str = ID) -> pb.ExecutionId:
    """Write an id."""
    return pb.ExecutionId(id=execution_id)


def submit_request(params: Any = (10, 5), *, ffqn: Ffqn = FIBOA, execution_id: str = ID) -> pb.SubmitRequest:
    """Return a request to start an execution; ``params`` that are bytes are sent as they are."""
    content = params if isinstance(params, bytes) else msgspec.json.encode(params)
    return pb.SubmitRequest(
        execution_id=id_message(execution_id), function_name=function_message(ffqn), params=pool.Any(value=content)
    )


def status_request(
    execution_id: ExecutionId = ID, *, follow: bool = False, result: bool = False
) -> pb.GetStatusRequest:
    """Return a request for the status of an execution."""
    return pb.GetStatusRequest(execution_id=id_message(execution_id), follow=follow, send_finished_status=result)


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    """Await a call that has to fail; return how."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details() or ""


async def drained(stream: Any) -> list[Any]:
    """Return what a stream yields."""
    return [message async for message in stream]
