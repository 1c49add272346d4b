"""The descriptor pool of our messages, and the well-known messages in it.

Protobuf keeps every generated file in one default pool per process and refuses a second file that defines the same
names. A program may hold another copy of ``obelisk.proto``, so our generated modules live in a pool of their own. A pool
is closed: the messages of ``google.protobuf`` that ours contain are classes of this pool too, and are taken from here.
"""

from __future__ import annotations

from typing import cast

from google.protobuf import any_pb2, duration_pb2, timestamp_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in (any_pb2, duration_pb2, timestamp_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    return pool


POOL = _pool()
Any = cast("type[any_pb2.Any]", GetMessageClass(POOL.FindMessageTypeByName("google.protobuf.Any")))
Duration = cast("type[duration_pb2.Duration]", GetMessageClass(POOL.FindMessageTypeByName("google.protobuf.Duration")))
