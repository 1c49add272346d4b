"""Replay: the decisions of a workflow execution, commands in, effects out.

Theory of operation
    A workflow's host calls arrive as commands. Each command stands for zero to three history events. As long as the
    execution's history has events that were not matched yet, a command's events have to equal the next ones in strict
    order; the recorded ones win in what they fixed (when a delay is due, what ``join-next-try`` found). After that, the
    events are new and become effects. So the same code runs the first time and at every replay, and the same commands
    give the same log.

    A command that waits has written its ``join_next`` and gets no reply yet: ``apply`` returns ``None``. ``resume`` tries
    again after ``arrive``. Responses are taken per join set in the order of their cursors.

    Closing a join set awaits what is open in it. The engine cancels what it can meanwhile: ``to_cancel``.

    When the workflow ends, join sets that are still open are closed in reverse order of creation; then history must be used
    up, or the workflow asked for less than it did before. After a mismatch ``abandon`` gives up on the workflow: what its
    log says it left open is then closed in the same way.

    A call whose outcome depends on another execution, ``stub`` or ``schedule-json``, is a ``question``: ``apply`` returns
    ``None``, and the engine, which can look, gives the outcome to ``settle``.

    What is compared with history, and the report of a mismatch, are in ``core.matching``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from obelisk.clock import to_microseconds, to_milliseconds
from obelisk.core.commands import (
    AllProcessed,
    Answered,
    Call,
    CloseJoinSet,
    Command,
    CreateJoinSet,
    CurrentExecutionId,
    DelayPassed,
    DelaySubmitted,
    Done,
    DrawExecutionId,
    Drawn,
    DrawString,
    DrawU64,
    JoinNextResponse,
    JoinSetMade,
    Mismatched,
    Pending,
    RefusalKind,
    Refused,
    Reply,
    ScheduleExecution,
    Sleep,
    StubExecution,
    Submit,
    SubmitDelay,
    Submitted,
    TryNextResponse,
)
from obelisk.core.due import due_at
from obelisk.core.effects import Effects, FunctionCatalog, NewExecution, Question
from obelisk.core.events import (
    OK_OUTCOME,
    AnyHistoryEvent,
    ChildExecutionFinished,
    ChildExecutionRequest,
    DelayRequest,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Persist,
    PersistKind,
    RandomString,
    RandomU64,
    RequestOutcome,
    Response,
    Schedule,
    ScheduleAt,
    Stub,
    TryOutcome,
    error_outcome,
    is_history_event,
)
from obelisk.core.hashing import retval_hash
from obelisk.core.joinsets import JoinSet, responder
from obelisk.core.matching import left_over, matches, mismatch, missing_response
from obelisk.core.random import DeterministicRandom, seed_of
from obelisk.errors import FunctionNotFoundError, InvalidIdError, InvalidValueError
from obelisk.ids import (
    MAX_ID_LENGTH,
    ULID_RANDOM_BYTES,
    DelayId,
    ExecutionId,
    JoinSetId,
    check_join_set_name,
    generated_join_set_id,
    is_one_off,
    named_join_set_id,
    new_execution_id,
    one_off_join_set_id,
)
from obelisk.names import Ffqn, split_ffqn


class _Waiting(Struct, frozen=True):
    """What the workflow waits for: the next response of ``join_set``, one of ``ffqn`` when that is given."""

    join_set: JoinSet
    ffqn: Ffqn | None
    closing: bool


class Replay:
    """One workflow execution. See the module's theory of operation.

    ``run_expires_at`` is what new ``join_next`` events say; the engine keeps it up to date. ``catalog`` is asked about
    functions that the workflow names by text.
    """

    def __init__(
        self,
        execution_id: ExecutionId,
        created_at: datetime,
        *,
        run_expires_at: datetime,
        catalog: FunctionCatalog,
        history: Iterable[LogEvent] = (),
        responses: Iterable[LogResponse] = (),
    ) -> None:
        self.execution_id = execution_id
        self.run_expires_at = run_expires_at
        self._created_at = created_at
        self._catalog = catalog
        self._history = [event for event in history if is_history_event(event.event)]
        self._position = 0
        self._random = DeterministicRandom(seed_of(execution_id))
        self._join_sets: dict[JoinSetId, JoinSet] = {}
        self._open: dict[JoinSetId, JoinSet] = {}
        self._arrived: set[ExecutionId | DelayId] = set()
        self._named: set[JoinSetId] = set()
        self._one_offs = 0
        self._generated = 0
        self._children: dict[ExecutionId, Ffqn] = {}
        self._delays: dict[DelayId, datetime] = {}
        self._waiting: _Waiting | None = None
        self._closed: list[Answered] = []
        self._question: Question | None = None
        self._events: list[AnyHistoryEvent] = []
        self._executions: list[NewExecution] = []
        for response in responses:
            self.arrive(response.response)

    # --- what the driver uses ----------------------------------------------------------------------------------------

    @property
    def is_replaying(self) -> bool:
        """Whether there is history that was not matched yet."""
        return self._position < len(self._history)

    @property
    def unmatched(self) -> int:
        """How many events of history were not matched yet."""
        return len(self._history) - self._position

    @property
    def is_waiting(self) -> bool:
        """Whether the last command waits for a response."""
        return self._waiting is not None

    @property
    def waits_for(self) -> JoinSetId | None:
        """The join set that the last command waits for."""
        return None if self._waiting is None else self._waiting.join_set.id

    @property
    def is_answered(self) -> bool:
        """Whether what the last command waits for is there, so that ``resume`` goes on."""
        return self._waiting is not None and self._waiting.join_set.has_response

    @property
    def question(self) -> Question | None:
        """What the engine has to find out for the last command."""
        return self._question

    @property
    def closes(self) -> JoinSetId | None:
        """The join set that is being closed, whose next response the last command waits for."""
        waiting = self._waiting
        return waiting.join_set.id if waiting is not None and waiting.closing else None

    def is_open(self, member: ExecutionId | DelayId, join_set: JoinSetId) -> bool:
        """Tell whether a child or a delay has no response yet."""
        found = self._join_sets.get(join_set)
        return found is not None and found.awaits(member)

    @property
    def to_cancel(self) -> list[ExecutionId | DelayId]:
        """What is open in the join set that is being closed, the newest first; empty when none is."""
        waiting = self._waiting
        if waiting is None or not waiting.closing:
            return []
        return waiting.join_set.unanswered()[::-1]

    @property
    def pending_events(self) -> int:
        """How many effects wait to be taken."""
        return len(self._events)

    def apply(self, command: Command, now: datetime) -> Reply | None:
        """Return the reply to a command, ``None`` when it has to wait for a response or asks a ``question``.

        Raises ``NondeterminismError`` when the command is not what history holds.
        """
        return _HANDLERS[type(command)](self, command, now)

    def arrive(self, response: Response) -> None:
        """Take note of a response, in the order of cursors; there was none of the same child or delay before."""
        if self.is_replaying:
            self._arrived.add(responder(response))
        self._set(response.join_set_id).arrive(response)

    def accept(self, response: Response) -> bool:
        """Take note of a response if it is the first of a child or a delay that was asked for; tell whether it is."""
        if self.is_replaying:  # what it answers may not have been asked for again yet
            is_new = responder(response) not in self._arrived
            if is_new:
                self.arrive(response)
            return is_new
        join_set = self._join_sets.get(response.join_set_id)
        return join_set is not None and join_set.accept(response)

    def resume(self) -> Reply | None:
        """Return the reply to the command that waits, ``None`` when it has to wait on.

        A join set that is being closed may have to wait for one more response; that wait is a new effect. Raises
        ``NondeterminismError`` when closing a join set asks for something else than history holds.
        """
        waiting = self._waiting
        if waiting is None or not waiting.join_set.has_response:
            return None
        self._waiting = None
        if waiting.closing:
            self._take_to_close(waiting.join_set)
            return self._close(waiting.join_set)
        return self._take(waiting.join_set, waiting.ffqn)

    def settle(self, outcome: RequestOutcome, *, create: bool = False) -> Reply:
        """Answer the ``question``: record its outcome, and create its execution when ``create`` says so."""
        question = self._question
        assert question is not None
        self._question = None
        self._record(replace(question.event, result=outcome))
        if create and question.execution is not None:
            self._executions.append(question.execution)
        return _settled(question.event, outcome)

    def finish(self) -> Reply | None:
        """Close what is open; return ``None`` when that has to wait, else check that history is used up.

        To be called again after ``resume`` returned a reply to what it waited for.
        """
        if self._waiting is not None and self.resume() is None:
            return None
        while self._open:
            if self._close(self._open[next(reversed(self._open))]) is None:
                return None
        if self.is_replaying:
            raise left_over(self._history[self._position])
        return Done()

    def abandon(self) -> None:
        """Give up on a workflow that does not fit its history: take what the log left open as what is to be closed.

        New effects are forgotten. ``resume`` and ``finish`` go on from there; both may be called again after a restart.
        """
        self._events.clear()
        self._executions.clear()
        self._question = self._waiting = None
        left = [logged.event for logged in self._history[self._position :]]
        self._history, self._position = [], 0
        for event in left:
            self._take_over(event)  # type: ignore[arg-type]

    def take_effects(self) -> Effects:
        """Return the effects since the last call."""
        effects = Effects(tuple(self._events), tuple(self._executions))
        self._events.clear()
        self._executions.clear()
        return effects

    def last_response_id(self, join_set: JoinSetId) -> ExecutionId | DelayId | None:
        """Return whose response was last taken from a join set."""
        return self._set(join_set).last_taken

    # --- commands ------------------------------------------------------------------------------------------------------

    def _call(self, command: Call, now: datetime) -> Reply | None:
        _, function = split_ffqn(command.ffqn)
        join_set = self._one_off(function)
        reply = self._request_child(join_set, command, now)
        if isinstance(reply, Refused):
            self._forget(join_set.id)
            return reply
        return self._join_next(join_set, command.ffqn)

    def _create_join_set(self, command: CreateJoinSet, now: datetime) -> Reply | None:
        if command.name is None:
            self._generated += 1
            join_set = generated_join_set_id(self._generated)
        else:
            try:
                join_set = named_join_set_id(command.name)
            except InvalidIdError as error:
                return Refused(RefusalKind.INVALID_NAME, str(error))
            if join_set in self._named:
                return Refused(RefusalKind.CONFLICT, f"a join set named `{command.name}` exists already")
            self._named.add(join_set)
        self._make(join_set)
        return JoinSetMade(join_set)

    def _submit(self, command: Submit, now: datetime) -> Reply | None:
        return self._request_child(self._set(command.join_set), command, now)

    def _submit_delay(self, command: SubmitDelay, now: datetime) -> Reply | None:
        return DelaySubmitted(self._request_delay(self._set(command.join_set), command.schedule_at, now))

    def _join_next_response(self, command: JoinNextResponse, now: datetime) -> Reply | None:
        join_set = self._set(command.join_set)
        if join_set.remaining <= 0:
            self._record(JoinNextTooMany(command.join_set, command.ffqn))
            return AllProcessed()
        return self._join_next(join_set, command.ffqn)

    def _try_next_response(self, command: TryNextResponse, now: datetime) -> Reply | None:
        join_set = self._set(command.join_set)
        outcome = TryOutcome.FOUND if join_set.has_response else TryOutcome.PENDING
        if join_set.remaining <= 0:
            outcome = TryOutcome.ALL_PROCESSED
        recorded = self._record(JoinNextTry(command.join_set, outcome))
        if isinstance(recorded, JoinNextTry):
            outcome = recorded.outcome
            if outcome is TryOutcome.FOUND and not (join_set.has_response and join_set.remaining > 0):
                raise missing_response(recorded)
        if outcome is TryOutcome.FOUND:
            return self._take(join_set, None)
        return Pending() if outcome is TryOutcome.PENDING else AllProcessed()

    def _sleep(self, command: Sleep, now: datetime) -> Reply | None:
        try:
            check_join_set_name(command.name or "")
        except InvalidIdError as error:
            return Refused(RefusalKind.INVALID_NAME, str(error))
        join_set = self._one_off(command.name or "sleep")
        self._request_delay(join_set, command.schedule_at, now)
        return self._join_next(join_set, None)

    def _close_join_set(self, command: CloseJoinSet, now: datetime) -> Reply | None:
        return self._close(self._set(command.join_set))

    def _schedule(self, command: ScheduleExecution, now: datetime) -> Reply | None:
        event = Schedule(command.execution_id or self._draw_id(), command.schedule_at)
        if self.is_replaying:
            recorded = self._record(event)
            assert isinstance(recorded, Schedule)
            return _settled(event, recorded.result)
        params, outcome = self._checked(command)
        if outcome is not OK_OUTCOME:
            self._record(replace(event, result=outcome))
            return _settled(event, outcome)
        scheduled_at = max(due_at(command.schedule_at, now), now)
        new = NewExecution(event.execution_id, command.ffqn, params, None, scheduled_at)
        self._question = Question(event, execution=new)
        # Nobody can know an id that was drawn just now.
        return None if command.execution_id else self.settle(OK_OUTCOME, create=True)

    def _stub(self, command: StubExecution, now: datetime) -> Reply | None:
        event = Stub(command.execution_id, retval_hash(command.hashed))
        if self.is_replaying:
            recorded = self._record(event)
            assert isinstance(recorded, Stub)
            return _settled(event, recorded.result)
        self._question = Question(event, value=command.value, ffqn=command.ffqn)
        return None

    def _draw_u64(self, command: DrawU64, now: datetime) -> Reply | None:
        top = max(command.min, command.max_inclusive)
        value = self._random.between(command.min, top)
        kind = PersistKind(random_u64=RandomU64(command.min, top))
        self._record(Persist(list(value.to_bytes(8, "big")), kind))
        return Drawn(value)

    def _draw_string(self, command: DrawString, now: datetime) -> Reply | None:
        shortest, longest = command.min_length, command.max_length_exclusive - 1
        value = self._random.alphanumeric(self._random.between(shortest, max(shortest, longest)))
        kind = PersistKind(random_string=RandomString(shortest, command.max_length_exclusive))
        self._record(Persist(list(value.encode()), kind))
        return Drawn(value)

    def _draw_execution_id(self, command: DrawExecutionId, now: datetime) -> Reply | None:
        value = self._draw_id()
        self._record(Persist(list(value.encode()), PersistKind(execution_id=None)))
        return Drawn(value)

    def _current_execution_id(self, command: CurrentExecutionId, now: datetime) -> Reply | None:
        return Drawn(self.execution_id)

    # --- parts of commands ---------------------------------------------------------------------------------------------

    def _set(self, join_set: JoinSetId) -> JoinSet:
        found = self._join_sets.get(join_set)
        if found is None:
            found = self._join_sets[join_set] = JoinSet(self.execution_id, join_set)
        return found

    def _one_off(self, suffix: str) -> JoinSet:
        self._one_offs += 1
        return self._make(one_off_join_set_id(self._one_offs, suffix))

    def _make(self, join_set_id: JoinSetId) -> JoinSet:
        self._record(JoinSetCreate(join_set_id))
        join_set = self._open[join_set_id] = self._set(join_set_id)
        return join_set

    def _request_child(self, join_set: JoinSet, command: Call | Submit, now: datetime) -> Submitted | Refused:
        child = join_set.next_child_id()
        request = ChildExecutionRequest(child, command.ffqn, command.params)
        params, outcome = command.params, OK_OUTCOME
        if not self.is_replaying:
            params, outcome = self._checked(command) if len(child) <= MAX_ID_LENGTH else ([], _too_deep(child))
            if outcome is not OK_OUTCOME:
                request = replace(request, result=outcome)
        recorded = self._record(JoinSetRequest(join_set.id, request))
        if recorded is not None:
            outcome = recorded.request.result  # type: ignore[union-attr]
        if outcome.err is not UNSET:
            return _refused(outcome)
        join_set.add(child)
        self._children[child] = command.ffqn
        if recorded is None:
            parent = (self.execution_id, join_set.id)
            self._executions.append(NewExecution(child, command.ffqn, params, parent, now))
        return Submitted(child)

    def _checked(self, command: Call | Submit | ScheduleExecution) -> tuple[list[Any], RequestOutcome]:
        """Return the params of a new call in their normal form, and whether it can be made."""
        if command.is_typed:
            return command.params, OK_OUTCOME
        try:
            params = self._catalog.check(command.ffqn, command.params)
        except FunctionNotFoundError:
            return [], error_outcome(RefusalKind.FUNCTION_NOT_FOUND.value)
        except InvalidValueError as error:
            return [], error_outcome(
                RefusalKind.TYPE_CHECK_ERROR.value, command.problem or f"type checking failed: {error}"
            )
        return params, OK_OUTCOME

    def _request_delay(self, join_set: JoinSet, schedule_at: ScheduleAt | str, now: datetime) -> DelayId:
        delay = join_set.next_delay_id()
        request = DelayRequest(delay, due_at(schedule_at, now), schedule_at)
        recorded = self._record(JoinSetRequest(join_set.id, request))
        join_set.add(delay)
        if isinstance(recorded, JoinSetRequest) and isinstance(recorded.request, DelayRequest):
            request = recorded.request
        self._delays[delay] = request.expires_at
        return delay

    def _join_next(self, join_set: JoinSet, ffqn: Ffqn | None) -> Reply | None:
        self._record(JoinNext(join_set.id, self.run_expires_at, ffqn))
        if join_set.has_response:
            return self._take(join_set, ffqn)
        self._waiting = _Waiting(join_set, ffqn, closing=False)
        return None

    def _take(self, join_set: JoinSet, wanted: Ffqn | None) -> Reply:
        response = join_set.take()
        if is_one_off(join_set.id):
            self._forget(join_set.id)
        if isinstance(response, ChildExecutionFinished):
            child = response.child_execution_id
            join_set.last_taken = child
            ffqn = self._children.pop(child)
            if wanted not in (None, ffqn):
                return Mismatched(ffqn, child, response.result)
            return Answered(child, ffqn, response.result)
        join_set.last_taken = response.delay_id
        if wanted is not None:
            return Mismatched(None, response.delay_id)
        microseconds = to_microseconds(self._delays.pop(response.delay_id))
        seconds, rest = divmod(microseconds, 1_000_000)
        return DelayPassed(response.delay_id, seconds, rest * 1000, response.success)

    def _close(self, join_set: JoinSet) -> Reply | None:
        while join_set.remaining > 0:
            self._record(JoinNext(join_set.id, self.run_expires_at, closing=True))
            if not join_set.has_response:
                self._waiting = _Waiting(join_set, None, closing=True)
                return None
            self._take_to_close(join_set)
        self._forget(join_set.id)
        answered, self._closed = tuple(self._closed), []
        return Done(answered)

    def _take_to_close(self, join_set: JoinSet) -> None:
        reply = self._take(join_set, None)
        if isinstance(reply, Answered):
            self._closed.append(reply)

    def _forget(self, join_set_id: JoinSetId) -> None:
        self._open.pop(join_set_id, None)
        self._join_sets.pop(join_set_id, None)

    def _draw_id(self) -> ExecutionId:
        return new_execution_id(to_milliseconds(self._created_at), self._random.bytes(ULID_RANDOM_BYTES))

    def _take_over(self, event: AnyHistoryEvent) -> None:
        """Do to the join sets what an event of the log did to them."""
        match event:
            case JoinSetCreate():
                self._open[event.join_set_id] = self._set(event.join_set_id)
            case JoinSetRequest(request=ChildExecutionRequest() as child):
                if child.result.err is UNSET:
                    self._set(event.join_set_id).add(child.child_execution_id)
                    self._children[child.child_execution_id] = child.target_ffqn
            case JoinSetRequest(request=DelayRequest() as delay):
                self._set(event.join_set_id).add(delay.delay_id)
                self._delays[delay.delay_id] = delay.expires_at
            case JoinNextTry(outcome=TryOutcome.FOUND):
                join_set = self._set(event.join_set_id)
                if join_set.has_response:
                    self._take(join_set, None)
            case JoinNext():
                join_set = self._set(event.join_set_id)
                self._waiting = None if join_set.has_response else _Waiting(join_set, None, closing=True)
                if self._waiting is None:
                    self._take(join_set, None)

    def _record(self, event: AnyHistoryEvent) -> AnyHistoryEvent | None:
        """Match ``event`` and return what history holds in its place, or make it an effect and return ``None``."""
        if self._position == len(self._history):
            self._events.append(event)
            return None
        recorded = self._history[self._position]
        stored: AnyHistoryEvent = recorded.event  # type: ignore[assignment]
        if not matches(stored, event):
            raise mismatch(recorded, event)
        self._position += 1
        if self._position == len(self._history):
            self._history, self._position = [], 0
            self._arrived.clear()
        return stored


def _settled(event: Schedule | Stub, outcome: RequestOutcome) -> Reply:
    """Return the reply to a call whose outcome was recorded."""
    if outcome.err is not UNSET:
        return _refused(outcome)
    return Submitted(event.execution_id) if isinstance(event, Schedule) else Done()


def _too_deep(child: ExecutionId) -> RequestOutcome:
    found = f"the child's id would have {len(child)} characters, expected at most {MAX_ID_LENGTH}"
    return error_outcome(RefusalKind.TYPE_CHECK_ERROR.value, f"executions are nested too deep: {found}")


def _refused(outcome: RequestOutcome) -> Refused:
    error = outcome.err
    name, detail = (error, "") if isinstance(error, str) else next(iter(error.items()))  # type: ignore[union-attr]
    return Refused(RefusalKind(name), detail)


_HANDLERS: dict[type, Callable[[Replay, Any, datetime], Reply | None]] = {
    Call: Replay._call,
    CreateJoinSet: Replay._create_join_set,
    Submit: Replay._submit,
    SubmitDelay: Replay._submit_delay,
    JoinNextResponse: Replay._join_next_response,
    TryNextResponse: Replay._try_next_response,
    Sleep: Replay._sleep,
    CloseJoinSet: Replay._close_join_set,
    ScheduleExecution: Replay._schedule,
    StubExecution: Replay._stub,
    DrawU64: Replay._draw_u64,
    DrawString: Replay._draw_string,
    DrawExecutionId: Replay._draw_execution_id,
    CurrentExecutionId: Replay._current_execution_id,
}
