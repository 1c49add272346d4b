"""The connection of a client command to a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
import grpc

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub, FunctionRepositoryStub
from obelisk.cli.client import CallError, chosen_url
from obelisk.cli.output import FAILED, UNREACHABLE, USAGE
from obelisk.errors import InputError

CALL_TIMEOUT = 60.0

_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
_REJECTED = frozenset(
    (
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAUTHENTICATED,
    )
)
_LOST = frozenset((grpc.StatusCode.ABORTED, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE))
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 20_000),
    # Connections belong to their channel, so that a new channel tries at once, whatever an older one found.
    ("grpc.use_local_subchannel_pool", 1),
)


class Connection:
    """Calls to the server at ``url``. Each method raises ``CallError``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._target, self._options = _target(url)
        self._open()

    def _open(self) -> None:
        self._channel = grpc.insecure_channel(self._target, options=self._options)
        self._executions = ExecutionRepositoryStub(self._channel)
        self._functions = FunctionRepositoryStub(self._channel)

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

    def submit(self, request: pb.SubmitRequest) -> None:
        """Create an execution."""
        with self._errors():
            self._executions.Submit(request, timeout=CALL_TIMEOUT)

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

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as error:
            raise _call_error(error, self.url) from error


@contextmanager
def connected() -> Iterator[Connection]:
    """Connect to the server that the running command is to talk to. Raises ``InputError`` for an URL that is none."""
    connection = Connection(chosen_url(click.get_current_context()))
    try:
        yield connection
    finally:
        connection.close()


def _target(url: str) -> tuple[str, list[tuple[str, int]]]:
    parts = urlsplit(url)
    if parts.scheme == "https":
        raise InputError(f"`{url}`: https is not supported yet, expected `http://HOST:PORT`")
    if parts.scheme != "http" or not parts.netloc or parts.path not in ("", "/"):
        raise InputError(f"`{url}` is not the URL of a server, expected `http://HOST:PORT`")
    # A proxy cannot reach this machine's own loopback addresses.
    proxy = [("grpc.enable_http_proxy", 0)] if parts.hostname in _LOOPBACK else []
    target = parts.netloc if _port(url) is not None else f"{parts.netloc}:80"
    return target, [*_OPTIONS, *proxy]


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError as error:
        raise InputError(f"`{url}` is not the URL of a server: {error}") from error


def _call_error(error: grpc.RpcError, url: str) -> CallError:
    code, details = _status(error)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"the server at {url} did not answer within {CALL_TIMEOUT:.0f} s"
        return CallError(message, exit_code=UNREACHABLE)
    if code in _LOST:
        message = f"cannot reach a server at {url}: {details}; is it running, and is this its address (--api-url)?"
        return CallError(message, exit_code=UNREACHABLE, lost=True)
    if code in _REJECTED:
        return CallError(details, exit_code=USAGE)
    return CallError(f"the server at {url} answered {code.name}: {details}", exit_code=FAILED)


def _status(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    if isinstance(error, grpc.Call):
        return error.code(), error.details() or error.code().name
    return grpc.StatusCode.UNKNOWN, str(error)
