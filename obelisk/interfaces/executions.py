"""What the engine does for those who start and watch executions: triggers, the API, and programs that embed it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from msgspec import Struct

from obelisk.core.events import ExecutionResult, LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.ids import DeploymentId, ExecutionId
from obelisk.interfaces.components import Component
from obelisk.interfaces.storage import ExecutionQuery, Held
from obelisk.names import Ffqn
from obelisk.wit.extensions import FunctionExtension
from obelisk.wit.model import Function


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
    ) -> Submission:
        """Create an execution and return once that is durable.

        Raises ``FunctionNotFoundError`` (naming the nearest functions), ``InvalidValueError`` (naming the parameter, what
        was expected and what was found), and ``ExecutionConflictError`` when ``execution_id`` exists with another function
        or other params.
        """

    async def get(self, execution_id: ExecutionId) -> State:
        """Return the state of an execution."""

    async def finished(self, execution_id: ExecutionId) -> FinishedExecution | None:
        """Return how an execution ended, ``None`` while it has not."""

    async def wait(self, execution_id: ExecutionId) -> FinishedExecution:
        """Return how an execution ended, once it has."""

    def watch(self, execution_id: ExecutionId) -> AsyncIterator[State]:
        """Yield the state of an execution, then each newer one that is seen; end after a finished one.

        States that follow each other quickly may be left out; the last is never.
        """

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return up to ``limit`` events from ``from_version`` on."""

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return up to ``limit`` responses after ``after_cursor``."""

    async def list(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""


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
