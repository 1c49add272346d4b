"""What a replay wants from the engine: events to write, executions to create, questions to find out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from obelisk.core.events import AnyHistoryEvent, Schedule, Stub
from obelisk.ids import ExecutionId, JoinSetId
from obelisk.names import Ffqn


class NewExecution(Struct, frozen=True):
    """An execution that a command creates: a child of ``parent``, or scheduled by the workflow when that is ``None``."""

    execution_id: ExecutionId
    ffqn: Ffqn
    params: list[Any]
    parent: tuple[ExecutionId, JoinSetId] | None
    scheduled_at: datetime


class Effects(Struct, frozen=True):
    """What the engine has to write, in order, and the executions that it creates with it."""

    events: tuple[AnyHistoryEvent, ...]
    executions: tuple[NewExecution, ...]


class Question(Struct, frozen=True):
    """What the engine has to find out: whether ``event`` can take place, given another execution.

    A ``Schedule`` creates ``execution``. A ``Stub`` finishes its target with ``value``, which is of the return type of
    ``ffqn``, or when that is ``None`` of the target's function.
    """

    event: Schedule | Stub
    execution: NewExecution | None = None
    value: Any = None
    ffqn: Ffqn | None = None

    @property
    def target(self) -> ExecutionId:
        """The other execution."""
        return self.event.execution_id if isinstance(self.event, Schedule) else self.event.target_execution_id


class FunctionCatalog(Protocol):
    """The functions that exist now, for what a workflow asks by text."""

    def check(self, ffqn: Ffqn, params: Any) -> list[Any]:
        """Return the params of a call in their normal form.

        Raises ``FunctionNotFoundError`` and ``InvalidValueError``.
        """
