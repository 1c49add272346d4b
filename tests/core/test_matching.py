"""What is compared of two events, and what the report of a mismatch says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from obelisk.core.commands import Submit
from obelisk.core.events import (
    AnyHistoryEvent,
    ChildExecutionRequest,
    DelayRequest,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    Persist,
    PersistKind,
    RandomString,
    RandomU64,
    Schedule,
    ScheduleAt,
    Stub,
    TimeSpan,
    TryOutcome,
    error_outcome,
)
from obelisk.core.matching import (
    ADVICE,
    MAX_SHOWN,
    MOVED,
    OTHER_VALUE,
    left_over,
    matches,
    mismatch,
    missing_response,
    same_json,
)
from obelisk.errors import NondeterminismError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from tests.core.replaying import FIBO, ID, OTHER, START, Workflow

SET, OTHER_SET = JoinSetId("g:1"), JoinSetId("g:2")
CHILD, OTHER_CHILD = ExecutionId(f"{ID}.g:1_1"), ExecutionId(f"{ID}.g:1_2")
DELAY = DelayId("Delay_01HKQYGXB8DKHXWQ8A3K9WRM8D.g:1_1")
OTHER_DELAY = DelayId("Delay_01HKQYGXB8DKHXWQ8A3K9WRM8D.g:1_2")
LATER = START + timedelta(days=1)
SOON = ScheduleAt(in_=TimeSpan(1))
NO = error_outcome("function_not_found")
HASH, OTHER_HASH = "01" + "a" * 64, "01" + "b" * 64


def child(**changes: object) -> JoinSetRequest:
    return JoinSetRequest(SET, replace(ChildExecutionRequest(CHILD, FIBO, [1]), **changes))


def delay(**changes: object) -> JoinSetRequest:
    return JoinSetRequest(SET, replace(DelayRequest(DELAY, START, SOON), **changes))


NUMBER = Persist([0] * 8, PersistKind(random_u64=RandomU64(0, 1)))
TEXT = Persist([97], PersistKind(random_string=RandomString(1, 2)))
DRAWN_ID = Persist(list(b"E_1"), PersistKind(execution_id=None))
WAIT = JoinNext(SET, START, FIBO)
TRY = JoinNextTry(SET, TryOutcome.PENDING)
TOO_MANY = JoinNextTooMany(SET, FIBO)
SCHEDULE = Schedule(ID, SOON)
STUB = Stub(CHILD, HASH)
EVENTS: list[AnyHistoryEvent] = [
    NUMBER, TEXT, DRAWN_ID, JoinSetCreate(SET), child(), delay(), WAIT, TRY, TOO_MANY, SCHEDULE, STUB,
]  # fmt: skip


# --- equality -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recorded", EVENTS)
def test_an_event_matches_itself_and_no_other(recorded):
    assert [event for event in EVENTS if matches(recorded, event)] == [recorded]


DECIDED_BY_THE_ENGINE = {
    "when a lock expires": (WAIT, replace(WAIT, run_expires_at=LATER)),
    "when a delay is due": (delay(), delay(expires_at=LATER)),
    "whether a delay is paused": (delay(), delay(paused=True)),
    "what a look found": (TRY, replace(TRY, outcome=TryOutcome.FOUND)),
    "that nothing is left": (TRY, replace(TRY, outcome=TryOutcome.ALL_PROCESSED)),
    "whether a child was refused": (child(), child(result=NO)),
    "whether a schedule was refused": (SCHEDULE, replace(SCHEDULE, result=NO)),
    "whether a stub was refused": (STUB, replace(STUB, result=NO)),
}


@pytest.mark.parametrize(("recorded", "event"), DECIDED_BY_THE_ENGINE.values(), ids=DECIDED_BY_THE_ENGINE)
def test_what_the_engine_decided_is_not_compared(recorded, event):
    assert matches(recorded, event) and matches(event, recorded)


DECIDED_BY_THE_WORKFLOW = {
    "a join set": (JoinSetCreate(SET), JoinSetCreate(OTHER_SET)),
    "the join set of a request": (child(), replace(child(), join_set_id=OTHER_SET)),
    "a child's id": (child(), child(child_execution_id=OTHER_CHILD)),
    "a child's function": (child(), child(target_ffqn=OTHER)),
    "a child's params": (child(), child(params=[2])),
    "text for a child's params": (child(params="[1]"), child(params=[1])),
    "a delay's id": (delay(), delay(delay_id=OTHER_DELAY)),
    "a delay's time": (delay(), delay(schedule_at="now")),
    "a child for a delay": (child(), delay()),
    "the join set of a wait": (WAIT, replace(WAIT, join_set_id=OTHER_SET)),
    "the function that is awaited": (WAIT, replace(WAIT, requested_ffqn=None)),
    "a wait for a close": (WAIT, replace(WAIT, closing=True)),
    "the join set of a look": (TRY, replace(TRY, join_set_id=OTHER_SET)),
    "the join set that has none left": (TOO_MANY, replace(TOO_MANY, join_set_id=OTHER_SET)),
    "the function that has none left": (TOO_MANY, replace(TOO_MANY, requested_ffqn=None)),
    "a scheduled id": (SCHEDULE, replace(SCHEDULE, execution_id=CHILD)),
    "a scheduled time": (SCHEDULE, replace(SCHEDULE, schedule_at="now")),
    "a stub's id": (STUB, replace(STUB, target_execution_id=OTHER_CHILD)),
    "a stub's result": (STUB, replace(STUB, retval_hash=OTHER_HASH)),
    "a drawn value": (NUMBER, replace(NUMBER, value=[1] * 8)),
    "the range of a number": (NUMBER, replace(NUMBER, kind=PersistKind(random_u64=RandomU64(0, 2)))),
    "the range of a length": (TEXT, replace(TEXT, kind=PersistKind(random_string=RandomString(0, 2)))),
    "the kind of a draw": (TEXT, replace(TEXT, kind=PersistKind(execution_id=None))),
}


@pytest.mark.parametrize(("recorded", "event"), DECIDED_BY_THE_WORKFLOW.values(), ids=DECIDED_BY_THE_WORKFLOW)
def test_what_the_workflow_decided_is_compared(recorded, event):
    assert not matches(recorded, event) and not matches(event, recorded)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        (1, 1.0),
        (0.0, -0.0),
        ("1", 1),
        (None, False),
        ([1], [True]),
        ({"a": [1]}, {"a": [1.0]}),
        ([1, 2], [2, 1]),
        ({}, []),
        ({"a": None}, {}),
        (2**64 - 1, float(2**64 - 1)),
    ],
)
def test_json_values_that_are_equal_in_python_alone_differ(one, other):
    assert not same_json(one, other) and not same_json(other, one)


@pytest.mark.parametrize("value", [None, True, 0, -(2**63), 2**64 - 1, 0.1, "ä\0", [[]], {"b": 1, "a": [{}]}])
def test_a_json_value_is_the_same_as_itself(value):
    assert same_json(value, value)


def test_the_order_of_keys_makes_no_difference():
    assert same_json([{"a": 1, "b": {"c": 2, "d": 3}}], [{"b": {"d": 3, "c": 2}, "a": 1}])


def test_a_number_that_became_a_truth_value_is_found_out():
    first = Workflow()
    first.submitted(Submit(SET, FIBO, [1]))
    with pytest.raises(NondeterminismError):
        Workflow(first.events).ask(Submit(SET, FIBO, [True]))


# --- the report ---------------------------------------------------------------------------------------------------------


def report(stored: AnyHistoryEvent, event: AnyHistoryEvent) -> list[str]:
    """Return the lines of the report of a mismatch at version 7."""
    text = mismatch(LogEvent(7, START, stored), event).report
    assert text is not None
    return text.splitlines()


def test_a_report_shows_the_version_both_calls_with_their_params_and_a_hint():
    assert report(child(), child(params=[2])) == [
        "version       7",
        f"stored event  submit `{FIBO}` in `g:1` as `{CHILD}`",
        "              params [1]",
        f"actual call   submit `{FIBO}` in `g:1` as `{CHILD}`",
        "              params [2]",
        f"hint          {OTHER_VALUE}",
        f"              {ADVICE}",
    ]


def told(event: AnyHistoryEvent) -> list[str]:
    """Return how a report describes the actual call."""
    lines = report(JoinSetCreate(JoinSetId("n:a")), event)
    return [line[14:] for line in lines[2:-2]]


DESCRIPTIONS: list[tuple[AnyHistoryEvent, list[str]]] = [
    (JoinSetCreate(SET), ["create the join set `g:1`"]),
    (child(), [f"submit `{FIBO}` in `g:1` as `{CHILD}`", "params [1]"]),
    (delay(), [f"delay `{DELAY}` in `g:1`", 'for {"in":{"secs":1,"nanos":0}}']),
    (delay(schedule_at="now"), [f"delay `{DELAY}` in `g:1`", 'for "now"']),
    (WAIT, [f"await a response of `{FIBO}` in `g:1`"]),
    (replace(WAIT, requested_ffqn=None), ["await a response of `any function` in `g:1`"]),
    (replace(WAIT, closing=True), ["close `g:1`"]),
    (TRY, ["look for a response in `g:1`"]),
    (TOO_MANY, [f"await a response of `{FIBO}` in `g:1`, which has none left"]),
    (NUMBER, ['draw {"random_u64":{"min":0,"max_inclusive":1}}', "which gives 0"]),
    (DRAWN_ID, ['draw {"execution_id":null}', "which gives 'E_1'"]),
    (SCHEDULE, [f"schedule `{ID}`", 'for {"in":{"secs":1,"nanos":0}}']),
    (STUB, [f"stub `{CHILD}`", f"with a result that has the hash {HASH}"]),
]


@pytest.mark.parametrize(("event", "lines"), DESCRIPTIONS)
def test_a_report_tells_a_call_in_words(event, lines):
    assert told(event) == lines


OTHER_VALUES = {
    "params": (child(), child(params=[2])),
    "the time of a delay": (delay(), delay(schedule_at="now")),
    "the time of a schedule": (SCHEDULE, replace(SCHEDULE, schedule_at="now")),
    "a stub's result": (STUB, replace(STUB, retval_hash=OTHER_HASH)),
    "a range": (NUMBER, replace(NUMBER, kind=PersistKind(random_u64=RandomU64(0, 2)))),
    "the function of a wait": (WAIT, replace(WAIT, requested_ffqn=OTHER)),
}
ELSEWHERE = {
    "another call": (child(), NUMBER),
    "another function": (child(), child(target_ffqn=OTHER)),
    "another child": (child(), child(child_execution_id=OTHER_CHILD)),
    "a delay for a child": (child(), delay()),
    "another join set": (WAIT, replace(WAIT, join_set_id=OTHER_SET)),
    "a close for a wait": (WAIT, replace(WAIT, closing=True)),
    "a text for a number": (NUMBER, TEXT),
    "another stub": (STUB, replace(STUB, target_execution_id=OTHER_CHILD)),
}


@pytest.mark.parametrize(("stored", "event"), OTHER_VALUES.values(), ids=OTHER_VALUES)
def test_the_same_call_with_something_else_is_told_so(stored, event):
    assert report(stored, event)[-2].endswith(OTHER_VALUE)


@pytest.mark.parametrize(("stored", "event"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_call_that_is_elsewhere_is_told_so(stored, event):
    assert report(stored, event)[-2].endswith(MOVED)


def test_the_message_holds_both_events_as_json():
    message = str(mismatch(LogEvent(7, START, child()), NUMBER))
    assert message.startswith("key does not match event stored at version 7: key: {")
    key, _, stored = message.partition(", event: ")
    assert '"type":"persist"' in key and '"type":"join_set_request"' in stored


def test_long_params_are_cut_and_their_length_is_told():
    error = mismatch(LogEvent(7, START, child(params=["x" * 100_000])), child(params=["y"]))
    assert len(str(error)) < 2 * MAX_SHOWN
    assert "... (100004 characters)" in error.report


def test_params_that_are_no_json_are_shown_as_text():
    assert told(child(params="[1"))[1] == 'params "[1"'


def test_history_that_is_left_over_is_reported_with_the_end_as_the_call():
    error = left_over(LogEvent(7, START, child()))
    assert str(error).startswith("found unprocessed request stored at version 7: event: {")
    assert "actual call   none: the workflow ended" in error.report.splitlines()
    assert MOVED in error.report


def test_a_response_that_is_not_there_is_named_by_the_look_that_found_it():
    error = missing_response(JoinNextTry(SET, TryOutcome.FOUND))
    assert "the response that was found is not in the log" in str(error)
    assert '"join_set_id":"g:1"' in str(error)
