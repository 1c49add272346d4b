"""What a workflow asks the engine for, and what it is answered: the two ends of ``core.replay``.

A workflow program turns each host call of its guest into a ``Command`` and hands the ``Reply`` back to the guest. The
values in both are plain JSON; the program knows the WIT types on its side.

A command that names a function by text (``is_typed`` is false) was not checked when the component was linked: replay
looks the function up and checks the params. ``problem`` then says what was wrong with the text of the params already;
``params`` is that text.
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
    """Call another component's function and wait for its result. Answered by ``Answered`` or ``Refused``."""

    ffqn: Ffqn
    params: Any
    is_typed: bool = True
    problem: str | None = None


class CreateJoinSet(Struct, frozen=True):
    """Make a join set, generated when ``name`` is ``None``. Answered by ``JoinSetMade`` or ``Refused``."""

    name: str | None = None


class Submit(Struct, frozen=True):
    """Start a child in a join set. Answered by ``Submitted`` or ``Refused``."""

    join_set: JoinSetId
    ffqn: Ffqn
    params: Any
    is_typed: bool = True
    problem: str | None = None


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


class TryNextResponse(Struct, frozen=True):
    """Take the next response of a join set if it is there.

    Answered by ``Answered``, ``DelayPassed``, ``Pending`` or ``AllProcessed``.
    """

    join_set: JoinSetId


class Sleep(Struct, frozen=True):
    """Wait until a time; ``name`` is part of the join set's id. Answered by ``DelayPassed`` or ``Refused``."""

    schedule_at: ScheduleAt | str
    name: str | None = None


class CloseJoinSet(Struct, frozen=True):
    """Cancel what can be cancelled in a join set, await all of it, and forget it. Answered by ``Done``."""

    join_set: JoinSetId


class ScheduleExecution(Struct, frozen=True):
    """Create a top-level execution; ``execution_id`` is ``None`` for a generated one.

    Answered by ``Submitted`` or ``Refused``. An id that exists already is fine when it names the same call.
    """

    ffqn: Ffqn
    params: Any
    schedule_at: ScheduleAt | str
    execution_id: ExecutionId | None = None
    is_typed: bool = True
    problem: str | None = None


class StubExecution(Struct, frozen=True):
    """Give the result of a stub execution. Answered by ``Done`` or ``Refused``.

    ``ffqn`` is the function whose type ``value`` has, ``None`` when that is to be found out by the execution. ``hashed`` is
    the text that stands for the value in the log.
    """

    execution_id: ExecutionId
    value: Any
    ffqn: Ffqn | None
    hashed: str


class DrawU64(Struct, frozen=True):
    """Draw a number. Answered by ``Drawn``; an empty range is answered by its ``min``."""

    min: int
    max_inclusive: int


class DrawString(Struct, frozen=True):
    """Draw an alphanumeric text. Answered by ``Drawn``; of an empty range the length is ``min_length``."""

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
    | TryNextResponse
    | Sleep
    | CloseJoinSet
    | ScheduleExecution
    | StubExecution
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
    """The next response was not of the requested function; it is consumed.

    ``actual`` and ``result`` are ``None`` for a delay.
    """

    actual: Ffqn | None
    actual_id: ExecutionId | DelayId
    result: ExecutionResult | None = None


class AllProcessed(Struct, frozen=True):
    """The join set has no response that was not taken."""


class Pending(Struct, frozen=True):
    """The join set has a response to come, but it is not there yet."""


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
    """It is done. ``answered`` are the children whose responses were taken to close a join set."""

    answered: tuple[Answered, ...] = ()


class RefusalKind(Enum):
    """Why a command is not possible."""

    CONFLICT = "conflict"
    INVALID_NAME = "invalid_name"
    FUNCTION_NOT_FOUND = "function_not_found"
    TYPE_CHECK_ERROR = "type_check_error"
    EXECUTION_NOT_FOUND = "execution_not_found"


class Refused(Struct, frozen=True):
    """The command is not possible; it leaves no event unless its own event records the refusal."""

    kind: RefusalKind
    detail: str = ""


Reply = (
    Answered
    | DelayPassed
    | Mismatched
    | AllProcessed
    | Pending
    | JoinSetMade
    | Submitted
    | DelaySubmitted
    | Drawn
    | Done
    | Refused
)
