"""The proto, what is generated from it, and clients that bring their own."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from obelisk.api import pool
from obelisk.api.pb.obelisk_pb2 import DESCRIPTOR
from obelisk.api.server import ApiServer
from tests.api.fakes import FakeExecutions
from tests.api.wire_format import wire_format

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "obelisk" / "api" / "proto"
INTERFACE = "testing:fibo-workflow/workflow"


def test_the_wire_format_is_the_recorded_one() -> None:
    assert wire_format(DESCRIPTOR) == (ROOT / "tests" / "api" / "wire-format.txt").read_text().splitlines()


def test_the_generated_modules_are_up_to_date() -> None:
    check = [sys.executable, str(ROOT / "tools" / "generate_proto.py"), "--check"]
    found = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_our_messages_are_not_in_the_pool_that_programs_share() -> None:
    assert DESCRIPTOR.pool is pool.POOL
    assert DESCRIPTOR.pool is not descriptor_pool.Default()


async def test_a_client_with_its_own_copy_of_the_proto_works_in_the_same_process(
    api: ApiServer, engine: FakeExecutions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _compile(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    theirs = importlib.import_module("obelisk_pb2")
    stubs = importlib.import_module("obelisk_pb2_grpc")
    from google.protobuf.any_pb2 import Any

    async with grpc.aio.insecure_channel(api.address) as channel:
        client = stubs.ExecutionRepositoryStub(channel)
        made = await client.GenerateExecutionId(theirs.GenerateExecutionIdRequest())
        name = theirs.FunctionName(interface_name=INTERFACE, function_name="fiboa")
        params = Any(type_url="anything", value=b"[10, 5]")
        await client.Submit(theirs.SubmitRequest(execution_id=made.execution_id, function_name=name, params=params))
    assert [*engine.logs_of] == [made.execution_id.id]


def _compile(directory: Path) -> None:
    arguments = [f"--proto_path={PROTO}", f"--python_out={directory}", f"--grpc_python_out={directory}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments, "obelisk.proto"], check=True)


async def test_a_client_made_from_reflection_submits(api: ApiServer, engine: FakeExecutions) -> None:
    execution_id = await asyncio.to_thread(_submit_by_reflection, api.address)
    assert [*engine.logs_of] == [execution_id]


def _submit_by_reflection(address: str) -> str:
    with grpc.insecure_channel(address) as channel:
        found = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        service = found.FindServiceByName("obelisk.ExecutionRepository")
        made = _call(channel, service.methods_by_name["GenerateExecutionId"])
        request = GetMessageClass(service.methods_by_name["Submit"].input_type)(execution_id=made.execution_id)
        request.function_name.interface_name, request.function_name.function_name = INTERFACE, "fiboa"
        request.params.value = b"[10, 5]"
        _call(channel, service.methods_by_name["Submit"], request)
        return str(made.execution_id.id)


def _call(channel: grpc.Channel, method: object, request: object = None) -> object:
    kind = GetMessageClass(method.input_type)
    call = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=kind.SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return call(kind() if request is None else request, timeout=30)


async def test_reflection_lists_every_service(api: ApiServer) -> None:
    services = await asyncio.to_thread(_services, api.address)
    assert services == {
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "obelisk.DeploymentRepository",
        "obelisk.ExecutionRepository",
        "obelisk.FunctionRepository",
        "obelisk_admin.v1.Executions",
        "obelisk_admin.v1.Operations",
    }


def _services(address: str) -> set[str]:
    with grpc.insecure_channel(address) as channel:
        return set(ProtoReflectionDescriptorDatabase(channel).get_services())


@pytest.mark.parametrize("name", ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"])
async def test_reflection_describes_the_standard_services_too(api: ApiServer, name: str) -> None:
    assert await asyncio.to_thread(_described, api.address, name)


def _described(address: str, name: str) -> list[str]:
    with grpc.insecure_channel(address) as channel:
        found = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        return [method.name for method in found.FindServiceByName(name).methods]


async def test_reflection_answers_under_its_current_name(api: ApiServer) -> None:
    from grpc_reflection.v1alpha import reflection_pb2

    async with grpc.aio.insecure_channel(api.address) as channel:
        call = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        request = reflection_pb2.ServerReflectionRequest(file_containing_symbol="obelisk.ExecutionRepository")
        (answer,) = [answer async for answer in call(iter([request]))]
    assert answer.HasField("file_descriptor_response")
