import datetime

from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ComponentFileRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPONENT_FILE_ROLE_UNSPECIFIED: _ClassVar[ComponentFileRole]
    COMPONENT_FILE_ROLE_WASM_COMPONENT: _ClassVar[ComponentFileRole]
    COMPONENT_FILE_ROLE_EXEC_PROGRAM: _ClassVar[ComponentFileRole]
    COMPONENT_FILE_ROLE_JS_ENTRYPOINT: _ClassVar[ComponentFileRole]
    COMPONENT_FILE_ROLE_JS_MODULE: _ClassVar[ComponentFileRole]
    COMPONENT_FILE_ROLE_BACKTRACE_SOURCE: _ClassVar[ComponentFileRole]
    COMPONENT_FILE_ROLE_WIT_SOURCE: _ClassVar[ComponentFileRole]

class ComponentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPONENT_TYPE_UNSPECIFIED: _ClassVar[ComponentType]
    COMPONENT_TYPE_WORKFLOW: _ClassVar[ComponentType]
    COMPONENT_TYPE_ACTIVITY: _ClassVar[ComponentType]
    COMPONENT_TYPE_WEBHOOK_ENDPOINT: _ClassVar[ComponentType]
    COMPONENT_TYPE_ACTIVITY_STUB: _ClassVar[ComponentType]
    COMPONENT_TYPE_CRON: _ClassVar[ComponentType]

class FunctionExtension(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FUNCTION_EXTENSION_UNSPECIFIED: _ClassVar[FunctionExtension]
    FUNCTION_EXTENSION_SUBMIT: _ClassVar[FunctionExtension]
    FUNCTION_EXTENSION_AWAIT_NEXT: _ClassVar[FunctionExtension]
    FUNCTION_EXTENSION_SCHEDULE: _ClassVar[FunctionExtension]
    FUNCTION_EXTENSION_STUB: _ClassVar[FunctionExtension]
    FUNCTION_EXTENSION_GET: _ClassVar[FunctionExtension]

class ExecutionFailureKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXECUTION_FAILURE_KIND_UNSPECIFIED: _ClassVar[ExecutionFailureKind]
    EXECUTION_FAILURE_KIND_TIMED_OUT: _ClassVar[ExecutionFailureKind]
    EXECUTION_FAILURE_KIND_NONDETERMINISM_DETECTED: _ClassVar[ExecutionFailureKind]
    EXECUTION_FAILURE_KIND_OUT_OF_FUEL: _ClassVar[ExecutionFailureKind]
    EXECUTION_FAILURE_KIND_CANCELLED: _ClassVar[ExecutionFailureKind]
    EXECUTION_FAILURE_KIND_UNCATEGORIZED: _ClassVar[ExecutionFailureKind]

class LogLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_LEVEL_UNSPECIFIED: _ClassVar[LogLevel]
    LOG_LEVEL_TRACE: _ClassVar[LogLevel]
    LOG_LEVEL_DEBUG: _ClassVar[LogLevel]
    LOG_LEVEL_INFO: _ClassVar[LogLevel]
    LOG_LEVEL_WARN: _ClassVar[LogLevel]
    LOG_LEVEL_ERROR: _ClassVar[LogLevel]

class LogStreamType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_STREAM_TYPE_UNSPECIFIED: _ClassVar[LogStreamType]
    LOG_STREAM_TYPE_STDOUT: _ClassVar[LogStreamType]
    LOG_STREAM_TYPE_STDERR: _ClassVar[LogStreamType]

class DeploymentStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEPLOYMENT_STATUS_UNSPECIFIED: _ClassVar[DeploymentStatus]
    DEPLOYMENT_STATUS_INACTIVE: _ClassVar[DeploymentStatus]
    DEPLOYMENT_STATUS_ENQUEUED: _ClassVar[DeploymentStatus]
    DEPLOYMENT_STATUS_ACTIVE: _ClassVar[DeploymentStatus]

class DeploymentComponentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEPLOYMENT_COMPONENT_TYPE_UNSPECIFIED: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_WORKFLOW_WASM: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_WORKFLOW_JS: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_WASM: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_JS: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_EXEC: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_STUB: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_EXTERNAL: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_WEBHOOK_ENDPOINT_WASM: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_WEBHOOK_ENDPOINT_JS: _ClassVar[DeploymentComponentType]
    DEPLOYMENT_COMPONENT_TYPE_CRON: _ClassVar[DeploymentComponentType]

class RuntimeConfigCheck(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUNTIME_CONFIG_CHECK_UNSPECIFIED: _ClassVar[RuntimeConfigCheck]
    RUNTIME_CONFIG_CHECK_STRICT: _ClassVar[RuntimeConfigCheck]
    RUNTIME_CONFIG_CHECK_ALLOW_UNAVAILABLE: _ClassVar[RuntimeConfigCheck]
COMPONENT_FILE_ROLE_UNSPECIFIED: ComponentFileRole
COMPONENT_FILE_ROLE_WASM_COMPONENT: ComponentFileRole
COMPONENT_FILE_ROLE_EXEC_PROGRAM: ComponentFileRole
COMPONENT_FILE_ROLE_JS_ENTRYPOINT: ComponentFileRole
COMPONENT_FILE_ROLE_JS_MODULE: ComponentFileRole
COMPONENT_FILE_ROLE_BACKTRACE_SOURCE: ComponentFileRole
COMPONENT_FILE_ROLE_WIT_SOURCE: ComponentFileRole
COMPONENT_TYPE_UNSPECIFIED: ComponentType
COMPONENT_TYPE_WORKFLOW: ComponentType
COMPONENT_TYPE_ACTIVITY: ComponentType
COMPONENT_TYPE_WEBHOOK_ENDPOINT: ComponentType
COMPONENT_TYPE_ACTIVITY_STUB: ComponentType
COMPONENT_TYPE_CRON: ComponentType
FUNCTION_EXTENSION_UNSPECIFIED: FunctionExtension
FUNCTION_EXTENSION_SUBMIT: FunctionExtension
FUNCTION_EXTENSION_AWAIT_NEXT: FunctionExtension
FUNCTION_EXTENSION_SCHEDULE: FunctionExtension
FUNCTION_EXTENSION_STUB: FunctionExtension
FUNCTION_EXTENSION_GET: FunctionExtension
EXECUTION_FAILURE_KIND_UNSPECIFIED: ExecutionFailureKind
EXECUTION_FAILURE_KIND_TIMED_OUT: ExecutionFailureKind
EXECUTION_FAILURE_KIND_NONDETERMINISM_DETECTED: ExecutionFailureKind
EXECUTION_FAILURE_KIND_OUT_OF_FUEL: ExecutionFailureKind
EXECUTION_FAILURE_KIND_CANCELLED: ExecutionFailureKind
EXECUTION_FAILURE_KIND_UNCATEGORIZED: ExecutionFailureKind
LOG_LEVEL_UNSPECIFIED: LogLevel
LOG_LEVEL_TRACE: LogLevel
LOG_LEVEL_DEBUG: LogLevel
LOG_LEVEL_INFO: LogLevel
LOG_LEVEL_WARN: LogLevel
LOG_LEVEL_ERROR: LogLevel
LOG_STREAM_TYPE_UNSPECIFIED: LogStreamType
LOG_STREAM_TYPE_STDOUT: LogStreamType
LOG_STREAM_TYPE_STDERR: LogStreamType
DEPLOYMENT_STATUS_UNSPECIFIED: DeploymentStatus
DEPLOYMENT_STATUS_INACTIVE: DeploymentStatus
DEPLOYMENT_STATUS_ENQUEUED: DeploymentStatus
DEPLOYMENT_STATUS_ACTIVE: DeploymentStatus
DEPLOYMENT_COMPONENT_TYPE_UNSPECIFIED: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_WORKFLOW_WASM: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_WORKFLOW_JS: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_WASM: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_JS: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_EXEC: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_STUB: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_ACTIVITY_EXTERNAL: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_WEBHOOK_ENDPOINT_WASM: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_WEBHOOK_ENDPOINT_JS: DeploymentComponentType
DEPLOYMENT_COMPONENT_TYPE_CRON: DeploymentComponentType
RUNTIME_CONFIG_CHECK_UNSPECIFIED: RuntimeConfigCheck
RUNTIME_CONFIG_CHECK_STRICT: RuntimeConfigCheck
RUNTIME_CONFIG_CHECK_ALLOW_UNAVAILABLE: RuntimeConfigCheck

class GenerateExecutionIdRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GenerateExecutionIdResponse(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class ListExecutionsRequest(_message.Message):
    __slots__ = ("function_name_prefix", "top_level_only", "hide_finished", "execution_id_prefix", "newer_than", "older_than", "component_digest", "deployment_id", "function_filter", "state_filters")
    class ExecutionStateFilter(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        EXECUTION_STATE_FILTER_UNSPECIFIED: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_LOCKED: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_PENDING: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_SCHEDULED: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_BLOCKED: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_FINISHED: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_PAUSED: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_CANCELLING: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_FINISHED_OK: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_FINISHED_ERROR: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
        EXECUTION_STATE_FILTER_FINISHED_EXECUTION_FAILURE: _ClassVar[ListExecutionsRequest.ExecutionStateFilter]
    EXECUTION_STATE_FILTER_UNSPECIFIED: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_LOCKED: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_PENDING: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_SCHEDULED: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_BLOCKED: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_FINISHED: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_PAUSED: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_CANCELLING: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_FINISHED_OK: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_FINISHED_ERROR: ListExecutionsRequest.ExecutionStateFilter
    EXECUTION_STATE_FILTER_FINISHED_EXECUTION_FAILURE: ListExecutionsRequest.ExecutionStateFilter
    class ExecutionFunctionFilter(_message.Message):
        __slots__ = ("package_name", "interface_name", "function_name")
        PACKAGE_NAME_FIELD_NUMBER: _ClassVar[int]
        INTERFACE_NAME_FIELD_NUMBER: _ClassVar[int]
        FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
        package_name: str
        interface_name: str
        function_name: str
        def __init__(self, package_name: _Optional[str] = ..., interface_name: _Optional[str] = ..., function_name: _Optional[str] = ...) -> None: ...
    class Cursor(_message.Message):
        __slots__ = ("execution_id", "created_at")
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        CREATED_AT_FIELD_NUMBER: _ClassVar[int]
        execution_id: ExecutionId
        created_at: _timestamp_pb2.Timestamp
        def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...
    class NewerThan(_message.Message):
        __slots__ = ("length", "cursor", "including_cursor")
        LENGTH_FIELD_NUMBER: _ClassVar[int]
        CURSOR_FIELD_NUMBER: _ClassVar[int]
        INCLUDING_CURSOR_FIELD_NUMBER: _ClassVar[int]
        length: int
        cursor: ListExecutionsRequest.Cursor
        including_cursor: bool
        def __init__(self, length: _Optional[int] = ..., cursor: _Optional[_Union[ListExecutionsRequest.Cursor, _Mapping[str, object]]] = ..., including_cursor: _Optional[bool] = ...) -> None: ...
    class OlderThan(_message.Message):
        __slots__ = ("length", "cursor", "including_cursor")
        LENGTH_FIELD_NUMBER: _ClassVar[int]
        CURSOR_FIELD_NUMBER: _ClassVar[int]
        INCLUDING_CURSOR_FIELD_NUMBER: _ClassVar[int]
        length: int
        cursor: ListExecutionsRequest.Cursor
        including_cursor: bool
        def __init__(self, length: _Optional[int] = ..., cursor: _Optional[_Union[ListExecutionsRequest.Cursor, _Mapping[str, object]]] = ..., including_cursor: _Optional[bool] = ...) -> None: ...
    FUNCTION_NAME_PREFIX_FIELD_NUMBER: _ClassVar[int]
    TOP_LEVEL_ONLY_FIELD_NUMBER: _ClassVar[int]
    HIDE_FINISHED_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    NEWER_THAN_FIELD_NUMBER: _ClassVar[int]
    OLDER_THAN_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FILTER_FIELD_NUMBER: _ClassVar[int]
    STATE_FILTERS_FIELD_NUMBER: _ClassVar[int]
    function_name_prefix: str
    top_level_only: bool
    hide_finished: bool
    execution_id_prefix: str
    newer_than: ListExecutionsRequest.NewerThan
    older_than: ListExecutionsRequest.OlderThan
    component_digest: ContentDigest
    deployment_id: DeploymentId
    function_filter: ListExecutionsRequest.ExecutionFunctionFilter
    state_filters: _containers.RepeatedScalarFieldContainer[ListExecutionsRequest.ExecutionStateFilter]
    def __init__(self, function_name_prefix: _Optional[str] = ..., top_level_only: _Optional[bool] = ..., hide_finished: _Optional[bool] = ..., execution_id_prefix: _Optional[str] = ..., newer_than: _Optional[_Union[ListExecutionsRequest.NewerThan, _Mapping[str, object]]] = ..., older_than: _Optional[_Union[ListExecutionsRequest.OlderThan, _Mapping[str, object]]] = ..., component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., function_filter: _Optional[_Union[ListExecutionsRequest.ExecutionFunctionFilter, _Mapping[str, object]]] = ..., state_filters: _Optional[_Iterable[_Union[ListExecutionsRequest.ExecutionStateFilter, str]]] = ...) -> None: ...

class ExecutionSummary(_message.Message):
    __slots__ = ("execution_id", "function_name", "current_status", "created_at", "first_scheduled_at", "component_digest", "deployment_id", "component_type")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    function_name: FunctionName
    current_status: ExecutionStatus
    created_at: _timestamp_pb2.Timestamp
    first_scheduled_at: _timestamp_pb2.Timestamp
    component_digest: ContentDigest
    deployment_id: DeploymentId
    component_type: ComponentType
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., current_status: _Optional[_Union[ExecutionStatus, _Mapping[str, object]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., first_scheduled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., component_type: _Optional[_Union[ComponentType, str]] = ...) -> None: ...

class ListExecutionsResponse(_message.Message):
    __slots__ = ("executions",)
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    executions: _containers.RepeatedCompositeFieldContainer[ExecutionSummary]
    def __init__(self, executions: _Optional[_Iterable[_Union[ExecutionSummary, _Mapping[str, object]]]] = ...) -> None: ...

class ListComponentsRequest(_message.Message):
    __slots__ = ("function_name", "component_digest", "extensions", "deployment_id")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    function_name: FunctionName
    component_digest: ContentDigest
    extensions: bool
    deployment_id: DeploymentId
    def __init__(self, function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., extensions: _Optional[bool] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ...) -> None: ...

class ListComponentsResponse(_message.Message):
    __slots__ = ("components",)
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    components: _containers.RepeatedCompositeFieldContainer[Component]
    def __init__(self, components: _Optional[_Iterable[_Union[Component, _Mapping[str, object]]]] = ...) -> None: ...

class Component(_message.Message):
    __slots__ = ("component_id", "exports", "imports", "files")
    COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPORTS_FIELD_NUMBER: _ClassVar[int]
    IMPORTS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    component_id: ComponentId
    exports: _containers.RepeatedCompositeFieldContainer[FunctionDetail]
    imports: _containers.RepeatedCompositeFieldContainer[FunctionDetail]
    files: _containers.RepeatedCompositeFieldContainer[ComponentFileRef]
    def __init__(self, component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., exports: _Optional[_Iterable[_Union[FunctionDetail, _Mapping[str, object]]]] = ..., imports: _Optional[_Iterable[_Union[FunctionDetail, _Mapping[str, object]]]] = ..., files: _Optional[_Iterable[_Union[ComponentFileRef, _Mapping[str, object]]]] = ...) -> None: ...

class ComponentFileRef(_message.Message):
    __slots__ = ("file", "role")
    FILE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    file: FileRef
    role: ComponentFileRole
    def __init__(self, file: _Optional[_Union[FileRef, _Mapping[str, object]]] = ..., role: _Optional[_Union[ComponentFileRole, str]] = ...) -> None: ...

class FunctionDetail(_message.Message):
    __slots__ = ("function_name", "params", "return_type", "extension", "submittable")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    RETURN_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    SUBMITTABLE_FIELD_NUMBER: _ClassVar[int]
    function_name: FunctionName
    params: _containers.RepeatedCompositeFieldContainer[FunctionParameter]
    return_type: WitType
    extension: FunctionExtension
    submittable: bool
    def __init__(self, function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., params: _Optional[_Iterable[_Union[FunctionParameter, _Mapping[str, object]]]] = ..., return_type: _Optional[_Union[WitType, _Mapping[str, object]]] = ..., extension: _Optional[_Union[FunctionExtension, str]] = ..., submittable: _Optional[bool] = ...) -> None: ...

class FunctionParameter(_message.Message):
    __slots__ = ("type", "name")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    type: WitType
    name: str
    def __init__(self, type: _Optional[_Union[WitType, _Mapping[str, object]]] = ..., name: _Optional[str] = ...) -> None: ...

class WitType(_message.Message):
    __slots__ = ("wit_type", "type_wrapper", "wit_type_inline")
    WIT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TYPE_WRAPPER_FIELD_NUMBER: _ClassVar[int]
    WIT_TYPE_INLINE_FIELD_NUMBER: _ClassVar[int]
    wit_type: str
    type_wrapper: str
    wit_type_inline: str
    def __init__(self, wit_type: _Optional[str] = ..., type_wrapper: _Optional[str] = ..., wit_type_inline: _Optional[str] = ...) -> None: ...

class ExecutionId(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class RunId(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class JoinSetId(_message.Message):
    __slots__ = ("kind", "name")
    class JoinSetKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        JOIN_SET_KIND_UNSPECIFIED: _ClassVar[JoinSetId.JoinSetKind]
        JOIN_SET_KIND_ONE_OFF: _ClassVar[JoinSetId.JoinSetKind]
        JOIN_SET_KIND_NAMED: _ClassVar[JoinSetId.JoinSetKind]
        JOIN_SET_KIND_GENERATED: _ClassVar[JoinSetId.JoinSetKind]
    JOIN_SET_KIND_UNSPECIFIED: JoinSetId.JoinSetKind
    JOIN_SET_KIND_ONE_OFF: JoinSetId.JoinSetKind
    JOIN_SET_KIND_NAMED: JoinSetId.JoinSetKind
    JOIN_SET_KIND_GENERATED: JoinSetId.JoinSetKind
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    kind: JoinSetId.JoinSetKind
    name: str
    def __init__(self, kind: _Optional[_Union[JoinSetId.JoinSetKind, str]] = ..., name: _Optional[str] = ...) -> None: ...

class DelayId(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ContentDigest(_message.Message):
    __slots__ = ("digest",)
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    digest: str
    def __init__(self, digest: _Optional[str] = ...) -> None: ...

class ComponentId(_message.Message):
    __slots__ = ("component_type", "name", "digest")
    COMPONENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    component_type: ComponentType
    name: str
    digest: ContentDigest
    def __init__(self, component_type: _Optional[_Union[ComponentType, str]] = ..., name: _Optional[str] = ..., digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ...) -> None: ...

class DeploymentId(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class FunctionName(_message.Message):
    __slots__ = ("interface_name", "function_name")
    INTERFACE_NAME_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    interface_name: str
    function_name: str
    def __init__(self, interface_name: _Optional[str] = ..., function_name: _Optional[str] = ...) -> None: ...

class ComponentRetryConfig(_message.Message):
    __slots__ = ("max_retries", "retry_exp_backoff")
    MAX_RETRIES_FIELD_NUMBER: _ClassVar[int]
    RETRY_EXP_BACKOFF_FIELD_NUMBER: _ClassVar[int]
    max_retries: int
    retry_exp_backoff: _duration_pb2.Duration
    def __init__(self, max_retries: _Optional[int] = ..., retry_exp_backoff: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping[str, object]]] = ...) -> None: ...

class SubmitRequest(_message.Message):
    __slots__ = ("execution_id", "function_name", "params", "paused")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    function_name: FunctionName
    params: _any_pb2.Any
    paused: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., params: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ..., paused: _Optional[bool] = ...) -> None: ...

class SubmitResponse(_message.Message):
    __slots__ = ("outcome",)
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[SubmitResponse.Outcome]
        OUTCOME_CREATED: _ClassVar[SubmitResponse.Outcome]
        OUTCOME_EXISTS_WITH_SAME_PARAMETERS: _ClassVar[SubmitResponse.Outcome]
    OUTCOME_UNSPECIFIED: SubmitResponse.Outcome
    OUTCOME_CREATED: SubmitResponse.Outcome
    OUTCOME_EXISTS_WITH_SAME_PARAMETERS: SubmitResponse.Outcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    outcome: SubmitResponse.Outcome
    def __init__(self, outcome: _Optional[_Union[SubmitResponse.Outcome, str]] = ...) -> None: ...

class StubRequest(_message.Message):
    __slots__ = ("execution_id", "return_value")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    RETURN_VALUE_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    return_value: _any_pb2.Any
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., return_value: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ...) -> None: ...

class StubResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ("execution_id", "follow", "send_finished_status")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    SEND_FINISHED_STATUS_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    follow: bool
    send_finished_status: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., follow: _Optional[bool] = ..., send_finished_status: _Optional[bool] = ...) -> None: ...

class ExecutionStatus(_message.Message):
    __slots__ = ("locked", "pending_at", "blocked_by_join_set", "finished", "paused", "cancelling", "component_digest")
    class Locked(_message.Message):
        __slots__ = ("run_id", "lock_expires_at")
        RUN_ID_FIELD_NUMBER: _ClassVar[int]
        LOCK_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        run_id: RunId
        lock_expires_at: _timestamp_pb2.Timestamp
        def __init__(self, run_id: _Optional[_Union[RunId, _Mapping[str, object]]] = ..., lock_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...
    class PendingAt(_message.Message):
        __slots__ = ("scheduled_at",)
        SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
        scheduled_at: _timestamp_pb2.Timestamp
        def __init__(self, scheduled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...
    class BlockedByJoinSet(_message.Message):
        __slots__ = ("join_set_id", "lock_expires_at", "closing")
        JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
        LOCK_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        CLOSING_FIELD_NUMBER: _ClassVar[int]
        join_set_id: JoinSetId
        lock_expires_at: _timestamp_pb2.Timestamp
        closing: bool
        def __init__(self, join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., lock_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., closing: _Optional[bool] = ...) -> None: ...
    class Finished(_message.Message):
        __slots__ = ("finished_at", "result_kind")
        FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
        RESULT_KIND_FIELD_NUMBER: _ClassVar[int]
        finished_at: _timestamp_pb2.Timestamp
        result_kind: ResultKind
        def __init__(self, finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., result_kind: _Optional[_Union[ResultKind, _Mapping[str, object]]] = ...) -> None: ...
    class Paused(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Cancelling(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    PENDING_AT_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_BY_JOIN_SET_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    CANCELLING_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    locked: ExecutionStatus.Locked
    pending_at: ExecutionStatus.PendingAt
    blocked_by_join_set: ExecutionStatus.BlockedByJoinSet
    finished: ExecutionStatus.Finished
    paused: ExecutionStatus.Paused
    cancelling: ExecutionStatus.Cancelling
    component_digest: ContentDigest
    def __init__(self, locked: _Optional[_Union[ExecutionStatus.Locked, _Mapping[str, object]]] = ..., pending_at: _Optional[_Union[ExecutionStatus.PendingAt, _Mapping[str, object]]] = ..., blocked_by_join_set: _Optional[_Union[ExecutionStatus.BlockedByJoinSet, _Mapping[str, object]]] = ..., finished: _Optional[_Union[ExecutionStatus.Finished, _Mapping[str, object]]] = ..., paused: _Optional[_Union[ExecutionStatus.Paused, _Mapping[str, object]]] = ..., cancelling: _Optional[_Union[ExecutionStatus.Cancelling, _Mapping[str, object]]] = ..., component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ...) -> None: ...

class ResultKind(_message.Message):
    __slots__ = ("ok", "error", "execution_failure_kind")
    class Ok(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Error(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    OK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FAILURE_KIND_FIELD_NUMBER: _ClassVar[int]
    ok: ResultKind.Ok
    error: ResultKind.Error
    execution_failure_kind: ExecutionFailureKind
    def __init__(self, ok: _Optional[_Union[ResultKind.Ok, _Mapping[str, object]]] = ..., error: _Optional[_Union[ResultKind.Error, _Mapping[str, object]]] = ..., execution_failure_kind: _Optional[_Union[ExecutionFailureKind, str]] = ...) -> None: ...

class FinishedStatus(_message.Message):
    __slots__ = ("created_at", "scheduled_at", "finished_at", "value")
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    created_at: _timestamp_pb2.Timestamp
    scheduled_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    value: SupportedFunctionResult
    def __init__(self, created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., scheduled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., value: _Optional[_Union[SupportedFunctionResult, _Mapping[str, object]]] = ...) -> None: ...

class SupportedFunctionResult(_message.Message):
    __slots__ = ("ok", "error", "execution_failure", "wit_type_inline")
    class OkPayload(_message.Message):
        __slots__ = ("return_value",)
        RETURN_VALUE_FIELD_NUMBER: _ClassVar[int]
        return_value: _any_pb2.Any
        def __init__(self, return_value: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ...) -> None: ...
    class ErrorPayload(_message.Message):
        __slots__ = ("return_value",)
        RETURN_VALUE_FIELD_NUMBER: _ClassVar[int]
        return_value: _any_pb2.Any
        def __init__(self, return_value: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ...) -> None: ...
    class ExecutionFailure(_message.Message):
        __slots__ = ("kind", "reason", "detail")
        KIND_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        DETAIL_FIELD_NUMBER: _ClassVar[int]
        kind: ExecutionFailureKind
        reason: str
        detail: str
        def __init__(self, kind: _Optional[_Union[ExecutionFailureKind, str]] = ..., reason: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...
    OK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FAILURE_FIELD_NUMBER: _ClassVar[int]
    WIT_TYPE_INLINE_FIELD_NUMBER: _ClassVar[int]
    ok: SupportedFunctionResult.OkPayload
    error: SupportedFunctionResult.ErrorPayload
    execution_failure: SupportedFunctionResult.ExecutionFailure
    wit_type_inline: str
    def __init__(self, ok: _Optional[_Union[SupportedFunctionResult.OkPayload, _Mapping[str, object]]] = ..., error: _Optional[_Union[SupportedFunctionResult.ErrorPayload, _Mapping[str, object]]] = ..., execution_failure: _Optional[_Union[SupportedFunctionResult.ExecutionFailure, _Mapping[str, object]]] = ..., wit_type_inline: _Optional[str] = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("summary", "current_status", "finished_status")
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    FINISHED_STATUS_FIELD_NUMBER: _ClassVar[int]
    summary: ExecutionSummary
    current_status: ExecutionStatus
    finished_status: FinishedStatus
    def __init__(self, summary: _Optional[_Union[ExecutionSummary, _Mapping[str, object]]] = ..., current_status: _Optional[_Union[ExecutionStatus, _Mapping[str, object]]] = ..., finished_status: _Optional[_Union[FinishedStatus, _Mapping[str, object]]] = ...) -> None: ...

class ExecutionEvent(_message.Message):
    __slots__ = ("created_at", "version", "created", "locked", "unlocked", "temporarily_failed", "temporarily_timed_out", "finished", "history_variant", "paused", "unpaused", "component_upgrade_finished", "cancellation_requested", "backtrace_id")
    class Created(_message.Message):
        __slots__ = ("function_name", "params", "scheduled_at", "component_id", "scheduled_by", "deployment_id", "parent_execution_id", "parent_join_set_id", "metadata")
        class MetadataEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
        PARAMS_FIELD_NUMBER: _ClassVar[int]
        SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
        COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
        SCHEDULED_BY_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
        PARENT_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        PARENT_JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
        METADATA_FIELD_NUMBER: _ClassVar[int]
        function_name: FunctionName
        params: _any_pb2.Any
        scheduled_at: _timestamp_pb2.Timestamp
        component_id: ComponentId
        scheduled_by: ExecutionId
        deployment_id: DeploymentId
        parent_execution_id: ExecutionId
        parent_join_set_id: JoinSetId
        metadata: _containers.ScalarMap[str, str]
        def __init__(self, function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., params: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ..., scheduled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., scheduled_by: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., parent_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., parent_join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class Locked(_message.Message):
        __slots__ = ("component_id", "deployment_id", "lock_expires_at", "run_id", "executor_id", "retry_config")
        COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
        LOCK_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        RUN_ID_FIELD_NUMBER: _ClassVar[int]
        EXECUTOR_ID_FIELD_NUMBER: _ClassVar[int]
        RETRY_CONFIG_FIELD_NUMBER: _ClassVar[int]
        component_id: ComponentId
        deployment_id: DeploymentId
        lock_expires_at: _timestamp_pb2.Timestamp
        run_id: str
        executor_id: str
        retry_config: ComponentRetryConfig
        def __init__(self, component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., lock_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., run_id: _Optional[str] = ..., executor_id: _Optional[str] = ..., retry_config: _Optional[_Union[ComponentRetryConfig, _Mapping[str, object]]] = ...) -> None: ...
    class Unlocked(_message.Message):
        __slots__ = ("backoff_expires_at", "reason")
        BACKOFF_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        backoff_expires_at: _timestamp_pb2.Timestamp
        reason: str
        def __init__(self, backoff_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., reason: _Optional[str] = ...) -> None: ...
    class TemporarilyFailed(_message.Message):
        __slots__ = ("reason", "detail", "backoff_expires_at", "http_client_traces")
        REASON_FIELD_NUMBER: _ClassVar[int]
        DETAIL_FIELD_NUMBER: _ClassVar[int]
        BACKOFF_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        HTTP_CLIENT_TRACES_FIELD_NUMBER: _ClassVar[int]
        reason: str
        detail: str
        backoff_expires_at: _timestamp_pb2.Timestamp
        http_client_traces: _containers.RepeatedCompositeFieldContainer[HttpClientTrace]
        def __init__(self, reason: _Optional[str] = ..., detail: _Optional[str] = ..., backoff_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., http_client_traces: _Optional[_Iterable[_Union[HttpClientTrace, _Mapping[str, object]]]] = ...) -> None: ...
    class TemporarilyTimedOut(_message.Message):
        __slots__ = ("backoff_expires_at", "http_client_traces")
        BACKOFF_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        HTTP_CLIENT_TRACES_FIELD_NUMBER: _ClassVar[int]
        backoff_expires_at: _timestamp_pb2.Timestamp
        http_client_traces: _containers.RepeatedCompositeFieldContainer[HttpClientTrace]
        def __init__(self, backoff_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., http_client_traces: _Optional[_Iterable[_Union[HttpClientTrace, _Mapping[str, object]]]] = ...) -> None: ...
    class Finished(_message.Message):
        __slots__ = ("value", "http_client_traces")
        VALUE_FIELD_NUMBER: _ClassVar[int]
        HTTP_CLIENT_TRACES_FIELD_NUMBER: _ClassVar[int]
        value: SupportedFunctionResult
        http_client_traces: _containers.RepeatedCompositeFieldContainer[HttpClientTrace]
        def __init__(self, value: _Optional[_Union[SupportedFunctionResult, _Mapping[str, object]]] = ..., http_client_traces: _Optional[_Iterable[_Union[HttpClientTrace, _Mapping[str, object]]]] = ...) -> None: ...
    class Paused(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Unpaused(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class CancellationRequested(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ComponentUpgradeFinished(_message.Message):
        __slots__ = ("component_digest", "success", "failed", "deployment_id")
        class Auto(_message.Message):
            __slots__ = ()
            def __init__(self) -> None: ...
        class Manual(_message.Message):
            __slots__ = ("force",)
            FORCE_FIELD_NUMBER: _ClassVar[int]
            force: bool
            def __init__(self, force: _Optional[bool] = ...) -> None: ...
        class Success(_message.Message):
            __slots__ = ("auto", "manual")
            AUTO_FIELD_NUMBER: _ClassVar[int]
            MANUAL_FIELD_NUMBER: _ClassVar[int]
            auto: ExecutionEvent.ComponentUpgradeFinished.Auto
            manual: ExecutionEvent.ComponentUpgradeFinished.Manual
            def __init__(self, auto: _Optional[_Union[ExecutionEvent.ComponentUpgradeFinished.Auto, _Mapping[str, object]]] = ..., manual: _Optional[_Union[ExecutionEvent.ComponentUpgradeFinished.Manual, _Mapping[str, object]]] = ...) -> None: ...
        class Failed(_message.Message):
            __slots__ = ("reason",)
            REASON_FIELD_NUMBER: _ClassVar[int]
            reason: str
            def __init__(self, reason: _Optional[str] = ...) -> None: ...
        COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
        SUCCESS_FIELD_NUMBER: _ClassVar[int]
        FAILED_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
        component_digest: ContentDigest
        success: ExecutionEvent.ComponentUpgradeFinished.Success
        failed: ExecutionEvent.ComponentUpgradeFinished.Failed
        deployment_id: DeploymentId
        def __init__(self, component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., success: _Optional[_Union[ExecutionEvent.ComponentUpgradeFinished.Success, _Mapping[str, object]]] = ..., failed: _Optional[_Union[ExecutionEvent.ComponentUpgradeFinished.Failed, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ...) -> None: ...
    class HistoryEvent(_message.Message):
        __slots__ = ("persist", "join_set_created", "join_set_request", "join_next", "join_next_too_many", "join_next_try", "schedule", "stub")
        class Persist(_message.Message):
            __slots__ = ("data", "kind")
            class PersistKind(_message.Message):
                __slots__ = ("random_string", "random_u64", "execution_id")
                class RandomString(_message.Message):
                    __slots__ = ("min_length", "max_length_exclusive")
                    MIN_LENGTH_FIELD_NUMBER: _ClassVar[int]
                    MAX_LENGTH_EXCLUSIVE_FIELD_NUMBER: _ClassVar[int]
                    min_length: int
                    max_length_exclusive: int
                    def __init__(self, min_length: _Optional[int] = ..., max_length_exclusive: _Optional[int] = ...) -> None: ...
                class RandomU64(_message.Message):
                    __slots__ = ("min", "max_inclusive")
                    MIN_FIELD_NUMBER: _ClassVar[int]
                    MAX_INCLUSIVE_FIELD_NUMBER: _ClassVar[int]
                    min: int
                    max_inclusive: int
                    def __init__(self, min: _Optional[int] = ..., max_inclusive: _Optional[int] = ...) -> None: ...
                class ExecutionId(_message.Message):
                    __slots__ = ()
                    def __init__(self) -> None: ...
                RANDOM_STRING_FIELD_NUMBER: _ClassVar[int]
                RANDOM_U64_FIELD_NUMBER: _ClassVar[int]
                EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
                random_string: ExecutionEvent.HistoryEvent.Persist.PersistKind.RandomString
                random_u64: ExecutionEvent.HistoryEvent.Persist.PersistKind.RandomU64
                execution_id: ExecutionEvent.HistoryEvent.Persist.PersistKind.ExecutionId
                def __init__(self, random_string: _Optional[_Union[ExecutionEvent.HistoryEvent.Persist.PersistKind.RandomString, _Mapping[str, object]]] = ..., random_u64: _Optional[_Union[ExecutionEvent.HistoryEvent.Persist.PersistKind.RandomU64, _Mapping[str, object]]] = ..., execution_id: _Optional[_Union[ExecutionEvent.HistoryEvent.Persist.PersistKind.ExecutionId, _Mapping[str, object]]] = ...) -> None: ...
            DATA_FIELD_NUMBER: _ClassVar[int]
            KIND_FIELD_NUMBER: _ClassVar[int]
            data: _any_pb2.Any
            kind: ExecutionEvent.HistoryEvent.Persist.PersistKind
            def __init__(self, data: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ..., kind: _Optional[_Union[ExecutionEvent.HistoryEvent.Persist.PersistKind, _Mapping[str, object]]] = ...) -> None: ...
        class JoinSetCreated(_message.Message):
            __slots__ = ("join_set_id",)
            JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
            join_set_id: JoinSetId
            def __init__(self, join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ...) -> None: ...
        class JoinSetRequest(_message.Message):
            __slots__ = ("join_set_id", "delay_request", "child_execution_request")
            class DelayRequest(_message.Message):
                __slots__ = ("delay_id", "expires_at", "scheduled_at", "paused")
                class ScheduledAt(_message.Message):
                    __slots__ = ("now", "at")
                    class Now(_message.Message):
                        __slots__ = ()
                        def __init__(self) -> None: ...
                    class At(_message.Message):
                        __slots__ = ("at",)
                        AT_FIELD_NUMBER: _ClassVar[int]
                        at: _timestamp_pb2.Timestamp
                        def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...
                    class In(_message.Message):
                        __slots__ = ()
                        IN_FIELD_NUMBER: _ClassVar[int]
                        def __init__(self, **kwargs: object) -> None: ...
                    NOW_FIELD_NUMBER: _ClassVar[int]
                    AT_FIELD_NUMBER: _ClassVar[int]
                    IN_FIELD_NUMBER: _ClassVar[int]
                    now: ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest.ScheduledAt.Now
                    at: ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest.ScheduledAt.At
                    def __init__(self, now: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest.ScheduledAt.Now, _Mapping[str, object]]] = ..., at: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest.ScheduledAt.At, _Mapping[str, object]]] = ..., **kwargs: object) -> None: ...
                DELAY_ID_FIELD_NUMBER: _ClassVar[int]
                EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
                SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
                PAUSED_FIELD_NUMBER: _ClassVar[int]
                delay_id: DelayId
                expires_at: _timestamp_pb2.Timestamp
                scheduled_at: ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest.ScheduledAt
                paused: bool
                def __init__(self, delay_id: _Optional[_Union[DelayId, _Mapping[str, object]]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., scheduled_at: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest.ScheduledAt, _Mapping[str, object]]] = ..., paused: _Optional[bool] = ...) -> None: ...
            class ChildExecutionRequest(_message.Message):
                __slots__ = ("child_execution_id", "function_name", "params", "ok", "error")
                class Ok(_message.Message):
                    __slots__ = ()
                    def __init__(self) -> None: ...
                class Error(_message.Message):
                    __slots__ = ("kind", "detail")
                    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                        __slots__ = ()
                        KIND_UNSPECIFIED: _ClassVar[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind]
                        KIND_FUNCTION_NOT_FOUND: _ClassVar[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind]
                        KIND_TYPE_CHECK_ERROR: _ClassVar[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind]
                    KIND_UNSPECIFIED: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind
                    KIND_FUNCTION_NOT_FOUND: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind
                    KIND_TYPE_CHECK_ERROR: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind
                    KIND_FIELD_NUMBER: _ClassVar[int]
                    DETAIL_FIELD_NUMBER: _ClassVar[int]
                    kind: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind
                    detail: str
                    def __init__(self, kind: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error.Kind, str]] = ..., detail: _Optional[str] = ...) -> None: ...
                CHILD_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
                FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
                PARAMS_FIELD_NUMBER: _ClassVar[int]
                OK_FIELD_NUMBER: _ClassVar[int]
                ERROR_FIELD_NUMBER: _ClassVar[int]
                child_execution_id: ExecutionId
                function_name: FunctionName
                params: _any_pb2.Any
                ok: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Ok
                error: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error
                def __init__(self, child_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., params: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ..., ok: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Ok, _Mapping[str, object]]] = ..., error: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest.Error, _Mapping[str, object]]] = ...) -> None: ...
            JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
            DELAY_REQUEST_FIELD_NUMBER: _ClassVar[int]
            CHILD_EXECUTION_REQUEST_FIELD_NUMBER: _ClassVar[int]
            join_set_id: JoinSetId
            delay_request: ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest
            child_execution_request: ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest
            def __init__(self, join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., delay_request: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.DelayRequest, _Mapping[str, object]]] = ..., child_execution_request: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest.ChildExecutionRequest, _Mapping[str, object]]] = ...) -> None: ...
        class JoinNext(_message.Message):
            __slots__ = ("join_set_id", "run_expires_at", "closing", "function")
            JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
            RUN_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
            CLOSING_FIELD_NUMBER: _ClassVar[int]
            FUNCTION_FIELD_NUMBER: _ClassVar[int]
            join_set_id: JoinSetId
            run_expires_at: _timestamp_pb2.Timestamp
            closing: bool
            function: FunctionName
            def __init__(self, join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., run_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., closing: _Optional[bool] = ..., function: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ...) -> None: ...
        class JoinNextTooMany(_message.Message):
            __slots__ = ("join_set_id", "function")
            JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
            FUNCTION_FIELD_NUMBER: _ClassVar[int]
            join_set_id: JoinSetId
            function: FunctionName
            def __init__(self, join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., function: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ...) -> None: ...
        class JoinNextTry(_message.Message):
            __slots__ = ("join_set_id", "outcome")
            class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                FOUND: _ClassVar[ExecutionEvent.HistoryEvent.JoinNextTry.Outcome]
                PENDING: _ClassVar[ExecutionEvent.HistoryEvent.JoinNextTry.Outcome]
                ALL_PROCESSED: _ClassVar[ExecutionEvent.HistoryEvent.JoinNextTry.Outcome]
            FOUND: ExecutionEvent.HistoryEvent.JoinNextTry.Outcome
            PENDING: ExecutionEvent.HistoryEvent.JoinNextTry.Outcome
            ALL_PROCESSED: ExecutionEvent.HistoryEvent.JoinNextTry.Outcome
            JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
            OUTCOME_FIELD_NUMBER: _ClassVar[int]
            join_set_id: JoinSetId
            outcome: ExecutionEvent.HistoryEvent.JoinNextTry.Outcome
            def __init__(self, join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., outcome: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinNextTry.Outcome, str]] = ...) -> None: ...
        class Schedule(_message.Message):
            __slots__ = ("execution_id", "scheduled_at", "ok", "error")
            class Ok(_message.Message):
                __slots__ = ()
                def __init__(self) -> None: ...
            class Error(_message.Message):
                __slots__ = ("kind", "detail")
                class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                    __slots__ = ()
                    KIND_UNSPECIFIED: _ClassVar[ExecutionEvent.HistoryEvent.Schedule.Error.Kind]
                    KIND_FUNCTION_NOT_FOUND: _ClassVar[ExecutionEvent.HistoryEvent.Schedule.Error.Kind]
                    KIND_TYPE_CHECK_ERROR: _ClassVar[ExecutionEvent.HistoryEvent.Schedule.Error.Kind]
                KIND_UNSPECIFIED: ExecutionEvent.HistoryEvent.Schedule.Error.Kind
                KIND_FUNCTION_NOT_FOUND: ExecutionEvent.HistoryEvent.Schedule.Error.Kind
                KIND_TYPE_CHECK_ERROR: ExecutionEvent.HistoryEvent.Schedule.Error.Kind
                KIND_FIELD_NUMBER: _ClassVar[int]
                DETAIL_FIELD_NUMBER: _ClassVar[int]
                kind: ExecutionEvent.HistoryEvent.Schedule.Error.Kind
                detail: str
                def __init__(self, kind: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule.Error.Kind, str]] = ..., detail: _Optional[str] = ...) -> None: ...
            class ScheduledAt(_message.Message):
                __slots__ = ("now", "at")
                class Now(_message.Message):
                    __slots__ = ()
                    def __init__(self) -> None: ...
                class At(_message.Message):
                    __slots__ = ("at",)
                    AT_FIELD_NUMBER: _ClassVar[int]
                    at: _timestamp_pb2.Timestamp
                    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...
                class In(_message.Message):
                    __slots__ = ()
                    IN_FIELD_NUMBER: _ClassVar[int]
                    def __init__(self, **kwargs: object) -> None: ...
                NOW_FIELD_NUMBER: _ClassVar[int]
                AT_FIELD_NUMBER: _ClassVar[int]
                IN_FIELD_NUMBER: _ClassVar[int]
                now: ExecutionEvent.HistoryEvent.Schedule.ScheduledAt.Now
                at: ExecutionEvent.HistoryEvent.Schedule.ScheduledAt.At
                def __init__(self, now: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule.ScheduledAt.Now, _Mapping[str, object]]] = ..., at: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule.ScheduledAt.At, _Mapping[str, object]]] = ..., **kwargs: object) -> None: ...
            EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
            SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
            OK_FIELD_NUMBER: _ClassVar[int]
            ERROR_FIELD_NUMBER: _ClassVar[int]
            execution_id: ExecutionId
            scheduled_at: ExecutionEvent.HistoryEvent.Schedule.ScheduledAt
            ok: ExecutionEvent.HistoryEvent.Schedule.Ok
            error: ExecutionEvent.HistoryEvent.Schedule.Error
            def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., scheduled_at: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule.ScheduledAt, _Mapping[str, object]]] = ..., ok: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule.Ok, _Mapping[str, object]]] = ..., error: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule.Error, _Mapping[str, object]]] = ...) -> None: ...
        class Stub(_message.Message):
            __slots__ = ("execution_id", "retval_hash", "ok", "error")
            class Ok(_message.Message):
                __slots__ = ()
                def __init__(self) -> None: ...
            class Error(_message.Message):
                __slots__ = ("kind", "detail")
                class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                    __slots__ = ()
                    KIND_UNSPECIFIED: _ClassVar[ExecutionEvent.HistoryEvent.Stub.Error.Kind]
                    KIND_EXECUTION_NOT_FOUND: _ClassVar[ExecutionEvent.HistoryEvent.Stub.Error.Kind]
                    KIND_TYPE_CHECK_ERROR: _ClassVar[ExecutionEvent.HistoryEvent.Stub.Error.Kind]
                    KIND_CONFLICT: _ClassVar[ExecutionEvent.HistoryEvent.Stub.Error.Kind]
                KIND_UNSPECIFIED: ExecutionEvent.HistoryEvent.Stub.Error.Kind
                KIND_EXECUTION_NOT_FOUND: ExecutionEvent.HistoryEvent.Stub.Error.Kind
                KIND_TYPE_CHECK_ERROR: ExecutionEvent.HistoryEvent.Stub.Error.Kind
                KIND_CONFLICT: ExecutionEvent.HistoryEvent.Stub.Error.Kind
                KIND_FIELD_NUMBER: _ClassVar[int]
                DETAIL_FIELD_NUMBER: _ClassVar[int]
                kind: ExecutionEvent.HistoryEvent.Stub.Error.Kind
                detail: str
                def __init__(self, kind: _Optional[_Union[ExecutionEvent.HistoryEvent.Stub.Error.Kind, str]] = ..., detail: _Optional[str] = ...) -> None: ...
            EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
            RETVAL_HASH_FIELD_NUMBER: _ClassVar[int]
            OK_FIELD_NUMBER: _ClassVar[int]
            ERROR_FIELD_NUMBER: _ClassVar[int]
            execution_id: ExecutionId
            retval_hash: str
            ok: ExecutionEvent.HistoryEvent.Stub.Ok
            error: ExecutionEvent.HistoryEvent.Stub.Error
            def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., retval_hash: _Optional[str] = ..., ok: _Optional[_Union[ExecutionEvent.HistoryEvent.Stub.Ok, _Mapping[str, object]]] = ..., error: _Optional[_Union[ExecutionEvent.HistoryEvent.Stub.Error, _Mapping[str, object]]] = ...) -> None: ...
        PERSIST_FIELD_NUMBER: _ClassVar[int]
        JOIN_SET_CREATED_FIELD_NUMBER: _ClassVar[int]
        JOIN_SET_REQUEST_FIELD_NUMBER: _ClassVar[int]
        JOIN_NEXT_FIELD_NUMBER: _ClassVar[int]
        JOIN_NEXT_TOO_MANY_FIELD_NUMBER: _ClassVar[int]
        JOIN_NEXT_TRY_FIELD_NUMBER: _ClassVar[int]
        SCHEDULE_FIELD_NUMBER: _ClassVar[int]
        STUB_FIELD_NUMBER: _ClassVar[int]
        persist: ExecutionEvent.HistoryEvent.Persist
        join_set_created: ExecutionEvent.HistoryEvent.JoinSetCreated
        join_set_request: ExecutionEvent.HistoryEvent.JoinSetRequest
        join_next: ExecutionEvent.HistoryEvent.JoinNext
        join_next_too_many: ExecutionEvent.HistoryEvent.JoinNextTooMany
        join_next_try: ExecutionEvent.HistoryEvent.JoinNextTry
        schedule: ExecutionEvent.HistoryEvent.Schedule
        stub: ExecutionEvent.HistoryEvent.Stub
        def __init__(self, persist: _Optional[_Union[ExecutionEvent.HistoryEvent.Persist, _Mapping[str, object]]] = ..., join_set_created: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetCreated, _Mapping[str, object]]] = ..., join_set_request: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinSetRequest, _Mapping[str, object]]] = ..., join_next: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinNext, _Mapping[str, object]]] = ..., join_next_too_many: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinNextTooMany, _Mapping[str, object]]] = ..., join_next_try: _Optional[_Union[ExecutionEvent.HistoryEvent.JoinNextTry, _Mapping[str, object]]] = ..., schedule: _Optional[_Union[ExecutionEvent.HistoryEvent.Schedule, _Mapping[str, object]]] = ..., stub: _Optional[_Union[ExecutionEvent.HistoryEvent.Stub, _Mapping[str, object]]] = ...) -> None: ...
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    UNLOCKED_FIELD_NUMBER: _ClassVar[int]
    TEMPORARILY_FAILED_FIELD_NUMBER: _ClassVar[int]
    TEMPORARILY_TIMED_OUT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    HISTORY_VARIANT_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    UNPAUSED_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_UPGRADE_FINISHED_FIELD_NUMBER: _ClassVar[int]
    CANCELLATION_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    BACKTRACE_ID_FIELD_NUMBER: _ClassVar[int]
    created_at: _timestamp_pb2.Timestamp
    version: int
    created: ExecutionEvent.Created
    locked: ExecutionEvent.Locked
    unlocked: ExecutionEvent.Unlocked
    temporarily_failed: ExecutionEvent.TemporarilyFailed
    temporarily_timed_out: ExecutionEvent.TemporarilyTimedOut
    finished: ExecutionEvent.Finished
    history_variant: ExecutionEvent.HistoryEvent
    paused: ExecutionEvent.Paused
    unpaused: ExecutionEvent.Unpaused
    component_upgrade_finished: ExecutionEvent.ComponentUpgradeFinished
    cancellation_requested: ExecutionEvent.CancellationRequested
    backtrace_id: int
    def __init__(self, created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., created: _Optional[_Union[ExecutionEvent.Created, _Mapping[str, object]]] = ..., locked: _Optional[_Union[ExecutionEvent.Locked, _Mapping[str, object]]] = ..., unlocked: _Optional[_Union[ExecutionEvent.Unlocked, _Mapping[str, object]]] = ..., temporarily_failed: _Optional[_Union[ExecutionEvent.TemporarilyFailed, _Mapping[str, object]]] = ..., temporarily_timed_out: _Optional[_Union[ExecutionEvent.TemporarilyTimedOut, _Mapping[str, object]]] = ..., finished: _Optional[_Union[ExecutionEvent.Finished, _Mapping[str, object]]] = ..., history_variant: _Optional[_Union[ExecutionEvent.HistoryEvent, _Mapping[str, object]]] = ..., paused: _Optional[_Union[ExecutionEvent.Paused, _Mapping[str, object]]] = ..., unpaused: _Optional[_Union[ExecutionEvent.Unpaused, _Mapping[str, object]]] = ..., component_upgrade_finished: _Optional[_Union[ExecutionEvent.ComponentUpgradeFinished, _Mapping[str, object]]] = ..., cancellation_requested: _Optional[_Union[ExecutionEvent.CancellationRequested, _Mapping[str, object]]] = ..., backtrace_id: _Optional[int] = ...) -> None: ...

class HttpClientTrace(_message.Message):
    __slots__ = ("sent_at", "uri", "method", "finished_at", "status", "error")
    SENT_AT_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    sent_at: _timestamp_pb2.Timestamp
    uri: str
    method: str
    finished_at: _timestamp_pb2.Timestamp
    status: int
    error: str
    def __init__(self, sent_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., uri: _Optional[str] = ..., method: _Optional[str] = ..., finished_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., status: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class ListExecutionEventsRequest(_message.Message):
    __slots__ = ("execution_id", "version_from", "length", "include_backtrace_id")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FROM_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_BACKTRACE_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    version_from: int
    length: int
    include_backtrace_id: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version_from: _Optional[int] = ..., length: _Optional[int] = ..., include_backtrace_id: _Optional[bool] = ...) -> None: ...

class ListExecutionEventsResponse(_message.Message):
    __slots__ = ("events", "max_version")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_VERSION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ExecutionEvent]
    max_version: int
    def __init__(self, events: _Optional[_Iterable[_Union[ExecutionEvent, _Mapping[str, object]]]] = ..., max_version: _Optional[int] = ...) -> None: ...

class JoinSetResponseEvent(_message.Message):
    __slots__ = ("created_at", "join_set_id", "delay_finished", "child_execution_finished")
    class DelayFinished(_message.Message):
        __slots__ = ("delay_id", "success")
        DELAY_ID_FIELD_NUMBER: _ClassVar[int]
        SUCCESS_FIELD_NUMBER: _ClassVar[int]
        delay_id: DelayId
        success: bool
        def __init__(self, delay_id: _Optional[_Union[DelayId, _Mapping[str, object]]] = ..., success: _Optional[bool] = ...) -> None: ...
    class ChildExecutionFinished(_message.Message):
        __slots__ = ("child_execution_id", "value")
        CHILD_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        child_execution_id: ExecutionId
        value: SupportedFunctionResult
        def __init__(self, child_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., value: _Optional[_Union[SupportedFunctionResult, _Mapping[str, object]]] = ...) -> None: ...
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
    DELAY_FINISHED_FIELD_NUMBER: _ClassVar[int]
    CHILD_EXECUTION_FINISHED_FIELD_NUMBER: _ClassVar[int]
    created_at: _timestamp_pb2.Timestamp
    join_set_id: JoinSetId
    delay_finished: JoinSetResponseEvent.DelayFinished
    child_execution_finished: JoinSetResponseEvent.ChildExecutionFinished
    def __init__(self, created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., delay_finished: _Optional[_Union[JoinSetResponseEvent.DelayFinished, _Mapping[str, object]]] = ..., child_execution_finished: _Optional[_Union[JoinSetResponseEvent.ChildExecutionFinished, _Mapping[str, object]]] = ...) -> None: ...

class ResponseWithCursor(_message.Message):
    __slots__ = ("event", "cursor")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    event: JoinSetResponseEvent
    cursor: int
    def __init__(self, event: _Optional[_Union[JoinSetResponseEvent, _Mapping[str, object]]] = ..., cursor: _Optional[int] = ...) -> None: ...

class ListResponsesRequest(_message.Message):
    __slots__ = ("execution_id", "cursor_from", "length", "including_cursor")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FROM_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    INCLUDING_CURSOR_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    cursor_from: int
    length: int
    including_cursor: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., cursor_from: _Optional[int] = ..., length: _Optional[int] = ..., including_cursor: _Optional[bool] = ...) -> None: ...

class ListResponsesResponse(_message.Message):
    __slots__ = ("responses", "max_cursor")
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    MAX_CURSOR_FIELD_NUMBER: _ClassVar[int]
    responses: _containers.RepeatedCompositeFieldContainer[ResponseWithCursor]
    max_cursor: int
    def __init__(self, responses: _Optional[_Iterable[_Union[ResponseWithCursor, _Mapping[str, object]]]] = ..., max_cursor: _Optional[int] = ...) -> None: ...

class ListExecutionEventsAndResponsesRequest(_message.Message):
    __slots__ = ("execution_id", "version_from", "events_length", "responses_cursor_from", "responses_length", "responses_including_cursor", "include_backtrace_id")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FROM_FIELD_NUMBER: _ClassVar[int]
    EVENTS_LENGTH_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_CURSOR_FROM_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_LENGTH_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_INCLUDING_CURSOR_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_BACKTRACE_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    version_from: int
    events_length: int
    responses_cursor_from: int
    responses_length: int
    responses_including_cursor: bool
    include_backtrace_id: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version_from: _Optional[int] = ..., events_length: _Optional[int] = ..., responses_cursor_from: _Optional[int] = ..., responses_length: _Optional[int] = ..., responses_including_cursor: _Optional[bool] = ..., include_backtrace_id: _Optional[bool] = ...) -> None: ...

class ListExecutionEventsAndResponsesResponse(_message.Message):
    __slots__ = ("events", "responses", "current_status", "max_version", "max_cursor")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    MAX_VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_CURSOR_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ExecutionEvent]
    responses: _containers.RepeatedCompositeFieldContainer[ResponseWithCursor]
    current_status: ExecutionStatus
    max_version: int
    max_cursor: int
    def __init__(self, events: _Optional[_Iterable[_Union[ExecutionEvent, _Mapping[str, object]]]] = ..., responses: _Optional[_Iterable[_Union[ResponseWithCursor, _Mapping[str, object]]]] = ..., current_status: _Optional[_Union[ExecutionStatus, _Mapping[str, object]]] = ..., max_version: _Optional[int] = ..., max_cursor: _Optional[int] = ...) -> None: ...

class GetWitRequest(_message.Message):
    __slots__ = ("component_digest", "deployment_id")
    COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    component_digest: ContentDigest
    deployment_id: DeploymentId
    def __init__(self, component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ...) -> None: ...

class GetWitResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: str
    def __init__(self, content: _Optional[str] = ...) -> None: ...

class GetBacktraceRequest(_message.Message):
    __slots__ = ("execution_id", "first", "last", "specific")
    class First(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Last(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Specific(_message.Message):
        __slots__ = ("version",)
        VERSION_FIELD_NUMBER: _ClassVar[int]
        version: int
        def __init__(self, version: _Optional[int] = ...) -> None: ...
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    SPECIFIC_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    first: GetBacktraceRequest.First
    last: GetBacktraceRequest.Last
    specific: GetBacktraceRequest.Specific
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., first: _Optional[_Union[GetBacktraceRequest.First, _Mapping[str, object]]] = ..., last: _Optional[_Union[GetBacktraceRequest.Last, _Mapping[str, object]]] = ..., specific: _Optional[_Union[GetBacktraceRequest.Specific, _Mapping[str, object]]] = ...) -> None: ...

class GetBacktraceResponse(_message.Message):
    __slots__ = ("component_id", "wasm_backtrace")
    COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
    WASM_BACKTRACE_FIELD_NUMBER: _ClassVar[int]
    component_id: ComponentId
    wasm_backtrace: WasmBacktrace
    def __init__(self, component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., wasm_backtrace: _Optional[_Union[WasmBacktrace, _Mapping[str, object]]] = ...) -> None: ...

class WasmBacktrace(_message.Message):
    __slots__ = ("frames", "version_min_including", "version_max_excluding")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    VERSION_MIN_INCLUDING_FIELD_NUMBER: _ClassVar[int]
    VERSION_MAX_EXCLUDING_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[FrameInfo]
    version_min_including: int
    version_max_excluding: int
    def __init__(self, frames: _Optional[_Iterable[_Union[FrameInfo, _Mapping[str, object]]]] = ..., version_min_including: _Optional[int] = ..., version_max_excluding: _Optional[int] = ...) -> None: ...

class CapturedBacktrace(_message.Message):
    __slots__ = ("execution_id", "component_id", "wasm_backtrace")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
    WASM_BACKTRACE_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    component_id: ComponentId
    wasm_backtrace: WasmBacktrace
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., wasm_backtrace: _Optional[_Union[WasmBacktrace, _Mapping[str, object]]] = ...) -> None: ...

class FrameInfo(_message.Message):
    __slots__ = ("module", "func_name", "symbols")
    MODULE_FIELD_NUMBER: _ClassVar[int]
    FUNC_NAME_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    module: str
    func_name: str
    symbols: _containers.RepeatedCompositeFieldContainer[FrameSymbol]
    def __init__(self, module: _Optional[str] = ..., func_name: _Optional[str] = ..., symbols: _Optional[_Iterable[_Union[FrameSymbol, _Mapping[str, object]]]] = ...) -> None: ...

class FrameSymbol(_message.Message):
    __slots__ = ("func_name", "file", "line", "col")
    FUNC_NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COL_FIELD_NUMBER: _ClassVar[int]
    func_name: str
    file: str
    line: int
    col: int
    def __init__(self, func_name: _Optional[str] = ..., file: _Optional[str] = ..., line: _Optional[int] = ..., col: _Optional[int] = ...) -> None: ...

class GetBacktraceSourceRequest(_message.Message):
    __slots__ = ("component_id", "file")
    COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    component_id: ComponentId
    file: str
    def __init__(self, component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., file: _Optional[str] = ...) -> None: ...

class GetBacktraceSourceResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: str
    def __init__(self, content: _Optional[str] = ...) -> None: ...

class CancelExecutionRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class CancelExecutionResponse(_message.Message):
    __slots__ = ("outcome",)
    class CancelExecutionOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CANCEL_EXECUTION_OUTCOME_UNSPECIFIED: _ClassVar[CancelExecutionResponse.CancelExecutionOutcome]
        CANCEL_EXECUTION_OUTCOME_CANCELLATION_REQUESTED: _ClassVar[CancelExecutionResponse.CancelExecutionOutcome]
        CANCEL_EXECUTION_OUTCOME_ALREADY_FINISHED: _ClassVar[CancelExecutionResponse.CancelExecutionOutcome]
        CANCEL_EXECUTION_OUTCOME_ALREADY_CANCELLING: _ClassVar[CancelExecutionResponse.CancelExecutionOutcome]
    CANCEL_EXECUTION_OUTCOME_UNSPECIFIED: CancelExecutionResponse.CancelExecutionOutcome
    CANCEL_EXECUTION_OUTCOME_CANCELLATION_REQUESTED: CancelExecutionResponse.CancelExecutionOutcome
    CANCEL_EXECUTION_OUTCOME_ALREADY_FINISHED: CancelExecutionResponse.CancelExecutionOutcome
    CANCEL_EXECUTION_OUTCOME_ALREADY_CANCELLING: CancelExecutionResponse.CancelExecutionOutcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    outcome: CancelExecutionResponse.CancelExecutionOutcome
    def __init__(self, outcome: _Optional[_Union[CancelExecutionResponse.CancelExecutionOutcome, str]] = ...) -> None: ...

class CancelDelayRequest(_message.Message):
    __slots__ = ("delay_id",)
    DELAY_ID_FIELD_NUMBER: _ClassVar[int]
    delay_id: DelayId
    def __init__(self, delay_id: _Optional[_Union[DelayId, _Mapping[str, object]]] = ...) -> None: ...

class CancelDelayResponse(_message.Message):
    __slots__ = ("outcome",)
    class CancelDelayOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CANCEL_DELAY_OUTCOME_UNSPECIFIED: _ClassVar[CancelDelayResponse.CancelDelayOutcome]
        CANCEL_DELAY_OUTCOME_CANCELLED: _ClassVar[CancelDelayResponse.CancelDelayOutcome]
        CANCEL_DELAY_OUTCOME_ALREADY_FINISHED: _ClassVar[CancelDelayResponse.CancelDelayOutcome]
    CANCEL_DELAY_OUTCOME_UNSPECIFIED: CancelDelayResponse.CancelDelayOutcome
    CANCEL_DELAY_OUTCOME_CANCELLED: CancelDelayResponse.CancelDelayOutcome
    CANCEL_DELAY_OUTCOME_ALREADY_FINISHED: CancelDelayResponse.CancelDelayOutcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    outcome: CancelDelayResponse.CancelDelayOutcome
    def __init__(self, outcome: _Optional[_Union[CancelDelayResponse.CancelDelayOutcome, str]] = ...) -> None: ...

class ReplayExecutionRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class CapturedWrite(_message.Message):
    __slots__ = ("append", "append_batch", "append_batch_create_new_execution", "append_stub_response", "append_finished", "append_batch_with_delay_response")
    class Append(_message.Message):
        __slots__ = ("execution_id", "version", "event", "backtraces")
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        EVENT_FIELD_NUMBER: _ClassVar[int]
        BACKTRACES_FIELD_NUMBER: _ClassVar[int]
        execution_id: ExecutionId
        version: int
        event: ExecutionEvent
        backtraces: _containers.RepeatedCompositeFieldContainer[CapturedBacktrace]
        def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., event: _Optional[_Union[ExecutionEvent, _Mapping[str, object]]] = ..., backtraces: _Optional[_Iterable[_Union[CapturedBacktrace, _Mapping[str, object]]]] = ...) -> None: ...
    class AppendBatch(_message.Message):
        __slots__ = ("events", "execution_id", "version", "backtraces")
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        BACKTRACES_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[ExecutionEvent]
        execution_id: ExecutionId
        version: int
        backtraces: _containers.RepeatedCompositeFieldContainer[CapturedBacktrace]
        def __init__(self, events: _Optional[_Iterable[_Union[ExecutionEvent, _Mapping[str, object]]]] = ..., execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., backtraces: _Optional[_Iterable[_Union[CapturedBacktrace, _Mapping[str, object]]]] = ...) -> None: ...
    class AppendBatchCreateNewExecution(_message.Message):
        __slots__ = ("events", "execution_id", "version", "child_requests", "backtraces")
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        CHILD_REQUESTS_FIELD_NUMBER: _ClassVar[int]
        BACKTRACES_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[ExecutionEvent]
        execution_id: ExecutionId
        version: int
        child_requests: _containers.RepeatedCompositeFieldContainer[CreateExecutionRequest]
        backtraces: _containers.RepeatedCompositeFieldContainer[CapturedBacktrace]
        def __init__(self, events: _Optional[_Iterable[_Union[ExecutionEvent, _Mapping[str, object]]]] = ..., execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., child_requests: _Optional[_Iterable[_Union[CreateExecutionRequest, _Mapping[str, object]]]] = ..., backtraces: _Optional[_Iterable[_Union[CapturedBacktrace, _Mapping[str, object]]]] = ...) -> None: ...
    class AppendBatchWithDelayResponse(_message.Message):
        __slots__ = ("events", "execution_id", "version", "join_set_id", "delay_id", "backtraces")
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
        DELAY_ID_FIELD_NUMBER: _ClassVar[int]
        BACKTRACES_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[ExecutionEvent]
        execution_id: ExecutionId
        version: int
        join_set_id: JoinSetId
        delay_id: str
        backtraces: _containers.RepeatedCompositeFieldContainer[CapturedBacktrace]
        def __init__(self, events: _Optional[_Iterable[_Union[ExecutionEvent, _Mapping[str, object]]]] = ..., execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., delay_id: _Optional[str] = ..., backtraces: _Optional[_Iterable[_Union[CapturedBacktrace, _Mapping[str, object]]]] = ...) -> None: ...
    class AppendStubResponse(_message.Message):
        __slots__ = ("execution_id", "version", "events", "parent_execution_id", "join_set_id", "child_execution_id", "result", "finished_version", "backtraces")
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        PARENT_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
        CHILD_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        RESULT_FIELD_NUMBER: _ClassVar[int]
        FINISHED_VERSION_FIELD_NUMBER: _ClassVar[int]
        BACKTRACES_FIELD_NUMBER: _ClassVar[int]
        execution_id: ExecutionId
        version: int
        events: _containers.RepeatedCompositeFieldContainer[ExecutionEvent]
        parent_execution_id: ExecutionId
        join_set_id: JoinSetId
        child_execution_id: ExecutionId
        result: SupportedFunctionResult
        finished_version: int
        backtraces: _containers.RepeatedCompositeFieldContainer[CapturedBacktrace]
        def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., events: _Optional[_Iterable[_Union[ExecutionEvent, _Mapping[str, object]]]] = ..., parent_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., child_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., result: _Optional[_Union[SupportedFunctionResult, _Mapping[str, object]]] = ..., finished_version: _Optional[int] = ..., backtraces: _Optional[_Iterable[_Union[CapturedBacktrace, _Mapping[str, object]]]] = ...) -> None: ...
    class AppendFinished(_message.Message):
        __slots__ = ("execution_id", "version", "event", "parent_execution_id", "parent_join_set_id")
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        EVENT_FIELD_NUMBER: _ClassVar[int]
        PARENT_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        PARENT_JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
        execution_id: ExecutionId
        version: int
        event: ExecutionEvent.Finished
        parent_execution_id: ExecutionId
        parent_join_set_id: JoinSetId
        def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., version: _Optional[int] = ..., event: _Optional[_Union[ExecutionEvent.Finished, _Mapping[str, object]]] = ..., parent_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., parent_join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ...) -> None: ...
    APPEND_FIELD_NUMBER: _ClassVar[int]
    APPEND_BATCH_FIELD_NUMBER: _ClassVar[int]
    APPEND_BATCH_CREATE_NEW_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    APPEND_STUB_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    APPEND_FINISHED_FIELD_NUMBER: _ClassVar[int]
    APPEND_BATCH_WITH_DELAY_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    append: CapturedWrite.Append
    append_batch: CapturedWrite.AppendBatch
    append_batch_create_new_execution: CapturedWrite.AppendBatchCreateNewExecution
    append_stub_response: CapturedWrite.AppendStubResponse
    append_finished: CapturedWrite.AppendFinished
    append_batch_with_delay_response: CapturedWrite.AppendBatchWithDelayResponse
    def __init__(self, append: _Optional[_Union[CapturedWrite.Append, _Mapping[str, object]]] = ..., append_batch: _Optional[_Union[CapturedWrite.AppendBatch, _Mapping[str, object]]] = ..., append_batch_create_new_execution: _Optional[_Union[CapturedWrite.AppendBatchCreateNewExecution, _Mapping[str, object]]] = ..., append_stub_response: _Optional[_Union[CapturedWrite.AppendStubResponse, _Mapping[str, object]]] = ..., append_finished: _Optional[_Union[CapturedWrite.AppendFinished, _Mapping[str, object]]] = ..., append_batch_with_delay_response: _Optional[_Union[CapturedWrite.AppendBatchWithDelayResponse, _Mapping[str, object]]] = ...) -> None: ...

class CreateExecutionRequest(_message.Message):
    __slots__ = ("execution_id", "function_name", "params", "scheduled_at", "component_id", "deployment_id", "parent_execution_id", "parent_join_set_id", "created_at", "metadata", "paused", "scheduled_by")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_JOIN_SET_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_BY_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    function_name: FunctionName
    params: _any_pb2.Any
    scheduled_at: _timestamp_pb2.Timestamp
    component_id: ComponentId
    deployment_id: DeploymentId
    parent_execution_id: ExecutionId
    parent_join_set_id: JoinSetId
    created_at: _timestamp_pb2.Timestamp
    metadata: _containers.ScalarMap[str, str]
    paused: bool
    scheduled_by: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., function_name: _Optional[_Union[FunctionName, _Mapping[str, object]]] = ..., params: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ..., scheduled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., component_id: _Optional[_Union[ComponentId, _Mapping[str, object]]] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., parent_execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., parent_join_set_id: _Optional[_Union[JoinSetId, _Mapping[str, object]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., paused: _Optional[bool] = ..., scheduled_by: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class ReplayExecutionResponse(_message.Message):
    __slots__ = ("advanceable", "finished", "blocked", "replay_failed")
    class Advanceable(_message.Message):
        __slots__ = ("captured_writes",)
        CAPTURED_WRITES_FIELD_NUMBER: _ClassVar[int]
        captured_writes: _containers.RepeatedCompositeFieldContainer[CapturedWrite]
        def __init__(self, captured_writes: _Optional[_Iterable[_Union[CapturedWrite, _Mapping[str, object]]]] = ...) -> None: ...
    class Finished(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: SupportedFunctionResult
        def __init__(self, result: _Optional[_Union[SupportedFunctionResult, _Mapping[str, object]]] = ...) -> None: ...
    class Blocked(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ReplayFailed(_message.Message):
        __slots__ = ("error", "captured_writes")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        CAPTURED_WRITES_FIELD_NUMBER: _ClassVar[int]
        error: str
        captured_writes: _containers.RepeatedCompositeFieldContainer[CapturedWrite]
        def __init__(self, error: _Optional[str] = ..., captured_writes: _Optional[_Iterable[_Union[CapturedWrite, _Mapping[str, object]]]] = ...) -> None: ...
    ADVANCEABLE_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    REPLAY_FAILED_FIELD_NUMBER: _ClassVar[int]
    advanceable: ReplayExecutionResponse.Advanceable
    finished: ReplayExecutionResponse.Finished
    blocked: ReplayExecutionResponse.Blocked
    replay_failed: ReplayExecutionResponse.ReplayFailed
    def __init__(self, advanceable: _Optional[_Union[ReplayExecutionResponse.Advanceable, _Mapping[str, object]]] = ..., finished: _Optional[_Union[ReplayExecutionResponse.Finished, _Mapping[str, object]]] = ..., blocked: _Optional[_Union[ReplayExecutionResponse.Blocked, _Mapping[str, object]]] = ..., replay_failed: _Optional[_Union[ReplayExecutionResponse.ReplayFailed, _Mapping[str, object]]] = ...) -> None: ...

class PersistExecutionBacktracesRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class PersistExecutionBacktracesResponse(_message.Message):
    __slots__ = ("persisted_backtrace_count",)
    PERSISTED_BACKTRACE_COUNT_FIELD_NUMBER: _ClassVar[int]
    persisted_backtrace_count: int
    def __init__(self, persisted_backtrace_count: _Optional[int] = ...) -> None: ...

class AdvanceExecutionRequest(_message.Message):
    __slots__ = ("execution_id", "captured_writes", "persist_backtrace")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_WRITES_FIELD_NUMBER: _ClassVar[int]
    PERSIST_BACKTRACE_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    captured_writes: _containers.RepeatedCompositeFieldContainer[CapturedWrite]
    persist_backtrace: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., captured_writes: _Optional[_Iterable[_Union[CapturedWrite, _Mapping[str, object]]]] = ..., persist_backtrace: _Optional[bool] = ...) -> None: ...

class AdvanceExecutionResponse(_message.Message):
    __slots__ = ("success", "error")
    class Success(_message.Message):
        __slots__ = ("finished",)
        FINISHED_FIELD_NUMBER: _ClassVar[int]
        finished: SupportedFunctionResult
        def __init__(self, finished: _Optional[_Union[SupportedFunctionResult, _Mapping[str, object]]] = ...) -> None: ...
    class Error(_message.Message):
        __slots__ = ("version_mismatch", "replay_mismatch", "transient_error")
        class VersionMismatch(_message.Message):
            __slots__ = ("expected",)
            EXPECTED_FIELD_NUMBER: _ClassVar[int]
            expected: int
            def __init__(self, expected: _Optional[int] = ...) -> None: ...
        class ReplayMismatch(_message.Message):
            __slots__ = ()
            def __init__(self) -> None: ...
        class TransientError(_message.Message):
            __slots__ = ("message",)
            MESSAGE_FIELD_NUMBER: _ClassVar[int]
            message: str
            def __init__(self, message: _Optional[str] = ...) -> None: ...
        VERSION_MISMATCH_FIELD_NUMBER: _ClassVar[int]
        REPLAY_MISMATCH_FIELD_NUMBER: _ClassVar[int]
        TRANSIENT_ERROR_FIELD_NUMBER: _ClassVar[int]
        version_mismatch: AdvanceExecutionResponse.Error.VersionMismatch
        replay_mismatch: AdvanceExecutionResponse.Error.ReplayMismatch
        transient_error: AdvanceExecutionResponse.Error.TransientError
        def __init__(self, version_mismatch: _Optional[_Union[AdvanceExecutionResponse.Error.VersionMismatch, _Mapping[str, object]]] = ..., replay_mismatch: _Optional[_Union[AdvanceExecutionResponse.Error.ReplayMismatch, _Mapping[str, object]]] = ..., transient_error: _Optional[_Union[AdvanceExecutionResponse.Error.TransientError, _Mapping[str, object]]] = ...) -> None: ...
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    success: AdvanceExecutionResponse.Success
    error: AdvanceExecutionResponse.Error
    def __init__(self, success: _Optional[_Union[AdvanceExecutionResponse.Success, _Mapping[str, object]]] = ..., error: _Optional[_Union[AdvanceExecutionResponse.Error, _Mapping[str, object]]] = ...) -> None: ...

class UpgradeExecutionComponentRequest(_message.Message):
    __slots__ = ("execution_id", "expected_component_digest", "new_component_digest", "skip_determinism_check")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    NEW_COMPONENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SKIP_DETERMINISM_CHECK_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    expected_component_digest: ContentDigest
    new_component_digest: ContentDigest
    skip_determinism_check: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., expected_component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., new_component_digest: _Optional[_Union[ContentDigest, _Mapping[str, object]]] = ..., skip_determinism_check: _Optional[bool] = ...) -> None: ...

class UpgradeExecutionComponentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListLogsRequest(_message.Message):
    __slots__ = ("execution_id", "page_size", "page_token", "show_logs", "show_streams", "levels", "stream_types", "show_derived")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SHOW_LOGS_FIELD_NUMBER: _ClassVar[int]
    SHOW_STREAMS_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    STREAM_TYPES_FIELD_NUMBER: _ClassVar[int]
    SHOW_DERIVED_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    page_size: int
    page_token: str
    show_logs: bool
    show_streams: bool
    levels: _containers.RepeatedScalarFieldContainer[LogLevel]
    stream_types: _containers.RepeatedScalarFieldContainer[LogStreamType]
    show_derived: bool
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., show_logs: _Optional[bool] = ..., show_streams: _Optional[bool] = ..., levels: _Optional[_Iterable[_Union[LogLevel, str]]] = ..., stream_types: _Optional[_Iterable[_Union[LogStreamType, str]]] = ..., show_derived: _Optional[bool] = ...) -> None: ...

class ListLogsResponse(_message.Message):
    __slots__ = ("logs", "next_page_token", "prev_page_token")
    class LogEntry(_message.Message):
        __slots__ = ("created_at", "log", "stream", "run_id", "execution_id")
        class LogVariant(_message.Message):
            __slots__ = ("level", "message")
            LEVEL_FIELD_NUMBER: _ClassVar[int]
            MESSAGE_FIELD_NUMBER: _ClassVar[int]
            level: LogLevel
            message: str
            def __init__(self, level: _Optional[_Union[LogLevel, str]] = ..., message: _Optional[str] = ...) -> None: ...
        class StreamVariant(_message.Message):
            __slots__ = ("payload", "stream_type")
            PAYLOAD_FIELD_NUMBER: _ClassVar[int]
            STREAM_TYPE_FIELD_NUMBER: _ClassVar[int]
            payload: bytes
            stream_type: LogStreamType
            def __init__(self, payload: _Optional[bytes] = ..., stream_type: _Optional[_Union[LogStreamType, str]] = ...) -> None: ...
        CREATED_AT_FIELD_NUMBER: _ClassVar[int]
        LOG_FIELD_NUMBER: _ClassVar[int]
        STREAM_FIELD_NUMBER: _ClassVar[int]
        RUN_ID_FIELD_NUMBER: _ClassVar[int]
        EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
        created_at: _timestamp_pb2.Timestamp
        log: ListLogsResponse.LogEntry.LogVariant
        stream: ListLogsResponse.LogEntry.StreamVariant
        run_id: RunId
        execution_id: ExecutionId
        def __init__(self, created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., log: _Optional[_Union[ListLogsResponse.LogEntry.LogVariant, _Mapping[str, object]]] = ..., stream: _Optional[_Union[ListLogsResponse.LogEntry.StreamVariant, _Mapping[str, object]]] = ..., run_id: _Optional[_Union[RunId, _Mapping[str, object]]] = ..., execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...
    LOGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PREV_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    logs: _containers.RepeatedCompositeFieldContainer[ListLogsResponse.LogEntry]
    next_page_token: str
    prev_page_token: str
    def __init__(self, logs: _Optional[_Iterable[_Union[ListLogsResponse.LogEntry, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ..., prev_page_token: _Optional[str] = ...) -> None: ...

class ListDeploymentsRequest(_message.Message):
    __slots__ = ("newer_than", "older_than", "include_deployment_toml", "include_derived", "include_execution_counts", "include_component_summary")
    class NewerThan(_message.Message):
        __slots__ = ("length", "cursor", "including_cursor")
        LENGTH_FIELD_NUMBER: _ClassVar[int]
        CURSOR_FIELD_NUMBER: _ClassVar[int]
        INCLUDING_CURSOR_FIELD_NUMBER: _ClassVar[int]
        length: int
        cursor: DeploymentId
        including_cursor: bool
        def __init__(self, length: _Optional[int] = ..., cursor: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., including_cursor: _Optional[bool] = ...) -> None: ...
    class OlderThan(_message.Message):
        __slots__ = ("length", "cursor", "including_cursor")
        LENGTH_FIELD_NUMBER: _ClassVar[int]
        CURSOR_FIELD_NUMBER: _ClassVar[int]
        INCLUDING_CURSOR_FIELD_NUMBER: _ClassVar[int]
        length: int
        cursor: DeploymentId
        including_cursor: bool
        def __init__(self, length: _Optional[int] = ..., cursor: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., including_cursor: _Optional[bool] = ...) -> None: ...
    NEWER_THAN_FIELD_NUMBER: _ClassVar[int]
    OLDER_THAN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DEPLOYMENT_TOML_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DERIVED_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_EXECUTION_COUNTS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_COMPONENT_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    newer_than: ListDeploymentsRequest.NewerThan
    older_than: ListDeploymentsRequest.OlderThan
    include_deployment_toml: bool
    include_derived: bool
    include_execution_counts: bool
    include_component_summary: bool
    def __init__(self, newer_than: _Optional[_Union[ListDeploymentsRequest.NewerThan, _Mapping[str, object]]] = ..., older_than: _Optional[_Union[ListDeploymentsRequest.OlderThan, _Mapping[str, object]]] = ..., include_deployment_toml: _Optional[bool] = ..., include_derived: _Optional[bool] = ..., include_execution_counts: _Optional[bool] = ..., include_component_summary: _Optional[bool] = ...) -> None: ...

class DeploymentComponentCount(_message.Message):
    __slots__ = ("component_type", "count")
    COMPONENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    component_type: DeploymentComponentType
    count: int
    def __init__(self, component_type: _Optional[_Union[DeploymentComponentType, str]] = ..., count: _Optional[int] = ...) -> None: ...

class DeploymentComponentSummary(_message.Message):
    __slots__ = ("components",)
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    components: _containers.RepeatedCompositeFieldContainer[DeploymentComponentCount]
    def __init__(self, components: _Optional[_Iterable[_Union[DeploymentComponentCount, _Mapping[str, object]]]] = ...) -> None: ...

class DeploymentExecutionSummary(_message.Message):
    __slots__ = ("locked", "pending", "scheduled", "blocked", "paused", "finished_ok", "finished_error", "finished_execution_failure", "cancelling")
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_OK_FIELD_NUMBER: _ClassVar[int]
    FINISHED_ERROR_FIELD_NUMBER: _ClassVar[int]
    FINISHED_EXECUTION_FAILURE_FIELD_NUMBER: _ClassVar[int]
    CANCELLING_FIELD_NUMBER: _ClassVar[int]
    locked: int
    pending: int
    scheduled: int
    blocked: int
    paused: int
    finished_ok: int
    finished_error: int
    finished_execution_failure: int
    cancelling: int
    def __init__(self, locked: _Optional[int] = ..., pending: _Optional[int] = ..., scheduled: _Optional[int] = ..., blocked: _Optional[int] = ..., paused: _Optional[int] = ..., finished_ok: _Optional[int] = ..., finished_error: _Optional[int] = ..., finished_execution_failure: _Optional[int] = ..., cancelling: _Optional[int] = ...) -> None: ...

class Deployment(_message.Message):
    __slots__ = ("deployment_id", "status", "created_at", "last_active_at", "deployment_toml", "description", "digest", "files")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_ACTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_TOML_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    deployment_id: DeploymentId
    status: DeploymentStatus
    created_at: _timestamp_pb2.Timestamp
    last_active_at: _timestamp_pb2.Timestamp
    deployment_toml: str
    description: str
    digest: str
    files: _containers.RepeatedCompositeFieldContainer[FileRef]
    def __init__(self, deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., status: _Optional[_Union[DeploymentStatus, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., last_active_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., deployment_toml: _Optional[str] = ..., description: _Optional[str] = ..., digest: _Optional[str] = ..., files: _Optional[_Iterable[_Union[FileRef, _Mapping[str, object]]]] = ...) -> None: ...

class FileRef(_message.Message):
    __slots__ = ("path", "digest", "size")
    PATH_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    path: str
    digest: str
    size: int
    def __init__(self, path: _Optional[str] = ..., digest: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class DeploymentSummary(_message.Message):
    __slots__ = ("deployment", "execution_summary", "component_summary")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_SUMMARY_FIELD_NUMBER: _ClassVar[int]
    deployment: Deployment
    execution_summary: DeploymentExecutionSummary
    component_summary: DeploymentComponentSummary
    def __init__(self, deployment: _Optional[_Union[Deployment, _Mapping[str, object]]] = ..., execution_summary: _Optional[_Union[DeploymentExecutionSummary, _Mapping[str, object]]] = ..., component_summary: _Optional[_Union[DeploymentComponentSummary, _Mapping[str, object]]] = ...) -> None: ...

class ListDeploymentsResponse(_message.Message):
    __slots__ = ("deployments",)
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    deployments: _containers.RepeatedCompositeFieldContainer[DeploymentSummary]
    def __init__(self, deployments: _Optional[_Iterable[_Union[DeploymentSummary, _Mapping[str, object]]]] = ...) -> None: ...

class GetCurrentDeploymentIdRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCurrentDeploymentIdResponse(_message.Message):
    __slots__ = ("deployment_id",)
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: DeploymentId
    def __init__(self, deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ...) -> None: ...

class SwitchDeploymentRequest(_message.Message):
    __slots__ = ("deployment_id", "runtime_config_check", "apply")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_CONFIG_CHECK_FIELD_NUMBER: _ClassVar[int]
    APPLY_FIELD_NUMBER: _ClassVar[int]
    deployment_id: DeploymentId
    runtime_config_check: RuntimeConfigCheck
    apply: bool
    def __init__(self, deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., runtime_config_check: _Optional[_Union[RuntimeConfigCheck, str]] = ..., apply: _Optional[bool] = ...) -> None: ...

class SwitchDeploymentResponse(_message.Message):
    __slots__ = ("outcome",)
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SWITCH_OUTCOME_UNSPECIFIED: _ClassVar[SwitchDeploymentResponse.Outcome]
        SWITCH_OUTCOME_SWITCHED: _ClassVar[SwitchDeploymentResponse.Outcome]
        SWITCH_OUTCOME_RESTART_REQUIRED: _ClassVar[SwitchDeploymentResponse.Outcome]
    SWITCH_OUTCOME_UNSPECIFIED: SwitchDeploymentResponse.Outcome
    SWITCH_OUTCOME_SWITCHED: SwitchDeploymentResponse.Outcome
    SWITCH_OUTCOME_RESTART_REQUIRED: SwitchDeploymentResponse.Outcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    outcome: SwitchDeploymentResponse.Outcome
    def __init__(self, outcome: _Optional[_Union[SwitchDeploymentResponse.Outcome, str]] = ...) -> None: ...

class SubmitDeploymentRequest(_message.Message):
    __slots__ = ("deployment_toml", "created_by", "runtime_config_check", "description", "deployment_id", "files")
    DEPLOYMENT_TOML_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_CONFIG_CHECK_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    deployment_toml: str
    created_by: str
    runtime_config_check: RuntimeConfigCheck
    description: str
    deployment_id: DeploymentId
    files: _containers.RepeatedCompositeFieldContainer[DeploymentFileContent]
    def __init__(self, deployment_toml: _Optional[str] = ..., created_by: _Optional[str] = ..., runtime_config_check: _Optional[_Union[RuntimeConfigCheck, str]] = ..., description: _Optional[str] = ..., deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., files: _Optional[_Iterable[_Union[DeploymentFileContent, _Mapping[str, object]]]] = ...) -> None: ...

class DeploymentFileContent(_message.Message):
    __slots__ = ("path", "digest", "content")
    PATH_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    path: str
    digest: str
    content: bytes
    def __init__(self, path: _Optional[str] = ..., digest: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class SubmitDeploymentResponse(_message.Message):
    __slots__ = ("deployment_id",)
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: DeploymentId
    def __init__(self, deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ...) -> None: ...

class SubmitDeploymentErrorDetail(_message.Message):
    __slots__ = ("missing_digest_fields", "missing_files", "unexpected_files", "digest_mismatches", "oversized_files")
    MISSING_DIGEST_FIELDS_FIELD_NUMBER: _ClassVar[int]
    MISSING_FILES_FIELD_NUMBER: _ClassVar[int]
    UNEXPECTED_FILES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_MISMATCHES_FIELD_NUMBER: _ClassVar[int]
    OVERSIZED_FILES_FIELD_NUMBER: _ClassVar[int]
    missing_digest_fields: _containers.RepeatedCompositeFieldContainer[FileIssue]
    missing_files: _containers.RepeatedCompositeFieldContainer[FileIssue]
    unexpected_files: _containers.RepeatedCompositeFieldContainer[FileIssue]
    digest_mismatches: _containers.RepeatedCompositeFieldContainer[DigestMismatch]
    oversized_files: _containers.RepeatedCompositeFieldContainer[FileIssue]
    def __init__(self, missing_digest_fields: _Optional[_Iterable[_Union[FileIssue, _Mapping[str, object]]]] = ..., missing_files: _Optional[_Iterable[_Union[FileIssue, _Mapping[str, object]]]] = ..., unexpected_files: _Optional[_Iterable[_Union[FileIssue, _Mapping[str, object]]]] = ..., digest_mismatches: _Optional[_Iterable[_Union[DigestMismatch, _Mapping[str, object]]]] = ..., oversized_files: _Optional[_Iterable[_Union[FileIssue, _Mapping[str, object]]]] = ...) -> None: ...

class FileIssue(_message.Message):
    __slots__ = ("section", "component_name", "field_path", "path", "digest", "message")
    SECTION_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_NAME_FIELD_NUMBER: _ClassVar[int]
    FIELD_PATH_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    section: str
    component_name: str
    field_path: str
    path: str
    digest: str
    message: str
    def __init__(self, section: _Optional[str] = ..., component_name: _Optional[str] = ..., field_path: _Optional[str] = ..., path: _Optional[str] = ..., digest: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class DigestMismatch(_message.Message):
    __slots__ = ("file", "supplied_digest", "actual_digest")
    FILE_FIELD_NUMBER: _ClassVar[int]
    SUPPLIED_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    file: FileIssue
    supplied_digest: str
    actual_digest: str
    def __init__(self, file: _Optional[_Union[FileIssue, _Mapping[str, object]]] = ..., supplied_digest: _Optional[str] = ..., actual_digest: _Optional[str] = ...) -> None: ...

class GetFileRequest(_message.Message):
    __slots__ = ("digest",)
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    digest: str
    def __init__(self, digest: _Optional[str] = ...) -> None: ...

class GetFileResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...

class GcOrphanFilesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GcOrphanFilesResponse(_message.Message):
    __slots__ = ("deleted_count",)
    DELETED_COUNT_FIELD_NUMBER: _ClassVar[int]
    deleted_count: int
    def __init__(self, deleted_count: _Optional[int] = ...) -> None: ...

class GetDeploymentRequest(_message.Message):
    __slots__ = ("deployment_id", "include_generated_metadata")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_GENERATED_METADATA_FIELD_NUMBER: _ClassVar[int]
    deployment_id: DeploymentId
    include_generated_metadata: bool
    def __init__(self, deployment_id: _Optional[_Union[DeploymentId, _Mapping[str, object]]] = ..., include_generated_metadata: _Optional[bool] = ...) -> None: ...

class GetDeploymentResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: Deployment
    def __init__(self, deployment: _Optional[_Union[Deployment, _Mapping[str, object]]] = ...) -> None: ...

class PauseExecutionRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class PauseExecutionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UnpauseExecutionRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: ExecutionId
    def __init__(self, execution_id: _Optional[_Union[ExecutionId, _Mapping[str, object]]] = ...) -> None: ...

class UnpauseExecutionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PauseDelayRequest(_message.Message):
    __slots__ = ("delay_id",)
    DELAY_ID_FIELD_NUMBER: _ClassVar[int]
    delay_id: DelayId
    def __init__(self, delay_id: _Optional[_Union[DelayId, _Mapping[str, object]]] = ...) -> None: ...

class PauseDelayResponse(_message.Message):
    __slots__ = ("outcome",)
    class PauseDelayOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PAUSE_DELAY_OUTCOME_UNSPECIFIED: _ClassVar[PauseDelayResponse.PauseDelayOutcome]
        PAUSE_DELAY_OUTCOME_PAUSED: _ClassVar[PauseDelayResponse.PauseDelayOutcome]
        PAUSE_DELAY_OUTCOME_ALREADY_FINISHED: _ClassVar[PauseDelayResponse.PauseDelayOutcome]
    PAUSE_DELAY_OUTCOME_UNSPECIFIED: PauseDelayResponse.PauseDelayOutcome
    PAUSE_DELAY_OUTCOME_PAUSED: PauseDelayResponse.PauseDelayOutcome
    PAUSE_DELAY_OUTCOME_ALREADY_FINISHED: PauseDelayResponse.PauseDelayOutcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    outcome: PauseDelayResponse.PauseDelayOutcome
    def __init__(self, outcome: _Optional[_Union[PauseDelayResponse.PauseDelayOutcome, str]] = ...) -> None: ...

class UnpauseDelayRequest(_message.Message):
    __slots__ = ("delay_id",)
    DELAY_ID_FIELD_NUMBER: _ClassVar[int]
    delay_id: DelayId
    def __init__(self, delay_id: _Optional[_Union[DelayId, _Mapping[str, object]]] = ...) -> None: ...

class UnpauseDelayResponse(_message.Message):
    __slots__ = ("outcome",)
    class UnpauseDelayOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNPAUSE_DELAY_OUTCOME_UNSPECIFIED: _ClassVar[UnpauseDelayResponse.UnpauseDelayOutcome]
        UNPAUSE_DELAY_OUTCOME_UNPAUSED: _ClassVar[UnpauseDelayResponse.UnpauseDelayOutcome]
        UNPAUSE_DELAY_OUTCOME_ALREADY_FINISHED: _ClassVar[UnpauseDelayResponse.UnpauseDelayOutcome]
    UNPAUSE_DELAY_OUTCOME_UNSPECIFIED: UnpauseDelayResponse.UnpauseDelayOutcome
    UNPAUSE_DELAY_OUTCOME_UNPAUSED: UnpauseDelayResponse.UnpauseDelayOutcome
    UNPAUSE_DELAY_OUTCOME_ALREADY_FINISHED: UnpauseDelayResponse.UnpauseDelayOutcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    outcome: UnpauseDelayResponse.UnpauseDelayOutcome
    def __init__(self, outcome: _Optional[_Union[UnpauseDelayResponse.UnpauseDelayOutcome, str]] = ...) -> None: ...
