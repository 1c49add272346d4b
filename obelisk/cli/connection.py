"""The connection of a client command to a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import grpc

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_admin_pb2_grpc import ExecutionsStub as AdminExecutionsStub
from obelisk.api.pb.obelisk_admin_pb2_grpc import OperationsStub
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub, FunctionRepositoryStub
from obelisk.cli.channel import ServerUrl, check_token, open_channel, parse_url, read_authorities
from obelisk.cli.client import API_CA, API_TOKEN, API_URL, DEFAULT_API_URL, CallError, chosen, was_given
from obelisk.cli.output import FAILED, UNREACHABLE, USAGE, warn
from obelisk.errors import InputError

CALL_TIMEOUT = 60.0

_REJECTED = frozenset(
    (
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    )
)
_LOST = frozenset((grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE))


class Connection:
    """Calls to the server at ``url``, with ``token``; see ``channel``. Each method raises ``CallError``."""

    def __init__(self, url: ServerUrl, *, token: str | None = None, authorities: bytes | None = None) -> None:
        self.url = url.text
        self._server = url
        self._token = token
        self._authorities = authorities
        self._open()

    def _open(self) -> None:
        self._channel = open_channel(self._server, token=self._token, authorities=self._authorities)
        self._executions = ExecutionRepositoryStub(self._channel)
        self._functions = FunctionRepositoryStub(self._channel)
        self._operations = OperationsStub(self._channel)
        self._deletions = AdminExecutionsStub(self._channel)

    def renew(self) -> None:
        """Connect anew with the next call."""
        self.close()
        self._open()

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def generate_execution_id(self) -> str:
        """Return a new id for an execution."""
        with self._errors():
            response = self._executions.GenerateExecutionId(pb.GenerateExecutionIdRequest(), timeout=CALL_TIMEOUT)
        return response.execution_id.id

    def submit(self, request: pb.SubmitRequest, trace: Sequence[tuple[str, str]] = ()) -> None:
        """Create an execution, as part of a trace: ``traceparent`` and ``tracestate``."""
        with self._errors():
            self._executions.Submit(request, timeout=CALL_TIMEOUT, metadata=tuple(trace))

    def status(self, execution_id: str, *, follow: bool) -> Iterator[pb.GetStatusResponse]:
        """Yield what an execution is doing, and how it ended once it has; with ``follow`` wait for that."""
        request = pb.GetStatusRequest(
            execution_id=pb.ExecutionId(id=execution_id), follow=follow, send_finished_status=True
        )
        with self._errors():
            yield from self._executions.GetStatus(request, timeout=None if follow else CALL_TIMEOUT)

    def summary(self, execution_id: str) -> pb.ExecutionSummary:
        """Return which execution it is and what it is doing."""
        return next(self.status(execution_id, follow=False)).summary

    def has_ended(self, execution_id: str) -> bool:
        """Tell whether an execution has finished."""
        return self.summary(execution_id).current_status.HasField("finished")

    def executions(self, request: pb.ListExecutionsRequest) -> pb.ListExecutionsResponse:
        """Return a page of executions."""
        with self._errors():
            return self._executions.ListExecutions(request, timeout=CALL_TIMEOUT)

    def events(self, request: pb.ListExecutionEventsRequest) -> pb.ListExecutionEventsResponse:
        """Return a page of an execution's log."""
        with self._errors():
            return self._executions.ListExecutionEvents(request, timeout=CALL_TIMEOUT)

    def responses(self, request: pb.ListResponsesRequest) -> pb.ListResponsesResponse:
        """Return a page of responses."""
        with self._errors():
            return self._executions.ListResponses(request, timeout=CALL_TIMEOUT)

    def events_and_responses(
        self, request: pb.ListExecutionEventsAndResponsesRequest
    ) -> pb.ListExecutionEventsAndResponsesResponse:
        """Return a page of an execution's log and of its responses."""
        with self._errors():
            return self._executions.ListExecutionEventsAndResponses(request, timeout=CALL_TIMEOUT)

    def logs(self, request: pb.ListLogsRequest) -> pb.ListLogsResponse:
        """Return a page of what an execution logged."""
        with self._errors():
            return self._executions.ListLogs(request, timeout=CALL_TIMEOUT)

    def cancel_execution(self, execution_id: str) -> int:
        """Cancel an execution; return the number of the outcome."""
        request = pb.CancelExecutionRequest(execution_id=pb.ExecutionId(id=execution_id))
        with self._errors():
            return self._executions.CancelExecution(request, timeout=CALL_TIMEOUT).outcome

    def cancel_delay(self, delay_id: str) -> int:
        """Cancel a delay; return the number of the outcome."""
        request = pb.CancelDelayRequest(delay_id=pb.DelayId(id=delay_id))
        with self._errors():
            return self._executions.CancelDelay(request, timeout=CALL_TIMEOUT).outcome

    def pause_execution(self, execution_id: str) -> None:
        """Pause an execution."""
        request = pb.PauseExecutionRequest(execution_id=pb.ExecutionId(id=execution_id))
        with self._errors():
            self._executions.PauseExecution(request, timeout=CALL_TIMEOUT)

    def unpause_execution(self, execution_id: str) -> None:
        """Let a paused execution go on."""
        request = pb.UnpauseExecutionRequest(execution_id=pb.ExecutionId(id=execution_id))
        with self._errors():
            self._executions.UnpauseExecution(request, timeout=CALL_TIMEOUT)

    def pause_delay(self, delay_id: str) -> int:
        """Pause a delay; return the number of the outcome."""
        request = pb.PauseDelayRequest(delay_id=pb.DelayId(id=delay_id))
        with self._errors():
            return self._executions.PauseDelay(request, timeout=CALL_TIMEOUT).outcome

    def unpause_delay(self, delay_id: str) -> int:
        """Let a paused delay go on; return the number of the outcome."""
        request = pb.UnpauseDelayRequest(delay_id=pb.DelayId(id=delay_id))
        with self._errors():
            return self._executions.UnpauseDelay(request, timeout=CALL_TIMEOUT).outcome

    def stub(self, request: pb.StubRequest) -> None:
        """Give a stub execution its result."""
        with self._errors():
            self._executions.Stub(request, timeout=CALL_TIMEOUT)

    def delete(self, execution_id: str) -> int:
        """Delete an execution and everything below it, however long that takes; return how many executions that were."""
        with self._errors():
            return self._deletions.Delete(admin.DeleteExecutionRequest(execution_id=execution_id)).deleted

    def replay(self, execution_id: str) -> pb.ReplayExecutionResponse:
        """Replay an execution; return what was found."""
        request = pb.ReplayExecutionRequest(execution_id=pb.ExecutionId(id=execution_id))
        with self._errors():
            return self._executions.ReplayExecution(request, timeout=CALL_TIMEOUT)

    def upgrade(self, request: pb.UpgradeExecutionComponentRequest) -> None:
        """Let an execution go on with another component."""
        with self._errors():
            self._executions.UpgradeExecutionComponent(request, timeout=CALL_TIMEOUT)

    def components(self, *, extensions: bool) -> list[pb.Component]:
        """Return the components of the current deployment."""
        with self._errors():
            request = pb.ListComponentsRequest(extensions=extensions)
            return list(self._functions.ListComponents(request, timeout=CALL_TIMEOUT).components)

    def wit(self, digest: str) -> str:
        """Return the WIT text of the component that has ``digest``."""
        with self._errors():
            request = pb.GetWitRequest(component_digest=pb.ContentDigest(digest=digest))
            return self._functions.GetWit(request, timeout=CALL_TIMEOUT).content

    def trace(self, request: admin.GetTraceRequest) -> Iterator[admin.GetTraceResponse]:
        """Yield the spans of an execution and of all below it."""
        with self._errors():
            yield from self._operations.GetTrace(request)

    def log_levels(self) -> list[admin.LogLevels.Sink]:
        """Return the filter of each log of the server that is on."""
        with self._errors():
            return list(self._operations.GetLogLevels(admin.GetLogLevelsRequest(), timeout=CALL_TIMEOUT).sinks)

    def set_log_level(self, wanted: str, sink: str) -> list[admin.LogLevels.Sink]:
        """Change the filter of a log, of all that are on when ``sink`` is empty; return those of now."""
        request = admin.SetLogLevelRequest(filter=wanted, sink=sink)
        with self._errors():
            return list(self._operations.SetLogLevel(request, timeout=CALL_TIMEOUT).sinks)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            raise _call_error(error, self._server) from error


@contextmanager
def connected() -> Iterator[Connection]:
    """Connect to the server that the running command is to talk to.

    Raises ``InputError`` for an URL that is none, and for a token or certificates that cannot be used.
    """
    connection = _connection(click.get_current_context())
    try:
        yield connection
    finally:
        connection.close()


def _connection(context: click.Context) -> Connection:
    url = parse_url(chosen(context, API_URL) or DEFAULT_API_URL)
    token, file = chosen(context, API_TOKEN), chosen(context, API_CA)
    if token is not None:
        check_token(token)
        if not (url.is_encrypted or url.is_local):
            warn(f"the API token goes to {url.text} unencrypted, and whoever sees it can use it; does https:// work?")
    if not url.is_encrypted and was_given(context, API_CA):
        raise InputError(f"--api-ca is for `https://` URLs, found `{url.text}`")
    authorities = read_authorities(Path(file)) if url.is_encrypted and file is not None else None
    return Connection(url, token=token, authorities=authorities)


def _call_error(error: grpc.RpcError, url: ServerUrl) -> CallError:
    code, details = _status(error)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"the server at {url.text} did not answer within {CALL_TIMEOUT:.0f} s"
        return CallError(message, exit_code=UNREACHABLE)
    if code in _LOST:
        message = f"cannot reach a server at {url.text}: {details}; {_next_step(url, details)}"
        return CallError(message, exit_code=UNREACHABLE, lost=True)
    if code is grpc.StatusCode.UNAUTHENTICATED:
        message = f"the server at {url.text} refused the call: {details} (--api-token, {API_TOKEN})"
        return CallError(message, exit_code=USAGE)
    if code in _REJECTED:
        return CallError(details, exit_code=USAGE, missing=code is grpc.StatusCode.NOT_FOUND)
    return CallError(f"the server at {url.text} answered {code.name}: {details}", exit_code=FAILED)


def _next_step(url: ServerUrl, details: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in details:
        return "is the authority that signed its certificate the one that --api-ca names, and is this its name?"
    if url.is_encrypted and "WRONG_VERSION_NUMBER" in details:
        return "does it speak TLS, or is its URL one with http://?"
    return "is it running, and is this its address (--api-url)?"


def _status(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    if isinstance(error, grpc.Call):
        return error.code(), error.details() or error.code().name
    return grpc.StatusCode.UNKNOWN, str(error)
