"""Upgrades: a workflow that waits goes on with another component than the one that its log was made with.

Theory of operation
    Its log is replayed against the new component first. When that fits, ``component_upgrade_finished`` says so, and
    from then on the execution belongs to the new component. When it does not, the event says why, and the mark that it
    leaves keeps executors of that component away: the execution stays as it is until a component comes that fits.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from obelisk.core.events import ComponentUpgradeFinished, Locked, Unlocked, UpgradeOutcome
from obelisk.core.retry import backoff
from obelisk.core.state import Lifecycle, State, Status
from obelisk.errors import ExecutionStateError
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import ReplayOutcome
from obelisk.interfaces.storage import ExecutionLog, LockedExecution
from obelisk.runtime.functions import MAX_BACKOFF, FunctionEntry
from obelisk.runtime.lookups import log_of, state_of
from obelisk.runtime.replays import replay_log, workflow_function

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

AUTO: Final[dict[str, Any]] = {"reason": "auto"}
ATTEMPTS = 20
FIRST_PAUSE = timedelta(seconds=1)
_log = logging.getLogger("obelisk.upgrade")


def is_outdated(state: State, function: FunctionEntry) -> bool:
    """Tell whether an execution's log was made with another component, and has to be tried with this one first."""
    return function.entry.upgrades and state.component_id.component_digest != _digest(function)


async def try_upgrade(kernel: Kernel, locked: LockedExecution, function: FunctionEntry, lock: Locked) -> bool:
    """Upgrade an execution that ``lock`` locked for this process; tell whether it may go on.

    The lock is kept for as long as the replay takes. Raises ``StorageError`` when the log cannot be read or written.
    """
    execution_id = locked.execution_id
    log = await log_of(kernel.storage, execution_id)
    keeper = asyncio.ensure_future(_keep_lock(kernel, execution_id, function, lock))
    try:
        report = await replay_log(kernel, log, function)
    finally:
        keeper.cancel()
    state = await state_of(kernel.storage, execution_id)
    if state.held_by is None or state.held_by.run_id != lock.run_id or state.lifecycle is not Lifecycle.ACTIVE:
        return False
    turn = kernel.new_turn()
    if report.outcome is not ReplayOutcome.FAILED:
        event = _finished(kernel, function, UpgradeOutcome(success=AUTO))
        turn.append(execution_id, event, version=state.next_version)
        return await kernel.written(turn)
    reason = report.error or "the replay failed"
    _log.warning("`%s` cannot go on with component `%s`: %s", execution_id, _name(function), reason)
    event = _finished(kernel, function, UpgradeOutcome(failed={"reason": reason}))
    turn.append(execution_id, event, version=state.next_version)
    turn.append(execution_id, Unlocked(turn.now + _pause(log), "auto-upgrade failed"), version=None)
    await kernel.written(turn)
    return False


async def _keep_lock(kernel: Kernel, execution_id: ExecutionId, function: FunctionEntry, lock: Locked) -> None:
    """Extend a lock each time that half of it is over, until cancelled."""
    while True:
        await kernel.clock.sleep_until(lock.lock_expires_at - function.entry.lock_expiry / 2)
        state = await state_of(kernel.storage, execution_id)
        turn = kernel.new_turn()
        lock = kernel.lock_event(function.entry, turn.now, lock.run_id)
        turn.append(execution_id, lock, version=state.next_version)
        if not await kernel.written(turn):
            return


def _pause(log: ExecutionLog) -> timedelta:
    """Return how long an execution is left alone after one more component that does not fit.

    The mark names one component only. Servers with two that do not fit would take it from each other for ever.
    """
    failures = sum(
        isinstance(logged.event, ComponentUpgradeFinished) and logged.event.outcome.failed is not UNSET
        for logged in log.events
    )
    return backoff(FIRST_PAUSE, failures, maximum=MAX_BACKOFF) if failures else timedelta()


async def upgrade(
    kernel: Kernel, execution_id: ExecutionId, *, expected: str, new: str, skip_determinism_check: bool
) -> None:
    """Let a workflow go on with another component; see ``Executions.upgrade``."""
    for _ in range(ATTEMPTS):
        log = await log_of(kernel.storage, execution_id)
        function = _checked(kernel, log, expected=expected, new=new)
        if not skip_determinism_check:
            await _check_fits(kernel, log, function)
        if await _upgraded(kernel, log, function, force=skip_determinism_check):
            return
    raise ExecutionStateError(
        f"execution `{execution_id}` goes on faster than it can be replayed; pause it, upgrade it, and unpause it"
    )


async def _check_fits(kernel: Kernel, log: ExecutionLog, function: FunctionEntry) -> None:
    report = await replay_log(kernel, log, function)
    if report.outcome is ReplayOutcome.FAILED:
        raise ExecutionStateError(
            f"execution `{log.execution_id}` cannot go on with `{_digest(function)}`: {report.error}"
        )


async def _upgraded(kernel: Kernel, log: ExecutionLog, function: FunctionEntry, *, force: bool) -> bool:
    """Upgrade an execution whose log is still the one that was replayed; tell whether that was written."""
    execution_id, state = log.execution_id, log.state
    kernel.workflows.forget(execution_id)
    turn = kernel.new_turn()
    event = _finished(kernel, function, UpgradeOutcome(success={"reason": {"manual": {"force": force}}}))
    turn.append(execution_id, event, version=state.next_version, cursor=state.cursor)
    if _is_held(state, turn.now):
        turn.append(execution_id, Unlocked(turn.now, "upgraded"), version=None)
    return await kernel.written(turn)


def _checked(kernel: Kernel, log: ExecutionLog, *, expected: str, new: str) -> FunctionEntry:
    execution_id, state = log.execution_id, log.state
    function = workflow_function(kernel, execution_id, state)
    digest, offered = state.component_id.component_digest, _digest(function)
    if state.is_finished:
        raise ExecutionStateError(f"execution `{execution_id}` cannot be upgraded: it is finished")
    if digest != expected:
        raise ExecutionStateError(f"execution `{execution_id}` has the component `{digest}`, expected `{expected}`")
    if offered != new:
        raise ExecutionStateError(f"`{state.ffqn}` is exported by the component `{offered}`, not by `{new}`")
    return function


def _is_held(state: State, now: datetime) -> bool:
    if state.lifecycle is not Lifecycle.ACTIVE:
        return False
    return state.status is Status.LOCKED or (state.held_by is not None and state.due_at > now)


def _finished(kernel: Kernel, function: FunctionEntry, outcome: UpgradeOutcome) -> ComponentUpgradeFinished:
    return ComponentUpgradeFinished(_digest(function), kernel.deployment_id, outcome)


def _digest(function: FunctionEntry) -> str:
    return function.entry.component.id.component_digest


def _name(function: FunctionEntry) -> str:
    return function.entry.component.id.name
