"""Reading requests: what is missing or malformed is an ``InputError`` that names the argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from google.protobuf.message import Message

from obelisk.api.convert.basics import function_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.errors import InputError, InvalidIdError
from obelisk.ids import DelayId, ExecutionId, is_top_level, parse_delay_id, parse_execution_id
from obelisk.interfaces.storage import Bucket, ExecutionQuery, Order
from obelisk.names import Ffqn, parse_ffqn

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

DEFAULT_LENGTH = 20
MAX_LENGTH = 1000

_STATE_FILTER = "EXECUTION_STATE_FILTER_"


def require(request: Message, *names: str) -> None:
    """Raise ``InputError`` unless the request has each of the messages ``names``."""
    for name in names:
        if not request.HasField(name):
            raise InputError(f"argument `{name}` must exist")


def execution_id_argument(message: pb.ExecutionId) -> ExecutionId:
    """Read the id of an execution."""
    return parse_execution_id(message.id)


def new_execution_id_argument(message: pb.ExecutionId) -> ExecutionId:
    """Read the id that a new execution is to have: one without a parent."""
    execution_id = parse_execution_id(message.id)
    if not is_top_level(execution_id):
        raise InvalidIdError(f"`{execution_id}` names a child, expected the id of an execution without a parent")
    return execution_id


def function_argument(message: pb.FunctionName) -> Ffqn:
    """Read the name of a function."""
    return parse_ffqn(function_of(message))


def delay_id_argument(message: pb.DelayId) -> DelayId:
    """Read the id of a delay."""
    return parse_delay_id(message.id)


def params_argument(content: bytes) -> list[Any]:
    """Read the parameters of a call."""
    params = _json(content, "argument `params` must be encoded as JSON array")
    if not isinstance(params, list):
        found = msgspec.json.encode(params)[:80].decode(errors="replace")
        raise InputError(f"argument `params` must be encoded as JSON array, found `{found}`")
    return params


def value_argument(content: bytes) -> Any:
    """Read the value that a function is to have returned."""
    return _json(content, "argument `return_value` must be encoded as JSON")


def _json(content: bytes, expected: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{expected}: {error}") from error


def length_argument(length: int) -> int:
    """Return how many entries a page has at most: ``DEFAULT_LENGTH`` when nothing was asked."""
    return min(length or DEFAULT_LENGTH, MAX_LENGTH)


def time_argument(message: Timestamp, name: str) -> datetime:
    """Read the time that the argument ``name`` holds."""
    try:
        when: datetime = message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"argument `{name}` must be a time: {error}") from error
    return when


def bucket_argument(number: int) -> Bucket:
    """Read a filter for states."""
    names = pb.ListExecutionsRequest.ExecutionStateFilter
    if number not in names.values() or number == names.EXECUTION_STATE_FILTER_UNSPECIFIED:
        raise InputError(f"argument `state_filters` holds {number}, which is no filter")
    return Bucket[names.Name(number).removeprefix(_STATE_FILTER)]


def with_filters(query: ExecutionQuery, request: pb.ListExecutionsRequest) -> ExecutionQuery:
    """Return ``query`` with what the request filters by."""
    function = request.function_filter
    return msgspec.structs.replace(
        query,
        top_level_only=request.top_level_only,
        hide_finished=request.hide_finished,
        execution_id_prefix=request.execution_id_prefix or None,
        ffqn_prefix=request.function_name_prefix or None,
        package=function.package_name or None,
        interface=function.interface_name or None,
        ffqn=Ffqn(function.function_name) if function.function_name else None,
        component_digest=request.component_digest.digest or None,
        deployment_id=request.deployment_id.id or None,
        buckets=frozenset(map(bucket_argument, request.state_filters)),
    )


def with_page(query: ExecutionQuery, request: pb.ListExecutionsRequest) -> ExecutionQuery:
    """Return ``query`` with the page that the request asks for; a cursor by id has no time yet."""
    newer = request.WhichOneof("pagination") == "newer_than"
    page = request.newer_than if newer else request.older_than
    cursor = page.cursor.WhichOneof("cursor")
    return msgspec.structs.replace(
        query,
        limit=length_argument(page.length),
        order=Order.NEWER if newer else Order.OLDER,
        including_cursor=page.including_cursor,
        cursor_id=execution_id_argument(page.cursor.execution_id) if cursor == "execution_id" else None,
        cursor_created_at=time_argument(page.cursor.created_at, "created_at") if cursor == "created_at" else None,
    )
