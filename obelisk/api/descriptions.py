"""What reflection answers, from a pool of descriptions made for it: those of health and reflection belong in it too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf import any_pb2, duration_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import ReflectionServicer

from obelisk.api.calls import reader_of
from obelisk.api.pb import obelisk_admin_pb2, obelisk_pb2

OLD_PACKAGE = "grpc.reflection.v1alpha"
PACKAGE = "grpc.reflection.v1"
FILE = "grpc/reflection/v1/reflection.proto"


class Descriptions:
    """Describes the services called ``names``, and every message of the server."""

    def __init__(self, names: Iterable[str]) -> None:
        self._servicer: Any = ReflectionServicer(tuple(names), pool=_pool())
        self._read = reader_of(reflection_pb2.ServerReflectionRequest)

    def answers(self, request: bytes, context: Any) -> Iterator[bytes]:
        """Return the answers to a request, encoded as it is. Raises ``CallRefusedError`` for bytes that are none."""
        found = self._servicer.ServerReflectionInfo(iter((self._read(request),)), context)
        return (answer.SerializeToString() for answer in found)


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
