"""What a workflow asks the engine for, and what it is answered: the two ends of ``core.replay``.

A workflow program turns each host call of its guest into a ``Command`` and hands the ``Reply`` back to the guest. The
values in both are plain JSON; the program knows the WIT types on its side.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from msgspec import Struct

from obelisk.core.events import ExecutionResult, ScheduleAt
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.names import Ffqn

# --- commands ---------------------------------------------------------------------------------------------------------


class Call(Struct, frozen=True):
    """Call another component's function and wait for its result. Answered by ``Answered``."""

    ffqn: Ffqn
    params: list[Any]


class CreateJoinSet(Struct, frozen=True):
    """Make a join set, generated when ``name`` is ``None``. Answered by ``JoinSetMade`` or ``Refused``."""

    name: str | None = None


class Submit(Struct, frozen=True):
    """Start a child in a join set. Answered by ``Submitted``."""

    join_set: JoinSetId
    ffqn: Ffqn
    params: list[Any]


class SubmitDelay(Struct, frozen=True):
    """Start a delay in a join set. Answered by ``DelaySubmitted``."""

    join_set: JoinSetId
    schedule_at: ScheduleAt | str


class JoinNextResponse(Struct, frozen=True):
    """Wait for the next response of a join set, of ``ffqn`` when that is given.

    Answered by ``Answered``, ``DelayPassed``, ``Mismatched`` or ``AllProcessed``.
    """

    join_set: JoinSetId
    ffqn: Ffqn | None = None


class Sleep(Struct, frozen=True):
    """Wait until a time; ``name`` is part of the join set's id. Answered by ``DelayPassed`` or ``Refused``."""

    schedule_at: ScheduleAt | str
    name: str | None = None


class CloseJoinSet(Struct, frozen=True):
    """Await what is open in a join set and forget it. Answered by ``Done``."""

    join_set: JoinSetId


class ScheduleExecution(Struct, frozen=True):
    """Create a top-level execution; ``execution_id`` is ``None`` for a generated one. Answered by ``Submitted``."""

    ffqn: Ffqn
    params: list[Any]
    schedule_at: ScheduleAt | str
    execution_id: ExecutionId | None = None


class DrawU64(Struct, frozen=True):
    """Draw a number. Answered by ``Drawn`` or ``Refused``."""

    min: int
    max_inclusive: int


class DrawString(Struct, frozen=True):
    """Draw an alphanumeric text. Answered by ``Drawn`` or ``Refused``."""

    min_length: int
    max_length_exclusive: int


class DrawExecutionId(Struct, frozen=True):
    """Draw a top-level execution id. Answered by ``Drawn``."""


class CurrentExecutionId(Struct, frozen=True):
    """Ask for the workflow's own id; leaves no event. Answered by ``Drawn``."""


Command = (
    Call
    | CreateJoinSet
    | Submit
    | SubmitDelay
    | JoinNextResponse
    | Sleep
    | CloseJoinSet
    | ScheduleExecution
    | DrawU64
    | DrawString
    | DrawExecutionId
    | CurrentExecutionId
)

# --- replies ----------------------------------------------------------------------------------------------------------


class Answered(Struct, frozen=True):
    """A child finished."""

    execution_id: ExecutionId
    ffqn: Ffqn
    result: ExecutionResult


class DelayPassed(Struct, frozen=True):
    """A delay is over: at ``seconds`` and ``nanoseconds`` since the Unix epoch, or cancelled when ``success`` is false."""

    delay_id: DelayId
    seconds: int
    nanoseconds: int
    success: bool = True


class Mismatched(Struct, frozen=True):
    """The next response was not of the requested function; it is consumed. ``actual`` is ``None`` for a delay."""

    actual: Ffqn | None
    actual_id: ExecutionId | DelayId


class AllProcessed(Struct, frozen=True):
    """The join set has no response that was not taken."""


class JoinSetMade(Struct, frozen=True):
    """A join set was made."""

    join_set: JoinSetId


class Submitted(Struct, frozen=True):
    """An execution was created."""

    execution_id: ExecutionId


class DelaySubmitted(Struct, frozen=True):
    """A delay was started."""

    delay_id: DelayId


class Drawn(Struct, frozen=True):
    """A value was drawn."""

    value: int | str


class Done(Struct, frozen=True):
    """It is done; there is nothing to say."""


class RefusalKind(Enum):
    """Why a command is not possible."""

    CONFLICT = "conflict"
    INVALID_NAME = "invalid_name"
    INVALID_RANGE = "invalid_range"
    FUNCTION_NOT_FOUND = "function_not_found"
    TYPE_CHECK_ERROR = "type_check_error"


class Refused(Struct, frozen=True):
    """The command is not possible; it leaves no event unless its own event records the refusal."""

    kind: RefusalKind
    detail: str = ""


Reply = (
    Answered
    | DelayPassed
    | Mismatched
    | AllProcessed
    | JoinSetMade
    | Submitted
    | DelaySubmitted
    | Drawn
    | Done
    | Refused
)
