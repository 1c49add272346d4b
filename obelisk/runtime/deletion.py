"""Deleting an execution that somebody names; see ``Executions.delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obelisk.errors import ExecutionNotFoundError, ExecutionStateError, InvalidIdError
from obelisk.ids import ExecutionId, is_top_level, top_level
from obelisk.runtime.lookups import state_of

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel


async def delete(kernel: Kernel, execution_id: ExecutionId) -> int:
    """Delete a top-level execution that has finished, with everything below it; return how many executions that were."""
    if not is_top_level(execution_id):
        raise InvalidIdError(
            f"`{execution_id}` is a child, expected a top-level execution: it is deleted with `{top_level(execution_id)}`"
        )
    state = await state_of(kernel.storage, execution_id)
    if not state.is_finished:
        raise ExecutionStateError(
            f"execution `{execution_id}` of `{state.ffqn}` has not finished, only what has can be deleted; "
            "wait for its end, or cancel it"
        )
    await kernel.run_logs.flush_stored()
    deleted = await kernel.storage.delete([execution_id])
    if deleted.unfinished:
        raise ExecutionStateError(
            f"execution `{execution_id}` is not deleted: `{deleted.unfinished[0]}` below it has not finished; "
            "wait for its end, or cancel it"
        )
    if not deleted.executions:
        raise ExecutionNotFoundError(f"execution not found: `{execution_id}` was deleted by somebody else")
    return deleted.executions
