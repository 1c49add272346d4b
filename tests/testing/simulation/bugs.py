"""Bugs that can be put into the engine, to see that the simulator finds them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.builtin import memory_storage
from obelisk.core import replay, state
from obelisk.core.commands import CloseJoinSet, Drawn, DrawU64
from obelisk.core.events import Locked
from obelisk.core.replay import Replay
from obelisk.core.state import State, Status
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Write
from obelisk.runtime.executions import EngineExecutions
from obelisk.runtime.kernel import Kernel
from obelisk.runtime.permits import Permits
from obelisk.runtime.turn import Turn
from obelisk.runtime.workflows import Workflows
from obelisk.testing.simulation.storage import SimulatedConnection

Bug = Callable[[pytest.MonkeyPatch], None]


def acknowledges_early(patch: pytest.MonkeyPatch) -> None:
    """Clients are told of what is not durable yet."""

    async def yes() -> bool:
        return True

    def write(self: Kernel, turn: Turn) -> Coroutine[Any, Any, bool]:
        self.pipeline.submit(turn)
        return yes()

    patch.setattr(Kernel, "write", write)


def forgets_pauses(patch: pytest.MonkeyPatch) -> None:
    """Clients are told that an execution is paused, and it is not."""

    async def nothing(self: EngineExecutions, execution_id: ExecutionId) -> None:
        pass

    patch.setattr(EngineExecutions, "pause", nothing)


def leaks_permits(patch: pytest.MonkeyPatch) -> None:
    """Workflows that wait count as running."""
    patch.setattr(Permits, "leave", lambda self: None)


def leaves_children_open(patch: pytest.MonkeyPatch) -> None:
    """A workflow ends before what it started."""
    patch.setattr(Replay, "_close", lambda self, join_set: self._forget(join_set.id) or CloseJoinSet(join_set))


def ends_delays_early(patch: pytest.MonkeyPatch) -> None:
    """A delay counts as due before it is."""
    due = SimulatedConnection.due_delays

    async def early(self: SimulatedConnection, now: Any, *, limit: int) -> Any:
        return await due(self, now + timedelta(seconds=1), limit=limit)

    patch.setattr(SimulatedConnection, "due_delays", early)


def never_looks_for_locks(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks for locks that expired."""

    async def none(self: SimulatedConnection, now: Any, *, limit: int) -> list[Any]:
        return []

    patch.setattr(SimulatedConnection, "expired_locks", none)


def takes_what_it_did_not_record(patch: pytest.MonkeyPatch) -> None:
    """A workflow draws a number that is not in its log, another one in each life."""
    draw, numbers = Replay._draw_u64, itertools.count()

    def drawn(self: Replay, command: DrawU64, now: datetime) -> Any:
        draw(self, command, now)
        return Drawn(next(numbers))

    patch.setitem(replay._HANDLERS, DrawU64, drawn)  # type: ignore[arg-type]


def keeps_what_others_ended(patch: pytest.MonkeyPatch) -> None:
    """A workflow that another server took over stays in memory."""
    patch.setattr(Workflows, "next_hot", lambda self, count: [])


def checks_no_version(patch: pytest.MonkeyPatch) -> None:
    """The storage takes writes that were made for another version."""
    check = memory_storage.check_expected

    def unchecked(write: Write, state: State | None) -> None:
        check(replace(write, expected_version=None), state)

    patch.setattr(memory_storage, "check_expected", unchecked)


def locks_what_is_not_due(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether what is to be locked is due, or kept for the run that holds it."""
    fits, lock = memory_storage._fits, state._TABLE[Locked][Status.PENDING]

    def due(found: State, at: datetime) -> State:
        return replace(found, due_at=min(found.due_at, at))

    patch.setattr(memory_storage, "_fits", lambda found, wanted: fits(due(found, wanted.now), wanted))
    row = {**state._TABLE[Locked], Status.PENDING: lambda found, *rest: lock(due(found, rest[-1]), *rest)}
    patch.setitem(state._TABLE, Locked, row)
