"""One workflow execution in memory.

Theory of operation
    A run joins three things: the program (the guest), the replay (what its calls mean), and the log as this process knows
    it (``version``, ``cursor``). It is driven by turns. In a turn the run is given something, a lock or a response, and
    goes on until the workflow waits, ends, or computes elsewhere; what it decided is appended to the turn.

    ``version`` and ``cursor`` run ahead of the storage. That is safe because every batch names them: when somebody else
    wrote, the batch is refused, the run is dropped, and the execution is replayed from what is stored.

    A run that has appended ``batching`` events hands its turn in and goes on in a later iteration of the loop, so that one
    workflow neither grows a batch without bound nor keeps the loop from others; with ``MAX_UNDER_WAY`` batches not yet
    committed it waits for one. Meanwhile it is *held*: the reply that it goes on with is kept in ``_held``.

    Waiting keeps no lock. A run whose lock is about to expire, or has expired, begins its next turn with a new ``locked``;
    when another executor was faster, the batch is refused.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from obelisk.core.commands import Reply
from obelisk.core.events import (
    Created,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
    FailureKind,
    JoinSetRequest,
    Locked,
    LogEvent,
    LogResponse,
    Response,
    failed,
)
from obelisk.core.replay import Replay
from obelisk.errors import NondeterminismError
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import Asked, Busy, Crashed, LogLine, Returned, Step, WorkflowCall, WorkflowProgram
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.turn import Turn

if TYPE_CHECKING:
    from obelisk.ids import JoinSetId
    from obelisk.runtime.kernel import Kernel

MAX_UNDER_WAY = 8
COMMANDS_PER_ITERATION = 200


class ColdWorkflow(Struct, frozen=True):
    """What is kept of a run that was dropped from memory while it waited."""

    function: FunctionEntry
    created: Created
    created_at: datetime
    run_id: RunId
    version: int
    cursor: int
    waits_for: JoinSetId
    lock_expires_at: datetime


class WorkflowRun:
    """See the module's theory of operation."""

    def __init__(
        self, kernel: Kernel, execution_id: ExecutionId, created: LogEvent, function: FunctionEntry, *,
        run_id: RunId, version: int, cursor: int, lock_expires_at: datetime,
        history: tuple[LogEvent, ...] = (), responses: tuple[LogResponse, ...] = (),
    ) -> None:  # fmt: skip
        if not isinstance(created.event, Created):
            raise TypeError(f"version 0 of `{execution_id}` is not `created`")
        self._kernel = kernel
        self.execution_id = execution_id
        self.created = created.event
        self.created_at = created.created_at
        self.function = function
        self.run_id = run_id
        self.version = version
        self.cursor = cursor
        self.under_way = 0
        self._lock_expires_at = lock_expires_at
        self._replay = Replay(
            execution_id, created.created_at, run_expires_at=lock_expires_at, history=history, responses=responses
        )
        self._program: WorkflowProgram | None = None
        self._ending: ExecutionResult | None = None
        self._held: Reply | None = None
        self._commands = 0
        self._is_busy = False
        self._is_dropped = False
        self._has_permit = True

    # --- what happens to it -----------------------------------------------------------------------------------------

    def start(self, turn: Turn) -> None:
        """Begin to run, as part of a turn."""
        turn.participants.add(self)
        call = WorkflowCall(self.execution_id, self.function.ffqn, self.created.params, self.created_at)
        opened = self.function.entry.opened
        self._program = opened.begin(call, self._wake, self._log)  # type: ignore[union-attr]
        self._follow(turn, self._program.start())

    def deliver(self, turn: Turn, response: Response) -> None:
        """Append a response to its log, and go on when it waits for that."""
        turn.participants.add(self)
        turn.append(self.execution_id, response, version=self.version, cursor=self.cursor)
        self.cursor += 1
        self._replay.arrive(response)
        self._go_on(turn)

    def relock(self, turn: Turn, responses: list[LogResponse], *, version: int, cursor: int, lock: Locked) -> None:
        """Take over a lock and responses that are stored already, and go on."""
        turn.participants.add(self)
        self.version = version
        self.cursor = cursor
        self.run_id = lock.run_id
        self._take_lock(lock.lock_expires_at)
        for response in responses:
            self._replay.arrive(response.response)
        self._go_on(turn)

    def drop(self, *, reload: bool = False) -> None:
        """Forget it; the execution goes on from what is stored, soon when ``reload`` is true. Idempotent."""
        if self._is_dropped:
            return
        if reload:
            self._kernel.workflows.reload_soon(self.execution_id, self.function, self.run_id)
        self._is_dropped = True
        self._kernel.workflows.remove(self)
        self._release_permit()
        if self._program is not None:
            self._program.close()

    @property
    def is_settled(self) -> bool:
        """Whether it waits with all that it did committed, so that nothing is lost when it is dropped."""
        return (
            self._replay.is_waiting and not self.under_way and not self._is_busy and self._held is None
            and not self._replay.is_replaying
        )  # fmt: skip

    def cold(self) -> ColdWorkflow | None:
        """Return what to keep when it is dropped now, ``None`` when it does not wait."""
        waits_for = self._replay.waits_for
        if waits_for is None:
            return None
        return ColdWorkflow(
            self.function, self.created, self.created_at, self.run_id, self.version, self.cursor, waits_for,
            self._lock_expires_at,
        )  # fmt: skip

    # --- the loop of commands -----------------------------------------------------------------------------------------

    def _go_on(self, turn: Turn) -> None:
        if self._is_busy or self._held is not None or self._program is None:
            return
        try:
            reply = self._replay.resume()
        except NondeterminismError as error:
            self._finish(turn, failed(FailureKind.NONDETERMINISM_DETECTED, str(error)))
            return
        if reply is None:
            return
        self._extend_lock(turn)
        self._continue(turn, reply)

    def _continue(self, turn: Turn, reply: Reply) -> None:
        if self._ending is not None:
            self._end(turn)
        elif self._program is not None:
            self._follow(turn, self._program.resume(reply))

    def _follow(self, turn: Turn, step: Step) -> None:
        program = self._program
        while program is not None and isinstance(step, Asked) and not self._is_dropped:
            reply = self._apply(turn, step)
            if reply is None:
                return
            step = program.resume(reply)
        if isinstance(step, Busy):
            self._is_busy = True
            self._watch_lock()
        elif isinstance(step, Returned):
            self._ending = self.function.shape.result(step.value)
            self._end(turn)
        elif isinstance(step, Crashed):
            self._ending = failed(step.kind, step.reason, step.detail)
            self._end(turn)

    def _apply(self, turn: Turn, asked: Asked) -> Reply | None:
        if self.function.entry.interrupts:
            self._replay.run_expires_at = turn.now
        try:
            reply = self._replay.apply(asked.command, turn.now)
        except NondeterminismError as error:
            self._finish(turn, failed(FailureKind.NONDETERMINISM_DETECTED, str(error)))
            return None
        self._take_effects(turn)
        if reply is None:
            reply = self._replay.resume()  # a delay that was due at once was answered
        if reply is None:
            self._has_waited()
            return None
        self._commands += 1
        if turn.count >= self.function.entry.batching or self._commands % COMMANDS_PER_ITERATION == 0:
            self._hold(turn, reply)
            return None
        return reply

    def _end(self, turn: Turn) -> None:
        try:
            closed = self._replay.finish()
        except NondeterminismError as error:
            self._finish(turn, failed(FailureKind.NONDETERMINISM_DETECTED, str(error)))
            return
        self._take_effects(turn)
        if closed is None:
            self._has_waited()
        elif self._ending is not None:
            self._finish(turn, self._ending)

    def _finish(self, turn: Turn, result: ExecutionResult) -> None:
        self._replay.take_effects()
        self._kernel.finish(
            turn, self.execution_id, result, version=self.version, cursor=self.cursor, parent=self.created.parent
        )
        self.drop()

    # --- being held, and computing elsewhere -----------------------------------------------------------------------------

    def _hold(self, turn: Turn, reply: Reply) -> None:
        self._held = reply
        if self.under_way < MAX_UNDER_WAY:
            turn.after_submit.append(self._release_soon)
        else:
            turn.after.append(self._release)

    def _release_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._release)

    def _release(self) -> None:
        reply, self._held = self._held, None
        if reply is None or self._is_dropped:
            return
        turn = self._kernel.new_turn()
        turn.participants.add(self)
        self._extend_lock(turn)
        self._continue(turn, reply)
        self._kernel.pipeline.submit(turn)

    def _wake(self) -> None:
        self._is_busy = False
        if self._is_dropped or self._program is None:
            return
        turn = self._kernel.new_turn()
        turn.participants.add(self)
        self._extend_lock(turn)
        self._follow(turn, self._program.step())
        self._kernel.pipeline.submit(turn)

    # --- effects ---------------------------------------------------------------------------------------------------------

    def _take_effects(self, turn: Turn) -> None:
        if not self._replay.pending_events:
            return
        effects = self._replay.take_effects()
        for event in effects.events:
            self._append(turn, event)
        for event in effects.events:
            if isinstance(event, JoinSetRequest) and isinstance(event.request, DelayRequest):
                self._start_delay(turn, event.join_set_id, event.request)
        for execution in effects.executions:
            self._kernel.create(turn, execution, by=self)

    def _append(self, turn: Turn, event: Event) -> None:
        turn.append(self.execution_id, event, version=self.version, cursor=self.cursor)
        self.version += 1

    def _start_delay(self, turn: Turn, join_set: JoinSetId, request: DelayRequest) -> None:
        if request.expires_at > turn.now:
            turn.after.append(lambda: self._kernel.timers.expect(request.expires_at))
            return
        response = DelayFinished(join_set, request.delay_id)
        turn.append(self.execution_id, response, version=self.version, cursor=self.cursor)
        self.cursor += 1
        self._replay.arrive(response)

    # --- locks and permits -----------------------------------------------------------------------------------------

    def _take_lock(self, expires_at: datetime) -> None:
        self._lock_expires_at = expires_at
        self._replay.run_expires_at = expires_at

    def _extend_lock(self, turn: Turn) -> None:
        entry = self.function.entry
        if self._replay.is_replaying or turn.now < self._lock_expires_at - entry.leeway:
            return
        lock = self._kernel.lock_event(entry, turn.now, self.run_id)
        self._append(turn, lock)
        self._take_lock(lock.lock_expires_at)

    def _watch_lock(self) -> None:
        when = self._lock_expires_at - self.function.entry.leeway - timedelta(milliseconds=1)
        self._kernel.alarms.at(when, self._extend_while_busy)

    def _extend_while_busy(self) -> None:
        if self._is_dropped or not self._is_busy:
            return
        turn = self._kernel.new_turn()
        turn.participants.add(self)
        self._extend_lock(turn)
        self._kernel.pipeline.submit(turn)
        self._watch_lock()

    def _has_waited(self) -> None:
        self._release_permit()
        self._kernel.workflows.waits(self)

    def _release_permit(self) -> None:
        # A workflow that waits needs no permit: its child may be an execution of the same component.
        if self._has_permit:
            self._has_permit = False
            self.function.entry.permits.release(started=False)

    def _log(self, line: LogLine) -> None:
        if not self._replay.is_replaying:
            self._kernel.component_log(self.execution_id, self.run_id, line)
