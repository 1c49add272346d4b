import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeleteExecutionRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    def __init__(self, execution_id: _Optional[str] = ...) -> None: ...

class DeleteExecutionResponse(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: int
    def __init__(self, deleted: _Optional[int] = ...) -> None: ...

class GetLogLevelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetLogLevelRequest(_message.Message):
    __slots__ = ("filter", "sink")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    SINK_FIELD_NUMBER: _ClassVar[int]
    filter: str
    sink: str
    def __init__(self, filter: _Optional[str] = ..., sink: _Optional[str] = ...) -> None: ...

class LogLevels(_message.Message):
    __slots__ = ("sinks",)
    class Sink(_message.Message):
        __slots__ = ("name", "filter")
        NAME_FIELD_NUMBER: _ClassVar[int]
        FILTER_FIELD_NUMBER: _ClassVar[int]
        name: str
        filter: str
        def __init__(self, name: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...
    SINKS_FIELD_NUMBER: _ClassVar[int]
    sinks: _containers.RepeatedCompositeFieldContainer[LogLevels.Sink]
    def __init__(self, sinks: _Optional[_Iterable[_Union[LogLevels.Sink, _Mapping[str, object]]]] = ...) -> None: ...

class GetTraceRequest(_message.Message):
    __slots__ = ("execution_id", "max_depth", "max_executions", "max_details")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_DEPTH_FIELD_NUMBER: _ClassVar[int]
    MAX_EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_DETAILS_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    max_depth: int
    max_executions: int
    max_details: int
    def __init__(self, execution_id: _Optional[str] = ..., max_depth: _Optional[int] = ..., max_executions: _Optional[int] = ..., max_details: _Optional[int] = ...) -> None: ...

class GetTraceResponse(_message.Message):
    __slots__ = ("span", "left_out")
    SPAN_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    span: TraceSpan
    left_out: int
    def __init__(self, span: _Optional[_Union[TraceSpan, _Mapping[str, object]]] = ..., left_out: _Optional[int] = ...) -> None: ...

class TraceSpan(_message.Message):
    __slots__ = ("kind", "span_id", "parent_span_id", "trace_id", "execution_id", "run_id", "name", "started_at", "ended_at", "status", "status_message", "events", "attributes", "left_out")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[TraceSpan.Kind]
        KIND_EXECUTION: _ClassVar[TraceSpan.Kind]
        KIND_RUN: _ClassVar[TraceSpan.Kind]
        KIND_HTTP_REQUEST: _ClassVar[TraceSpan.Kind]
        KIND_DELAY: _ClassVar[TraceSpan.Kind]
        KIND_SCHEDULED: _ClassVar[TraceSpan.Kind]
    KIND_UNSPECIFIED: TraceSpan.Kind
    KIND_EXECUTION: TraceSpan.Kind
    KIND_RUN: TraceSpan.Kind
    KIND_HTTP_REQUEST: TraceSpan.Kind
    KIND_DELAY: TraceSpan.Kind
    KIND_SCHEDULED: TraceSpan.Kind
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATUS_UNSPECIFIED: _ClassVar[TraceSpan.Status]
        STATUS_RUNNING: _ClassVar[TraceSpan.Status]
        STATUS_OK: _ClassVar[TraceSpan.Status]
        STATUS_ERROR: _ClassVar[TraceSpan.Status]
        STATUS_FAILED: _ClassVar[TraceSpan.Status]
        STATUS_PENDING: _ClassVar[TraceSpan.Status]
        STATUS_SCHEDULED: _ClassVar[TraceSpan.Status]
        STATUS_BLOCKED: _ClassVar[TraceSpan.Status]
        STATUS_PAUSED: _ClassVar[TraceSpan.Status]
        STATUS_CANCELLING: _ClassVar[TraceSpan.Status]
        STATUS_CANCELLED: _ClassVar[TraceSpan.Status]
    STATUS_UNSPECIFIED: TraceSpan.Status
    STATUS_RUNNING: TraceSpan.Status
    STATUS_OK: TraceSpan.Status
    STATUS_ERROR: TraceSpan.Status
    STATUS_FAILED: TraceSpan.Status
    STATUS_PENDING: TraceSpan.Status
    STATUS_SCHEDULED: TraceSpan.Status
    STATUS_BLOCKED: TraceSpan.Status
    STATUS_PAUSED: TraceSpan.Status
    STATUS_CANCELLING: TraceSpan.Status
    STATUS_CANCELLED: TraceSpan.Status
    class Event(_message.Message):
        __slots__ = ("name", "at", "text")
        NAME_FIELD_NUMBER: _ClassVar[int]
        AT_FIELD_NUMBER: _ClassVar[int]
        TEXT_FIELD_NUMBER: _ClassVar[int]
        name: str
        at: _timestamp_pb2.Timestamp
        text: str
        def __init__(self, name: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., text: _Optional[str] = ...) -> None: ...
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KIND_FIELD_NUMBER: _ClassVar[int]
    SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    kind: TraceSpan.Kind
    span_id: str
    parent_span_id: str
    trace_id: str
    execution_id: str
    run_id: str
    name: str
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    status: TraceSpan.Status
    status_message: str
    events: _containers.RepeatedCompositeFieldContainer[TraceSpan.Event]
    attributes: _containers.ScalarMap[str, str]
    left_out: int
    def __init__(self, kind: _Optional[_Union[TraceSpan.Kind, str]] = ..., span_id: _Optional[str] = ..., parent_span_id: _Optional[str] = ..., trace_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., run_id: _Optional[str] = ..., name: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., status: _Optional[_Union[TraceSpan.Status, str]] = ..., status_message: _Optional[str] = ..., events: _Optional[_Iterable[_Union[TraceSpan.Event, _Mapping[str, object]]]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., left_out: _Optional[int] = ...) -> None: ...
