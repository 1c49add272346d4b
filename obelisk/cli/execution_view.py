"""How executions are shown: as JSON lines for scripts, and as text for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TextIO

import msgspec
from msgspec import UNSET, Struct, UnsetType

from obelisk.api.convert.basics import datetime_of, function_of, join_set_of
from obelisk.api.convert.results import result_kind_of, result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.output import FAILED, OK, print_json_line
from obelisk.core.events import ExecutionFailure, ExecutionResult, ResultKind, TypedValue

FINISHED = "finished"
PENDING = "pending"
SCHEDULED = "scheduled"
BLOCKED = "blocked"
PAUSED = "paused"
CLEAR_LINE = "\r\x1b[2K"

_NAMES = {
    "locked": "locked",
    "blocked_by_join_set": BLOCKED,
    "finished": FINISHED,
    "paused": PAUSED,
    "cancelling": "cancelling",
}


class Failure(Struct, frozen=True):
    """Why an execution failed."""

    kind: str
    reason: str | None


class Result(Struct, frozen=True, omit_defaults=True):
    """How an execution ended; exactly one of the fields is set."""

    ok: Any = UNSET
    err: Any = UNSET
    execution_failure: Failure | UnsetType = UNSET


class StatusLine(Struct, frozen=True, omit_defaults=True):
    """A line of ``submit --json`` and ``get --json``.

    ``result`` is there once the execution has ended, ``reason`` when it cannot run.
    """

    execution_id: str
    status: str
    result: Result | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ExecutionLine(Struct, frozen=True, omit_defaults=True):
    """A line of ``list --json``; ``reason`` is there when the execution cannot run."""

    execution_id: str
    ffqn: str
    status: str
    created_at: datetime
    scheduled_at: datetime
    component_digest: str
    result_kind: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


def status_name(status: pb.ExecutionStatus, now: datetime) -> str:
    """Return what scripts call a status."""
    variant = status.WhichOneof("status") or ""
    if variant == "pending_at":
        return PENDING if datetime_of(status.pending_at.scheduled_at) <= now else SCHEDULED
    return _NAMES.get(variant, "unknown")


def status_text(status: pb.ExecutionStatus, now: datetime) -> str:
    """Return a status for people."""
    name = status_name(status, now)
    if name == SCHEDULED:
        return f"scheduled for {time_text(datetime_of(status.pending_at.scheduled_at))}"
    if name == BLOCKED:
        blocked = status.blocked_by_join_set
        return f"blocked by {join_set_of(blocked.join_set_id)}" + (" (closing it)" if blocked.closing else "")
    if name == FINISHED:
        return f"finished {result_kind_of(status.finished.result_kind).value}"
    return name


def time_text(when: datetime) -> str:
    """Return a time for people, in UTC."""
    return f"{when:%Y-%m-%d %H:%M:%S}Z"


def execution_line(summary: pb.ExecutionSummary, now: datetime, *, reason: str | None = None) -> ExecutionLine:
    """Return the line of ``list --json`` for an execution; ``reason`` says why it cannot run."""
    status = summary.current_status
    finished = status.HasField("finished")
    return ExecutionLine(
        execution_id=summary.execution_id.id,
        ffqn=function_of(summary.function_name),
        status=status_name(status, now),
        created_at=datetime_of(summary.created_at),
        scheduled_at=datetime_of(summary.first_scheduled_at),
        component_digest=summary.component_digest.digest,
        result_kind=result_kind_of(status.finished.result_kind).value if finished else UNSET,
        reason=reason or UNSET,
    )


def shown_result(result: ExecutionResult) -> Result:
    """Return a result as scripts get it: values without their types."""
    failure = result.execution_failure
    if failure is not UNSET:
        return Result(execution_failure=Failure(failure.kind.value, failure.reason))
    if result.kind is ResultKind.ERROR:
        return Result(err=_value(result.err))
    return Result(ok=_value(result.ok))


def exit_code(result: ExecutionResult) -> int:
    """Return how a command ends whose execution has ended."""
    return OK if result.kind is ResultKind.OK else FAILED


def _value(payload: TypedValue | UnsetType | None) -> Any:
    return payload.value if isinstance(payload, TypedValue) else None


class View(Protocol):
    """Shows an execution while it goes on."""

    def summary(self, summary: pb.ExecutionSummary, now: datetime, *, reason: str | None = None) -> None:
        """Show which execution it is, what it is doing, and the ``reason`` why it cannot run."""

    def status(self, status: pb.ExecutionStatus, now: datetime) -> None:
        """Show what it is doing; the same again is left out."""

    def result(self, finished: pb.FinishedStatus, result: ExecutionResult) -> None:
        """Show how it ended; the last thing to be shown."""


class JsonView:
    """One JSON object per line."""

    def __init__(self, execution_id: str) -> None:
        self._id = execution_id
        self._last: StatusLine | None = None

    def summary(self, summary: pb.ExecutionSummary, now: datetime, *, reason: str | None = None) -> None:
        """Show its status."""
        self._show(StatusLine(self._id, status_name(summary.current_status, now), reason=reason or UNSET))

    def status(self, status: pb.ExecutionStatus, now: datetime) -> None:
        """Show the status, except for the last one, which comes with the result."""
        self._show(StatusLine(self._id, status_name(status, now)))

    def _show(self, line: StatusLine) -> None:
        if line != self._last and line.status != FINISHED:
            print_json_line(line)
            self._last = line

    def result(self, finished: pb.FinishedStatus, result: ExecutionResult) -> None:
        """Show the result."""
        print_json_line(StatusLine(self._id, FINISHED, shown_result(result)))


class TextView:
    """Text: on a terminal the status is one line that changes, elsewhere a line for each other kind of status.

    A busy workflow blocks a thousand times a second on another join set; only the terminal's line shows on which.
    """

    def __init__(self, stream: TextIO, *, terminal: bool) -> None:
        self._stream = stream
        self._terminal = terminal
        self._last = ""

    def summary(self, summary: pb.ExecutionSummary, now: datetime, *, reason: str | None = None) -> None:
        """Show the function, then the status."""
        if not self._last:
            self._write(f"Function: {function_of(summary.function_name)}\n")
        self.status(summary.current_status, now)
        if reason is not None:
            self._write(f"Cannot run: {reason}\n")

    def status(self, status: pb.ExecutionStatus, now: datetime) -> None:
        """Show the status."""
        text = status_text(status, now)
        shown = text if self._terminal else status_name(status, now)
        if shown != self._last and not status.HasField("finished"):
            self._write(CLEAR_LINE + text if self._terminal else text + "\n")
            self._last = shown

    def result(self, finished: pb.FinishedStatus, result: ExecutionResult) -> None:
        """Show the value and how long it took."""
        if self._terminal:
            self._write(CLEAR_LINE)
        self._write(result_text(result) + "\n")
        seconds = (datetime_of(finished.finished_at) - datetime_of(finished.created_at)).total_seconds()
        self._write(f"Took {seconds:.3f} s\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def result_text(result: ExecutionResult) -> str:
    """Return a result for people; it may have several lines."""
    failure = result.execution_failure
    if isinstance(failure, ExecutionFailure):
        reason = f": {failure.reason}" if failure.reason else ""
        detail = f"\n{failure.detail}" if failure.detail else ""
        return f"Failed, {failure.kind.value}{reason}{detail}"
    payload = result.err if result.kind is ResultKind.ERROR else result.ok
    title = "Returned an error" if result.kind is ResultKind.ERROR else "Finished ok"
    return f"{title}\n{_pretty(_value(payload))}" if isinstance(payload, TypedValue) else title


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def show(message: pb.GetStatusResponse, view: View, *, now: datetime, reason: str | None = None) -> int:
    """Show a message of the server; return how the command would end after it."""
    match message.WhichOneof("message"):
        case "summary":
            view.summary(message.summary, now, reason=reason)
        case "current_status":
            view.status(message.current_status, now)
        case "finished_status":
            result = result_of(message.finished_status.value)
            view.result(message.finished_status, result)
            return exit_code(result)
    return OK
