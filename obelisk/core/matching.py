"""Whether a workflow asks for what its history holds, and the report when it does not.

Compared is everything that the workflow decided: which call, in which join set, of which function, with which params, for
when, in which range; of a schedule only the id and the time, since its event holds no more. Not compared is what the engine
decided: due times, lock times, recorded outcomes.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET

from obelisk.core.events import (
    AnyHistoryEvent,
    ChildExecutionRequest,
    DelayRequest,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    Persist,
    Schedule,
    Stub,
)
from obelisk.errors import NondeterminismError

MAX_SHOWN: Final = 2000
_encode = msgspec.json.Encoder(order="deterministic").encode

MOVED: Final = "a call was added, removed or moved since the execution began"
OTHER_VALUE: Final = (
    "the same call was made with something else: a workflow may compute only from its params and the engine's answers"
)
ADVICE: Final = "run changed code under a new function name, or let open executions end before they meet it"


def same_json(one: Any, other: Any) -> bool:
    """Tell whether two plain JSON values are equal as JSON: ``true`` is not ``1``, and ``1`` is not ``1.0``."""
    return bool(one == other) and _encode(one) == _encode(other)


def matches(recorded: AnyHistoryEvent, event: AnyHistoryEvent) -> bool:
    """Tell whether two events are the same decision of the workflow."""
    if type(recorded) is not type(event):
        return False
    match recorded, event:
        case JoinNext(), JoinNext():
            return (recorded.join_set_id, recorded.requested_ffqn, recorded.closing) == (
                event.join_set_id, event.requested_ffqn, event.closing,
            )  # fmt: skip
        case JoinSetRequest(), JoinSetRequest():
            return recorded.join_set_id == event.join_set_id and _same_request(recorded.request, event.request)
        case JoinNextTry(), JoinNextTry():
            return recorded.join_set_id == event.join_set_id
        case Schedule(), Schedule():
            return (recorded.execution_id, recorded.schedule_at) == (event.execution_id, event.schedule_at)
        case Stub(), Stub():
            return (recorded.target_execution_id, recorded.retval_hash) == (
                event.target_execution_id, event.retval_hash,
            )  # fmt: skip
        case _:
            return recorded == event


def _same_request(
    recorded: ChildExecutionRequest | DelayRequest, request: ChildExecutionRequest | DelayRequest
) -> bool:
    match recorded, request:
        case ChildExecutionRequest(), ChildExecutionRequest():
            return (
                recorded.child_execution_id == request.child_execution_id
                and recorded.target_ffqn == request.target_ffqn
                and same_json(recorded.params, request.params)
            )
        case DelayRequest(), DelayRequest():
            return (recorded.delay_id, recorded.schedule_at) == (request.delay_id, request.schedule_at)
        case _:
            return False


def mismatch(recorded: LogEvent, event: AnyHistoryEvent) -> NondeterminismError:
    """Return the error for a call that is not what history holds in its place."""
    stored: AnyHistoryEvent = recorded.event  # type: ignore[assignment]
    message = (
        f"key does not match event stored at version {recorded.version}: "
        f"key: {_shortened(event)}, event: {_shortened(stored)}"
    )
    hint = OTHER_VALUE if type(stored) is type(event) and _place(stored) == _place(event) else MOVED
    return NondeterminismError(message, report=_report(recorded.version, _lines(stored), _lines(event), hint))


def left_over(recorded: LogEvent) -> NondeterminismError:
    """Return the error for history that the workflow did not ask for again before it ended."""
    stored: AnyHistoryEvent = recorded.event  # type: ignore[assignment]
    message = f"found unprocessed request stored at version {recorded.version}: event: {_shortened(stored)}"
    return NondeterminismError(
        message, report=_report(recorded.version, _lines(stored), ["none: the workflow ended"], MOVED)
    )


def missing_response(recorded: JoinNextTry) -> NondeterminismError:
    """Return the error for a look that found a response which the log does not hold."""
    return NondeterminismError(f"the response that was found is not in the log: event: {_shortened(recorded)}")


def _report(version: int, stored: list[str], called: list[str], hint: str) -> str:
    rows = [("version", [str(version)]), ("stored event", stored), ("actual call", called), ("hint", [hint, ADVICE])]
    return "\n".join(
        f"{title if index == 0 else '':<14}{line}" for title, lines in rows for index, line in enumerate(lines)
    )


def _lines(event: AnyHistoryEvent) -> list[str]:
    """Return what an event says for people: the call, then its params."""
    match event:
        case JoinSetRequest():
            return _request_lines(event)
        case JoinSetCreate():
            return [f"create the join set `{event.join_set_id}`"]
        case JoinNext():
            what = "close" if event.closing else f"await a response of `{event.requested_ffqn or 'any function'}` in"
            return [f"{what} `{event.join_set_id}`"]
        case JoinNextTooMany():
            wanted = event.requested_ffqn or "any function"
            return [f"await a response of `{wanted}` in `{event.join_set_id}`, which has none left"]
        case JoinNextTry():
            return [f"look for a response in `{event.join_set_id}`"]
        case Persist():
            return [f"draw {_shortened(event.kind)}", f"which gives {_drawn(event)}"]
        case Schedule():
            return [f"schedule `{event.execution_id}`", f"for {_shortened(event.schedule_at)}"]
        case Stub():
            return [f"stub `{event.target_execution_id}`", f"with a result that has the hash {event.retval_hash}"]


def _drawn(event: Persist) -> str:
    """Return a drawn value for people."""
    value = bytes(event.value)
    return str(int.from_bytes(value)) if event.kind.random_u64 is not UNSET else repr(value.decode(errors="replace"))


def _request_lines(event: JoinSetRequest) -> list[str]:
    request = event.request
    if isinstance(request, DelayRequest):
        return [f"delay `{request.delay_id}` in `{event.join_set_id}`", f"for {_shortened(request.schedule_at)}"]
    call = f"submit `{request.target_ffqn}` in `{event.join_set_id}` as `{request.child_execution_id}`"
    return [call, f"params {_shortened(request.params)}"]


def _place(event: AnyHistoryEvent) -> Any:
    """Return where a call acts, so that two calls there differ in what they ask only."""
    match event:
        case JoinSetRequest(request=ChildExecutionRequest() as child):
            return (event.join_set_id, child.child_execution_id, child.target_ffqn)
        case JoinSetRequest(request=DelayRequest() as delay):
            return (event.join_set_id, delay.delay_id)
        case Schedule():
            return event.execution_id
        case Stub():
            return event.target_execution_id
        case Persist():
            return [getattr(event.kind, drawn) is UNSET for drawn in event.kind.__struct_fields__]
        case JoinNext():
            return (event.join_set_id, event.closing)
        case _:
            return event.join_set_id


def _shortened(value: Any) -> str:
    text = _encode(value).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}... ({len(text)} characters)"
