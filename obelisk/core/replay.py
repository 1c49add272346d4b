"""Replay: the decisions of a workflow execution, commands in, effects out.

Theory of operation
    A workflow's host calls arrive as commands. Each command stands for zero to three history events. As long as the
    execution's history has events that were not matched yet, a command's events have to equal the next ones in strict
    order; the recorded ones win in what they fixed (when a delay is due, what ``join-next-try`` found). After that, the
    events are new and become effects. So the same code runs the first time and at every replay, and the same commands
    give the same log.

    A command that waits has written its ``join_next`` and gets no reply yet: ``apply`` returns ``None``. ``resume`` tries
    again after ``arrive``. Responses are taken per join set in the order of their cursors.

    When the workflow ends, join sets that are still open are closed in reverse order of creation; then history must be used
    up, or the workflow asked for less than it did before.

    What is compared: everything that the workflow decided, nothing that the engine decided (due times, lock times,
    recorded outcomes). ``_decided`` says it for each event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from obelisk.clock import EPOCH, FAR_FUTURE, to_microseconds, to_milliseconds
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
    RefusalKind,
    Refused,
    Reply,
    ScheduleExecution,
    Sleep,
    Submit,
    SubmitDelay,
    Submitted,
)
from obelisk.core.events import (
    AnyHistoryEvent,
    ChildExecutionFinished,
    ChildExecutionRequest,
    DelayRequest,
    JoinNext,
    JoinNextTooMany,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Persist,
    PersistKind,
    RandomString,
    RandomU64,
    Response,
    Schedule,
    ScheduleAt,
    is_history_event,
)
from obelisk.core.joinsets import JoinSet
from obelisk.core.random import DeterministicRandom, seed_of
from obelisk.errors import InvalidIdError, NondeterminismError
from obelisk.ids import (
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

_encode = msgspec.json.Encoder(order="deterministic").encode


class NewExecution(Struct, frozen=True):
    """An execution that a command creates: a child of ``parent``, or scheduled by the workflow when that is ``None``."""

    execution_id: ExecutionId
    ffqn: Ffqn
    params: list[Any]
    parent: tuple[ExecutionId, JoinSetId] | None
    scheduled_at: datetime


class Effects(Struct, frozen=True):
    """What the engine has to write, in order, and the executions that it creates with it."""

    events: tuple[AnyHistoryEvent, ...]
    executions: tuple[NewExecution, ...]


class _Waiting(Struct, frozen=True):
    join_set: JoinSetId
    ffqn: Ffqn | None
    closing: bool


class Replay:
    """One workflow execution. See the module's theory of operation.

    ``run_expires_at`` is what new ``join_next`` events say; the engine keeps it up to date.
    """

    def __init__(
        self,
        execution_id: ExecutionId,
        created_at: datetime,
        *,
        run_expires_at: datetime,
        history: Iterable[LogEvent] = (),
        responses: Iterable[LogResponse] = (),
    ) -> None:
        self.execution_id = execution_id
        self.run_expires_at = run_expires_at
        self._created_at = created_at
        self._history = [event for event in history if is_history_event(event.event)]
        self._position = 0
        self._random = DeterministicRandom(seed_of(execution_id))
        self._join_sets: dict[JoinSetId, JoinSet] = {}
        self._open: dict[JoinSetId, JoinSet] = {}
        self._named: set[JoinSetId] = set()
        self._one_offs = 0
        self._generated = 0
        self._children: dict[ExecutionId, Ffqn] = {}
        self._delays: dict[DelayId, datetime] = {}
        self._waiting: _Waiting | None = None
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
    def is_waiting(self) -> bool:
        """Whether the last command waits for a response."""
        return self._waiting is not None

    @property
    def waits_for(self) -> JoinSetId | None:
        """The join set that the last command waits for."""
        return None if self._waiting is None else self._waiting.join_set

    @property
    def pending_events(self) -> int:
        """How many effects wait to be taken."""
        return len(self._events)

    def apply(self, command: Command, now: datetime) -> Reply | None:
        """Return the reply to a command, ``None`` when it has to wait for a response.

        Raises ``NondeterminismError`` when the command is not what history holds.
        """
        return _HANDLERS[type(command)](self, command, now)

    def arrive(self, response: Response) -> None:
        """Take note of a response, in the order of cursors."""
        self._set(response.join_set_id).arrive(response)

    def resume(self) -> Reply | None:
        """Return the reply to the command that waits, ``None`` when it has to wait on.

        Raises ``NondeterminismError`` when closing a join set asks for something else than history holds.
        """
        waiting = self._waiting
        if waiting is None or not self._set(waiting.join_set).has_response:
            return None
        self._waiting = None
        if waiting.closing:
            self._take(waiting.join_set, None)
            return self._close(waiting.join_set)
        return self._take(waiting.join_set, waiting.ffqn)

    def finish(self) -> Reply | None:
        """Close what is open; return ``None`` when that has to wait, else check that history is used up.

        To be called again after ``resume`` returned a reply to what it waited for.
        """
        while self._open:
            if self._close(next(reversed(self._open))) is None:
                return None
        if self.is_replaying:
            left = self._history[self._position]
            raise NondeterminismError(
                f"found unprocessed request stored at version {left.version}: event: {_text(left.event)}; "
                "the workflow ended without asking for it again"
            )
        return Done()

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
        self._request_child(join_set, command.ffqn, command.params, now)
        return self._join_next(join_set.id, command.ffqn)

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
        return Submitted(self._request_child(self._set(command.join_set), command.ffqn, command.params, now))

    def _submit_delay(self, command: SubmitDelay, now: datetime) -> Reply | None:
        return DelaySubmitted(self._request_delay(self._set(command.join_set), command.schedule_at, now))

    def _join_next_response(self, command: JoinNextResponse, now: datetime) -> Reply | None:
        if self._set(command.join_set).remaining <= 0:
            self._record(JoinNextTooMany(command.join_set, command.ffqn))
            return AllProcessed()
        return self._join_next(command.join_set, command.ffqn)

    def _sleep(self, command: Sleep, now: datetime) -> Reply | None:
        try:
            check_join_set_name(command.name or "")
        except InvalidIdError as error:
            return Refused(RefusalKind.INVALID_NAME, str(error))
        join_set = self._one_off(command.name or "sleep")
        self._request_delay(join_set, command.schedule_at, now)
        return self._join_next(join_set.id, None)

    def _close_join_set(self, command: CloseJoinSet, now: datetime) -> Reply | None:
        return self._close(command.join_set)

    def _schedule(self, command: ScheduleExecution, now: datetime) -> Reply | None:
        execution_id = command.execution_id or self._draw_id()
        if self._record(Schedule(execution_id, command.schedule_at)) is None:
            scheduled_at = max(due_at(command.schedule_at, now), now)
            self._executions.append(NewExecution(execution_id, command.ffqn, command.params, None, scheduled_at))
        return Submitted(execution_id)

    def _draw_u64(self, command: DrawU64, now: datetime) -> Reply | None:
        if command.min > command.max_inclusive:
            return Refused(RefusalKind.INVALID_RANGE, f"min {command.min} is above max {command.max_inclusive}")
        value = self._random.between(command.min, command.max_inclusive)
        kind = PersistKind(random_u64=RandomU64(command.min, command.max_inclusive))
        self._record(Persist(list(value.to_bytes(8, "big")), kind))
        return Drawn(value)

    def _draw_string(self, command: DrawString, now: datetime) -> Reply | None:
        shortest, longest = command.min_length, command.max_length_exclusive - 1
        if shortest > longest:
            return Refused(RefusalKind.INVALID_RANGE, f"min length {shortest} is not below {longest + 1}")
        value = self._random.alphanumeric(self._random.between(shortest, longest))
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
        join_set = self._open[join_set_id] = self._set(join_set_id)
        self._record(JoinSetCreate(join_set_id))
        return join_set

    def _request_child(self, join_set: JoinSet, ffqn: Ffqn, params: list[Any], now: datetime) -> ExecutionId:
        child = join_set.next_child_id()
        recorded = self._record(JoinSetRequest(join_set.id, ChildExecutionRequest(child, ffqn, params)))
        join_set.requested += 1
        self._children[child] = ffqn
        if recorded is None:
            self._executions.append(NewExecution(child, ffqn, params, (self.execution_id, join_set.id), now))
        return child

    def _request_delay(self, join_set: JoinSet, schedule_at: ScheduleAt | str, now: datetime) -> DelayId:
        delay = join_set.next_delay_id()
        request = DelayRequest(delay, due_at(schedule_at, now), schedule_at)
        recorded = self._record(JoinSetRequest(join_set.id, request))
        join_set.requested += 1
        if isinstance(recorded, JoinSetRequest) and isinstance(recorded.request, DelayRequest):
            request = recorded.request
        self._delays[delay] = request.expires_at
        return delay

    def _join_next(self, join_set: JoinSetId, ffqn: Ffqn | None) -> Reply | None:
        self._record(JoinNext(join_set, self.run_expires_at, ffqn))
        self._waiting = _Waiting(join_set, ffqn, closing=False)
        return self.resume()

    def _take(self, join_set_id: JoinSetId, wanted: Ffqn | None) -> Reply:
        join_set = self._set(join_set_id)
        response = join_set.take()
        if is_one_off(join_set_id):
            self._forget(join_set_id)
        if isinstance(response, ChildExecutionFinished):
            child = response.child_execution_id
            join_set.last_taken = child
            ffqn = self._children.pop(child)
            return Answered(child, ffqn, response.result) if wanted in (None, ffqn) else Mismatched(ffqn, child)
        join_set.last_taken = response.delay_id
        if wanted is not None:
            return Mismatched(None, response.delay_id)
        microseconds = to_microseconds(self._delays.pop(response.delay_id))
        seconds, rest = divmod(microseconds, 1_000_000)
        return DelayPassed(response.delay_id, seconds, rest * 1000, response.success)

    def _close(self, join_set_id: JoinSetId) -> Reply | None:
        join_set = self._set(join_set_id)
        while join_set.remaining > 0:
            self._record(JoinNext(join_set_id, self.run_expires_at, closing=True))
            if not join_set.has_response:
                self._waiting = _Waiting(join_set_id, None, closing=True)
                return None
            self._take(join_set_id, None)
        self._forget(join_set_id)
        return Done()

    def _forget(self, join_set_id: JoinSetId) -> None:
        self._open.pop(join_set_id, None)
        self._join_sets.pop(join_set_id, None)

    def _draw_id(self) -> ExecutionId:
        return new_execution_id(to_milliseconds(self._created_at), self._random.bytes(ULID_RANDOM_BYTES))

    def _record(self, event: AnyHistoryEvent) -> AnyHistoryEvent | None:
        """Match ``event`` and return what history holds in its place, or make it an effect and return ``None``."""
        if not self.is_replaying:
            self._events.append(event)
            return None
        recorded = self._history[self._position]
        if _decided(recorded.event) != _decided(event):  # type: ignore[arg-type]
            raise NondeterminismError(_mismatch(recorded, event))
        self._position += 1
        if not self.is_replaying:
            self._history, self._position = [], 0
        return recorded.event  # type: ignore[return-value]


def due_at(schedule_at: ScheduleAt | str, now: datetime) -> datetime:
    """Return when something is due that was asked for at ``now``; rounded up to a microsecond, never early."""
    if isinstance(schedule_at, str):
        return now
    if schedule_at.at is not UNSET:
        return schedule_at.at
    span = schedule_at.in_
    if span is UNSET:
        return now
    try:
        return min(now + timedelta(seconds=span.secs, microseconds=-(-span.nanos // 1000)), FAR_FUTURE)
    except OverflowError:
        return FAR_FUTURE


def _decided(event: AnyHistoryEvent) -> AnyHistoryEvent:
    """Return the event without what the engine decided."""
    match event:
        case JoinNext():
            return replace(event, run_expires_at=EPOCH)
        case JoinSetRequest(request=DelayRequest()):
            return replace(event, request=replace(event.request, expires_at=EPOCH, paused=False))
        case _:
            return event


def _mismatch(recorded: LogEvent, event: AnyHistoryEvent) -> str:
    return (
        f"key does not match event stored at version {recorded.version}: "
        f"key: {_text(event)}, event: {_text(recorded.event)}; "
        "the workflow's code, or what it reads, changed in a way that changes its calls"
    )


def _text(event: Any) -> str:
    return _encode(event).decode()


_HANDLERS: dict[type, Callable[[Replay, Any, datetime], Reply | None]] = {
    Call: Replay._call,
    CreateJoinSet: Replay._create_join_set,
    Submit: Replay._submit,
    SubmitDelay: Replay._submit_delay,
    JoinNextResponse: Replay._join_next_response,
    Sleep: Replay._sleep,
    CloseJoinSet: Replay._close_join_set,
    ScheduleExecution: Replay._schedule,
    DrawU64: Replay._draw_u64,
    DrawString: Replay._draw_string,
    DrawExecutionId: Replay._draw_execution_id,
    CurrentExecutionId: Replay._current_execution_id,
}
