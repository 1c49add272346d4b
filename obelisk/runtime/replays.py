"""Replaying a workflow's log against the component that exports its function now, without writing anything.

Theory of operation
    The program is driven as in a real run, by the same ``core.replay``; what it would append beyond its log is captured
    instead of written. A replay stops where the workflow would wait, where it would ask about another execution, at its
    end, and after ``MAX_CAPTURED`` events. One of an execution that is ended from outside stops at the end of its log:
    the workflow never saw what came after.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from obelisk.core.events import (
    Created,
    DelayFinished,
    DelayRequest,
    ExecutionResult,
    FailureKind,
    Finished,
    JoinSetRequest,
    LogEvent,
    failed,
)
from obelisk.core.hashing import same_result
from obelisk.core.replay import Replay
from obelisk.core.state import Lifecycle, State
from obelisk.core.trace_context import trace_of
from obelisk.core.values import failure_text
from obelisk.errors import ExecutionStateError, InvalidValueError, NondeterminismError, StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.components import Asked, Busy, Crashed, Logged, Returned, Step, WorkflowCall, WorkflowProgram
from obelisk.interfaces.executions import CapturedExecution, CapturedWrite, ReplayOutcome, ReplayReport
from obelisk.interfaces.storage import ExecutionLog
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.lookups import log_of
from obelisk.runtime.sessions import check_not_of_trigger

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

MAX_CAPTURED = 100
MAX_SECONDS = 60.0
TURN_NS = 10_000_000
_CUT = (FailureKind.CANCELLED, FailureKind.TIMED_OUT)


async def replay(kernel: Kernel, execution_id: ExecutionId) -> ReplayReport:
    """Replay an execution; see ``Executions.replay``."""
    log = await log_of(kernel.storage, execution_id)
    return await replay_log(kernel, log, workflow_function(kernel, execution_id, log.state))


def workflow_function(kernel: Kernel, execution_id: ExecutionId, state: State) -> FunctionEntry:
    """Return the function of a workflow execution.

    Raises ``FunctionNotFoundError`` when no component exports it, ``ExecutionStateError`` when it is no workflow.
    """
    check_not_of_trigger(execution_id, state, what="replayed")
    function = kernel.functions.get(state.ffqn)
    if not function.entry.is_workflow:
        raise ExecutionStateError(
            f"execution `{execution_id}` of `{state.ffqn}` is no workflow, only those are replayed"
        )
    return function


async def replay_log(kernel: Kernel, log: ExecutionLog, function: FunctionEntry) -> ReplayReport:
    """Replay a log against the component of ``function``. Raises ``StorageError`` when the engine stops meanwhile."""
    dry = DryReplay(kernel, log, function)
    kernel.replays.add(dry)
    try:
        with kernel.work.piece():
            return await asyncio.wait_for(dry.run(), MAX_SECONDS)
    except TimeoutError:
        return ReplayReport(ReplayOutcome.FAILED, error=f"the replay did not end within {MAX_SECONDS:.0f} s")
    finally:
        kernel.replays.discard(dry)
        dry.close()


class DryReplay:
    """One replay; see the module's theory of operation."""

    def __init__(self, kernel: Kernel, log: ExecutionLog, function: FunctionEntry) -> None:
        created = log.events[0]
        if not isinstance(created.event, Created):
            raise StorageError(f"version 0 of `{log.execution_id}` is not `created`")
        self._kernel = kernel
        self._log = log
        self._function = function
        self._created = created.event
        self._created_at = created.created_at
        self._trace = trace_of(log.execution_id, created.event.metadata)
        self._now = kernel.clock.now()
        self._replay = Replay(
            log.execution_id, created.created_at, run_expires_at=self._now, catalog=kernel.functions,
            history=log.events, responses=log.responses,
        )  # fmt: skip
        self._writes: list[CapturedWrite] = []
        self._captured = 0
        self._turn_began = 0
        self._woken = asyncio.Event()
        self._program: WorkflowProgram | None = None

    async def run(self) -> ReplayReport:
        """Replay to the first thing that is not in the log."""
        self._check_goes_on()
        self._turn_began = self._kernel.clock.monotonic_ns()
        try:
            params = self._function.params.check(self._created.params)
        except InvalidValueError as error:
            return self._report(error=f"parameters cannot be deserialized: {error}")
        call = WorkflowCall(self._log.execution_id, self._function.ffqn, params, self._created_at)
        self._program = self._function.entry.opened.begin(call, self._woken.set, _drop)  # type: ignore[union-attr]
        try:
            return await self._follow(self._program, self._program.start())
        except NondeterminismError as error:
            return self._report(error=str(error) if error.report is None else f"{error}\n{error.report}")

    def stop(self) -> None:
        """End the replay: the engine stops."""
        self._woken.set()

    def close(self) -> None:
        """Drop the program."""
        if self._program is not None:
            self._program.close()

    async def _follow(self, program: WorkflowProgram, step: Step) -> ReplayReport:
        while True:
            if isinstance(step, Busy):
                await self._woken.wait()
                self._woken.clear()
                self._check_goes_on()
                step = program.step()
            elif self._is_cut and not self._replay.is_replaying:
                return self._report()
            elif isinstance(step, Asked):
                reply = self._replay.apply(step.command, self._now)
                self._capture()
                if reply is None:
                    reply = self._replay.resume()
                if reply is None or self._captured >= MAX_CAPTURED:
                    return self._report()
                await self._let_others_go_on()
                step = program.resume(reply)
            else:
                return self._ended(step)

    async def _let_others_go_on(self) -> None:
        """Give the loop its turn from time to time: a log may be long."""
        if self._kernel.clock.monotonic_ns() - self._turn_began > TURN_NS:
            await asyncio.sleep(0)
            self._check_goes_on()
            self._turn_began = self._kernel.clock.monotonic_ns()

    def _check_goes_on(self) -> None:
        if self._kernel.is_stopping:
            raise StorageError(f"the engine stopped while `{self._log.execution_id}` was replayed")

    def _ended(self, step: Returned | Crashed) -> ReplayReport:
        result = self._result(step)
        closed = self._replay.finish()
        self._capture()
        if closed is None or self._is_cut:
            return self._report()
        if self._log.state.is_finished:
            return self._compared(result)
        finished = LogEvent(self._log.state.next_version + self._captured, self._now, Finished(result))
        self._writes.append(CapturedWrite(finished.version, (finished,)))
        return self._report()

    def _result(self, step: Returned | Crashed) -> ExecutionResult:
        if isinstance(step, Returned):
            return self._function.shape.result(step.value)
        return failed(step.kind, step.reason, step.detail)

    def _compared(self, result: ExecutionResult) -> ReplayReport:
        stored = self._stored_result()
        if stored is None or same_result(_without_details(result), _without_details(stored)):
            return self._report()
        return self._report(error=f"the workflow ends with {_text(result)}, the log says {_text(stored)}")

    def _stored_result(self) -> ExecutionResult | None:
        last = self._log.events[-1].event
        return last.retval if isinstance(last, Finished) else None

    def _capture(self) -> None:
        effects = self._replay.take_effects()
        if not effects.events or self._is_cut:
            return
        version = self._log.state.next_version + self._captured
        events = tuple(LogEvent(version + index, self._now, event) for index, event in enumerate(effects.events))
        created = tuple(
            CapturedExecution(
                new.execution_id,
                self._kernel.created_event(new, by=self._log.execution_id, trace=self._trace),
            )
            for new in effects.executions
        )
        self._writes.append(CapturedWrite(version, events, created))
        self._captured += len(events)
        for event in effects.events:
            self._answer_at_once(event)

    def _answer_at_once(self, event: object) -> None:
        if not isinstance(event, JoinSetRequest) or not isinstance(event.request, DelayRequest):
            return
        if event.request.expires_at <= self._now:
            self._replay.arrive(DelayFinished(event.join_set_id, event.request.delay_id))

    def _report(self, *, error: str | None = None) -> ReplayReport:
        writes = tuple(self._writes)
        result = self._stored_result()
        asks_for_more = bool(writes) or self._replay.question is not None
        if error is None and result is not None and asks_for_more:
            error = "the workflow asks for more than its log holds"
        if error is not None:
            return ReplayReport(ReplayOutcome.FAILED, error=error, writes=writes)
        if result is not None:
            return ReplayReport(ReplayOutcome.FINISHED, result=result)
        return ReplayReport(ReplayOutcome.ADVANCEABLE if asks_for_more else ReplayOutcome.BLOCKED, writes=writes)

    @property
    def _is_cut(self) -> bool:
        """Whether the execution is ended from outside, so that its workflow does not come to its own end."""
        state = self._log.state
        return state.lifecycle is Lifecycle.CANCELLING or state.failure_kind in _CUT


def _drop(line: Logged) -> None:
    """Forget what the workflow logs: it did so when it ran."""


def _without_details(result: ExecutionResult) -> ExecutionResult:
    """Return a result without the text of a failure, which holds addresses and names of the component that ran."""
    failure = result.execution_failure
    return result if failure is UNSET else failed(failure.kind, "")


def _text(result: ExecutionResult) -> str:
    failure = result.execution_failure
    if failure is not UNSET:
        return f"the failure `{failure_text(failure)}`"
    payload = result.err if result.err is not UNSET else result.ok
    shown = msgspec.json.encode(getattr(payload, "value", None)).decode()
    return f"`{'err' if result.err is not UNSET else 'ok'}` `{shown}`"
