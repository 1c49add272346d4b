"""Generated scripts of commands, and runs of them: the first one, and those that find a part of its log."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct

from obelisk.core.commands import (
    Call,
    CloseJoinSet,
    Command,
    CreateJoinSet,
    CurrentExecutionId,
    DrawExecutionId,
    DrawString,
    DrawU64,
    JoinNextResponse,
    JoinSetMade,
    Reply,
    ScheduleExecution,
    Sleep,
    StubExecution,
    Submit,
    SubmitDelay,
    TryNextResponse,
)
from obelisk.core.effects import NewExecution
from obelisk.core.events import (
    OK_OUTCOME,
    AnyHistoryEvent,
    ChildExecutionFinished,
    ChildExecutionRequest,
    DelayFinished,
    ExecutionResult,
    FailureKind,
    JoinSetRequest,
    Response,
    ScheduleAt,
    TimeSpan,
    TypedValue,
    error_outcome,
    failed,
)
from obelisk.ids import ExecutionId, JoinSetId
from obelisk.names import Ffqn
from tests.core.replaying import FIBO, ID, OTHER, START, new_replay

GIVEN = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")
CHILD = ExecutionId(f"{ID}.g:1_1")
MISSING = Ffqn("testing:missing/missing.missing")
OUTCOMES = (OK_OUTCOME, error_outcome("type_check_error", "no"), error_outcome("function_not_found"))
ELSEWHEN = START + timedelta(days=4321)
RESULTS = [
    ExecutionResult(ok=TypedValue("u64", 2**64 - 1)),
    ExecutionResult(ok=None),
    ExecutionResult(err=TypedValue("string", "no\0\U0001f600")),
    failed(FailureKind.TIMED_OUT, "too slow"),
]


class Step(Struct, frozen=True):
    """A command, whose join set is the ``slot``-th open one, and which requests are answered afterwards."""

    command: Command
    slot: int
    arrivals: tuple[int, ...]


NOWHERE = JoinSetId("")
ffqns = st.sampled_from([FIBO, OTHER])
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b_c"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
params = st.lists(json, max_size=2)
times = st.one_of(
    st.just("now"),
    st.builds(
        lambda seconds, nanos: ScheduleAt(in_=TimeSpan(seconds, nanos)), st.integers(0, 2**40), st.integers(0, 10**9)
    ),
    st.builds(lambda seconds: ScheduleAt(at=START + timedelta(seconds=seconds)), st.integers(-(10**9), 10**9)),
)

waiting_commands = st.one_of(
    st.builds(Call, ffqns, params),
    st.builds(CreateJoinSet, st.none() | st.sampled_from(["one", "two/a-b", "bad name"])),
    st.builds(Submit, st.just(NOWHERE), ffqns, params),
    st.builds(Submit, st.just(NOWHERE), ffqns | st.just(MISSING), params, is_typed=st.just(False)),
    st.builds(Call, ffqns | st.just(MISSING), params, is_typed=st.just(False)),
    st.builds(StubExecution, st.just(CHILD), st.integers(0, 2), st.none() | ffqns, st.sampled_from(["U|1", "U|2"])),
    st.builds(SubmitDelay, st.just(NOWHERE), times),
    st.builds(JoinNextResponse, st.just(NOWHERE), st.none() | ffqns),
    st.builds(JoinNextResponse, st.just(NOWHERE), st.none() | ffqns),
    st.builds(Sleep, times, st.none() | st.sampled_from(["nap", "not.a name"])),
    st.builds(CloseJoinSet, st.just(NOWHERE)),
    st.builds(ScheduleExecution, ffqns, params, times, st.none() | st.just(GIVEN)),
    st.builds(DrawU64, st.integers(0, 5), st.integers(0, 2**64 - 1)),
    st.builds(DrawString, st.integers(0, 5), st.integers(0, 9)),
    st.just(DrawExecutionId()),
    st.just(CurrentExecutionId()),
)
numbers = st.integers(0, 7)
first_step = st.builds(Step, st.builds(CreateJoinSet, st.none() | st.just("first")), numbers, st.just(()))


def scripts_of(parts: st.SearchStrategy[list[Step]]) -> st.SearchStrategy[list[Step]]:
    """Return scripts that begin with a join set."""
    return st.builds(
        lambda first, others: [first, *itertools.chain.from_iterable(others)],
        first_step,
        st.lists(parts, min_size=6, max_size=20),
    )


def look_steps(request: Command, slot: int, arrivals: Sequence[tuple[int, ...]]) -> list[Step]:
    """Return a request that is looked for, again and again."""
    return [Step(request, slot, ()), *(Step(TryNextResponse(NOWHERE), slot, came) for came in arrivals)]


arrivals = st.lists(numbers, max_size=3).map(tuple)
steps = st.builds(lambda *parts: [Step(*parts)], waiting_commands, numbers, arrivals)
looks = st.builds(
    look_steps,
    st.just(SubmitDelay(NOWHERE, "now")) | st.builds(Submit, st.just(NOWHERE), ffqns, params),
    numbers,
    st.lists(arrivals, min_size=1, max_size=4),
)
scripts = scripts_of(steps | steps | steps | looks)
scripts_without_looks = scripts_of(steps)

Entry = AnyHistoryEvent | Response


class Run:
    """Gives a script's commands to a replay, with responses from a world or from the journal of the first run.

    What ``journal`` the first run left is given to a run that found a part of it, ``recorded``: each other response comes
    where it came in the first run, or when it is waited for. ``whole`` commands are in ``recorded`` with all their events.
    """

    def __init__(self, recorded: Sequence[Entry] = (), journal: Sequence[Entry] | None = None, whole: int = 0) -> None:
        self.replay = new_replay(history_of(recorded), responses_of(recorded))
        self.journal: list[Entry] = list(recorded)
        self.replies: list[Reply] = []
        self.ends: list[int] = []
        self.executions: list[NewExecution] = []
        self._open: list[JoinSetId] = []
        self._unanswered: list[JoinSetRequest] = []
        self._to_come: deque[tuple[int, Response]] | None = None
        if journal is not None:
            self._to_come = deque((i, e) for i, e in enumerate(journal) if i >= len(recorded) and is_response(e))
        self._matched_commands = whole

    def play(self, script: Sequence[Step]) -> Run:
        for step in script:
            self._do(step)
        while (reply := self.replay.finish()) is None:
            self._wait(0)
        self._take()
        self.replies.append(reply)
        return self

    def _do(self, step: Step) -> None:
        command = self._at_slot(step)
        if command is None:
            return
        self._respond_where_it_was()
        # what is in the log already does not depend on what the time is now
        now = ELSEWHEN if len(self.ends) < self._matched_commands else START + timedelta(seconds=len(self.ends))
        reply = self.replay.apply(command, now)
        if self.replay.question is not None:
            reply = self.replay.settle(OUTCOMES[step.slot % len(OUTCOMES)], create=step.slot % len(OUTCOMES) == 0)
        self._take()
        self.ends.append(len(self.journal))
        for number in step.arrivals if self._to_come is None else ():
            self._respond(number)
        if reply is None:
            reply = self._wait(step.slot)
        if isinstance(command, CloseJoinSet):
            self._open.remove(command.join_set)
        if isinstance(reply, JoinSetMade):
            self._open.append(reply.join_set)
        self.replies.append(reply)

    def _at_slot(self, step: Step) -> Command | None:
        command = step.command
        if getattr(command, "join_set", None) != NOWHERE:
            return command
        if not self._open:
            return None
        join_set = self._open[step.slot % len(self._open)]
        fields: dict[str, Any] = {name: getattr(command, name) for name in command.__struct_fields__}
        return type(command)(**{**fields, "join_set": join_set})

    def _wait(self, number: int) -> Reply:
        self._take()
        self._respond_where_it_was()
        while (reply := self.replay.resume()) is None:
            self._take()
            assert self.replay.is_waiting
            self._respond(number)
            self._respond_where_it_was()
        self._take()
        return reply

    def _respond_where_it_was(self) -> None:
        while self._to_come and self._to_come[0][0] <= len(self.journal):
            self._respond(0)

    def _respond(self, number: int) -> None:
        if self._to_come is not None:
            _, response = self._to_come.popleft()
        elif self._unanswered:
            response = answer(self._unanswered.pop(number % len(self._unanswered)), number)
        else:
            return
        self.journal.append(response)
        self.replay.arrive(response)

    def _take(self) -> None:
        effects = self.replay.take_effects()
        self.journal += effects.events
        self.executions += effects.executions
        self._unanswered += [event for event in effects.events if is_open(event)]


def is_open(event: Entry) -> bool:
    if not isinstance(event, JoinSetRequest):
        return False
    return not isinstance(event.request, ChildExecutionRequest) or event.request.result == OK_OUTCOME


def is_response(entry: Entry) -> bool:
    return isinstance(entry, ChildExecutionFinished | DelayFinished)


def answer(request: JoinSetRequest, number: int) -> Response:
    if isinstance(request.request, ChildExecutionRequest):
        result = RESULTS[number % len(RESULTS)]
        return ChildExecutionFinished(request.join_set_id, request.request.child_execution_id, 3, result)
    return DelayFinished(request.join_set_id, request.request.delay_id, success=number % 3 != 0)


def history_of(journal: Sequence[Entry]) -> list[AnyHistoryEvent]:
    return [entry for entry in journal if not is_response(entry)]


def responses_of(journal: Sequence[Entry]) -> list[Response]:
    return [entry for entry in journal if is_response(entry)]
