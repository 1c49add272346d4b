"""Golden histories: the log of an execution as it is stored, and the guest that made it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.structs import replace

from obelisk.core.canonical import canonical
from obelisk.core.events import (
    CancellationRequested,
    ChildExecutionFinished,
    ComponentRole,
    Created,
    Event,
    ExecutionFailure,
    ExecutionResult,
    Finished,
    LogEvent,
    LogResponse,
    Response,
    TemporarilyFailed,
    decode_event,
    encode_event,
)
from obelisk.core.state import State
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import ExecutionLog

DIRECTORY = Path(__file__).parent
ROOT = DIRECTORY.parents[1]
MANIFEST = "manifest.json"


class StoredEvent(Struct, frozen=True):
    """An event in its place, in its stored form."""

    version: int
    created_at: datetime
    event: Raw


class StoredResponse(Struct, frozen=True):
    """A response in its place, in its stored form."""

    cursor: int
    created_at: datetime
    response: Raw


class History(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file holds. ``component`` is the path of the guest; its function and params are in the first event."""

    about: str
    component: str
    execution_id: ExecutionId
    events: tuple[StoredEvent, ...]
    responses: tuple[StoredResponse, ...]
    state: State

    def log(self) -> tuple[tuple[LogEvent, ...], tuple[LogResponse, ...]]:
        """Return what is stored as the engine reads it."""
        events = tuple(LogEvent(one.version, one.created_at, decode_event(bytes(one.event))) for one in self.events)
        responses = tuple(
            LogResponse(one.cursor, one.created_at, _to_response(bytes(one.response))) for one in self.responses
        )
        return events, responses

    @property
    def is_workflow(self) -> bool:
        """Whether a program can be driven through it."""
        return self.state.component_id.component_type is ComponentRole.WORKFLOW


# What follows is told by the parser of JSON.
_JSON_PROBLEM = re.compile(r'(cannot parse [a-z ]+ as JSON(?: array)?): [^"]*')
_to_response = msgspec.json.Decoder(Response).decode
_decode = msgspec.json.Decoder(History).decode
_encode = msgspec.json.Encoder().encode


def history_of(about: str, component: str, log: ExecutionLog) -> History:
    """Return the history that a log is."""
    events = tuple(StoredEvent(one.version, one.created_at, Raw(encode_event(one.event))) for one in log.events)
    responses = tuple(StoredResponse(one.cursor, one.created_at, Raw(_encode(one.response))) for one in log.responses)
    return History(about, component, log.execution_id, events, responses, log.state)


# --- files --------------------------------------------------------------------------------------------------------------


def path_of(name: str, directory: Path = DIRECTORY) -> Path:
    """Return the file of a history."""
    return directory / f"{name}.json"


def names(directory: Path = DIRECTORY) -> list[str]:
    """Return the histories that there are."""
    return sorted(path.stem for path in directory.glob("*.json") if path.name != MANIFEST)


def read(name: str, directory: Path = DIRECTORY) -> History:
    """Return a history."""
    return _decode(path_of(name, directory).read_bytes())


def text_of(history: History) -> str:
    """Return the text of a file: an event to a line, each as it is stored."""
    lines = ["{"]
    for field in ("about", "component", "execution_id"):
        lines.append(f'"{field}": {_text(getattr(history, field))},')
    for field in ("events", "responses"):
        parts = ",\n".join(_text(part) for part in getattr(history, field))
        lines.append(f'"{field}": [\n{parts}\n],' if parts else f'"{field}": [],')
    lines.append(f'"state": {_text(history.state)}\n}}\n')
    return "\n".join(lines)


def _text(value: Any) -> str:
    return _encode(value).decode()


# --- what is equal -------------------------------------------------------------------------------------------------------


def comparable(history: History) -> str:
    """Return the canonical log without what another build of the guest, runtime of WASM or parser of JSON may change."""
    events, responses = history.log()
    text = canonical(
        [replace(one, event=_event(one.event)) for one in events],
        [replace(one, response=_response(one.response)) for one in responses],
    )
    return _JSON_PROBLEM.sub(r"\1", text)


def same_end(result: ExecutionResult) -> ExecutionResult:
    """Return a result without the texts of a failure."""
    failure = result.execution_failure
    return result if failure is UNSET else ExecutionResult(execution_failure=ExecutionFailure(failure.kind))


def ended_itself(history: History) -> bool:
    """Tell whether the workflow came to its own end."""
    events, _ = history.log()
    return history.state.is_finished and not any(isinstance(one.event, CancellationRequested) for one in events)


def _event(event: Event) -> Event:
    if isinstance(event, Created):
        return replace(event, component_id=replace(event.component_id, component_digest=""))
    if isinstance(event, TemporarilyFailed):
        return replace(event, reason="", detail=None)
    return replace(event, retval=same_end(event.retval)) if isinstance(event, Finished) else event


def _response(response: Response) -> Response:
    if isinstance(response, ChildExecutionFinished):
        return replace(response, result=same_end(response.result))
    return response
