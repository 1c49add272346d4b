"""One run of an activity, from its lock to its result."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from obelisk.core.events import (
    Created,
    Event,
    ExecutionResult,
    FailureKind,
    Finished,
    HttpClientTrace,
    ResultKind,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TypedValue,
    Unlocked,
    failed,
)
from obelisk.core.retry import is_permanent, may_retry
from obelisk.core.trace_context import trace_of
from obelisk.core.tracing import RETURNED_ERROR
from obelisk.errors import InvalidValueError
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import ActivityCall, ActivityRun, Crashed, Logged, Outcome, Returned
from obelisk.interfaces.storage import Committed, StoredLine
from obelisk.runtime.alarms import Alarm
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.turn import Turn

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel


class RunningActivity:
    """A locked activity execution in this process.

    ``version`` is the next version of its log, after the lock. The run ends once: by its outcome, by its deadline, or by
    ``stop``; whichever comes first writes the event. ``is_ahead`` says that it may run before its lock is committed; then
    what it logs waits for the commit of its end. ``base`` is that commit of its lock, when it did not wait for it, or that
    of its lock's renewal: what the run writes builds on it, since somebody else may have locked the execution at the same
    version.
    """

    __slots__ = (
        "_alarm", "_ended", "_kernel", "_lines", "_run", "_started", "base", "created", "deadline", "execution_id",
        "failures", "function", "is_ahead", "run_id", "version",
    )  # fmt: skip

    def __init__(
        self, kernel: Kernel, execution_id: ExecutionId, created: Created, function: FunctionEntry, *,
        run_id: RunId, version: int, failures: int, deadline: datetime, is_ahead: bool = False,
    ) -> None:  # fmt: skip
        self._kernel = kernel
        self.execution_id = execution_id
        self.created = created
        self.function = function
        self.run_id = run_id
        self.version = version
        self.failures = failures
        self.deadline = deadline
        self.is_ahead = is_ahead
        self.base: asyncio.Future[Committed] | None = None
        self._lines: list[StoredLine] = []
        self._run: ActivityRun | None = None
        self._alarm: Alarm | None = None
        self._ended = False
        self._started = False

    def begin(self) -> None:
        """Run it as soon as the loop has time for it, unless it is given up before."""
        if not self._ended:
            self._kernel.activities[self.execution_id] = self
            self._kernel.starts.begin(self.start)

    def start(self) -> None:
        """Run it, unless it was given up before it could start. The result may be submitted before this returns."""
        if self._ended:
            return
        if self._kernel.is_stopping:
            self.stop("server is stopping")
            return
        self._kernel.activities[self.execution_id] = self
        try:
            params = self.function.params.check(self.created.params)
        except InvalidValueError as error:
            self._done(Crashed(f"parameters cannot be deserialized: {error}", retry=False))
            return
        now = self._kernel.clock.now()
        self._renew_lock(now)
        call = ActivityCall(
            self.execution_id, self.run_id, self.function.ffqn, params, now, self.deadline,
            trace_of(self.execution_id, self.created.metadata),
        )  # fmt: skip
        opened = self.function.entry.opened
        self._run = opened.start(call, self._done, self._log)  # type: ignore[union-attr]
        if not self._ended:
            self._started = True
            self.function.entry.permits.started()
            self._alarm = self._kernel.alarms.after(self.deadline - self._kernel.clock.now(), self._time_out)

    def stop(self, reason: str) -> None:
        """Cancel the run and give the execution back without using up a retry."""
        if self._end():
            self._submit(Unlocked(self._kernel.clock.now(), reason))

    def discard(self) -> None:
        """Cancel the run and write nothing."""
        self._end()

    def http_client_traces(self) -> tuple[HttpClientTrace, ...]:
        """Return the HTTP requests that the run has sent so far."""
        return () if self._run is None else self._run.http_client_traces()

    def _renew_lock(self, now: datetime) -> None:
        """Begin the lock anew when its commit took a good part of it: its time is the run's, not the disk's."""
        entry = self.function.entry
        if self.deadline - now > entry.fresh_lock:
            return
        turn = self._new_turn()
        lock = self._kernel.lock_event(entry, now, self.run_id)
        turn.append(self.execution_id, lock, version=self.version)
        turn.undo.append(self.discard)
        self.version += 1
        self.deadline = lock.lock_expires_at
        self._kernel.pipeline.submit(turn)
        self.base = turn.commit

    def _end(self) -> bool:
        if self._ended:
            return False
        self._ended = True
        if self._kernel.activities.get(self.execution_id) is self:
            del self._kernel.activities[self.execution_id]
        self.function.entry.permits.end(started=self._started)
        if self._alarm is not None:
            self._alarm.cancel()
        if self._run is not None:
            self._run.cancel()
        return True

    def _done(self, outcome: Outcome) -> None:
        self._run = None
        if self._end():
            self._submit(self._event(outcome))

    def _time_out(self) -> None:
        traces = list(self.http_client_traces())
        if not self._end():
            return
        self._kernel.metrics.lock_expired(self.function.ffqn)
        if self._may_retry():
            self._submit(TemporarilyTimedOut(self._next_start(), traces))
        else:
            self._submit(Finished(failed(FailureKind.TIMED_OUT, "the run did not end before its lock expired"), traces))

    def _may_retry(self) -> bool:
        return may_retry(self.failures, self.function.entry.max_retries)

    def _event(self, outcome: Outcome) -> Event:
        traces = list(outcome.http_client_traces)
        if isinstance(outcome, Returned):
            result = self.function.shape.result(outcome.value)
            if result.kind is ResultKind.ERROR and self._may_retry() and not is_permanent(_error(result)):
                return TemporarilyFailed(self._next_start(), RETURNED_ERROR, _error_text(result), traces)
            return Finished(result, traces)
        if outcome.retry and self._may_retry():
            return TemporarilyFailed(self._next_start(), outcome.reason, outcome.detail, traces)
        return Finished(failed(outcome.kind, outcome.reason, outcome.detail), traces)

    def _next_start(self) -> datetime:
        pause = self.function.entry.retry_pause(self.execution_id, self.failures + 1)
        return self._kernel.clock.now() + pause

    def _submit(self, event: Event) -> None:
        turn = self._new_turn()
        if isinstance(event, Finished):
            self._kernel.finish_run(
                turn, self.execution_id, event,
                version=self.version, parent=self.created.parent, then=self._hand_over_lines, base=turn.base,
            )  # fmt: skip
        else:
            turn.append(self.execution_id, event, version=self.version)
            turn.after.append(self._hand_over_lines)
        self._kernel.pipeline.submit(turn)

    def _new_turn(self) -> Turn:
        base = self.base
        if base is not None and base.done() and not base.cancelled() and base.exception() is None:
            base = self.base = None
        turn = self._kernel.new_turn()
        turn.base = base
        return turn

    def _log(self, line: Logged) -> None:
        self._lines.append(StoredLine(self.execution_id, self.run_id, self._kernel.clock.now(), line))
        if not self.is_ahead:
            self._hand_over_lines()

    def _hand_over_lines(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            self._kernel.component_log(self.function.entry, lines, self.created)


def _error(result: ExecutionResult) -> TypedValue | None:
    return result.err if isinstance(result.err, TypedValue) else None


def _error_text(result: ExecutionResult) -> str:
    error = _error(result)
    return msgspec.json.encode(None if error is None else error.value).decode()
