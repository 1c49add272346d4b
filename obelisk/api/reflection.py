"""Server reflection: clients ask the server for its messages instead of having the proto.

It is served under its current name and under the older one that many clients still use; the messages are the same on
the wire. The descriptors come from a pool made for this, since those of health and reflection belong in it too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as OLD_NAME
from grpc_reflection.v1alpha.reflection import ReflectionServicer

from obelisk.api.calls import reader_of
from obelisk.api.pb import obelisk_admin_pb2, obelisk_pb2
from obelisk.api.status import CallRefusedError

OLD_PACKAGE = "grpc.reflection.v1alpha"
PACKAGE = "grpc.reflection.v1"
NAME = f"{PACKAGE}.ServerReflection"
FILE = "grpc/reflection/v1/reflection.proto"


def add_reflection(server: grpc.aio.Server, services: Iterable[str]) -> None:
    """Let ``server`` tell clients about ``services`` and about reflection itself."""
    servicer: Any = ReflectionServicer((*services, OLD_NAME, NAME), pool=_pool())

    read = reader_of(reflection_pb2.ServerReflectionRequest)

    async def answer(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            try:
                message = read(request)
            except CallRefusedError as error:
                await context.abort(error.code, str(error))
            for response in servicer.ServerReflectionInfo(iter((message,)), context):
                yield response

    handler = grpc.stream_stream_rpc_method_handler(
        answer,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for name in (OLD_NAME, NAME):
        served = grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler})
        server.add_generic_rpc_handlers((served,))


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in (any_pb2, duration_pb2, timestamp_pb2, obelisk_pb2, obelisk_admin_pb2, health_pb2, reflection_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(_current_file())
    return pool


def _current_file() -> FileDescriptorProto:
    file = FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    file.name, file.package = FILE, PACKAGE
    for message in file.message_type:
        for field in filter(lambda field: field.type_name, message.field):
            field.type_name = field.type_name.replace(f".{OLD_PACKAGE}.", f".{PACKAGE}.")
    for method in (method for service in file.service for method in service.method):
        method.input_type = method.input_type.replace(f".{OLD_PACKAGE}.", f".{PACKAGE}.")
        method.output_type = method.output_type.replace(f".{OLD_PACKAGE}.", f".{PACKAGE}.")
    return file
