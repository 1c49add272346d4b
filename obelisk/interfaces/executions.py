"""What the engine does for those who start and watch executions: triggers, the API, and programs that embed it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Protocol

from msgspec import Struct

from obelisk.core.events import Created, ExecutionResult, LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.ids import DelayId, DeploymentId, ExecutionId
from obelisk.interfaces.components import Component
from obelisk.interfaces.storage import ExecutionQuery, Held, LineQuery, LineRow
from obelisk.names import Ffqn
from obelisk.wit.extensions import FunctionExtension
from obelisk.wit.model import Function

AT_ONCE: Final = timedelta()


class SubmitOutcome(Enum):
    """Whether a submission created its execution."""

    CREATED = "created"
    EXISTS = "exists_with_same_parameters"


class Submission(Struct, frozen=True):
    """An accepted submission; it is durable."""

    execution_id: ExecutionId
    outcome: SubmitOutcome


class FinishedExecution(Struct, frozen=True):
    """How and when an execution ended."""

    created_at: datetime
    scheduled_at: datetime
    finished_at: datetime
    result: ExecutionResult


class CancelOutcome(Enum):
    """What a request to cancel an execution met."""

    REQUESTED = "requested"
    ALREADY_FINISHED = "already_finished"
    ALREADY_CANCELLING = "already_cancelling"


class DelayOutcome(Enum):
    """Whether a delay was still open, so that something could be done to it."""

    DONE = "done"
    ALREADY_FINISHED = "already_finished"


class CapturedExecution(Struct, frozen=True):
    """An execution that would be created."""

    execution_id: ExecutionId
    created: Created


class CapturedWrite(Struct, frozen=True):
    """What would be appended in one write: events from ``version`` on, and the executions that they create."""

    version: int
    events: tuple[LogEvent, ...]
    executions: tuple[CapturedExecution, ...] = ()


class ReplayOutcome(Enum):
    """How far a replay came: it would write more, it ended as the log says, it waits as the log does, or it failed."""

    ADVANCEABLE = "advanceable"
    FINISHED = "finished"
    BLOCKED = "blocked"
    FAILED = "failed"


class ReplayReport(Struct, frozen=True):
    """What a replay against the current component found; nothing was written.

    ``result`` is set when the execution has finished. ``error`` says why the replay failed, with the version, the event
    that the log holds and the call that was made instead. ``writes`` is what would be written beyond the log; it may be
    empty for one that can advance, since what depends on other executions is not tried.
    """

    outcome: ReplayOutcome
    result: ExecutionResult | None = None
    error: str | None = None
    writes: tuple[CapturedWrite, ...] = ()


class Executions(Protocol):
    """Executions of the engine's storage, whoever started them.

    Every method raises ``ExecutionNotFoundError`` for an id that no execution has, and ``StorageError`` when the storage
    fails.
    """

    def generate_id(self) -> ExecutionId:
        """Return a new top-level execution id."""

    async def submit(
        self,
        ffqn: Ffqn,
        params: list[Any],
        *,
        execution_id: ExecutionId | None = None,
        metadata: Mapping[str, str] | None = None,
        paused: bool = False,
    ) -> Submission:
        """Create an execution, ``paused`` or running, and return once that is durable.

        Raises ``FunctionNotFoundError`` (naming the nearest functions), ``InvalidValueError`` (naming the parameter, what
        was expected and what was found), and ``ExecutionConflictError`` when ``execution_id`` exists with another function
        or other params.
        """

    async def get(self, execution_id: ExecutionId) -> State:
        """Return the state of an execution."""

    async def finished(self, execution_id: ExecutionId, *, seen: State | None = None) -> FinishedExecution | None:
        """Return how an execution ended, ``None`` while it has not.

        ``seen`` is a state of it that the caller has had; when that is finished it is not read again.
        """

    async def wait(self, execution_id: ExecutionId) -> FinishedExecution:
        """Return how an execution ended, once it has."""

    def watch(self, execution_id: ExecutionId, *, pace: timedelta = AT_ONCE) -> AsyncIterator[State]:
        """Yield the state of an execution, then each newer one that is seen; end after a finished one.

        States that follow each other quickly may be left out; the last is never. No more than one is yielded every ``pace``,
        the last not counted.
        """

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return up to ``limit`` events from ``from_version`` on."""

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return up to ``limit`` responses after ``after_cursor``."""

    async def logs(self, query: LineQuery) -> list[LineRow]:
        """Return a page of what the components of an execution logged, oldest first.

        What this engine's components logged before the call is there. What another process of the same storage has
        logged just now may be missing; it comes with a higher cursor.
        """

    async def list(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""

    async def cancel(self, execution_id: ExecutionId) -> CancelOutcome:
        """Cancel an activity at once, or ask a workflow to end; return once that is durable.

        A workflow ends when its children have: those that can be cancelled are. Raises ``ExecutionStateError`` for a
        workflow whose function's name does not end with ``-cancellable``, unless no component exports it any more.
        """

    async def cancel_delay(self, delay_id: DelayId) -> DelayOutcome:
        """End a delay; who waits for it gets an error. Raises ``DelayNotFoundError``."""

    async def pause(self, execution_id: ExecutionId) -> None:
        """Have nothing run an execution until ``unpause``; pausing a paused one changes nothing.

        Raises ``ExecutionStateError`` for an activity that is running, and for an execution that is finished or is being
        cancelled.
        """

    async def unpause(self, execution_id: ExecutionId) -> None:
        """Let a paused execution go on. Raises ``ExecutionStateError`` when it is not paused."""

    async def pause_delay(self, delay_id: DelayId) -> DelayOutcome:
        """Keep a delay from ending until ``unpause_delay``. Raises ``DelayNotFoundError``."""

    async def unpause_delay(self, delay_id: DelayId) -> DelayOutcome:
        """Let a delay end when it is due. Raises ``DelayNotFoundError``."""

    async def stub(self, execution_id: ExecutionId, value: Any) -> None:
        """Finish a stub execution with ``value``, JSON of its function's return type; again with an equal value is ok.

        Raises ``InvalidValueError`` for a value that does not fit, ``ExecutionStateError`` for an execution that is no
        stub, and ``ExecutionConflictError`` when it has another result.
        """

    async def delete(self, execution_id: ExecutionId) -> int:
        """Delete a top-level execution with everything below it, lines too; return how many executions that were.

        Large trees take a while; when the caller gives up meanwhile, a part is left and another call goes on. Raises
        ``InvalidIdError`` for a child, ``ExecutionStateError`` when it or something below it has not finished.
        """

    async def replay(self, execution_id: ExecutionId) -> ReplayReport:
        """Replay a workflow's log against the component that exports its function now, and write nothing.

        Raises ``ExecutionStateError`` for an execution that is no workflow, ``FunctionNotFoundError`` when no component
        exports its function.
        """

    async def upgrade(
        self, execution_id: ExecutionId, *, expected: str, new: str, skip_determinism_check: bool = False
    ) -> None:
        """Let a workflow go on with another component: from the digest ``expected`` to ``new``.

        Its log is replayed first, unless ``skip_determinism_check``. Raises ``ExecutionStateError`` when it is finished or
        no workflow, when it has another digest than ``expected``, when the component that exports its function has
        another than ``new``, or with the report of the replay when that fails.
        """


class FunctionDetail(Struct, frozen=True):
    """A function that can be named: where it is from, its signature, and whether a client may submit it."""

    ffqn: Ffqn
    function: Function
    extension: FunctionExtension | None
    submittable: bool


class Components(Protocol):
    """The components of the current deployment."""

    deployment_id: DeploymentId

    def list(self) -> tuple[Component, ...]:
        """Return the components in the order of the configuration."""

    def exports(self, component: Component, *, extensions: bool) -> tuple[FunctionDetail, ...]:
        """Return what a component exports, with the functions derived from it when ``extensions`` is true."""

    def imports(self, component: Component) -> tuple[FunctionDetail, ...]:
        """Return what a component imports."""

    def wit(self, component: Component) -> str:
        """Return the WIT text of a component: its world and every package that it touches, with extension packages."""
