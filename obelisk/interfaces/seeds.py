"""Seeds: executions of a trigger that outlive it, and start others from time to time.

A seed is a durable place in a schedule, a queue or a feed. It is pending until its next *tick*; then any server on the
storage that has the trigger may write the tick. A tick is one batch: what it starts, and when the next one is due. It names
the version that it was made for, so of two servers that write the same tick one is refused, and nothing is started twice.
No executor picks a seed up, and a server that dies holds none: between ticks nobody does.

A schedule::

    state = await host.seeds.plant(seed, first, due_at=next_time(now))
    while not state.is_finished:
        await host.host.clock.sleep_until(state.due_at)
        start = Start(host.executions.generate_id(), Ffqn("example:shop/report.write"), [])
        state = await host.seeds.tick(seed, state, starts=(start,), next_at=next_time(state.due_at))
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from obelisk.core.events import ComponentId, ExecutionResult
from obelisk.core.state import State
from obelisk.ids import ExecutionId
from obelisk.names import Ffqn


class Planting(Struct, frozen=True):
    """What a seed is of: ``component`` as in a ``SessionOpening``, ``ffqn`` a function that no component exports."""

    component: ComponentId
    ffqn: Ffqn
    params: list[Any] = []


class Start(Struct, frozen=True):
    """An execution that a tick starts at once. ``execution_id`` is a new one."""

    execution_id: ExecutionId
    ffqn: Ffqn
    params: Any


class Seeds(Protocol):
    """Plants seeds, and lets them tick.

    Every method raises ``StorageError`` when the storage fails, ``CommitUnknownError`` when nobody knows whether it was
    written: read the state again, and go on from there.
    """

    async def plant(self, execution_id: ExecutionId, planting: Planting, *, due_at: datetime) -> State:
        """Create a seed whose first tick is at ``due_at``, and return its state; one that exists stays as it is.

        Raises ``InvalidValueError`` when ``planting`` is not as it says, ``ExecutionConflictError`` when the id is taken by
        something else.
        """

    async def tick(
        self, execution_id: ExecutionId, state: State, *, starts: Sequence[Start] = (), next_at: datetime
    ) -> State:
        """Start executions, and have the next tick at ``next_at``; return the state of the seed then.

        ``state`` is what the tick was decided from. When the seed has moved on since, nothing is started, and the state that
        it has is returned: compare ``next_version``. ``next_at`` has to lie after now. Raises ``FunctionNotFoundError`` and
        ``InvalidValueError`` for what cannot be started.
        """

    async def end(
        self, execution_id: ExecutionId, state: State, result: ExecutionResult, *, starts: Sequence[Start] = ()
    ) -> State:
        """Start executions, and finish the seed; as ``tick`` in everything else."""
