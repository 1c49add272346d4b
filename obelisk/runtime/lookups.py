"""Looking up what a caller named: it is there, or there is an error that says so."""

from __future__ import annotations

from obelisk.core.events import Created, DelayRequest, ExecutionResult, Finished, JoinSetRequest
from obelisk.core.state import State
from obelisk.errors import DelayNotFoundError, ExecutionNotFoundError, StorageError
from obelisk.ids import DelayId, ExecutionId, delay_owner
from obelisk.interfaces.storage import ExecutionLog, Storage


async def state_of(storage: Storage, execution_id: ExecutionId) -> State:
    """Return the state of an execution; raise ``ExecutionNotFoundError`` when there is none."""
    state = await storage.state(execution_id)
    if state is None:
        raise ExecutionNotFoundError(f"execution not found: `{execution_id}`")
    return state


async def log_of(storage: Storage, execution_id: ExecutionId) -> ExecutionLog:
    """Return the log of an execution; raise ``ExecutionNotFoundError`` when there is none."""
    log = await storage.load(execution_id)
    if log is None:
        raise ExecutionNotFoundError(f"execution not found: `{execution_id}`")
    return log


async def delay_of(storage: Storage, delay_id: DelayId) -> ExecutionLog:
    """Return the log of the execution that asked for a delay; raise ``DelayNotFoundError`` when none did."""
    owner, _ = delay_owner(delay_id)
    log = await storage.load(owner)
    if log is None or not any(_requests(event.event, delay_id) for event in log.events):
        raise DelayNotFoundError(f"delay not found: `{delay_id}`")
    return log


def _requests(event: object, delay_id: DelayId) -> bool:
    if not isinstance(event, JoinSetRequest) or not isinstance(event.request, DelayRequest):
        return False
    return event.request.delay_id == delay_id


async def created_of(storage: Storage, execution_id: ExecutionId) -> Created:
    """Return the first event of an execution that exists."""
    events = await storage.events(execution_id, from_version=0, limit=1)
    if not events or not isinstance(events[0].event, Created):
        raise StorageError(f"version 0 of `{execution_id}` is not `created`")
    return events[0].event


async def result_of(storage: Storage, execution_id: ExecutionId, state: State) -> ExecutionResult:
    """Return the result of an execution whose state was finished.

    Raises ``ExecutionNotFoundError`` when it was deleted since then.
    """
    events = await storage.events(execution_id, from_version=state.next_version - 1, limit=1)
    if not events:
        await state_of(storage, execution_id)
    if not events or not isinstance(events[0].event, Finished):
        raise StorageError(f"the log of `{execution_id}` does not end with `finished`")
    return events[0].event.retval
