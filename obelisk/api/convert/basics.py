"""Ids, names, times, JSON and enums."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from obelisk.api import pool
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import ComponentId, ComponentRole, TimeSpan
from obelisk.errors import ClientError
from obelisk.ids import JoinSetId, JoinSetKind, join_set_kind
from obelisk.names import Ffqn, ffqn, split_ffqn

if TYPE_CHECKING:
    from google.protobuf.any_pb2 import Any as AnyMessage
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.timestamp_pb2 import Timestamp

RESULT_TYPE_URL = "urn:obelisk:json:retval:TBD"
PARAMS_TYPE_URL = "urn:obelisk:json:params:"
BYTES_TYPE_URL = "urn:obelisk:bytes"

E = TypeVar("E", bound=Enum)

_COMPONENT_TYPE = "COMPONENT_TYPE_"
_JOIN_SET_KIND = "JOIN_SET_KIND_"


def datetime_of(message: Timestamp) -> datetime:
    """Return the time that a message holds, in UTC; what is finer than a microsecond is cut.

    Raises ``ClientError`` for a time that is none, such as one in the year 10,000.
    """
    try:
        when: datetime = message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ClientError(f"the server sent a time that is none: {error}") from error
    return when


def span_message(span: TimeSpan) -> Duration:
    """Write a length of time."""
    return pool.Duration(seconds=span.secs, nanos=span.nanos)


def span_of(message: Duration) -> TimeSpan:
    """Read a length of time."""
    return TimeSpan(message.seconds, message.nanos)


def json_message(type_url: str, value: Any) -> AnyMessage:
    """Write a plain JSON value."""
    return pool.Any(type_url=type_url, value=msgspec.json.encode(value))


def json_of(message: AnyMessage) -> Any:
    """Read a plain JSON value; raise ``ClientError`` when it is none."""
    try:
        return msgspec.json.decode(message.value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClientError(f"the server sent a value that is not JSON: {error}") from error


def params_message(name: Ffqn, params: Any) -> AnyMessage:
    """Write the parameters of a call."""
    return json_message(PARAMS_TYPE_URL + name, params)


def function_message(name: Ffqn) -> pb.FunctionName:
    """Write the name of a function."""
    interface, function = split_ffqn(name)
    return pb.FunctionName(interface_name=interface, function_name=function)


def function_of(message: pb.FunctionName) -> Ffqn:
    """Read the name of a function."""
    return ffqn(message.interface_name, message.function_name)


def join_set_message(join_set: JoinSetId) -> pb.JoinSetId:
    """Write a join-set id: its kind apart from its name."""
    return pb.JoinSetId(kind=_JOIN_SET_KIND + join_set_kind(join_set).name, name=join_set.partition(":")[2])


def join_set_of(message: pb.JoinSetId) -> JoinSetId:
    """Read a join-set id."""
    kind = member_of(JoinSetKind, pb.JoinSetId.JoinSetKind, message.kind, prefix=_JOIN_SET_KIND)
    return JoinSetId(f"{kind.value}:{message.name}")


def role_name(role: ComponentRole) -> str:
    """Return the name of the enum value that says what a component is for."""
    return _COMPONENT_TYPE + role.name


def role_of(number: int) -> ComponentRole:
    """Read what a component is for."""
    return member_of(ComponentRole, pb.ComponentType, number, prefix=_COMPONENT_TYPE)


def component_message(component: ComponentId) -> pb.ComponentId:
    """Write which component it is."""
    return pb.ComponentId(
        component_type=role_name(component.component_type),
        name=component.name,
        digest=pb.ContentDigest(digest=component.component_digest),
    )


def component_of(message: pb.ComponentId) -> ComponentId:
    """Read which component it is."""
    return ComponentId(role_of(message.component_type), message.name, message.digest.digest)


def member_of(members: type[E], numbers: EnumTypeWrapper, number: int, *, prefix: str) -> E:
    """Return the member that has the name of an enum number without its prefix; raise ``ClientError`` for none."""
    name = name_of(numbers, number, prefix=prefix)
    if name not in members.__members__:
        raise unknown(f"`{numbers.DESCRIPTOR.full_name}` {name}")
    return members[name]


def name_of(numbers: EnumTypeWrapper, number: int, *, prefix: str) -> str:
    """Return the name of an enum number without its prefix; raise ``ClientError`` for a number without one."""
    try:
        return numbers.Name(number).removeprefix(prefix)
    except ValueError as error:
        raise unknown(f"`{numbers.DESCRIPTOR.full_name}` {number}") from error


def unknown(message: str) -> ClientError:
    """Return the error for a message that holds none of the alternatives known here."""
    return ClientError(f"the server sent {message} that this version does not know; use the server's version")
