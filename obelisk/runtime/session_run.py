"""One session: an execution that a trigger runs.

Theory of operation
    What an effect appends is one batch, under the version that this process knows (``version``). One batch is under way at
    a time (``_writing``), and one call or schedule has its turn at a time (``_turn``), a call until its child has ended.
    Effects run in tasks of their own: a caller that is cancelled neither takes back what was begun nor leaves it half done.

    The session's lock is extended when half of it is over, also while a call waits. A batch that begins after that carries
    the extension.

    A response of a child is appended by whoever finishes it, in the same batch as the child's end, without a look at the
    session's version: that cannot refuse a child's result. The call returns once that batch is committed: what the trigger
    does with a result can be seen outside. A response that was written elsewhere, or alone after a refusal, is found by
    looking (``look``).

    A batch that is refused while the session is still ours was refused for the sake of another execution; it is built
    again. Otherwise somebody took the session for dead: it has *ended*, and so does everything that is asked of it. It ends
    too when the outcome of one of its commits is not known; nothing is written any more then, since what the storage holds
    is not what this process believes. ``recovery`` finishes what such a session left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import UNSET, Struct

from obelisk.core.due import due_at
from obelisk.core.effects import NewExecution, Question
from obelisk.core.events import (
    NO_TIME,
    ChildExecutionFinished,
    ChildExecutionRequest,
    Created,
    Event,
    ExecutionResult,
    Finished,
    HttpClientTrace,
    JoinNext,
    JoinSetCreate,
    JoinSetRequest,
    Locked,
    Response,
    RetryConfig,
    Schedule,
    ScheduleAt,
)
from obelisk.core.state import State
from obelisk.core.trace_context import trace_of
from obelisk.errors import (
    CommitUnknownError,
    ExecutionConflictError,
    ExecutionStateError,
    InvalidIdError,
    ObeliskError,
    StorageError,
)
from obelisk.ids import ExecutionId, JoinSetId, RunId, child_execution_id, is_top_level, one_off_join_set_id
from obelisk.interfaces.components import Logged
from obelisk.interfaces.executions import Submission, SubmitOutcome
from obelisk.interfaces.sessions import NOW, Called, Persistence, SessionOpening
from obelisk.interfaces.storage import StoredLine
from obelisk.names import Ffqn, split_ffqn
from obelisk.runtime.alarms import RETRY_AFTER_ERROR, Alarm
from obelisk.runtime.decisions import Decision, decide
from obelisk.runtime.run_logs import LineRoute, stored_levels
from obelisk.runtime.turn import Turn

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

FIRST_CHILD = 1
LINES_WAIT = timedelta(milliseconds=100)
"""How long stored lines of a session that does not exist yet wait for something else to be written with it."""
T = TypeVar("T")
_log = logging.getLogger("obelisk.sessions")


class _OpenCall(Struct, frozen=True):
    """A call whose child has not ended; ``answer`` gets its result."""

    child: ExecutionId
    answer: asyncio.Future[ExecutionResult]


class SessionRun:
    """See the module's theory of operation, and ``interfaces.sessions.Session``."""

    def __init__(
        self, kernel: Kernel, opening: SessionOpening, *, execution_id: ExecutionId, run_id: RunId,
        on_left: Callable[[SessionRun], None],
    ) -> None:  # fmt: skip
        self._kernel = kernel
        self._opening = opening
        self._id = execution_id
        self._run_id = run_id
        self._trace = trace_of(execution_id, opening.metadata)
        self._on_left = on_left
        self._opened_at = self._lock_expires_at = kernel.clock.now()
        self._turn = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._version = 0
        self._cursor = 0
        self._calls = 0
        self._call: _OpenCall | None = None
        self._ended: ObeliskError | None = None
        self._lock_watch: Alarm | None = None
        self._lines_watch: Alarm | None = None
        self._lines: list[StoredLine] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._route = LineRoute(
            opening.component.name, stored_levels(opening.logs_store_min_level), opening.forward_stdout,
            opening.forward_stderr,
        )  # fmt: skip

    # --- what a trigger asks for --------------------------------------------------------------------------------------

    @property
    def execution_id(self) -> ExecutionId:
        """The id that the execution has, or would have if it were written."""
        return self._id

    @property
    def run_id(self) -> RunId:
        """The id of its only run."""
        return self._run_id

    @property
    def has_effects(self) -> bool:
        """Whether the execution exists in the storage, or is being written."""
        return self._version > 0 or bool(self._lines)

    async def call(self, ffqn: Ffqn, params: Any) -> Called:
        """Run a function as a child, and return how it ended."""
        self._check_open()
        checked = self._kernel.functions.check(ffqn, params)
        return await self._to_the_end(self._called(ffqn, checked))

    async def schedule(
        self,
        ffqn: Ffqn,
        params: Any,
        *,
        execution_id: ExecutionId | None = None,
        schedule_at: ScheduleAt | str = NOW,
    ) -> Submission:
        """Start a top-level execution, now or later, and return once that is durable."""
        self._check_open()
        if execution_id is not None and not is_top_level(execution_id):
            raise InvalidIdError(f"`{execution_id}` names a child, expected the id of an execution without a parent")
        checked = self._kernel.functions.check(ffqn, params)
        is_new = execution_id is None
        event = Schedule(self.generate_id() if execution_id is None else execution_id, schedule_at)
        return await self._to_the_end(self._scheduled(event, ffqn, checked, is_new=is_new))

    def generate_id(self) -> ExecutionId:
        """Return a new top-level execution id."""
        return self._kernel.ids.execution()

    def log(self, line: Logged) -> None:
        """Pass on a line that the session's component logged."""
        self._lines.append(StoredLine(self._id, self._run_id, self._kernel.clock.now(), line))
        if self._version or self._ended or not any(self._route.stores(each.line) for each in self._lines):
            self._hand_over_lines()
        elif self._lines_watch is None:
            self._lines_watch = self._kernel.alarms.after(LINES_WAIT, lambda: self._spawn(self._exist()))

    async def finish(self, result: ExecutionResult, *, http_client_traces: Sequence[HttpClientTrace] = ()) -> None:
        """End the session; return once that is durable."""
        self._check_open()
        finished = Finished(result, list(http_client_traces))
        await self.end(finished, ExecutionStateError(f"session `{self._id}` has finished"))

    @property
    def _leaves_nothing(self) -> bool:
        return not self.has_effects and self._opening.persist is Persistence.WITH_EFFECTS

    # --- what the engine does with it -----------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self._ended is None

    async def end(self, finished: Finished, error: ObeliskError) -> None:
        """Finish the execution, if it is to be kept; whatever is asked of the session from now on raises ``error``."""
        self._end(error)
        if self._leaves_nothing and not self._writing.locked():
            self._leave()  # without a task of its own: this is what most requests come to
        else:
            await self._to_the_end(self._finished(finished))

    def deliver(self, turn: Turn, response: Response) -> None:
        """Append a child's response; the call that waits for it returns once that is committed."""
        turn.append(self._id, response, version=None)
        turn.after.append(lambda: self._arrive(response))
        turn.undo.append(lambda: self._undone(turn))

    def committed(self, state: State) -> None:
        """Take note of a durable state, whoever wrote it."""
        if self._call is not None and state.cursor > self._cursor:
            # What arrives with the same commit is handed over first.
            asyncio.get_running_loop().call_soon(self._look_soon)
        elif state.is_finished and self.is_open:
            self._look_soon()

    async def look(self) -> None:
        """Look in the storage for the response that the call waits for, and whether the session is still ours."""
        if self._version == 0 or not self.is_open or self._writing.locked():
            return
        storage = self._kernel.storage
        with self._kernel.work.piece():
            state = await storage.state(self._id)
            if state is None or not self.is_open or self._is_lost(state):
                return
            if self._call is not None and state.cursor > self._cursor:
                for found in await storage.responses(self._id, after_cursor=self._cursor, limit=1):
                    self._arrive(found.response)

    # --- effects --------------------------------------------------------------------------------------------------------

    async def _called(self, ffqn: Ffqn, params: list[Any]) -> Called:
        async with self._turn:
            self._calls += 1
            join_set = one_off_join_set_id(self._calls, split_ffqn(ffqn)[1])
            child = child_execution_id(self._id, join_set, FIRST_CHILD)
            answer: asyncio.Future[ExecutionResult] = asyncio.get_running_loop().create_future()
            self._call = _OpenCall(child, answer)
            try:
                while not await self._written(lambda turn: self._append_call(turn, join_set, child, ffqn, params)):
                    pass  # refused for the sake of another execution
                return Called(child, await answer)
            finally:
                self._call = None
                if not answer.cancel() and not answer.cancelled():
                    answer.exception()  # an end that came first was told already

    def _append_call(self, turn: Turn, join_set: JoinSetId, child: ExecutionId, ffqn: Ffqn, params: list[Any]) -> None:
        self._append(turn, JoinSetCreate(join_set))
        self._append(turn, JoinSetRequest(join_set, ChildExecutionRequest(child, ffqn, params)))
        self._append(turn, JoinNext(join_set, self._lock_expires_at, ffqn))
        new = NewExecution(child, ffqn, params, (self._id, join_set), turn.now)
        self._kernel.create(turn, new, by=self._id, trace=self._trace)

    async def _scheduled(self, event: Schedule, ffqn: Ffqn, params: list[Any], *, is_new: bool) -> Submission:
        async with self._turn:
            while (outcome := await self._try_schedule(event, ffqn, params, is_new=is_new)) is None:
                pass  # refused: whether the id is taken has to be looked up again
            return Submission(event.execution_id, outcome)

    async def _try_schedule(
        self, event: Schedule, ffqn: Ffqn, params: list[Any], *, is_new: bool
    ) -> SubmitOutcome | None:
        now = self._kernel.clock.now()
        new = NewExecution(event.execution_id, ffqn, params, None, max(due_at(event.schedule_at, now), now))
        # Nobody can know an id that was made just now.
        create = is_new or (await self._decided(Question(event, new))).create
        if not await self._written(lambda turn: self._append_start(turn, event, new, create=create)):
            return None
        return SubmitOutcome.CREATED if create else SubmitOutcome.EXISTS

    async def _decided(self, question: Question) -> Decision:
        with self._kernel.work.piece():
            decision = await decide(self._kernel, question)
        error = decision.outcome.err
        if error is not UNSET:
            raise ExecutionConflictError(error if isinstance(error, str) else next(iter(error.values())))
        return decision

    def _append_start(self, turn: Turn, event: Schedule, new: NewExecution, *, create: bool) -> None:
        self._append(turn, event)
        if create:
            self._kernel.create(turn, new, by=self._id, trace=self._trace)

    async def _exist(self) -> None:
        """Write the session without anything else: it has logged a line."""
        while not await self._written(lambda turn: None):
            pass

    async def _finished(self, finished: Finished) -> None:
        try:
            async with self._writing:
                if self._leaves_nothing:
                    return
                while not await self._write(lambda turn: self._append(turn, finished)):
                    pass
        finally:
            self._leave()

    # --- writing --------------------------------------------------------------------------------------------------------

    async def _written(self, build: Callable[[Turn], None]) -> bool:
        async with self._writing:
            self._check_open()
            return await self._write(build)

    async def _write(self, build: Callable[[Turn], None]) -> bool:
        """Write what ``build`` appends; tell whether it was written. If not, the session is still ours.

        Raises ``ExecutionStateError`` when it is not, ``CommitUnknownError`` when nobody knows.
        """
        before, expires_before = self._version, self._lock_expires_at
        turn = self._kernel.new_turn()
        self._append_beginning(turn)
        build(turn)
        turn.after.append(self._hand_over_lines)
        turn.undo.append(lambda: self._undone(turn))
        if await self._kernel.written(turn):
            self._watch_lock()
            return True
        self._version, self._lock_expires_at = before, expires_before
        if before:
            state = await self._kernel.storage.state(self._id)
            if state is None or self._is_lost(state):
                assert self._ended is not None
                raise self._ended
        return False

    def _append_beginning(self, turn: Turn) -> None:
        """Append what comes before every effect: ``created``, a lock, or an extension of the lock."""
        opening = self._opening
        if not self._version:
            self._append(turn, Created(
                opening.ffqn, opening.params, None, self._opened_at, opening.component, self._kernel.deployment_id,
                dict(opening.metadata),
            ))  # fmt: skip
        if turn.now >= self._extend_at:
            self._lock_expires_at = turn.now + opening.lock_expiry
            self._append(turn, Locked(
                opening.component, self._kernel.executor_id, self._kernel.deployment_id, self._run_id,
                self._lock_expires_at, RetryConfig(0, NO_TIME),
            ))  # fmt: skip

    def _append(self, turn: Turn, event: Event) -> None:
        turn.append(self._id, event, version=self._version)
        self._version += 1

    @property
    def _extend_at(self) -> datetime:
        return self._lock_expires_at - self._opening.lock_expiry / 2

    def _watch_lock(self) -> None:
        if self._lock_watch is not None:
            self._lock_watch.cancel()
        if self.is_open:
            self._lock_watch = self._kernel.alarms.at(self._extend_at, self._extend)

    def _extend(self) -> None:
        self._spawn(self._extended())

    async def _extended(self) -> None:
        try:
            await self._exist()
        except StorageError as error:
            if self.is_open:
                _log.error("the lock of session `%s` cannot be extended, trying again: %s", self._id, error)
                self._lock_watch = self._kernel.alarms.after(RETRY_AFTER_ERROR, self._extend)

    # --- responses and the end --------------------------------------------------------------------------------------------

    def _arrive(self, response: Response) -> None:
        call = self._call
        if call is None or not isinstance(response, ChildExecutionFinished) or call.answer.done():
            return
        if response.child_execution_id == call.child:
            self._cursor += 1
            call.answer.set_result(response.result)

    def _look_soon(self) -> None:
        if self._call is None or not self._call.answer.done():
            self._spawn(self.look())

    def _undone(self, turn: Turn) -> None:
        if turn.is_unknown and self.is_open:
            self._end(CommitUnknownError(f"whether the last effect of session `{self._id}` was written is not known"))
            self._leave()

    def _is_lost(self, state: State) -> bool:
        """Tell whether somebody else has taken the session for dead; it has ended then."""
        if state.held_by is not None and state.held_by.run_id == self._run_id:
            return False
        lost = ExecutionStateError(f"session `{self._id}` was ended by another server, which took this one for dead")
        if self.is_open:
            _log.error("%s", lost)
        self._end(lost)
        self._leave()
        return True

    def _end(self, error: ObeliskError) -> None:
        self._ended = error
        if self._call is not None and not self._call.answer.done():
            self._call.answer.set_exception(error)

    def _leave(self) -> None:
        for alarm in (self._lock_watch, self._lines_watch):
            if alarm is not None:
                alarm.cancel()
        self._hand_over_lines()
        self._on_left(self)

    def _check_open(self) -> None:
        if self._ended is not None:
            raise self._ended

    def _hand_over_lines(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._kernel.run_logs.take(self._route, lines, self._opening.metadata)

    # --- tasks ------------------------------------------------------------------------------------------------------------

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something whether or not the caller waits for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that was cancelled does not ask for it

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for; an end of the session is no news."""
        self._kernel.spawn(self._quietly(work))

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ObeliskError as error:
            if self.is_open:
                _log.error("session `%s`: %s", self._id, error)
