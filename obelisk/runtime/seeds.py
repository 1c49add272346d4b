"""Seeds: executions of triggers that outlive them; implements ``interfaces.seeds.Seeds``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from obelisk.core.events import (
    NO_TIME,
    Created,
    ExecutionResult,
    Finished,
    Locked,
    RetryConfig,
    Schedule,
    Unlocked,
)
from obelisk.core.matching import same_json
from obelisk.core.state import State
from obelisk.core.trace_context import scheduled_metadata, trace_of
from obelisk.errors import ExecutionConflictError, ExecutionStateError, InvalidValueError
from obelisk.ids import ExecutionId
from obelisk.interfaces.seeds import Planting, Start
from obelisk.interfaces.sessions import NOW
from obelisk.runtime.kernel import Kernel
from obelisk.runtime.lookups import created_of, state_of
from obelisk.runtime.sessions import check_own
from obelisk.runtime.turn import Turn

TICK_LOCK = timedelta(seconds=1)
"""How long the lock of a tick would last; it is given back in the same batch."""

NEXT_TICK = "next tick"


class EngineSeeds:
    """See ``interfaces.seeds.Seeds``."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def plant(self, execution_id: ExecutionId, planting: Planting, *, due_at: datetime) -> State:
        """Create a seed whose first tick is at ``due_at``, and return its state; one that exists stays as it is."""
        kernel = self._kernel
        check_own(kernel, planting.component, planting.ffqn)
        created = Created(planting.ffqn, planting.params, None, due_at, planting.component, kernel.deployment_id)
        with kernel.work.piece():
            while await kernel.storage.state(execution_id) is None:
                turn = kernel.new_turn()
                turn.append(execution_id, created, version=0, cursor=0)
                await kernel.written(turn)
            await self._check_same(execution_id, created)
            return await state_of(kernel.storage, execution_id)

    async def tick(
        self, execution_id: ExecutionId, state: State, *, starts: Sequence[Start] = (), next_at: datetime
    ) -> State:
        """Start executions, and have the next tick at ``next_at``; return the state of the seed then."""
        turn = self._kernel.new_turn()
        if next_at <= turn.now:
            raise InvalidValueError(f"the next tick of `{execution_id}` has to lie after {turn.now}, found {next_at}")
        _check_due(execution_id, state, turn.now)
        self._append_lock(turn, execution_id, state)
        self._append_starts(turn, execution_id, state, starts)
        turn.append(execution_id, Unlocked(next_at, NEXT_TICK), version=state.next_version)
        return await self._write(turn, execution_id)

    async def end(
        self, execution_id: ExecutionId, state: State, result: ExecutionResult, *, starts: Sequence[Start] = ()
    ) -> State:
        """Start executions, and finish the seed."""
        turn = self._kernel.new_turn()
        if starts:
            _check_due(execution_id, state, turn.now)
            self._append_lock(turn, execution_id, state)
        self._append_starts(turn, execution_id, state, starts)
        turn.append(execution_id, Finished(result), version=state.next_version)
        return await self._write(turn, execution_id)

    async def _write(self, turn: Turn, execution_id: ExecutionId) -> State:
        with self._kernel.work.piece():
            await self._kernel.written(turn)
            return await state_of(self._kernel.storage, execution_id)

    async def _check_same(self, execution_id: ExecutionId, created: Created) -> None:
        found = await created_of(self._kernel.storage, execution_id)
        same = (found.component_id, found.ffqn) == (created.component_id, created.ffqn)
        if not same or not same_json(found.params, created.params):
            raise ExecutionConflictError(
                f"`{execution_id}` is taken by an execution of `{found.ffqn}` of component `{found.component_id.name}`"
            )

    def _append_lock(self, turn: Turn, execution_id: ExecutionId, state: State) -> None:
        kernel = self._kernel
        lock = Locked(
            state.component_id, kernel.executor_id, kernel.deployment_id, kernel.ids.run(), turn.now + TICK_LOCK,
            RetryConfig(0, NO_TIME),
        )  # fmt: skip
        turn.append(execution_id, lock, version=state.next_version)

    def _append_starts(self, turn: Turn, execution_id: ExecutionId, state: State, starts: Sequence[Start]) -> None:
        kernel = self._kernel
        for start in starts:
            function = kernel.functions.get(start.ffqn)
            created = Created(
                start.ffqn, function.params.check(start.params), None, turn.now, function.entry.component.id,
                kernel.deployment_id, scheduled_metadata(execution_id, trace_of(execution_id, {})), execution_id,
            )  # fmt: skip
            turn.append(execution_id, Schedule(start.execution_id, NOW), version=state.next_version)
            kernel.create_execution(turn, start.execution_id, function, created)


def _check_due(execution_id: ExecutionId, state: State, now: datetime) -> None:
    if not state.is_finished and state.due_at > now:
        raise ExecutionStateError(f"seed `{execution_id}` cannot tick at {now}: it is due at {state.due_at}")
