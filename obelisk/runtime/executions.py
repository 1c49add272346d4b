"""Executions for those who start and watch them; implements ``interfaces.executions.Executions``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from obelisk.core.events import Created, LogEvent, LogResponse
from obelisk.core.matching import same_json
from obelisk.core.state import State
from obelisk.errors import CommitUnknownError, ExecutionConflictError, StorageError
from obelisk.ids import DelayId, ExecutionId
from obelisk.interfaces.executions import (
    AT_ONCE,
    CancelOutcome,
    DelayOutcome,
    FinishedExecution,
    ReplayReport,
    Submission,
    SubmitOutcome,
)
from obelisk.interfaces.storage import ExecutionLog, ExecutionQuery, Held, LineQuery, LineRow
from obelisk.names import Ffqn
from obelisk.runtime import deletion, pausing, replays, stubs, upgrades
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.kernel import Kernel
from obelisk.runtime.lookups import result_of, state_of
from obelisk.runtime.notifier import Subscription

POLL = timedelta(seconds=1)
T = TypeVar("T")


class EngineExecutions:
    """See ``interfaces.executions.Executions``."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._storage = kernel.storage
        self._creating: dict[ExecutionId, asyncio.Future[bool]] = {}

    def generate_id(self) -> ExecutionId:
        """Return a new top-level execution id."""
        return self._kernel.ids.execution()

    async def submit(
        self,
        ffqn: Ffqn,
        params: list[Any],
        *,
        execution_id: ExecutionId | None = None,
        metadata: Mapping[str, str] | None = None,
        paused: bool = False,
    ) -> Submission:
        """Create an execution and return once that is durable."""
        function = self._kernel.functions.get(ffqn)
        checked = function.params.check(params)
        if execution_id is None:
            execution_id = self._kernel.ids.execution()
        elif self._kernel.runs(execution_id) and await self._storage.state(execution_id) is not None:
            # Else the commit finds it. But what is in memory must not be met by another run of its name.
            return await self._existing(execution_id, ffqn, checked)
        under_way = self._creating.get(execution_id)
        if under_way is not None:
            await asyncio.wait((under_way,))
        else:
            component = function.entry.component.id
            created = Created(
                ffqn,
                checked,
                None,
                self._kernel.clock.now(),
                component,
                self._kernel.deployment_id,
                dict(metadata or {}),
            )
            if await self._create(execution_id, function, created, paused=paused):
                return Submission(execution_id, SubmitOutcome.CREATED)
        return await self._existing(execution_id, ffqn, checked)

    async def get(self, execution_id: ExecutionId) -> State:
        """Return the state of an execution."""
        with self._kernel.work.piece():
            return await state_of(self._storage, execution_id)

    async def finished(self, execution_id: ExecutionId, *, seen: State | None = None) -> FinishedExecution | None:
        """Return how an execution ended, ``None`` while it has not."""
        state = seen if seen is not None and seen.is_finished else await self.get(execution_id)
        return await self._finished(execution_id, state) if state.is_finished else None

    async def wait(self, execution_id: ExecutionId) -> FinishedExecution:
        """Return how an execution ended, once it has."""
        with self._kernel.notifier.subscribe(execution_id, only_end=True) as subscription:
            state = await self.get(execution_id)
            while not state.is_finished and not subscription.is_closed:
                state = await self._newer(execution_id, subscription) or state
        if not state.is_finished:
            raise StorageError(f"the engine stopped while `{execution_id}` was awaited")
        return await self._finished(execution_id, state)

    async def watch(self, execution_id: ExecutionId, *, pace: timedelta = AT_ONCE) -> AsyncIterator[State]:
        """Yield the state of an execution, then each newer one; end after a finished one."""
        with self._kernel.notifier.subscribe(execution_id, pace=pace.total_seconds()) as subscription:
            state = await self.get(execution_id)
            yield state
            while not state.is_finished and not subscription.is_closed:
                newer = await self._newer(execution_id, subscription)
                if newer is not None and _is_newer(newer, state):
                    state = newer
                    yield state

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return up to ``limit`` events from ``from_version`` on."""
        with self._kernel.work.piece():
            await state_of(self._storage, execution_id)
            return await self._storage.events(execution_id, from_version=from_version, limit=limit)

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return up to ``limit`` responses after ``after_cursor``."""
        with self._kernel.work.piece():
            await state_of(self._storage, execution_id)
            return await self._storage.responses(execution_id, after_cursor=after_cursor, limit=limit)

    async def logs(self, query: LineQuery) -> list[LineRow]:
        """Return a page of what components logged, oldest first."""
        with self._kernel.work.piece():
            await state_of(self._storage, query.execution_id)
            await self._kernel.run_logs.flush_stored()
            return await self._storage.lines(query)

    async def _create(
        self, execution_id: ExecutionId, function: FunctionEntry, created: Created, *, paused: bool
    ) -> bool:
        turn = self._kernel.new_turn()
        self._kernel.create_execution(turn, execution_id, function, created, paused=paused)
        # Now: a permit that is taken for many submissions at once, to be used in a moment, is missing elsewhere.
        self._creating[execution_id] = outcome = asyncio.ensure_future(self._kernel.write(turn))
        outcome.add_done_callback(lambda _: self._creating.pop(execution_id, None))
        try:
            return await outcome
        except CommitUnknownError:
            if await self._storage.state(execution_id) is not None:
                return False
            raise CommitUnknownError(
                f"whether `{execution_id}` was created is not known, submit it again with this id: "
                f"{turn.failure or 'no more is known'}"
            ) from None

    async def _existing(self, execution_id: ExecutionId, ffqn: Ffqn, params: list[Any]) -> Submission:
        events = await self._storage.events(execution_id, from_version=0, limit=1)
        if not events:
            raise CommitUnknownError(f"whether `{execution_id}` was created is not known; submit it again with this id")
        created = events[0].event
        if isinstance(created, Created) and created.ffqn == ffqn and same_json(created.params, params):
            return Submission(execution_id, SubmitOutcome.EXISTS)
        raise ExecutionConflictError(
            f"execution `{execution_id}` exists already with another function or other parameters; "
            "submit without an id, or with a new one"
        )

    async def _finished(self, execution_id: ExecutionId, state: State) -> FinishedExecution:
        with self._kernel.work.piece():
            result = await result_of(self._storage, execution_id, state)
        return FinishedExecution(state.created_at, state.scheduled_at, state.due_at, result)

    async def _newer(self, execution_id: ExecutionId, subscription: Subscription) -> State | None:
        timeout = POLL.total_seconds() if self._storage.shared else None
        try:
            async with asyncio.timeout(timeout):
                newer = await subscription.changed()
        except TimeoutError:
            newer = None
        return newer if newer is not None or subscription.is_closed else await self.get(execution_id)

    async def list(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""
        return await self._storage.list_executions(query)

    async def cancel(self, execution_id: ExecutionId) -> CancelOutcome:
        """Cancel an activity at once, or ask a workflow to end."""
        return await _to_the_end(self._kernel.cancellations.cancel(execution_id))

    async def cancel_delay(self, delay_id: DelayId) -> DelayOutcome:
        """End a delay."""
        return await self._kernel.cancellations.cancel_delay(delay_id)

    async def pause(self, execution_id: ExecutionId) -> None:
        """Have nothing run an execution until ``unpause``."""
        await _to_the_end(pausing.pause(self._kernel, execution_id))

    async def unpause(self, execution_id: ExecutionId) -> None:
        """Let a paused execution go on."""
        await pausing.unpause(self._kernel, execution_id)

    async def pause_delay(self, delay_id: DelayId) -> DelayOutcome:
        """Keep a delay from ending until ``unpause_delay``."""
        return await pausing.set_delay_paused(self._kernel, delay_id, paused=True)

    async def unpause_delay(self, delay_id: DelayId) -> DelayOutcome:
        """Let a delay end when it is due."""
        return await pausing.set_delay_paused(self._kernel, delay_id, paused=False)

    async def stub(self, execution_id: ExecutionId, value: Any) -> None:
        """Finish a stub execution."""
        await stubs.stub(self._kernel, execution_id, value)

    async def delete(self, execution_id: ExecutionId) -> int:
        """Delete a top-level execution that has finished, with everything below it."""
        return await deletion.delete(self._kernel, execution_id)

    async def replay(self, execution_id: ExecutionId) -> ReplayReport:
        """Replay a workflow's log, and write nothing."""
        return await replays.replay(self._kernel, execution_id)

    async def replay_log(self, log: ExecutionLog) -> ReplayReport:
        """Replay a log that the storage need not hold, and write nothing; raises as ``replay`` does."""
        function = replays.workflow_function(self._kernel, log.execution_id, log.state)
        return await replays.replay_log(self._kernel, log, function)

    async def upgrade(
        self, execution_id: ExecutionId, *, expected: str, new: str, skip_determinism_check: bool = False
    ) -> None:
        """Let a workflow go on with another component."""
        upgrade = upgrades.upgrade(
            self._kernel, execution_id, expected=expected, new=new, skip_determinism_check=skip_determinism_check
        )
        await _to_the_end(upgrade)


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do something that begins with dropping a run, whether or not the caller waits for it."""
    return await asyncio.shield(work)


def _is_newer(state: State, than: State) -> bool:
    return (state.next_version, state.cursor) > (than.next_version, than.cursor)
