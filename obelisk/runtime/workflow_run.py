"""One workflow execution in memory.

Theory of operation
    A run joins three things: the program (the guest), the replay (what its calls mean), and the log as this process knows
    it (``version``, ``cursor``). It is driven by turns. In a turn the run is given something, a lock or a response, and
    goes on until the workflow waits, ends, or computes elsewhere; what it decided is appended to the turn.

    Its ``Phase`` says what it may be given next: a *new* one is started, a *waiting* one takes responses, a *held* one has
    a reply and goes on in a turn of its own, a *busy* one computes in another thread and says when it is done, a *deciding*
    one asked about another execution, which is being looked up (``runtime.decisions``). One that is *gone* has left memory
    and ignores everything; whoever made it leave decides whether the execution is loaded again.

    ``version`` and ``cursor`` run ahead of the storage. That is safe because every batch names them: when somebody else
    wrote, the batch is refused, the run is dropped, and the execution is replayed from what is stored.

    A run is held when its turn has grown to ``batching`` events or has taken ``TURN_NS``, so that one workflow neither
    grows a batch without bound nor keeps the loop from others; with ``MAX_UNDER_WAY`` batches not yet committed it waits
    for one, and where the component has an instance limit, for a permit.

    Waiting keeps no lock. A run whose lock is about to expire, or has expired, begins its next turn with a new ``locked``;
    when another executor was faster, the batch is refused. While it computes, ``_watch_lock`` extends the lock, but only
    ``MAX_EXTENSIONS`` times between two host calls: a guest that loops for ever *overstays*, and loses its lock.

    A workflow that closes a join set waits as it does for any response; the engine is asked to cancel what it can. One whose
    calls do not fit its history is abandoned: the program is dropped, what the log left open is closed, then it fails.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from obelisk.core.commands import Reply
from obelisk.core.effects import Question
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
from obelisk.core.trace_context import trace_of
from obelisk.errors import InvalidValueError, NondeterminismError, StorageError
from obelisk.ids import DelayId, ExecutionId, RunId
from obelisk.interfaces.components import Asked, Busy, Crashed, Logged, Returned, Step, WorkflowCall, WorkflowProgram
from obelisk.interfaces.storage import StoredLine
from obelisk.runtime.alarms import Alarm
from obelisk.runtime.decisions import Decision, Stubbed, decide
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.turn import Turn

if TYPE_CHECKING:
    from obelisk.ids import JoinSetId
    from obelisk.interfaces.storage import Committed
    from obelisk.runtime.kernel import Kernel

MAX_EXTENSIONS = 5
MAX_UNDER_WAY = 2
TURN_NS = 10_000_000
_log = logging.getLogger("obelisk.workflows")


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


class Phase(Enum):
    """What a run may be given next; see the theory of operation."""

    NEW = "new"
    ACTIVE = "active"
    WAITING = "waiting"
    HELD = "held"
    BUSY = "busy"
    DECIDING = "deciding"
    GONE = "gone"


class WorkflowRun:
    """See the module's theory of operation."""

    def __init__(
        self, kernel: Kernel, execution_id: ExecutionId, created: LogEvent, function: FunctionEntry, *,
        run_id: RunId, version: int, cursor: int, lock_expires_at: datetime,
        history: tuple[LogEvent, ...] = (), responses: tuple[LogResponse, ...] = (),
    ) -> None:  # fmt: skip
        if not isinstance(created.event, Created):
            raise StorageError(f"version 0 of `{execution_id}` is not `created`")
        self._kernel = kernel
        self.execution_id = execution_id
        self.created = created.event
        self.created_at = created.created_at
        self.trace = trace_of(execution_id, created.event.metadata)
        self.function = function
        self.run_id = run_id
        self.version = version
        self.cursor = cursor
        self.under_way: dict[asyncio.Future[Committed], None] = {}
        self.may_exist = True
        self.phase = Phase.NEW
        self._lock_expires_at = lock_expires_at
        self._extend_at = lock_expires_at - function.entry.leeway
        self._replay = Replay(
            execution_id, created.created_at, run_expires_at=lock_expires_at, catalog=kernel.functions,
            history=history, responses=responses,
        )  # fmt: skip
        self._program: WorkflowProgram | None = None
        self._ending: ExecutionResult | None = None
        self._held: Reply | None = None
        self._lines: list[StoredLine] = []
        self._lock_watch: Alarm | None = None
        self._has_permit = True
        self._turn_began = 0
        self._extensions = 0
        self._closing: JoinSetId | None = None

    # --- what happens to it -----------------------------------------------------------------------------------------

    def start(self, turn: Turn) -> None:
        """Begin to run, as part of a turn. Params that do not fit the function any more finish the execution."""
        if self.phase is not Phase.NEW:
            return
        self._activate(turn)
        try:
            params = self.function.params.check(self.created.params)
        except InvalidValueError as error:
            self._finish(turn, failed(FailureKind.UNCATEGORIZED, f"parameters cannot be deserialized: {error}"))
            return
        call = WorkflowCall(self.execution_id, self.function.ffqn, params, self.created_at)
        opened = self.function.entry.opened
        self._program = opened.begin(call, self._wake, self._log)  # type: ignore[union-attr]
        self._follow(turn, self._program.start())

    def deliver(self, turn: Turn, response: Response) -> None:
        """Append a response to its log, and go on when it waits for that."""
        turn.participants[self] = None
        turn.append(self.execution_id, response, version=self.version, cursor=self.cursor)
        self.cursor += 1
        if self._replay.accept(response):  # the storage refuses a second one
            self._go_on(turn)

    def relock(self, turn: Turn, responses: list[LogResponse], *, version: int, cursor: int, lock: Locked) -> None:
        """Take over a lock and responses that are stored already, and go on."""
        turn.participants[self] = None
        self.version = version
        self.cursor = cursor
        self.run_id = lock.run_id
        self._take_lock(lock.lock_expires_at)
        for response in responses:
            self._replay.arrive(response.response)
        self._go_on(turn)

    def drop(self) -> None:
        """Leave memory. Idempotent."""
        if self.phase is Phase.GONE:
            return
        self.phase = Phase.GONE
        self._kernel.workflows.remove(self)
        self._leave()
        if self._lock_watch is not None:
            self._lock_watch.cancel()
        if self._program is not None:
            self._program.close()

    def was_refused(self) -> None:
        """Leave memory for good: the commit that was to create the execution, and lock it for this run, was not made."""
        self.may_exist = False
        self.drop()

    def hand_over_lines(self, turn: Turn) -> None:
        """Let what the workflow logged leave with the commit of ``turn``; what it logged in replay is dropped."""
        if self._lines:
            lines, self._lines = self._lines, []
            turn.after.append(lambda: self._kernel.component_log(self.function.entry, lines, self.created))

    def _log(self, line: Logged) -> None:
        self._lines.append(StoredLine(self.execution_id, self.run_id, self._kernel.clock.now(), line))

    @property
    def is_settled(self) -> bool:
        """Whether it waits with all that it did committed, so that nothing is lost when it is dropped."""
        return self.phase is Phase.WAITING and not self.under_way and not self._replay.is_replaying

    @property
    def is_suspended(self) -> bool:
        """Whether its guest is parked and waits for a response."""
        return self.phase is Phase.WAITING

    @property
    def replays(self) -> int:
        """How many events of its history it has to go through again."""
        return self._replay.unmatched

    @property
    def overstays(self) -> bool:
        """Whether it computed through all the extensions of its lock that it may have."""
        return self.phase is Phase.BUSY and self._extensions >= MAX_EXTENSIONS

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

    def _activate(self, turn: Turn) -> None:
        self.phase = Phase.ACTIVE
        turn.participants[self] = None
        self._turn_began = self._kernel.clock.monotonic_ns()
        self._extensions = 0

    def _go_on(self, turn: Turn) -> None:
        if self.phase is not Phase.WAITING or not self._replay.is_answered:
            return
        if self._enter():
            self._activate(turn)
            self._extend_lock(turn)
            self._resume(turn)
        else:
            self._hold(None)
            self._release_when_free()

    def _resume(self, turn: Turn) -> None:
        self._tell_expiry(turn)
        try:
            reply = self._replay.resume()
        except NondeterminismError as error:
            self._abandon(turn, error)
            return
        if reply is None:  # a join set is closed, and waits for its next response
            self._take_effects(turn)
            self._wait(turn)
        else:
            self._continue(turn, reply)

    def _continue(self, turn: Turn, reply: Reply) -> None:
        if self._ending is not None:
            self._end(turn)
        elif self._program is not None:
            self._follow(turn, self._program.resume(reply))

    def _follow(self, turn: Turn, step: Step) -> None:
        program = self._program
        while program is not None and isinstance(step, Asked) and self.phase is Phase.ACTIVE:
            reply = self._apply(turn, step)
            if reply is None:
                return
            step = program.resume(reply)
        if self.phase is not Phase.ACTIVE:
            return
        if isinstance(step, Busy):
            self.phase = Phase.BUSY
            self._kernel.workflows.computes(self)
            self._watch_lock()
        elif isinstance(step, Returned):
            self._ending = self.function.shape.result(step.value)
            self._end(turn)
        elif isinstance(step, Crashed):
            self._ending = failed(step.kind, step.reason, step.detail)
            self._end(turn)

    def _apply(self, turn: Turn, asked: Asked) -> Reply | None:
        if self._lines and self._replay.is_replaying:
            self._lines.clear()
        self._tell_expiry(turn)
        try:
            reply = self._replay.apply(asked.command, turn.now)
        except NondeterminismError as error:
            self._abandon(turn, error)
            return None
        self._take_effects(turn)
        if self._replay.question is not None:
            self._ask(turn, self._replay.question)
            return None
        if reply is None:
            reply = self._replay.resume()  # a delay that was due at once was answered
        if reply is None:
            self._wait(turn)
            return None
        if turn.count >= self.function.entry.batching or self._has_taken_long:
            self._hold(reply)
            self._release_later(turn)
            return None
        return reply

    @property
    def _has_taken_long(self) -> bool:
        return self._kernel.clock.monotonic_ns() - self._turn_began > TURN_NS

    def _end(self, turn: Turn) -> None:
        self._tell_expiry(turn)
        try:
            closed = self._replay.finish()
        except NondeterminismError as error:
            self._abandon(turn, error)
            return
        self._take_effects(turn)
        if closed is None:
            self._wait(turn)
        elif self._ending is not None:
            self._finish(turn, self._ending)

    def _finish(self, turn: Turn, result: ExecutionResult) -> None:
        self._replay.take_effects()
        self._kernel.finish(
            turn, self.execution_id, result, version=self.version, cursor=self.cursor, parent=self.created.parent
        )
        self.drop()

    def _abandon(self, turn: Turn, error: NondeterminismError) -> None:
        self._ending = failed(FailureKind.NONDETERMINISM_DETECTED, str(error), error.report)
        if self._program is not None:
            self._program.close()
        self._replay.abandon()
        self._end(turn)

    def _wait(self, turn: Turn) -> None:
        self.phase = Phase.WAITING
        self._leave()
        self._kernel.workflows.waits(self)
        self._ask_to_cancel(turn)

    def _ask_to_cancel(self, turn: Turn) -> None:
        """Once this turn is committed, have what is open in a join set that is being closed cancelled."""
        join_set = self._replay.closes
        if join_set is None or join_set == self._closing:
            return
        self._closing = join_set
        members, close = self._replay.to_cancel, self._kernel.cancellations.close
        turn.after.append(lambda: self._kernel.spawn(close(self.execution_id, members)))

    def is_open(self, member: ExecutionId | DelayId, join_set: JoinSetId) -> bool:
        """Tell whether a child or a delay has no response, not even one that was handed in and is not committed."""
        return self._replay.is_open(member, join_set)

    # --- being held, and computing elsewhere -----------------------------------------------------------------------------

    def _hold(self, reply: Reply | None) -> None:
        """Go on in a turn of its own, with a reply or with the response that came."""
        self.phase = Phase.HELD
        self._held = reply

    def _release_later(self, turn: Turn) -> None:
        later = turn.after_submit if len(self.under_way) < MAX_UNDER_WAY else turn.after
        later.append(self._release_soon)

    def _release_when_free(self) -> None:
        self.function.entry.permits.when_free(self._release_soon)

    def _release_soon(self) -> None:
        # In an iteration of its own: the turn that this is called in may not have been handed in yet.
        asyncio.get_running_loop().call_soon(self._release)

    def _release(self) -> None:
        if self.phase is not Phase.HELD:
            return
        if self._kernel.is_stopping:
            self.drop()
            return
        if not self._enter():
            self._release_when_free()
            return
        reply, self._held = self._held, None
        turn = self._kernel.new_turn()
        self._activate(turn)
        self._extend_lock(turn)
        if reply is None:
            self._resume(turn)
        else:
            self._continue(turn, reply)
        self._kernel.pipeline.submit(turn)

    def _ask(self, turn: Turn, question: Question) -> None:
        self.phase = Phase.DECIDING
        self._watch_lock()
        turn.after_submit.append(lambda: self._kernel.spawn(self._decide(question)))

    async def _decide(self, question: Question) -> None:
        kernel = self._kernel
        with kernel.work.piece():
            try:
                decision = await decide(kernel, question)
            except StorageError as error:
                _log.error("`%s` cannot be looked up for `%s`: %s", question.target, self.execution_id, error)
                self.drop()
                kernel.workflows.reload_soon(self.execution_id, self.function, self.run_id)
                return
            if self.phase is Phase.DECIDING:
                self._decided(decision)

    def _decided(self, decision: Decision) -> None:
        turn = self._kernel.new_turn()
        self._activate(turn)
        self._extend_lock(turn)
        reply = self._replay.settle(decision.outcome, create=decision.create)
        self._take_effects(turn)
        if decision.stubbed is not None:
            self._finish_stub(turn, decision.stubbed)
        self._continue(turn, reply)
        self._kernel.pipeline.submit(turn)

    def _finish_stub(self, turn: Turn, stubbed: Stubbed) -> None:
        version, parent = stubbed.state.next_version, stubbed.state.parent
        self._kernel.finish(turn, stubbed.execution_id, stubbed.result, version=version, cursor=None, parent=parent)
        # The workflow may be the parent: the response is there when it goes on.
        turn.settle()

    def _wake(self) -> None:
        if self.phase is not Phase.BUSY or self._program is None:
            return
        turn = self._kernel.new_turn()
        self._activate(turn)
        self._extend_lock(turn)
        self._follow(turn, self._program.step())
        self._kernel.pipeline.submit(turn)

    # --- effects ---------------------------------------------------------------------------------------------------------

    def _take_effects(self, turn: Turn) -> None:
        if not self._replay.pending_events:
            return
        effects = self._replay.take_effects()
        self._append(turn, effects.events)
        for event in effects.events:
            if isinstance(event, JoinSetRequest) and isinstance(event.request, DelayRequest):
                self._start_delay(turn, event.join_set_id, event.request)
        for execution in effects.executions:
            self._kernel.create(turn, execution, by=self.execution_id, trace=self.trace)

    def _append(self, turn: Turn, events: Sequence[Event]) -> None:
        turn.extend(self.execution_id, events, self.version, self.cursor)
        self.version += len(events)

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
        self._extend_at = expires_at - self.function.entry.leeway
        self._replay.run_expires_at = expires_at

    def _tell_expiry(self, turn: Turn) -> None:
        """A run that is dropped when it waits keeps nobody off from then on."""
        if self.function.entry.interrupts:
            self._replay.run_expires_at = turn.now

    def _extend_lock(self, turn: Turn) -> None:
        if turn.now < self._extend_at:
            return
        lock = self._kernel.lock_event(self.function.entry, turn.now, self.run_id)
        self._append(turn, (lock,))
        self._take_lock(lock.lock_expires_at)

    def _watch_lock(self) -> None:
        if self._lock_watch is not None:
            self._lock_watch.cancel()
        if self.function.entry.extends_lock and not self.overstays:
            self._lock_watch = self._kernel.alarms.at(self._extend_at, self._extend_while_busy)
        else:
            self._lock_watch = self._kernel.timers.expect_expiry(self._lock_expires_at)

    def _extend_while_busy(self) -> None:
        if self.phase not in (Phase.BUSY, Phase.HELD, Phase.DECIDING):
            return
        self._extensions += 1
        turn = self._kernel.new_turn()
        turn.participants[self] = None
        self._extend_lock(turn)
        self._kernel.pipeline.submit(turn)
        self._watch_lock()

    def _enter(self) -> bool:
        if not self._has_permit:
            self._has_permit = self.function.entry.permits.enter()
        return self._has_permit

    def _leave(self) -> None:
        # A workflow that waits needs no permit: its child may be an execution of the same component.
        if self._has_permit:
            self._has_permit = False
            self.function.entry.permits.leave()
