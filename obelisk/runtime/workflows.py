"""The workflow executions of this process: those in memory, and those that were dropped while they wait.

Theory of operation
    A *hot* execution has its guest parked on a fiber. When there are more than ``HotLimit`` allows, or when its component
    says ``blocking_strategy = "interrupt"``, a waiting one whose writes are all committed is dropped; what remains is a
    *cold* record. A response to a cold one is written together with a new lock, and after that commit it is loaded and
    replayed.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from obelisk.core.events import Locked, LogEvent, Response, Unlocked
from obelisk.core.state import Lifecycle
from obelisk.errors import StorageError
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.storage import ExecutionLog, LockedExecution
from obelisk.runtime.alarms import RETRY_AFTER_ERROR
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.hot_limit import HotLimit
from obelisk.runtime.turn import Turn
from obelisk.runtime.upgrades import is_outdated, try_upgrade
from obelisk.runtime.workflow_run import ColdWorkflow, Phase, WorkflowRun

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

EVICTIONS_AT_ONCE = 64
PAGE = 10_000
MAX_LOCKS = 16
"""After more locks and unlocks than that, an execution in memory is replayed instead of being locked again."""

RELOAD_AFTER = timedelta(milliseconds=50)
_log = logging.getLogger("obelisk.workflows")


class Workflows:
    """See the module's theory of operation."""

    def __init__(self, kernel: Kernel, *, hot_limit: HotLimit) -> None:
        self._kernel = kernel
        self._hot_limit = hot_limit
        self._hot: OrderedDict[ExecutionId, WorkflowRun] = OrderedDict()
        self._cold: dict[ExecutionId, ColdWorkflow] = {}
        self._loading: dict[ExecutionId, object] = {}
        self._to_load: set[ExecutionId] = set()
        self._computing: dict[WorkflowRun, None] = {}
        self._stale: set[ExecutionId] = set()
        self._looked_at = 0

    @property
    def hot(self) -> list[WorkflowRun]:
        """The executions in memory, the least recently active first."""
        return list(self._hot.values())

    @property
    def cold_count(self) -> int:
        """How many executions were dropped while they wait."""
        return len(self._cold)

    @property
    def computing(self) -> list[WorkflowRun]:
        """The executions in memory whose guest computes in another thread."""
        self._computing = {run: None for run in self._computing if run.phase is Phase.BUSY}
        return list(self._computing)

    def next_hot(self, count: int) -> list[WorkflowRun]:
        """Return some executions in memory, the next ones at each call, so that repeated calls come to all of them."""
        start = self._looked_at if self._looked_at < len(self._hot) else 0
        self._looked_at = start + count
        return list(islice(self._hot.values(), start, start + count))

    def find(self, execution_id: ExecutionId) -> WorkflowRun | None:
        """Return an execution that is in memory."""
        return self._hot.get(execution_id)

    def knows(self, execution_id: ExecutionId) -> bool:
        """Whether an execution is hot or is being loaded."""
        return execution_id in self._hot or execution_id in self._loading

    def keeps(self, execution_id: ExecutionId) -> bool:
        """Whether something here belongs to an execution: it is hot or cold, or is being loaded or will be."""
        return (
            execution_id in self._hot
            or execution_id in self._cold
            or execution_id in self._loading
            or execution_id in self._to_load
        )

    def yields(self, execution_id: ExecutionId) -> bool:
        """Drop an execution whose lock expired, unless it extends its lock by itself; tell whether it was given up."""
        run = self._hot.get(execution_id)
        if run is None:
            return execution_id not in self._loading
        if run.function.entry.extends_lock and not run.is_settled and not run.overstays:
            return False
        run.drop()
        return True

    def forget(self, execution_id: ExecutionId) -> None:
        """Drop an execution, because somebody else is about to write to it."""
        self._cold.pop(execution_id, None)
        run = self._hot.get(execution_id)
        if run is not None:
            run.drop()

    def add(self, run: WorkflowRun) -> None:
        """Take an execution into memory."""
        self._cold.pop(run.execution_id, None)
        before = self._hot.get(run.execution_id)
        if before is not None:
            before.drop()
        self._hot[run.execution_id] = run
        self._hot_limit.added(len(self._hot))

    def remove(self, run: WorkflowRun) -> None:
        """Forget an execution that was in memory."""
        self._computing.pop(run, None)
        if self._hot.get(run.execution_id) is run:
            del self._hot[run.execution_id]

    def computes(self, run: WorkflowRun) -> None:
        """Take note that an execution's guest computes in another thread from now on."""
        self._computing[run] = None

    def waits(self, run: WorkflowRun) -> None:
        """Take note that an execution was active and now waits."""
        if run.execution_id in self._hot:
            self._hot.move_to_end(run.execution_id)

    def drop_all(self) -> None:
        """Take everything out of memory."""
        self._cold.clear()
        for run in self.hot:
            run.drop()

    def reload(self, turn: Turn) -> None:
        """Have the workflows of a refused turn loaded again soon, unless somebody else holds them by then."""
        for run in turn.participants:
            if run.may_exist:
                self.reload_soon(run.execution_id, run.function, run.run_id)

    def reload_soon(
        self, execution_id: ExecutionId, function: FunctionEntry, run_id: RunId, *, after: timedelta = RELOAD_AFTER
    ) -> None:
        """Load an execution again once there is a permit, unless somebody else holds it by then."""
        kernel = self._kernel
        self._to_load.add(execution_id)

        def load() -> None:
            self._to_load.discard(execution_id)
            if self.knows(execution_id) or kernel.is_stopping:
                return
            if function.entry.permits.take():
                kernel.spawn(self._load(execution_id, function, run_id))
            else:
                self.reload_soon(execution_id, function, run_id)

        kernel.alarms.after(after, load)

    def trim(self, turn: Turn) -> None:
        """Drop what should not stay in memory, after a turn was committed."""
        for run in turn.participants:
            if run.function.entry.interrupts:
                self._cool(run)
        excess = self._hot_limit.excess(len(self._hot))
        if excess <= 0:
            return
        oldest = [run for run, _ in zip(self._hot.values(), range(excess + EVICTIONS_AT_ONCE), strict=False)]
        for run in oldest:
            excess -= self._cool(run)
            if excess <= 0:
                return

    def deliver(self, turn: Turn, execution_id: ExecutionId, response: Response) -> None:
        """Append a response, and let the execution go on when this process holds it."""
        run = self._hot.get(execution_id)
        if run is not None:
            run.deliver(turn, response)
            return
        if execution_id in self._loading:
            self._stale.add(execution_id)
        cold = self._cold.pop(execution_id, None)
        if cold is None:
            turn.append(execution_id, response, version=None)
        else:
            self._warm(turn, execution_id, cold, response)

    def start(self, run: WorkflowRun) -> None:
        """Let an execution that was not started yet run in a turn of its own."""
        turn = self._kernel.new_turn()
        run.start(turn)
        self._kernel.pipeline.submit(turn)

    async def resume(self, locked: LockedExecution, function: FunctionEntry, lock: Locked) -> None:
        """Go on with an execution that was locked for this process; takes over its permit."""
        run = self._hot.get(locked.execution_id)
        if run is not None and await self._relock(run, locked, lock):
            function.entry.permits.leave()
            return
        if run is not None:
            run.drop()
        if is_outdated(locked.state, function):
            self._kernel.spawn(self._upgrade(locked, function, lock))
        else:
            await self._load(locked.execution_id, function, lock.run_id)

    async def _upgrade(self, locked: LockedExecution, function: FunctionEntry, lock: Locked) -> None:
        """Try an execution of another component with this one, and let it run if it fits."""
        begun = self._begin_loading(locked.execution_id)
        goes_on = False
        try:
            with self._kernel.work.piece():
                goes_on = await try_upgrade(self._kernel, locked, function, lock)
        except StorageError as error:
            _log.error("`%s` cannot be upgraded: %s", locked.execution_id, error)
            self._kernel.timers.wake()  # its lock has to expire
        finally:
            self._end_loading(locked.execution_id, begun)
            if not goes_on:
                function.entry.permits.leave()
        if goes_on:
            await self._load(locked.execution_id, function, lock.run_id)

    async def _relock(self, run: WorkflowRun, locked: LockedExecution, lock: Locked) -> bool:
        """Hand a lock and the responses before it to an execution in memory; tell whether it could take them."""
        state, storage = locked.state, self._kernel.storage
        responses = await storage.responses(locked.execution_id, after_cursor=run.cursor, limit=PAGE)
        events = await storage.events(locked.execution_id, from_version=run.version, limit=MAX_LOCKS)
        is_same = self._hot.get(locked.execution_id) is run and run.is_settled
        has_moved = run.version + len(events) != state.next_version or not all(map(_is_about_locks, events))
        if not is_same or has_moved or run.cursor + len(responses) != state.cursor:
            return False
        turn = self._kernel.new_turn()
        run.relock(turn, responses, version=state.next_version, cursor=state.cursor, lock=lock)
        self._kernel.pipeline.submit(turn)
        return True

    def _cool(self, run: WorkflowRun) -> bool:
        if not run.is_settled or self._hot.get(run.execution_id) is not run:
            return False
        cold = run.cold()
        run.drop()
        if cold is not None:
            self._cold[run.execution_id] = cold
        return True

    def _forget_cold(self, execution_id: ExecutionId) -> None:
        self._cold.pop(execution_id, None)

    def _warm(self, turn: Turn, execution_id: ExecutionId, cold: ColdWorkflow, response: Response) -> None:
        kernel, permits = self._kernel, cold.function.entry.permits
        turn.append(execution_id, response, version=cold.version, cursor=cold.cursor)
        turn.undo.append(lambda: self.reload_soon(execution_id, cold.function, cold.run_id))
        if response.join_set_id != cold.waits_for:
            self._cold[execution_id] = replace(cold, cursor=cold.cursor + 1)
            turn.undo.append(lambda: self._forget_cold(execution_id))
        elif not kernel.is_stopping and permits.take():
            turn.append(execution_id, kernel.lock_event(cold.function.entry, turn.now, cold.run_id), version=None)
            turn.undo.append(lambda: permits.leave())
            turn.after.append(lambda: kernel.spawn(self._load(execution_id, cold.function, cold.run_id)))
        elif cold.lock_expires_at > turn.now:
            # It has to wait for a permit, not for the end of its old lock too.
            turn.append(execution_id, Unlocked(turn.now, "no permit"), version=None)

    async def _load(self, execution_id: ExecutionId, function: FunctionEntry, run_id: RunId) -> None:
        """Read an execution and let it run; its permit is taken already."""
        begun = self._begin_loading(execution_id)
        try:
            with self._kernel.work.piece():
                loaded = await self._read(execution_id)
        except StorageError as error:
            _log.error("`%s` cannot be loaded, trying again: %s", execution_id, error)
            self.reload_soon(execution_id, function, run_id, after=RETRY_AFTER_ERROR)
            loaded = None
        finally:
            is_newest = self._end_loading(execution_id, begun)
        # What was read before another lock was taken may be read after all that was done under that lock.
        is_wanted = is_newest and not self._kernel.is_stopping and execution_id not in self._hot
        if loaded is None or not is_wanted or not _is_held(loaded, run_id):
            function.entry.permits.leave()
            return
        run = WorkflowRun(
            self._kernel, execution_id, loaded.events[0], function,
            run_id=run_id, version=loaded.state.next_version, cursor=loaded.state.cursor,
            lock_expires_at=loaded.state.due_at, history=loaded.events, responses=loaded.responses,
        )  # fmt: skip
        if run.replays:
            self._kernel.metrics.replayed(function.ffqn, run.replays)
        self.add(run)
        self.start(run)

    def _begin_loading(self, execution_id: ExecutionId) -> object:
        begun = self._loading[execution_id] = object()
        return begun

    def _end_loading(self, execution_id: ExecutionId, begun: object) -> bool:
        """Tell whether no other loading of this execution began meanwhile."""
        is_newest = self._loading.get(execution_id) is begun
        if is_newest:
            del self._loading[execution_id]
        return is_newest

    async def _read(self, execution_id: ExecutionId) -> ExecutionLog | None:
        """Return an execution's log with every response that this process handed in before the end of the call."""
        while True:
            self._stale.discard(execution_id)
            loaded = await self._kernel.storage.load(execution_id)
            if execution_id not in self._stale:
                return loaded


def _is_about_locks(logged: LogEvent) -> bool:
    return isinstance(logged.event, Locked | Unlocked)


def _is_held(loaded: ExecutionLog, run_id: RunId) -> bool:
    holder = loaded.state.held_by
    return holder is not None and holder.run_id == run_id and loaded.state.lifecycle is Lifecycle.ACTIVE
