"""A server on a free port of the loopback interface, with a fake engine behind it, and a channel to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest

from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub, FunctionRepositoryStub
from obelisk.api.server import ApiServer, serve
from tests.api.fakes import FakeComponents, FakeExecutions, FixedClock

Executions = ExecutionRepositoryStub
Functions = FunctionRepositoryStub


@pytest.fixture
def engine() -> FakeExecutions:
    return FakeExecutions()


@pytest.fixture
async def api(engine: FakeExecutions) -> AsyncIterator[ApiServer]:
    async with serve(engine, FakeComponents(), address="127.0.0.1:0", clock=FixedClock(), grace=1.0) as server:
        yield server


@pytest.fixture
async def channel(api: ApiServer) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(api.address) as opened:
        yield opened


@pytest.fixture
def executions(channel: grpc.aio.Channel) -> Executions:
    return ExecutionRepositoryStub(channel)


@pytest.fixture
def functions(channel: grpc.aio.Channel) -> Functions:
    return FunctionRepositoryStub(channel)
