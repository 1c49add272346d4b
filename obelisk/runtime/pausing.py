"""Pausing executions and delays, and letting them go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obelisk.core.events import ComponentRole, Paused, Unlocked, Unpaused
from obelisk.core.state import Lifecycle, State, Status
from obelisk.errors import ExecutionStateError
from obelisk.ids import DelayId, ExecutionId
from obelisk.interfaces.executions import DelayOutcome
from obelisk.runtime.lookups import delay_of, state_of
from obelisk.runtime.sessions import check_not_of_trigger
from obelisk.runtime.turn import Turn

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

REASON = "paused"


async def pause(kernel: Kernel, execution_id: ExecutionId) -> None:
    """Have nothing run an execution; see ``Executions.pause``."""
    while True:
        state = await state_of(kernel.storage, execution_id)
        if state.lifecycle is Lifecycle.PAUSED:
            return
        check_not_of_trigger(execution_id, state, what="paused")
        _check_pausable(execution_id, state)
        kernel.workflows.forget(execution_id)
        turn = kernel.new_turn()
        _append_pause(turn, execution_id, state)
        if await kernel.written(turn):
            return


def _check_pausable(execution_id: ExecutionId, state: State) -> None:
    ending = _ending(state)
    if ending is not None:
        raise ExecutionStateError(f"execution `{execution_id}` cannot be paused: it {ending}")
    if state.status is Status.LOCKED and state.component_id.component_type is not ComponentRole.WORKFLOW:
        raise ExecutionStateError(
            f"execution `{execution_id}` cannot be paused: an activity that is running can only be cancelled"
        )


def _ending(state: State) -> str | None:
    if state.is_finished:
        return "is finished"
    return "is being cancelled" if state.lifecycle is Lifecycle.CANCELLING else None


def _append_pause(turn: Turn, execution_id: ExecutionId, state: State) -> None:
    version = state.next_version
    if state.status is Status.LOCKED or (state.held_by is not None and state.due_at > turn.now):
        turn.append(execution_id, Unlocked(turn.now, REASON), version=version)
    turn.append(execution_id, Paused(), version=version)


async def unpause(kernel: Kernel, execution_id: ExecutionId) -> None:
    """Let a paused execution go on; see ``Executions.unpause``."""
    while True:
        state = await state_of(kernel.storage, execution_id)
        if state.lifecycle is not Lifecycle.PAUSED:
            doing = _ending(state) or "is not paused"
            raise ExecutionStateError(f"execution `{execution_id}` cannot be unpaused: it {doing}")
        turn = kernel.new_turn()
        turn.append(execution_id, Unpaused(), version=state.next_version)
        if await kernel.written(turn):
            return


async def set_delay_paused(kernel: Kernel, delay_id: DelayId, *, paused: bool) -> DelayOutcome:
    """Keep a delay from ending, or let it; see ``Executions.pause_delay``."""
    if not await kernel.storage.pause_delay(delay_id, paused=paused):
        await delay_of(kernel.storage, delay_id)
        return DelayOutcome.ALREADY_FINISHED
    if not paused:
        kernel.timers.wake()
    return DelayOutcome.DONE
