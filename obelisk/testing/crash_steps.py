"""The places at which a crash can be told from another one, counted: what an engine does to the world, step by step.

Between two steps an engine only moves memory, so a crash anywhere between them leaves the same storage and the same world
behind. A commit is two steps: a crash before it takes effect loses it, one right after it loses the answer, and with it
all that the engine would have done next, such as handing a recorded value to a guest. The start of a run of an activity
and its end are a step each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from obelisk.core.events import Event, Response
from obelisk.core.state import variant_of
from obelisk.interfaces.components import ActivityCall, ActivityComponent, ActivityRun, Logged, Outcome
from obelisk.interfaces.storage import Batch, Committed, LockedExecution, LockWanted
from obelisk.testing.connection import Connection


class Steps:
    """Counts the steps of one play. At step ``crash_at`` the engine's connection is cut, and ``crashed`` is set."""

    def __init__(self, crash_at: int | None = None) -> None:
        self.names: list[str] = []
        self.crashed = asyncio.Event()
        self.connection: Connection | None = None
        self._crash_at = crash_at

    def reach(self, name: str) -> bool:
        """Come to a step; tell whether the engine crashes there."""
        if self.connection is None or self.connection.is_cut:
            return True
        self.names.append(name)
        if len(self.names) - 1 != self._crash_at:
            return False
        self.connection.cut()
        self.crashed.set()
        return True


class SteppedConnection(Connection):
    """A connection whose writes are steps."""

    def __init__(self, steps: Steps, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._steps = steps
        steps.connection = self

    def _hand_on(self, batch: Batch, waiting: asyncio.Future[Committed]) -> None:
        name = batch_name(batch)
        if not self._steps.reach(f"before the commit of {name}"):
            self._write(batch, waiting)

    def _answer(self, waiting: asyncio.Future[Committed], outcome: Committed | BaseException) -> None:
        if not self._steps.reach(f"after a commit of which nobody has learnt, before {len(self._under_way)} answers"):
            super()._answer(waiting, outcome)

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions; a step when there are any."""
        locked = await super().lock(wanted)
        if locked and self._steps.reach(f"after the lock of {len(locked)} executions"):
            self._check()
        return locked


class SteppedActivity:
    """An activity component whose runs are steps."""

    def __init__(self, steps: Callable[[], Steps], activity: ActivityComponent) -> None:
        self.component = activity.component
        self._steps = steps
        self._activity = activity

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Start a run, unless the engine crashes right before."""
        steps = self._steps()
        if steps.reach(f"before a run of `{call.execution_id}`"):
            return _Nothing()

        def ended(outcome: Outcome) -> None:
            if not steps.reach(f"after a run of `{call.execution_id}`, before its result is written"):
                done(outcome)

        return self._activity.start(call, ended, log)


class _Nothing(ActivityRun):
    """A run in a process that is gone."""

    def cancel(self) -> None:
        pass


def batch_name(batch: Batch) -> str:
    """Return a batch in one line for people: what it appends to which execution."""
    return ", ".join(
        f"`{write.execution_id}` ({' '.join(_entry_name(entry.entry) for entry in write.entries)})"
        for write in batch.writes
    )


def _entry_name(entry: Event | Response) -> str:
    name = variant_of(entry)
    return type(entry).__name__ if name == "history_event" else name
