"""Calls to a server as a program makes them, without the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from obelisk.api import pool
from obelisk.api.convert.basics import PARAMS_TYPE_URL, function_message
from obelisk.api.convert.results import result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import ExecutionResult
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.names import Ffqn

FIBO_ACTIVITY = Ffqn("testing:fibo/fibo.fibo")
FIBOA = Ffqn("testing:fibo-workflow/workflow.fiboa")
FIBOW = Ffqn("testing:fibo-workflow/workflow.fibow")
CONCURRENT = Ffqn("testing:fibo-workflow/workflow.fiboa-concurrent")
NESTED = Ffqn("testing:fibo-workflow-outer/workflow.fibo-nested-workflow")
START_FIBOAS = Ffqn("testing:fibo-workflow-outer/workflow.fibo-start-fiboas")
SPIN_FOREVER = Ffqn("testing:spin/spin.spin-forever")
CALL_SECONDS = 40
_OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))


def execution_id(number: int) -> ExecutionId:
    """Return an id of its own for each number, the same in every run."""
    return new_execution_id(1_795_000_000_000, number.to_bytes(10, "big"))


def submit_request(ident: ExecutionId, ffqn: Ffqn, params: Any) -> pb.SubmitRequest:
    value = pool.Any(type_url=PARAMS_TYPE_URL + ffqn, value=json.dumps(params).encode())
    return pb.SubmitRequest(execution_id=pb.ExecutionId(id=ident), function_name=function_message(ffqn), params=value)


def status_request(ident: ExecutionId) -> pb.GetStatusRequest:
    return pb.GetStatusRequest(execution_id=pb.ExecutionId(id=ident), follow=True, send_finished_status=True)


class Client:
    """Calls that block."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._executions = ExecutionRepositoryStub(channel)

    def submit(self, ident: ExecutionId, ffqn: Ffqn, params: Any) -> None:
        """Create an execution."""
        self._executions.Submit(submit_request(ident, ffqn, params), timeout=CALL_SECONDS)

    def result(self, ident: ExecutionId) -> ExecutionResult:
        """Return how an execution ended, once it has."""
        for message in self._executions.GetStatus(status_request(ident), timeout=CALL_SECONDS):
            if message.HasField("finished_status"):
                return result_of(message.finished_status.value)
        raise AssertionError(f"the stream about {ident} ended without a result")

    def version(self, ident: ExecutionId) -> int:
        """Return the version of the newest event of an execution."""
        request = pb.ListExecutionEventsRequest(execution_id=pb.ExecutionId(id=ident), length=1)
        return int(self._executions.ListExecutionEvents(request, timeout=CALL_SECONDS).max_version)

    def wait_for_version(self, ident: ExecutionId, version: int) -> int:
        """Return the version of the newest event once it is at least ``version``, at the latest when it has ended."""
        for _ in self._executions.GetStatus(status_request(ident), timeout=CALL_SECONDS):
            found = self.version(ident)
            if found >= version:
                return found
        return self.version(ident)

    def wait_for_status(self, ident: ExecutionId, wanted: str) -> None:
        """Return once the status is ``wanted``, such as ``locked``."""
        for message in self._executions.GetStatus(status_request(ident), timeout=CALL_SECONDS):
            status = message.summary.current_status if message.HasField("summary") else message.current_status
            if status.WhichOneof("status") == wanted:
                return
        raise AssertionError(f"{ident} ended without being {wanted}")


@contextmanager
def connected(address: str) -> Iterator[Client]:
    with grpc.insecure_channel(address, options=_OPTIONS) as channel:
        yield Client(channel)


async def submit_all(address: str, ffqn: Ffqn, params: Any, idents: Iterable[ExecutionId]) -> list[ExecutionResult]:
    """Submit executions side by side over one connection and return their results once all have ended."""
    async with grpc.aio.insecure_channel(address, options=_OPTIONS) as channel:
        stub: Any = ExecutionRepositoryStub(channel)

        async def one(ident: ExecutionId) -> ExecutionResult:
            await stub.Submit(submit_request(ident, ffqn, params), timeout=CALL_SECONDS)
            async for message in stub.GetStatus(status_request(ident), timeout=CALL_SECONDS):
                if message.HasField("finished_status"):
                    return result_of(message.finished_status.value)
            raise AssertionError(f"the stream about {ident} ended without a result")

        return list(await asyncio.gather(*map(one, idents)))
