"""The canonical form of a log, in which two logs are "the same log" when their texts are equal.

What depends on when and by whom an execution was run, and not on what it did, is left out or masked: ``locked``,
``unlocked`` and ``temporarily_timed_out`` events, all times, the ids of runs, executors and deployments, trace contexts, and
the time part of execution and delay ids. What is left is numbered anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from obelisk.clock import EPOCH
from obelisk.core.events import (
    Created,
    Event,
    Locked,
    LogEvent,
    LogResponse,
    Persist,
    TemporarilyTimedOut,
    Unlocked,
    encode_event,
)

TRACING: Final = "tracing:"
MASKED_TIME: Final = "0" * 10
_DROPPED: Final = (Locked, Unlocked, TemporarilyTimedOut)
_MASKED_FIELDS: Final[dict[str, Any]] = {"run_id": "", "executor_id": "", "deployment_id": "", "finished_version": 0}
_ID: Final = re.compile(
    r"(?<![A-Za-z0-9])(E_|Delay_)[0-7][0-9A-HJKMNP-TV-Z]{9}(?=[0-9A-HJKMNP-TV-Z]{16}(?![0-9A-Za-z]))"
)


def canonical(events: Iterable[LogEvent], responses: Iterable[LogResponse]) -> str:
    """Return the canonical text of a log: a line of JSON for each event, then one for each response."""
    kept = (_masked(logged.event) for logged in events if not isinstance(logged.event, _DROPPED))
    lines = [_line("version", version, "event", _decoded(event)) for version, event in enumerate(kept)]
    lines += [
        _line("cursor", cursor, "response", msgspec.to_builtins(_masked(logged.response)))
        for cursor, logged in enumerate(responses, start=1)
    ]
    return "".join(lines)


def _decoded(event: Event) -> Any:
    return msgspec.json.decode(encode_event(event))


def _line(counter: str, number: int, what: str, value: Any) -> str:
    """Return a line whose keys are in order, whatever order the parts were made in."""
    encoded = msgspec.json.encode({counter: number, what: value}, order="deterministic").decode()
    return _without_times(encoded) + "\n"


def _without_times(text: str) -> str:
    return _ID.sub(rf"\g<1>{MASKED_TIME}", text)


def _masked(value: Any) -> Any:
    """Return a Struct of the log with its times and ids masked. Plain JSON in it is left as it is."""
    if isinstance(value, datetime):
        return EPOCH
    if isinstance(value, list):
        return [_masked(part) for part in value] if value and isinstance(value[0], Struct) else value
    if not isinstance(value, Struct):
        return value
    changes = {name: _MASKED_FIELDS.get(name, _masked(getattr(value, name))) for name in value.__struct_fields__}
    if isinstance(value, Created):
        # Traces are derived from ids with their times.
        changes["metadata"] = {key: text for key, text in value.metadata.items() if not key.startswith(TRACING)}
    if isinstance(value, Persist) and value.kind.execution_id is None:
        changes["value"] = list(_without_times(bytes(value.value).decode()).encode())
    return replace(value, **changes)
