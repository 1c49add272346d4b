"""Scripts for ``obelisk/testing/guests/scripted.wat``, as the JSON values that the workflow takes.

    await harness.call(RUN, [create(), submit(0, "testing:fibo/fibo.fibo", 10), next_(0)])

returns ``[["ok", ""], ["ok", "E_...g:1_1"], ["ok", "55"]]``: what the host answered to each operation, as a kind and a
payload. ``log``, ``spin``, ``trap``, ``fail`` and ``stop`` have no entry there.

A slot is the number of a join set in order of creation. An entry is the number of a trace entry whose payload is an id;
``text`` makes one from an id that is known beforehand. What these functions cannot say, such as params that are no JSON, a
test writes as the value itself: ``{"call": ["testing:fibo/fibo", "fibo", "[1"]}``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from obelisk.names import Ffqn, split_ffqn

RUN = Ffqn("testing:scripted/scripted.run")
RUN_CANCELLABLE = Ffqn("testing:scripted/scripted.run-cancellable")
SCRIPTED = Path(__file__).parent / "guests" / "scripted.wat"
"""The component."""

Op = str | dict[str, Any]
ScheduleAt = str | dict[str, Any]


def now() -> ScheduleAt:
    """At once."""
    return "now"


def at(seconds: int, nanoseconds: int = 0) -> ScheduleAt:
    """At a time, counted from 1970."""
    return {"at": {"seconds": seconds, "nanoseconds": nanoseconds}}


def after(**duration: int) -> ScheduleAt:
    """After a duration in one unit, such as ``after(seconds=5)``; at once when there is none."""
    if not duration:
        return now()
    ((unit, amount),) = duration.items()
    return {"in": {unit: amount}}


# --- join sets --------------------------------------------------------------------------------------------------------


def create() -> Op:
    """Make a join set whose name is generated; it is in the next slot."""
    return "create"


def create_named(name: str) -> Op:
    """Make a join set; it is in the next slot, unless the name is refused: ``conflict``, ``invalid-name``."""
    return {"create_named": name}


def close(slot: int) -> Op:
    """Close a join set."""
    return {"close": slot}


def drop(slot: int) -> Op:
    """Drop the handle of a join set, which closes it."""
    return {"drop": slot}


def set_id(slot: int) -> Op:
    """The id of a join set."""
    return {"set_id": slot}


def last_id(slot: int) -> Op:
    """Whose response was taken last: ``none``, ``execution-id``, ``delay-id``."""
    return {"last_id": slot}


def submit(slot: int, function: str, *params: Any) -> Op:
    """Start a child; the payload is its id."""
    return {"submit": [slot, *_function(function), json.dumps(params)]}


def delay(slot: int, at: ScheduleAt | None = None, **duration: int) -> Op:
    """Start a delay; the payload is its id."""
    return {"delay": [slot, after(**duration) if at is None else at]}


def next_(slot: int) -> Op:
    """Wait for the next response: ``ok`` and ``err`` with the JSON, ``all-processed``."""
    return {"next": slot}


def try_next(slot: int) -> Op:
    """Take the next response if it is there: as ``next_``, and ``pending``."""
    return {"try_next": slot}


# --- executions -------------------------------------------------------------------------------------------------------


def call(function: str, *params: Any) -> Op:
    """Start a child and wait for its result."""
    return {"call": [*_function(function), json.dumps(params)]}


def schedule(entry: int, function: str, *params: Any, at: ScheduleAt = "now") -> Op:
    """Create an execution whose id is the payload of an entry."""
    return {"schedule": [entry, at, *_function(function), json.dumps(params)]}


def stub(entry: int, result: Any) -> Op:
    """Give the result of a stub, such as ``{"ok": "value"}``."""
    return {"stub": [entry, json.dumps(result)]}


def get_result(entry: int) -> Op:
    """The result of a child whose response was taken."""
    return {"get_result": entry}


def get_failure(entry: int) -> Op:
    """Why a child whose response was taken failed: ``none``, ``timed-out``, ``cancelled``, ..."""
    return {"get_failure": entry}


def last_call() -> Op:
    """The child of the last direct call: ``none``, ``execution-id``."""
    return "last_call"


def last_oneoff() -> Op:
    """The child or the delay of the last direct call or sleep: ``none``, ``execution-id``, ``delay-id``."""
    return "last_oneoff"


def current_id() -> Op:
    """The id of the workflow."""
    return "current_id"


def new_id() -> Op:
    """Draw an id."""
    return "new_id"


# --- time, randomness and the rest ------------------------------------------------------------------------------------


def sleep(at: ScheduleAt | None = None, *, name: str | None = None, **duration: int) -> Op:
    """Sleep; the payload is the second at which it was due. ``err`` when the delay was cancelled."""
    return {"sleep": [after(**duration) if at is None else at, name]}


def random(minimum: int, maximum_exclusive: int) -> Op:
    """Draw a number."""
    return {"random": [minimum, maximum_exclusive]}


def random_inclusive(minimum: int, maximum: int) -> Op:
    """Draw a number."""
    return {"random_inclusive": [minimum, maximum]}


def random_string(minimum: int, maximum_exclusive: int) -> Op:
    """Draw a text of so many characters."""
    return {"random_string": [minimum, maximum_exclusive]}


def text(payload: str) -> Op:
    """Put a text into the trace."""
    return {"text": payload}


def log(message: str) -> Op:
    """Log a line at level info."""
    return {"log": message}


def spin(steps: int) -> Op:
    """Compute for a while."""
    return {"spin": steps}


def trap() -> Op:
    """Trap."""
    return "trap"


def fail(message: str) -> Op:
    """Return an error."""
    return {"fail": message}


def stop() -> Op:
    """Return the trace as it is."""
    return "stop"


def _function(name: str) -> tuple[str, str]:
    """Split a name; one without a dot is taken for an interface, so that a test can give wrong names."""
    return split_ffqn(Ffqn(name)) if "." in name else (name, "")
