"""Calls to a server as a program makes them, without the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from obelisk.api import pool
from obelisk.api.convert.basics import PARAMS_TYPE_URL, function_message, join_set_of
from obelisk.api.convert.results import result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.core.events import ExecutionResult
from obelisk.ids import EXECUTION_PREFIX, DelayId, ExecutionId, new_execution_id
from obelisk.names import Ffqn

FIBO_ACTIVITY = Ffqn("testing:fibo/fibo.fibo")
FIBOA = Ffqn("testing:fibo-workflow/workflow.fiboa")
FIBOW = Ffqn("testing:fibo-workflow/workflow.fibow")
CONCURRENT = Ffqn("testing:fibo-workflow/workflow.fiboa-concurrent")
NESTED = Ffqn("testing:fibo-workflow-outer/workflow.fibo-nested-workflow")
START_FIBOAS = Ffqn("testing:fibo-workflow-outer/workflow.fibo-start-fiboas")
SPIN = Ffqn("testing:spin/spin.spin")
SPIN_FOREVER = Ffqn("testing:spin/spin.spin-forever")
FOO = Ffqn("testing:stub-activity/activity.foo")
ASK = Ffqn("shop:orders/approval.ask")
CALL_SECONDS = 40
CHANNEL_OPTIONS = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))


def execution_id(number: int) -> ExecutionId:
    """Return an id of its own for each number, the same in every run."""
    return new_execution_id(1_795_000_000_000, number.to_bytes(10, "big"))


def child(ident: ExecutionId, place: str) -> ExecutionId:
    """Return the id of what an execution asked for in a place, such as ``g:1_2``: the second child in a join set."""
    return ExecutionId(f"{ident}.{place}")


def delay_id(ident: ExecutionId, place: str) -> DelayId:
    """Return the id of a delay that an execution asked for in a place."""
    return DelayId(f"Delay_{ident.removeprefix(EXECUTION_PREFIX)}.{place}")


def submit_request(ident: ExecutionId, ffqn: Ffqn, params: Any, *, paused: bool = False) -> pb.SubmitRequest:
    value = pool.Any(type_url=PARAMS_TYPE_URL + ffqn, value=json.dumps(params).encode())
    return pb.SubmitRequest(
        execution_id=pb.ExecutionId(id=ident), function_name=function_message(ffqn), params=value, paused=paused
    )


def status_request(ident: ExecutionId) -> pb.GetStatusRequest:
    return pb.GetStatusRequest(execution_id=pb.ExecutionId(id=ident), follow=True, send_finished_status=True)


class Client:
    """Calls that block."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._executions = ExecutionRepositoryStub(channel)

    def call(self, name: str, **fields: Any) -> Any:
        """Make the call of the proto that has this name; ids may be texts."""
        request = getattr(pb, f"{name}Request")(**{field: _message(field, value) for field, value in fields.items()})
        return getattr(self._executions, name)(request, timeout=CALL_SECONDS)

    def call_many(self, name: str, idents: Iterable[ExecutionId]) -> list[Any]:
        """Make a call about each of these executions, all at once."""
        kind, call = getattr(pb, f"{name}Request"), getattr(self._executions, name)
        requests = [kind(execution_id=pb.ExecutionId(id=ident)) for ident in idents]
        return [made.result() for made in [call.future(request, timeout=CALL_SECONDS) for request in requests]]

    def upgrade_many(self, ident: ExecutionId, present: str, new: str, *, count: int) -> list[str | None]:
        """Ask for an upgrade so many times at once; return the statuses of those that were refused."""
        request = pb.UpgradeExecutionComponentRequest(
            execution_id=pb.ExecutionId(id=ident),
            expected_component_digest=pb.ContentDigest(digest=present),
            new_component_digest=pb.ContentDigest(digest=new),
        )
        call = self._executions.UpgradeExecutionComponent
        errors = [made.exception() for made in [call.future(request, timeout=CALL_SECONDS) for _ in range(count)]]
        return [None if error is None else error.code().name for error in errors]

    def statuses(self, ident: ExecutionId) -> Iterator[pb.GetStatusResponse]:
        """Yield what an execution is doing until it has ended."""
        return iter(self._executions.GetStatus(status_request(ident), timeout=CALL_SECONDS))

    def refusal(self, name: str, **fields: Any) -> tuple[str, str]:
        """Make a call that is expected to be refused; return the status and its text."""
        try:
            answer = self.call(name, **fields)
        except grpc.RpcError as error:
            return error.code().name, error.details()
        raise AssertionError(f"{name} was answered: {answer}")

    def start(self, ffqn: Ffqn, params: Any, *, paused: bool = False) -> ExecutionId:
        """Create an execution and return the id that the server made."""
        ident = ExecutionId(self.call("GenerateExecutionId").execution_id.id)
        self.submit(ident, ffqn, params, paused=paused)
        return ident

    def submit(self, ident: ExecutionId, ffqn: Ffqn, params: Any, *, paused: bool = False) -> None:
        """Create an execution."""
        self._executions.Submit(submit_request(ident, ffqn, params, paused=paused), timeout=CALL_SECONDS)

    def stub(self, ident: ExecutionId, value: Any) -> None:
        """Give a stub its result."""
        self.call("Stub", execution_id=ident, return_value=pool.Any(value=json.dumps(value).encode()))

    def result(self, ident: ExecutionId) -> ExecutionResult:
        """Return how an execution ended, once it has."""
        for message in self.statuses(ident):
            if message.HasField("finished_status"):
                return result_of(message.finished_status.value)
        raise AssertionError(f"the stream about {ident} ended without a result")

    def version(self, ident: ExecutionId) -> int:
        """Return the version of the newest event of an execution."""
        request = pb.ListExecutionEventsRequest(execution_id=pb.ExecutionId(id=ident), length=1)
        return int(self._executions.ListExecutionEvents(request, timeout=CALL_SECONDS).max_version)

    def responses(self, ident: ExecutionId) -> list[Any]:
        """Return the first responses that an execution got."""
        return list(self.call("ListResponses", execution_id=ident, including_cursor=True, cursor_from=1).responses)

    def wait_for_version(self, ident: ExecutionId, version: int) -> int:
        """Return the version of the newest event once it is at least ``version``, at the latest when it has ended."""
        for _ in self.statuses(ident):
            found = self.version(ident)
            if found >= version:
                return found
        return self.version(ident)

    def wait_for_status(self, ident: ExecutionId, wanted: str) -> None:
        """Return once the status is ``wanted``, such as ``locked``."""
        for message in self.statuses(ident):
            status = message.summary.current_status if message.HasField("summary") else message.current_status
            if status.WhichOneof("status") == wanted:
                return
        raise AssertionError(f"{ident} ended without being {wanted}")

    def wait_for_join_set(self, ident: ExecutionId, wanted: str) -> None:
        """Return once an execution waits for a response in the join set ``wanted``."""
        for message in self.statuses(ident):
            status = message.summary.current_status if message.HasField("summary") else message.current_status
            if status.HasField("blocked_by_join_set") and join_set_of(status.blocked_by_join_set.join_set_id) == wanted:
                return
        raise AssertionError(f"{ident} ended without waiting in {wanted}")


def _message(field: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind = {"execution_id": pb.ExecutionId, "delay_id": pb.DelayId}.get(field)
    return value if kind is None else kind(id=value)


@contextmanager
def connected(address: str) -> Iterator[Client]:
    with grpc.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        yield Client(channel)


async def submit_all(address: str, ffqn: Ffqn, params: Any, idents: Iterable[ExecutionId]) -> list[ExecutionResult]:
    """Submit executions side by side over one connection and return their results once all have ended."""
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        stub: Any = ExecutionRepositoryStub(channel)

        async def one(ident: ExecutionId) -> ExecutionResult:
            await stub.Submit(submit_request(ident, ffqn, params), timeout=CALL_SECONDS)
            async for message in stub.GetStatus(status_request(ident), timeout=CALL_SECONDS):
                if message.HasField("finished_status"):
                    return result_of(message.finished_status.value)
            raise AssertionError(f"the stream about {ident} ended without a result")

        return list(await asyncio.gather(*map(one, idents)))
