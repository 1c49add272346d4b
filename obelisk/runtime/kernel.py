"""The kernel: what the drivers share, and the steps that join them.

Theory of operation
    It holds the engine's parts and the executions that are in memory. A happening (an outcome, a lock, a response, a
    submission) becomes a ``Turn``; the methods here put into a turn what any driver may need: create an execution,
    finish one, hand a response to whoever waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from obelisk.clock import Clock
from obelisk.core.effects import NewExecution
from obelisk.core.events import (
    ChildExecutionFinished,
    Created,
    ExecutionResult,
    Finished,
    HttpClientTrace,
    Locked,
    LogEvent,
    Paused,
    Response,
)
from obelisk.core.state import Lifecycle, State, Status
from obelisk.core.trace_context import TraceContext, child_metadata, scheduled_metadata
from obelisk.errors import CommitUnknownError
from obelisk.ids import DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.interfaces.storage import Committed, Held, Storage, StoredLine, Write
from obelisk.runtime.activity_run import RunningActivity
from obelisk.runtime.alarms import Alarms
from obelisk.runtime.cancellation import Cancellations
from obelisk.runtime.executor import Executor
from obelisk.runtime.exports import Exports
from obelisk.runtime.functions import ComponentEntry, FunctionEntry, Functions
from obelisk.runtime.hot_limit import HotLimit
from obelisk.runtime.identity import IdSource
from obelisk.runtime.metrics import Metrics
from obelisk.runtime.notifier import Notifier
from obelisk.runtime.pipeline import Pipeline
from obelisk.runtime.recovery import let_go_on, unlock_idle
from obelisk.runtime.replays import DryReplay
from obelisk.runtime.run_logs import RunLogs
from obelisk.runtime.sessions import EngineSessions
from obelisk.runtime.starts import Starts
from obelisk.runtime.timers import Timers
from obelisk.runtime.tracing import Tracing
from obelisk.runtime.turn import FinishedRun, Turn
from obelisk.runtime.work import WorkCount
from obelisk.runtime.workflow_run import WorkflowRun
from obelisk.runtime.workflows import Workflows

REFUSED_PAUSE = 0.001
"""Seconds, so that who is refused again and again does not keep others from going on."""


class Kernel:
    """See the module's theory of operation. Everything happens on one event loop."""

    def __init__(
        self, storage: Storage, clock: Clock, ids: IdSource, *, functions: Functions, deployment_id: DeploymentId,
        executor_id: ExecutorId, hot_limit: HotLimit, run_ahead: bool, spawn: Callable[[Coroutine[Any, Any, None]], None],
        exports: Exports,
    ) -> None:  # fmt: skip
        self.storage = storage
        self.clock = clock
        self.ids = ids
        self.functions = functions
        self.deployment_id = deployment_id
        self.executor_id = executor_id
        self.spawn = spawn
        self.is_stopping = False
        self.unlocks_later = False
        self.work = WorkCount()
        self.metrics = Metrics()
        self.alarms = Alarms(clock)
        self.starts = Starts(clock)
        self.notifier = Notifier()
        self.timers = Timers(self)
        self.workflows = Workflows(self, hot_limit=hot_limit)
        self.cancellations = Cancellations(self)
        self.sessions = EngineSessions(self)
        self.activities: dict[ExecutionId, RunningActivity] = {}
        self.replays: set[DryReplay] = set()
        self.exports = exports
        self.tracing = Tracing(storage, exports.spans, work=self.work, spawn=spawn)
        self.run_logs = RunLogs(storage, clock, exports)
        self.pipeline = Pipeline(
            storage,
            clock,
            work=self.work,
            metrics=self.metrics,
            start=self.starts.soon,
            on_committed=self.committed,
            on_settled=self.workflows.trim,
            on_refused=self._refused,
            on_unknown=self._unknown,
        )
        self._run_ahead = run_ahead
        self.executors: dict[ComponentEntry, Executor] = {}

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happens before time passes, or somebody outside does something."""
        return self.work.is_none and not self.activities and all(run.is_settled for run in self.workflows.hot)

    def runs(self, execution_id: ExecutionId) -> bool:
        """Whether an execution is in this process's memory."""
        is_session = self.sessions.find(execution_id) is not None
        return is_session or execution_id in self.activities or self.workflows.knows(execution_id)

    def new_turn(self) -> Turn:
        """Return an empty turn of now."""
        return Turn(self.clock.now())

    def lock_event(self, entry: ComponentEntry, now: datetime, run_id: RunId) -> Locked:
        """Return a lock of ``entry``'s component that starts at ``now``."""
        return Locked(
            entry.component.id,
            self.executor_id,
            self.deployment_id,
            run_id,
            now + entry.lock_expiry,
            entry.retry_config,
        )

    def create(self, turn: Turn, new: NewExecution, *, by: ExecutionId, trace: TraceContext) -> None:
        """Create an execution that another one asked for, locked for this executor when it can start at once.

        ``trace`` is the one that ``by`` is part of.
        """
        created = self.created_event(new, by=by, trace=trace)
        self.create_execution(turn, new.execution_id, self.functions.get(new.ffqn), created)

    def created_event(self, new: NewExecution, *, by: ExecutionId, trace: TraceContext) -> Created:
        """Return the first event of an execution that ``by``, which is part of ``trace``, asked for."""
        component = self.functions.get(new.ffqn).entry.component.id
        is_child = new.parent is not None
        return Created(
            new.ffqn, new.params, new.parent, new.scheduled_at, component, self.deployment_id,
            child_metadata(by, trace) if is_child else scheduled_metadata(by, trace), None if is_child else by,
        )  # fmt: skip

    def create_execution(
        self, turn: Turn, execution_id: ExecutionId, function: FunctionEntry, created: Created, *, paused: bool = False
    ) -> None:
        """Create an execution, locked for this executor when it can start at once, or paused.

        Under an id that something in memory has it is not locked: should that exist, which the commit finds out, another
        run would take its place.
        """
        entry = function.entry
        if paused:
            turn.extend(execution_id, (created, Paused()), 0, 0)
            return
        is_kept = execution_id in self.activities or self.workflows.keeps(execution_id)
        is_later = entry.is_stub or created.scheduled_at > turn.now or self.is_stopping
        if is_kept or is_later or not entry.permits.take():
            turn.append(execution_id, created, version=0, cursor=0)
            return
        lock = self.lock_event(entry, turn.now, self.ids.run(turn.now))
        turn.extend(execution_id, (created, lock), 0, 0)
        if entry.is_workflow:
            self._start_workflow(turn, execution_id, LogEvent(0, turn.now, created), function, lock)
        else:
            is_ahead = self._run_ahead and entry.component.pure
            activity = RunningActivity(
                self, execution_id, created, function,
                run_id=lock.run_id, version=2, failures=0, deadline=lock.lock_expires_at, is_ahead=is_ahead,
            )  # fmt: skip
            turn.undo.append(activity.discard)
            if is_ahead:
                turn.ahead.append(activity)
            else:
                turn.after.append(activity.begin)

    def finish(
        self, turn: Turn, execution_id: ExecutionId, result: ExecutionResult, *,
        version: int, cursor: int | None, parent: tuple[ExecutionId, JoinSetId] | None,
        traces: Sequence[HttpClientTrace] = (),
    ) -> None:  # fmt: skip
        """Finish an execution and answer its parent."""
        turn.append(execution_id, Finished(result, list(traces)), version=version, cursor=cursor)
        if parent is not None:
            self.deliver(turn, parent[0], ChildExecutionFinished(parent[1], execution_id, version, result))

    def finish_run(
        self, turn: Turn, execution_id: ExecutionId, event: Finished, *, version: int,
        parent: tuple[ExecutionId, JoinSetId] | None, then: Callable[[], None], base: asyncio.Future[Committed] | None,
    ) -> None:  # fmt: skip
        """Finish an execution whose result is saved even if the rest of the turn is refused, and answer its parent.

        ``then`` happens once the result is committed, whichever commit that is in. ``base`` is the commit of its lock, if
        that has no outcome yet.
        """
        turn.append(execution_id, event, version=version)
        response = owner = None
        if parent is not None:
            owner, join_set = parent
            response = ChildExecutionFinished(join_set, execution_id, version, event.retval)
            self.deliver(turn, owner, response)
        turn.results.append(FinishedRun(execution_id, version, event, owner, response, then, base))
        turn.after.append(then)

    def deliver(self, turn: Turn, execution_id: ExecutionId, response: Response) -> None:
        """Append a response to an execution; when it is in memory it goes on in this turn."""
        turn.todo.append(lambda: self._deliver(turn, execution_id, response))

    def _deliver(self, turn: Turn, execution_id: ExecutionId, response: Response) -> None:
        session = self.sessions.find(execution_id)
        if session is None:
            self.workflows.deliver(turn, execution_id, response)
        else:
            session.deliver(turn, response)

    async def written(self, turn: Turn) -> bool:
        """Write a turn; return whether it was committed. After a refusal look again: somebody was faster.

        Raises ``CommitUnknownError`` when nobody knows whether it was written.
        """
        return await self.write(turn)

    def write(self, turn: Turn) -> Coroutine[Any, Any, bool]:
        """Submit a turn now; what is returned does the rest of ``written``."""
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        turn.after.append(lambda: _resolve(outcome, value=True))
        turn.undo.append(lambda: _resolve(outcome, value=False))
        self.pipeline.submit(turn)
        return self._outcome(turn, outcome)

    async def _outcome(self, turn: Turn, outcome: asyncio.Future[bool]) -> bool:
        if await outcome:
            return True
        if turn.is_unknown:
            failure = turn.failure or "whether it was written is not known"
            raise CommitUnknownError(f"{failure}; look, or ask for it again")
        await asyncio.sleep(REFUSED_PAUSE)
        return False

    def wake_executors(self) -> None:
        """Have all executors look for pending executions soon."""
        for executor in self.executors.values():
            executor.wake()

    def component_log(self, entry: ComponentEntry, lines: Sequence[StoredLine], created: Created) -> None:
        """Pass on what a component logged, once the commit that holds its cause is done."""
        self.run_logs.take(entry.line_route, lines, created.metadata)

    def _start_workflow(
        self, turn: Turn, execution_id: ExecutionId, created: LogEvent, function: FunctionEntry, lock: Locked
    ) -> None:
        run = WorkflowRun(
            self, execution_id, created, function,
            run_id=lock.run_id, version=2, cursor=0, lock_expires_at=lock.lock_expires_at,
        )  # fmt: skip
        self.workflows.add(run)
        turn.undo.append(run.was_refused)
        if turn.count < function.entry.batching:
            turn.todo.append(lambda: run.start(turn))
        else:
            turn.after.append(lambda: self.workflows.start(run))

    def committed(self, write: Write, state: State) -> None:
        """Pass on what is durable now to whoever waits for it: exporters, clients, the executor of what became pending."""
        execution_id = write.execution_id
        self.metrics.committed(write, state)
        if self.exports.wants_spans:
            self.tracing.committed(write, state)
        self.notifier.changed(execution_id, state)
        if state.component_id.component_type.is_of_trigger:
            session = self.sessions.find(execution_id)
            if session is not None:
                session.committed(state)
            return
        if state.lifecycle is Lifecycle.CANCELLING and not state.is_finished:
            self.cancellations.drive(execution_id)
        if state.status is Status.PENDING and state.lifecycle is Lifecycle.ACTIVE:
            self._pending(execution_id, state)

    def _pending(self, execution_id: ExecutionId, state: State) -> None:
        if self._waits_for_another(state):
            self.spawn(let_go_on(self, Held(execution_id, state)))
        function = self.functions.find(state.ffqn)
        if function is None:
            return
        entry = function.entry
        if entry not in self.executors:
            return
        if state.due_at <= self.clock.now():
            self.executors[entry].wake()
        else:
            self.alarms.at(state.due_at, self.executors[entry].wake)

    def _waits_for_another(self, state: State) -> bool:
        """Whether an execution that is pending is kept for an executor that does not know of that yet."""
        holder = state.held_by
        return holder is not None and holder.executor_id != self.executor_id and state.due_at > self.clock.now()

    def _refused(self, turn: Turn) -> None:
        self.workflows.reload(turn)
        self.timers.wake()  # a lock that this turn was to end is not watched by anybody

    def _unknown(self, turn: Turn) -> None:
        turn.is_unknown = True
        for undo in turn.undo:
            undo()
        self.workflows.drop_all()
        self.notifier.lost_track()
        self.timers.lost_track()
        if not (self.is_stopping or self.unlocks_later):
            self.unlocks_later = True
            self.spawn(unlock_idle(self))


def _resolve(outcome: asyncio.Future[bool], *, value: bool) -> None:
    if not outcome.done():
        outcome.set_result(value)
