"""Histories of executions in files: what a test recorded, or what ``obelisk execution history ID --json`` printed.

A file that ``History.save`` wrote is one JSON object; one of the command holds a JSON object on each line, an event or a
response. The lines do not say whose they are: their file is then named after the execution, or a child's id tells.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from obelisk.core.events import (
    DelayRequest,
    Event,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Response,
    decode_event,
    encode_event,
)
from obelisk.core.state import State
from obelisk.errors import IllegalTransitionError, InvalidIdError, StorageError, WorkflowTestError
from obelisk.ids import ExecutionId, delay_owner, parent_of, parse_execution_id
from obelisk.interfaces.storage import ExecutionLog
from obelisk.testing.folding import Folding

_FORMS: Final = "expected what `History.save` wrote, or the lines of `obelisk execution history ID --json`"


class _EventLine(Struct, frozen=True):
    """An event in a file of recorded logs."""

    version: int
    created_at: datetime
    event: Raw


class _ResponseLine(Struct, frozen=True):
    """A response in a file of recorded logs."""

    cursor: int
    created_at: datetime
    response: Raw


class _File(Struct, frozen=True):
    """What ``save`` writes. Other keys are fine."""

    execution_id: str
    events: tuple[_EventLine, ...]
    responses: tuple[_ResponseLine, ...]


class History(Struct, frozen=True):
    """The log of one execution: its events in their order, and the responses of its children and delays in theirs."""

    execution_id: ExecutionId
    events: tuple[LogEvent, ...]
    responses: tuple[LogResponse, ...]

    def save(self, path: Path | str) -> None:
        """Write the history into a file, an entry to a line. Raises ``OSError``."""
        events = ",\n".join(_text(_EventLine(e.version, e.created_at, Raw(encode_event(e.event)))) for e in self.events)
        responses = ",\n".join(
            _text(_ResponseLine(r.cursor, r.created_at, Raw(msgspec.json.encode(r.response)))) for r in self.responses
        )
        text = (
            f'{{"execution_id": "{self.execution_id}",\n"events": [\n{events}\n],\n"responses": [\n{responses}\n]}}\n'
        )
        Path(path).write_text(text)

    def log(self) -> ExecutionLog:
        """Return the log with the state that it adds up to. Raises ``WorkflowTestError`` when it is no whole log."""
        try:
            state = _folded(self.events, self.responses)
        except StorageError as error:
            raise WorkflowTestError(f"the history of `{self.execution_id}` is not whole: {error}") from None
        return ExecutionLog(self.execution_id, state, self.events, self.responses)


def read_history(path: Path, *, execution_id: str | None = None) -> History:
    """Read a file; ``execution_id`` is for lines that do not tell whose they are.

    Raises ``WorkflowTestError`` that says what is wrong with the file.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WorkflowTestError(f"cannot read the history {path}: {error.strerror or error}") from None
    try:
        found = _whole(raw) or _of_lines(raw)
        events = tuple(LogEvent(one.version, one.created_at, decode_event(bytes(one.event))) for one in found[1])
        responses = tuple(LogResponse(one.cursor, one.created_at, _response(one.response)) for one in found[2])
    except (msgspec.MsgspecError, ValueError, StorageError) as error:
        raise WorkflowTestError(f"{path} is no history: {error}; {_FORMS}") from None
    if not events:
        raise WorkflowTestError(f"{path} is no history: it holds no event; {_FORMS}")
    return History(_owner(execution_id or found[0], path, events), events, responses)


def _whole(raw: bytes) -> tuple[str, Iterable[_EventLine], Iterable[_ResponseLine]] | None:
    try:
        file = msgspec.json.decode(raw, type=_File)
    except msgspec.MsgspecError:
        return None
    return file.execution_id, file.events, file.responses


def _of_lines(raw: bytes) -> tuple[str, Iterable[_EventLine], Iterable[_ResponseLine]]:
    events, responses = [], []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            if b'"cursor"' in line and line.lstrip().startswith(b'{"cursor"'):
                responses.append(msgspec.json.decode(line, type=_ResponseLine))
            else:
                events.append(msgspec.json.decode(line, type=_EventLine))
        except msgspec.MsgspecError as error:
            raise ValueError(f"line {number}: {error}") from None
    return "", events, responses


def _response(raw: Raw) -> Response:
    value: dict[str, Any] = msgspec.json.decode(bytes(raw))
    # The version of the child's last event does not travel; no replay asks for it.
    known = {"finished_version": 0, **value} if value.get("type") == "child_execution_finished" else value
    response: Response = msgspec.convert(known, Response)
    return response


def _owner(named: str, path: Path, events: Sequence[LogEvent]) -> ExecutionId:
    if named:
        return _checked_id(named, path)
    try:
        return parse_execution_id(path.stem)
    except InvalidIdError:
        owner = next((owner for event in events if (owner := _asker(event.event)) is not None), None)
    if owner is None:
        raise WorkflowTestError(
            f"{path} does not tell whose history it is: name the file after the execution (`E_....json`), "
            "or hand `execution_id` to `replay`"
        )
    return owner


def _checked_id(text: str, path: Path) -> ExecutionId:
    try:
        return parse_execution_id(text)
    except InvalidIdError as error:
        raise WorkflowTestError(f"{path}: {error}") from None


def _asker(event: Event) -> ExecutionId | None:
    """Return whose event it is that asks for a child or a delay."""
    if not isinstance(event, JoinSetRequest):
        return None
    request = event.request
    if isinstance(request, DelayRequest):
        return delay_owner(request.delay_id)[0]
    parent = parent_of(request.child_execution_id)
    return None if parent is None else parent[0]


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _folded(events: Sequence[LogEvent], responses: Sequence[LogResponse]) -> State:
    """Return the state of a whole log: what an event needed came before it, the other responses afterwards."""
    folding, to_come = Folding(), deque(responses)
    for event in events:
        _append(folding, event, to_come)
    for response in to_come:
        folding.append(response.response, response.created_at)
    if folding.state is None:
        raise StorageError("it holds no event")
    return folding.state


def _append(folding: Folding, event: LogEvent, to_come: deque[LogResponse]) -> None:
    while True:
        try:
            return folding.append(event.event, event.created_at)
        except IllegalTransitionError:
            if not to_come:
                raise
            response = to_come.popleft()
            folding.append(response.response, response.created_at)
