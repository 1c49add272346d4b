"""Cancellation: of an execution, of a delay, and of what is open when a join set is closed.

Theory of operation
    An activity, run by us or a stub, is cancelled at once: its run is dropped, and ``finished`` is written at the version
    that the storage has. A run elsewhere finds out by its refused write, or when its server looks. A delay gets a response
    that says so. A workflow whose name says that it can be cancelled gets ``cancellation_requested``: from then on nobody
    runs it, and ``drive`` ends it from its log: what is open is cancelled in the same way, newest first; when every child
    and delay has its response, ``finished`` is written. Each response that reaches it drives it again. Other workflows are
    awaited, since nobody but they know how to end.

    Every write names the version that it was made for. When it is refused, somebody was faster: states are read again.
    Nothing is remembered outside the storage. Executions that are being cancelled, or are blocked while they close a join
    set, are found after a crash by looking for them (``find``); others are replayed, and ask again by themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from obelisk.core.events import (
    CancellationRequested,
    ComponentRole,
    DelayFinished,
    ExecutionFailure,
    ExecutionResult,
    FailureKind,
)
from obelisk.core.joinsets import open_members
from obelisk.core.state import Lifecycle, State
from obelisk.errors import ExecutionStateError, StorageError
from obelisk.ids import DELAY_PREFIX, DelayId, ExecutionId, JoinSetId, delay_owner, parent_of
from obelisk.interfaces.executions import CancelOutcome, DelayOutcome
from obelisk.interfaces.storage import ExecutionLog, Held
from obelisk.names import split_ffqn
from obelisk.runtime.alarms import RETRY_AFTER_ERROR
from obelisk.runtime.lookups import delay_of, state_of
from obelisk.runtime.sessions import check_not_of_trigger
from obelisk.runtime.turn import Turn
from obelisk.wit.extensions import CANCELLABLE_SUFFIX, is_cancellable

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

PAGE = 10_000
PART = 200
"""How many members are cancelled in one batch."""
CANCELLED = ExecutionResult(execution_failure=ExecutionFailure(FailureKind.CANCELLED))
_ACTIVITIES = (ComponentRole.ACTIVITY, ComponentRole.ACTIVITY_STUB)
_log = logging.getLogger("obelisk.cancellation")


class Means(Enum):
    """How an execution can be ended from outside."""

    AT_ONCE = "at once"
    ON_REQUEST = "on request"
    NOT = "not"


class Cancellations:
    """See the module's theory of operation."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._driving: set[ExecutionId] = set()
        self._again: set[ExecutionId] = set()
        self._asked: dict[ExecutionId, set[ExecutionId | DelayId]] = {}
        self._seen: dict[ExecutionId, tuple[int, int]] = {}

    async def cancel(self, execution_id: ExecutionId) -> CancelOutcome:
        """Cancel an execution; see ``Executions.cancel``."""
        while True:
            state = await state_of(self._kernel.storage, execution_id)
            if state.is_finished:
                return CancelOutcome.ALREADY_FINISHED
            if state.lifecycle is Lifecycle.CANCELLING:
                return CancelOutcome.ALREADY_CANCELLING
            check_not_of_trigger(execution_id, state, what="cancelled")
            if self._means(state) is Means.NOT:
                raise ExecutionStateError(_refusal(execution_id, state))
            turn = self._kernel.new_turn()
            self._end(turn, execution_id, state)
            if await self._kernel.written(turn):
                return CancelOutcome.REQUESTED

    async def cancel_delay(self, delay_id: DelayId) -> DelayOutcome:
        """End a delay; see ``Executions.cancel_delay``."""
        while True:
            owner = await delay_of(self._kernel.storage, delay_id)
            if owner.state.is_finished or delay_id not in open_members(owner.events, owner.responses):
                return DelayOutcome.ALREADY_FINISHED
            turn = self._kernel.new_turn()
            self._end_delay(turn, delay_id)
            if await self._kernel.written(turn):
                return DelayOutcome.DONE

    async def close(self, owner: ExecutionId, members: Sequence[ExecutionId | DelayId]) -> None:
        """Cancel what can be cancelled of ``members``, in their order; whoever closes them awaits the responses."""
        kernel = self._kernel
        try:
            with kernel.work.piece():
                while not kernel.is_stopping and not await self._cancelled(owner, members):
                    pass  # refused: somebody was faster
        except StorageError as error:
            self._later(owner, error, lambda: kernel.spawn(self.close(owner, members)))

    def drive(self, execution_id: ExecutionId) -> None:
        """Go on with the end of an execution that is being cancelled."""
        if execution_id in self._driving:
            self._again.add(execution_id)
        elif not self._kernel.is_stopping:
            self._driving.add(execution_id)
            self._kernel.spawn(self._drive(execution_id))

    async def find(self, *, afresh: bool = False) -> None:
        """Look for executions that nobody may be ending, and go on with those that moved since the last look.

        With ``afresh`` there was no last look: what this process was about to do is not known.
        """
        before, self._seen = {} if afresh else self._seen, {}
        for held in await self._kernel.storage.ending(limit=PAGE):
            state = held.state
            self._seen[held.execution_id] = place = (state.next_version, state.cursor)
            if before.get(held.execution_id) == place:
                continue
            if state.lifecycle is Lifecycle.CANCELLING:
                self.drive(held.execution_id)
            elif not self._kernel.workflows.knows(held.execution_id):
                self._kernel.spawn(self._close_again(held))

    async def _close_again(self, held: Held) -> None:
        try:
            with self._kernel.work.piece():
                log = await self._kernel.storage.load(held.execution_id)
        except StorageError as error:
            self._later(held.execution_id, error, lambda: self._kernel.spawn(self._close_again(held)))
            return
        if log is None or not log.state.closing:
            return
        members = [
            member for member in open_members(log.events, log.responses) if _join_set(member) == log.state.join_set_id
        ]
        await self.close(held.execution_id, members)

    async def _drive(self, execution_id: ExecutionId) -> None:
        try:
            with self._kernel.work.piece():
                while not self._kernel.is_stopping and not await self._ended(execution_id):
                    pass  # refused: somebody was faster
        except StorageError as error:
            self._later(execution_id, error, lambda: self.drive(execution_id))
        finally:
            self._driving.discard(execution_id)
            if execution_id in self._again:
                self._again.discard(execution_id)
                self.drive(execution_id)

    def _later(self, execution_id: ExecutionId, error: StorageError, action: Callable[[], None]) -> None:
        _log.error("what `%s` has open cannot be cancelled, trying again: %s", execution_id, error)
        if not self._kernel.is_stopping:
            self._kernel.alarms.after(RETRY_AFTER_ERROR, action)

    async def _ended(self, execution_id: ExecutionId) -> bool:
        """Take the next step of a cancelled execution's end; tell whether there is nothing more to do now."""
        self._again.discard(execution_id)
        log = await self._kernel.storage.load(execution_id)
        if log is None or log.state.is_finished or log.state.lifecycle is not Lifecycle.CANCELLING:
            return True
        members = open_members(log.events, log.responses)
        if not members:
            self._asked.pop(execution_id, None)
            return await self._finished(log)
        asked = self._asked.setdefault(execution_id, set())
        fresh = [member for member in members if member not in asked]
        if not await self._cancelled(execution_id, fresh):
            return False
        asked.update(fresh)
        return True

    async def _finished(self, log: ExecutionLog) -> bool:
        turn, state = self._kernel.new_turn(), log.state
        self._kernel.finish(
            turn, log.execution_id, CANCELLED, version=state.next_version, cursor=state.cursor, parent=state.parent
        )
        return await self._kernel.written(turn)

    async def _cancelled(self, owner: ExecutionId, members: Sequence[ExecutionId | DelayId]) -> bool:
        """Cancel those of ``members`` that are open and can be, a part after the other; tell whether all was written."""
        for start in range(0, len(members), PART):
            if not await self._part_cancelled(owner, members[start : start + PART]):
                return False
        return True

    async def _part_cancelled(self, owner: ExecutionId, members: Sequence[ExecutionId | DelayId]) -> bool:
        storage = self._kernel.storage
        states = {
            member: await storage.state(ExecutionId(member))
            for member in members
            if not member.startswith(DELAY_PREFIX)
        }
        delays = await self._open_delays(owner, members)
        turn = self._kernel.new_turn()
        for member in members:
            if member in delays:
                self._end_delay(turn, DelayId(member))
            elif (state := states.get(member)) is not None and self._can_end(state):
                self._end(turn, ExecutionId(member), state)
        return await self._kernel.written(turn)

    async def _open_delays(
        self, owner: ExecutionId, members: Sequence[ExecutionId | DelayId]
    ) -> frozenset[ExecutionId | DelayId]:
        """Return the delays that have no response yet, not even one that was handed in and is not committed."""
        delays = [DelayId(member) for member in members if member.startswith(DELAY_PREFIX)]
        if not delays:
            return frozenset()
        run = self._kernel.workflows.find(owner)
        if run is not None:
            return frozenset(delay for delay in delays if run.is_open(delay, delay_owner(delay)[1]))
        log = await self._kernel.storage.load(owner)
        return frozenset() if log is None else frozenset(open_members(log.events, log.responses)).intersection(delays)

    def _can_end(self, state: State) -> bool:
        """Tell whether a member can be ended. What its component is called here may not be known to this process."""
        if state.is_finished or state.lifecycle is Lifecycle.CANCELLING:
            return False
        return _is_activity(state) or _is_named_cancellable(state)

    def _means(self, state: State) -> Means:
        if _is_activity(state):
            return Means.AT_ONCE
        if _is_named_cancellable(state) or self._kernel.functions.find(state.ffqn) is None:
            return Means.ON_REQUEST
        return Means.NOT

    def _end(self, turn: Turn, execution_id: ExecutionId, state: State) -> None:
        if self._means(state) is Means.AT_ONCE:
            activity = self._kernel.activities.get(execution_id)
            traces = () if activity is None else activity.http_client_traces()
            if activity is not None:
                activity.discard()
            self._kernel.finish(
                turn, execution_id, CANCELLED, version=state.next_version, cursor=None, parent=state.parent,
                traces=traces,
            )  # fmt: skip
            return
        self._kernel.workflows.forget(execution_id)
        turn.append(execution_id, CancellationRequested(), version=state.next_version)

    def _end_delay(self, turn: Turn, delay_id: DelayId) -> None:
        owner, join_set = delay_owner(delay_id)
        self._kernel.deliver(turn, owner, DelayFinished(join_set, delay_id, success=False))


def _is_activity(state: State) -> bool:
    return state.component_id.component_type in _ACTIVITIES


def _is_named_cancellable(state: State) -> bool:
    return is_cancellable(split_ffqn(state.ffqn)[1])


def _join_set(member: ExecutionId | DelayId) -> JoinSetId | None:
    if member.startswith(DELAY_PREFIX):
        return delay_owner(DelayId(member))[1]
    parent = parent_of(ExecutionId(member))
    return None if parent is None else parent[1]


def _refusal(execution_id: ExecutionId, state: State) -> str:
    return (
        f"execution `{execution_id}` of `{state.ffqn}` cannot be cancelled: it is a workflow, and only workflows whose "
        f"function's name ends with `{CANCELLABLE_SUFFIX}` can be"
    )
