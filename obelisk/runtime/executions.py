"""Executions for those who start and watch them; implements ``interfaces.executions.Executions``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from obelisk.core.events import Created, Finished, LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.errors import CommitUnknownError, ExecutionConflictError, ExecutionNotFoundError, StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.executions import FinishedExecution, Submission, SubmitOutcome
from obelisk.interfaces.storage import ExecutionQuery, Held
from obelisk.names import Ffqn
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.kernel import Kernel

POLL = timedelta(seconds=1)


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
    ) -> Submission:
        """Create an execution and return once that is durable."""
        function = self._kernel.functions.get(ffqn)
        checked = function.params.check(params)
        if execution_id is None:
            execution_id = self._kernel.ids.execution()
        elif await self._storage.state(execution_id) is not None:
            return await self._existing(execution_id, ffqn, checked)
        under_way = self._creating.get(execution_id)
        if under_way is not None:
            await asyncio.wait((under_way,))
        elif await self._create(execution_id, function, checked, metadata or {}):
            return Submission(execution_id, SubmitOutcome.CREATED)
        return await self._existing(execution_id, ffqn, checked)

    async def get(self, execution_id: ExecutionId) -> State:
        """Return the state of an execution."""
        state = await self._storage.state(execution_id)
        if state is None:
            raise ExecutionNotFoundError(f"execution not found: `{execution_id}`")
        return state

    async def finished(self, execution_id: ExecutionId) -> FinishedExecution | None:
        """Return how an execution ended, ``None`` while it has not."""
        state = await self.get(execution_id)
        return await self._finished(execution_id, state) if state.is_finished else None

    async def wait(self, execution_id: ExecutionId) -> FinishedExecution:
        """Return how an execution ended, once it has."""
        async for state in self.watch(execution_id):
            if state.is_finished:
                return await self._finished(execution_id, state)
        raise StorageError(f"the engine stopped while `{execution_id}` was awaited")

    async def watch(self, execution_id: ExecutionId) -> AsyncIterator[State]:
        """Yield the state of an execution, then each newer one; end after a finished one."""
        with self._kernel.notifier.subscribe(execution_id) as subscription:
            state = await self.get(execution_id)
            yield state
            while not state.is_finished and not subscription.is_closed:
                newer = await self._newer(execution_id, subscription.changed())
                if newer is not None and _is_newer(newer, state):
                    state = newer
                    yield state

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return up to ``limit`` events from ``from_version`` on."""
        await self.get(execution_id)
        return await self._storage.events(execution_id, from_version=from_version, limit=limit)

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return up to ``limit`` responses after ``after_cursor``."""
        await self.get(execution_id)
        return await self._storage.responses(execution_id, after_cursor=after_cursor, limit=limit)

    async def _create(
        self, execution_id: ExecutionId, function: FunctionEntry, params: list[Any], metadata: Mapping[str, str]
    ) -> bool:
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._creating[execution_id] = outcome
        turn = self._kernel.new_turn()
        self._kernel.create_execution(
            turn, execution_id, function, params,
            parent=None, scheduled_at=turn.now, scheduled_by=None, metadata=metadata,
        )  # fmt: skip
        turn.after.append(lambda: _resolve(outcome, value=True))
        turn.undo.append(lambda: _resolve(outcome, value=False))
        self._kernel.pipeline.submit(turn)
        outcome.add_done_callback(lambda _: self._creating.pop(execution_id, None))
        return await outcome

    async def _existing(self, execution_id: ExecutionId, ffqn: Ffqn, params: list[Any]) -> Submission:
        events = await self._storage.events(execution_id, from_version=0, limit=1)
        if not events:
            raise CommitUnknownError(f"whether `{execution_id}` was created is not known; submit it again with this id")
        created = events[0].event
        if isinstance(created, Created) and created.ffqn == ffqn and _same(created.params, params):
            return Submission(execution_id, SubmitOutcome.EXISTS)
        raise ExecutionConflictError(
            f"execution `{execution_id}` exists already with another function or other parameters; "
            "submit without an id, or with a new one"
        )

    async def _finished(self, execution_id: ExecutionId, state: State) -> FinishedExecution:
        events = await self._storage.events(execution_id, from_version=state.next_version - 1, limit=1)
        if not events or not isinstance(events[0].event, Finished):
            raise StorageError(f"the log of `{execution_id}` does not end with `finished`")
        return FinishedExecution(state.created_at, state.scheduled_at, state.due_at, events[0].event.retval)

    async def _newer(self, execution_id: ExecutionId, changed: Any) -> State | None:
        if not self._storage.shared:
            newer: State | None = await changed
            return newer
        try:
            return await asyncio.wait_for(changed, POLL.total_seconds())
        except TimeoutError:
            return await self.get(execution_id)

    async def list(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""
        return await self._storage.list_executions(query)


def _resolve(future: asyncio.Future[bool], *, value: bool) -> None:
    if not future.done():
        future.set_result(value)


def _same(one: Any, other: Any) -> bool:
    encode = msgspec.json.Encoder(order="deterministic").encode
    return encode(one) == encode(other)


def _is_newer(state: State, than: State) -> bool:
    return (state.next_version, state.cursor) > (than.next_version, than.cursor)
