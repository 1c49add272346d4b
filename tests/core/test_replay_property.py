"""Whatever a workflow does and wherever it is interrupted: replayed, it is told the same and leaves the same log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from obelisk.core.canonical import canonical
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
    Submit,
    SubmitDelay,
)
from obelisk.core.events import (
    AnyHistoryEvent,
    ChildExecutionFinished,
    ChildExecutionRequest,
    DelayFinished,
    ExecutionResult,
    FailureKind,
    JoinSetRequest,
    Response,
    Schedule,
    ScheduleAt,
    Span,
    TypedValue,
    failed,
)
from obelisk.core.replay import NewExecution, Replay
from obelisk.ids import ExecutionId, JoinSetId
from tests.core.replaying import FIBO, ID, LOCK, OTHER, START, logged, responded

GIVEN = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")
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
        lambda seconds, nanos: ScheduleAt(in_=Span(seconds, nanos)), st.integers(0, 2**40), st.integers(0, 10**9)
    ),
    st.builds(lambda seconds: ScheduleAt(at=START + timedelta(seconds=seconds)), st.integers(-(10**9), 10**9)),
)
commands = st.one_of(
    st.builds(Call, ffqns, params),
    st.builds(CreateJoinSet, st.none() | st.sampled_from(["one", "two/a-b", "bad name"])),
    st.builds(Submit, st.just(NOWHERE), ffqns, params),
    st.builds(Submit, st.just(NOWHERE), ffqns, params),
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
steps = st.builds(Step, commands, numbers, st.lists(numbers, max_size=3).map(tuple))
first_step = st.builds(Step, st.builds(CreateJoinSet, st.none() | st.just("first")), numbers, st.just(()))
scripts = st.builds(lambda first, others: [first, *others], first_step, st.lists(steps, min_size=6, max_size=25))

Entry = AnyHistoryEvent | Response


class Run:
    """Gives a script's commands to a replay, with responses from a world or from a journal of an earlier run."""

    def __init__(self, recorded: Sequence[Entry], to_come: Sequence[Response] | None, whole: int) -> None:
        history = [entry for entry in recorded if not is_response(entry)]
        responses = [entry for entry in recorded if is_response(entry)]
        self.replay = Replay(ID, START, run_expires_at=LOCK, history=logged(history), responses=responded(responses))
        self.journal: list[Entry] = list(recorded)
        self.replies: list[Reply] = []
        self.ends: list[int] = []
        self.executions: list[NewExecution] = []
        self._open: list[JoinSetId] = []
        self._unanswered: list[JoinSetRequest] = []
        self._to_come = None if to_come is None else list(to_come)
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
        # what is in the log already does not depend on what the time is now
        now = ELSEWHEN if len(self.ends) < self._matched_commands else START + timedelta(seconds=len(self.ends))
        reply = self.replay.apply(command, now)
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
        while (reply := self.replay.resume()) is None:
            self._take()
            assert self.replay.is_waiting
            self._respond(number)
        self._take()
        return reply

    def _respond(self, number: int) -> None:
        if self._to_come is not None:
            response = self._to_come.pop(0)
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
        self._unanswered += [event for event in effects.events if isinstance(event, JoinSetRequest)]


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


def text_of(journal: Sequence[Entry]) -> str:
    return canonical(logged(history_of(journal)), responded(responses_of(journal)))


def creations(entries: Sequence[Entry]) -> list[ExecutionId]:
    """Return the executions that the events create, in their order."""
    created = []
    for entry in entries:
        if isinstance(entry, Schedule):
            created.append(entry.execution_id)
        if isinstance(entry, JoinSetRequest) and isinstance(entry.request, ChildExecutionRequest):
            created.append(entry.request.child_execution_id)
    return created


def replayed(script: Sequence[Step], first: Run, cut: int) -> Run:
    """Return the run of a process that found the first ``cut`` entries of the first run's journal."""
    recorded, to_come = first.journal[:cut], responses_of(first.journal[cut:])
    whole = sum(end <= cut for end in first.ends)
    return Run(recorded, to_come, whole).play(script)


@settings(max_examples=80, deadline=None)
@given(scripts)
def test_a_replay_from_every_prefix_is_told_the_same_and_leaves_the_same_log(script):
    first = Run((), None, 0).play(script)
    for cut in range(len(first.journal) + 1):
        again = replayed(script, first, cut)
        assert again.replies == first.replies
        assert history_of(again.journal) == history_of(first.journal)
        assert text_of(again.journal) == text_of(first.journal)


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_a_replay_creates_what_was_not_created_and_nothing_twice(script):
    first = Run((), None, 0).play(script)
    for cut in range(len(first.journal) + 1):
        again = replayed(script, first, cut)
        made = len(creations(first.journal[:cut]))
        assert again.executions == first.executions[made:]


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_a_replay_of_everything_has_no_effects(script):
    first = Run((), None, 0).play(script)
    again = replayed(script, first, len(first.journal))
    assert again.executions == []
    assert again.journal == first.journal
    assert not again.replay.is_replaying


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_all_responses_at_once_tell_the_same_as_one_after_the_other(script):
    first = Run((), None, 0).play(script)
    responses = responses_of(first.journal)
    again = Run(responses, [], 0).play(script)
    assert again.replies == first.replies
    assert history_of(again.journal) == history_of(first.journal)


@settings(max_examples=40, deadline=None)
@given(scripts)
def test_no_join_set_is_left_with_a_response_that_nobody_took(script):
    first = Run((), None, 0).play(script)
    requests = sum(isinstance(entry, JoinSetRequest) for entry in first.journal)
    assert len(responses_of(first.journal)) == requests
