"""Calls that look into and tune a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.pb.obelisk_admin_pb2_grpc import OperationsStub
from obelisk.api.server import serve
from obelisk.clock import SystemClock
from obelisk.config.log_settings import ConsoleLogSettings, FileLogSettings, LogSettings
from obelisk.runtime.server_log.logs import server_logs
from tests.api.calls import refused
from tests.api.fakes import FakeComponents, FakeExecutions, FixedClock

NAME = "obelisk_admin.v1.Operations"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a server that logs into a file only."""
    settings = LogSettings(ConsoleLogSettings(enabled=False), FileLogSettings(directory=tmp_path, level="info"))
    with server_logs(settings, clock=SystemClock()) as logs:
        clock = FixedClock()
        serving = serve(FakeExecutions(), FakeComponents(), address="127.0.0.1:0", clock=clock, grace=1.0, logs=logs)
        async with serving as api, grpc.aio.insecure_channel(api.address) as channel:
            yield channel


@pytest.fixture
def operations(opened: grpc.aio.Channel) -> OperationsStub:
    return OperationsStub(opened)


async def test_filters_are_shown_and_changed(operations: OperationsStub) -> None:
    answer = await operations.SetLogLevel(admin.SetLogLevelRequest(filter="WARN, app=trace"))
    assert [(sink.name, sink.filter) for sink in answer.sinks] == [("file", "warn,app=trace")]
    assert await operations.GetLogLevels(admin.GetLogLevelsRequest()) == answer


@pytest.mark.parametrize(
    ("wanted", "sink", "details"),
    [
        (
            "loud",
            "",
            "`loud` is no filter of a log: expected a level, one of off, trace, debug, info, warn, error, found",
        ),
        ("", "file", "`` is no filter of a log: expected a level"),
        ("info", "console", "`console` is no log that is on, expected `file`"),
    ],
)
async def test_a_wrong_filter_or_log_is_refused(
    operations: OperationsStub, wanted: str, sink: str, details: str
) -> None:
    code, found = await refused(operations.SetLogLevel(admin.SetLogLevelRequest(filter=wanted, sink=sink)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert found.startswith(details)


async def test_health_and_reflection_know_the_service(opened: grpc.aio.Channel) -> None:
    health = health_pb2_grpc.HealthStub(opened)
    answer = await health.Check(health_pb2.HealthCheckRequest(service=NAME))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(opened)
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=NAME)
    (described,) = [each async for each in reflection.ServerReflectionInfo(iter([request]))]
    assert len(described.file_descriptor_response.file_descriptor_proto) > 0
