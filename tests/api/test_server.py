"""Listening, stopping, and what every call has in common."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import DeploymentRepositoryStub, ExecutionRepositoryStub
from obelisk.api.server import ApiServer, serve
from obelisk.errors import ServerError
from tests.api.calls import ID, drained, refused, status_request, submit_request
from tests.api.fakes import FakeComponents, FakeExecutions, FixedClock, created

Repository = ExecutionRepositoryStub


async def _listen(address: str) -> str:
    async with serve(FakeExecutions(), FakeComponents(), address=address, clock=FixedClock(), grace=0.0) as server:
        return server.address


async def test_the_address_has_the_port_that_was_taken() -> None:
    host, _, port = (await _listen("127.0.0.1:0")).rpartition(":")
    assert (host, int(port) > 0) == ("127.0.0.1", True)


async def test_a_port_can_be_taken_again_after_a_server_has_stopped() -> None:
    address = await _listen("127.0.0.1:0")
    assert await _listen(address) == address


async def test_a_port_in_use_is_named(api: ApiServer) -> None:
    with pytest.raises(ServerError, match=f"`{api.address}`.*in use"):
        await _listen(api.address)


@pytest.mark.parametrize("address", ["", "5005", "localhost", "localhost:", ":5005", "localhost:65536", "localhost:-1"])
async def test_an_address_without_host_and_port_is_refused(address: str) -> None:
    with pytest.raises(ServerError, match="expected `HOST:PORT`"):
        await _listen(address)


async def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ServerError, match=r"`192\.0\.2\.1:0`"):
        await _listen("192.0.2.1:0")


async def test_a_stream_ends_with_aborted_when_the_server_stops(
    api: ApiServer, executions: Repository, engine: FakeExecutions
) -> None:
    await engine.append(ID, created([]))
    stream = aiter(executions.GetStatus(status_request(follow=True)))
    await anext(stream)
    await api.stop(grace=5.0)
    assert await refused(drained(stream)) == (grpc.StatusCode.ABORTED, "server is shutting down")
    assert engine.watchers == 0


async def test_a_call_after_the_stop_finds_no_server(api: ApiServer, executions: Repository) -> None:
    await executions.Submit(submit_request())
    await api.stop(grace=5.0)
    code, _ = await refused(executions.Submit(submit_request()))
    assert code is grpc.StatusCode.UNAVAILABLE


async def test_a_call_during_the_stop_is_unavailable(
    api: ApiServer, executions: Repository, engine: FakeExecutions
) -> None:
    async def stop_meanwhile(_: object) -> None:
        api._calls.stop()

    engine.on_submit = stop_meanwhile
    await executions.Submit(submit_request())
    assert await refused(executions.Submit(submit_request())) == (
        grpc.StatusCode.UNAVAILABLE,
        "server is shutting down",
    )


async def test_a_call_that_is_not_offered_is_named(channel: grpc.aio.Channel, executions: Repository) -> None:
    deployments = DeploymentRepositoryStub(channel)
    answers = [
        await refused(executions.GetBacktrace(pb.GetBacktraceRequest())),
        await refused(deployments.GetCurrentDeploymentId(pb.GetCurrentDeploymentIdRequest())),
    ]
    assert answers == [
        (grpc.StatusCode.UNIMPLEMENTED, "`ExecutionRepository.GetBacktrace` is not implemented by this server"),
        (
            grpc.StatusCode.UNIMPLEMENTED,
            "`DeploymentRepository.GetCurrentDeploymentId` is not implemented by this server",
        ),
    ]


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_compressed_requests_are_read(api: ApiServer, compression: grpc.Compression) -> None:
    async with grpc.aio.insecure_channel(api.address, compression=compression) as channel:
        response = await ExecutionRepositoryStub(channel).Submit(submit_request(["x" * 100_000, 1]))
    assert response.outcome == pb.SubmitResponse.OUTCOME_CREATED


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("obelisk.ExecutionRepository/Submit", "obelisk.SubmitRequest"),
        ("obelisk.ExecutionRepository/GetStatus", "obelisk.GetStatusRequest"),
        ("grpc.health.v1.Health/Check", "grpc.health.v1.HealthCheckRequest"),
        ("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "grpc.reflection.v1alpha.ServerReflectionRequest"),
    ],
)
async def test_a_request_that_is_no_message_is_refused_and_not_logged(
    channel: grpc.aio.Channel, method: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await refused(channel.unary_unary(f"/{method}")(b"\xff\xff\xff"))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, f"the request is not a `{kind}`")
    assert caplog.messages == []


async def test_a_request_above_the_limit_is_refused(executions: Repository, engine: FakeExecutions) -> None:
    code, _ = await refused(executions.Submit(submit_request(["x" * (16 * 1024 * 1024), 1])))
    assert (code, engine.logs_of) == (grpc.StatusCode.RESOURCE_EXHAUSTED, {})


async def test_a_long_message_is_cut_to_what_a_client_takes(executions: Repository) -> None:
    code, details = await refused(executions.Submit(submit_request(execution_id="\u00e9" * 10_000)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert len(details.encode()) < 6000


@pytest.mark.parametrize("service", ["", "obelisk.ExecutionRepository", "obelisk.FunctionRepository"])
async def test_the_server_is_healthy(channel: grpc.aio.Channel, service: str) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    response = await health.Check(health_pb2.HealthCheckRequest(service=service))
    assert response.status == health_pb2.HealthCheckResponse.SERVING


async def test_the_health_of_an_unknown_service_is_not_found(channel: grpc.aio.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    code, _ = await refused(health.Check(health_pb2.HealthCheckRequest(service="x")))
    assert code is grpc.StatusCode.NOT_FOUND


async def test_a_watch_of_the_health_does_not_hold_up_the_stop(api: ApiServer, channel: grpc.aio.Channel) -> None:
    stream = aiter(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()))
    assert (await anext(stream)).status == health_pb2.HealthCheckResponse.SERVING
    await api.stop(grace=3600.0)
    assert (await refused(drained(stream)))[0] is grpc.StatusCode.ABORTED
