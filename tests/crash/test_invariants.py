"""Every invariant notices its breach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from obelisk.core.events import (
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentRole,
    Created,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
    Finished,
    JoinNext,
    JoinSetCreate,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Response,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TypedValue,
    Unlocked,
)
from obelisk.ids import DelayId, DeploymentId, ExecutionId, JoinSetId
from obelisk.names import Ffqn
from tests.crash.invariants import breaches_between, breaches_of, breaches_of_ledger, breaches_of_order
from tests.crash.orders import NOTE, NOTE_AGAIN, AnyOrder, Entry, Expected, Nested, Order, fits
from tests.crash.seen import Seen, View
from tests.e2e.rpc import FIBO_ACTIVITY, child, delay_id, execution_id
from tests.scripts import RUN

NOW = datetime(2026, 1, 31, tzinfo=UTC)
TOP = execution_id(1)
CHILD, DELAY = child(TOP, "g:1_1"), delay_id(TOP, "g:1_2")
SET = JoinSetId("g:1")
DONE = ExecutionResult(ok=TypedValue("u64", 55))
OTHER = ExecutionResult(ok=TypedValue("u64", 56))


def created(ffqn: Ffqn, role: ComponentRole, *params: Any) -> Created:
    component = ComponentId(role, "c", "sha256:" + "0" * 64)
    return Created(ffqn, list(params), None, NOW, component, DeploymentId("Dep_1"))


def log(ident: ExecutionId, events: list[Event], responses: list[Response]) -> Seen:
    return Seen(
        ident,
        tuple(LogEvent(version, NOW, event) for version, event in enumerate(events)),
        tuple(LogResponse(cursor, NOW, response) for cursor, response in enumerate(responses, start=1)),
    )


PARENT_EVENTS: list[Event] = [
    created(RUN, ComponentRole.WORKFLOW, []),
    JoinSetCreate(SET),
    JoinSetRequest(SET, ChildExecutionRequest(CHILD, FIBO_ACTIVITY, [10])),
    JoinSetRequest(SET, DelayRequest(DELAY, NOW, "now")),
    JoinNext(SET, NOW),
    Finished(DONE),
]
RESPONSES: list[Response] = [ChildExecutionFinished(SET, CHILD, 1, DONE), DelayFinished(SET, DELAY)]
CHILD_EVENTS: list[Event] = [created(FIBO_ACTIVITY, ComponentRole.ACTIVITY, 10), Finished(DONE)]


def view(
    events: list[Event] = PARENT_EVENTS, responses: list[Response] = RESPONSES, child_events: list[Event] = CHILD_EVENTS
) -> View:
    return {TOP: log(TOP, events, responses), CHILD: log(CHILD, child_events, [])}


def test_logs_that_are_as_they_should_be_break_nothing() -> None:
    assert list(breaches_of(view())) == []
    assert list(breaches_of(view(PARENT_EVENTS[:-1], RESPONSES[:1]))) == []


BACKOFF = NOW + timedelta(seconds=1)
BREACHES = [
    pytest.param(view([*PARENT_EVENTS, Finished(DONE)]), "finished 2 times", id="two results"),
    pytest.param(view([*PARENT_EVENTS, Unlocked(NOW, "x")]), "follows its end", id="after the end"),
    pytest.param(view(responses=[*RESPONSES, RESPONSES[0]]), "answered 2 times", id="a response twice"),
    pytest.param(view(responses=RESPONSES[:1]), "without a response of its delay", id="an open delay"),
    pytest.param(view(responses=RESPONSES[1:]), "without a response of its child", id="a lost response"),
    pytest.param(view(child_events=CHILD_EVENTS[:1]), "has not", id="an open child"),
    pytest.param(view(child_events=[CHILD_EVENTS[0], Finished(OTHER)]), "is not how that one ended", id="other result"),
    pytest.param(
        view(responses=[*RESPONSES, DelayFinished(SET, DelayId(DELAY + "9"))]),
        "never asked for",
        id="nobody's response",
    ),
    pytest.param(
        view(child_events=[CHILD_EVENTS[0], TemporarilyTimedOut(BACKOFF), CHILD_EVENTS[1]]), "used up", id="a timeout"
    ),
    pytest.param(
        view(child_events=[CHILD_EVENTS[0], TemporarilyFailed(BACKOFF, "x"), CHILD_EVENTS[1]]), "used up", id="a retry"
    ),
]


@pytest.mark.parametrize(("broken", "expected"), BREACHES)
def test_a_breach_of_one_moment_is_told(broken: View, expected: str) -> None:
    assert any(expected in breach for breach in breaches_of(broken))


def test_a_gap_in_a_log_is_told() -> None:
    seen = view()[TOP]
    gap = Seen(TOP, seen.events[:2] + seen.events[3:], (replace(seen.responses[0], cursor=2),))
    told = list(breaches_of({**view(), TOP: gap}))
    assert any("its versions are" in breach for breach in told)
    assert any("the cursors of its responses are" in breach for breach in told)


SEEN = view()[TOP]
OPEN = Seen(TOP, SEEN.events[:-1], SEEN.responses)
CONTINUATIONS = [
    pytest.param(OPEN, Seen(TOP, SEEN.events[:2], SEEN.responses), "its events", id="events gone"),
    pytest.param(OPEN, Seen(TOP, OPEN.events, SEEN.responses[:1]), "its responses", id="a response gone"),
    pytest.param(OPEN, Seen(TOP, OPEN.events, SEEN.responses[::-1]), "its responses", id="another order"),
    pytest.param(SEEN, Seen(TOP, (*SEEN.events, SEEN.events[1]), SEEN.responses), "had finished", id="after the end"),
]


@pytest.mark.parametrize(("before", "after", "expected"), CONTINUATIONS)
def test_a_log_that_does_not_go_on_from_what_was_seen_is_told(before: Seen, after: Seen, expected: str) -> None:
    assert any(expected in breach for breach in breaches_between(before, after))
    assert list(breaches_between(before, before)) == []
    assert list(breaches_between(OPEN, SEEN)) == []


ORDER = Order(TOP, RUN, [[]], Expected((DONE,)))


@pytest.mark.parametrize(
    ("result", "found", "expected"),
    [
        pytest.param(OTHER, view(), "expected", id="wrong"),
        pytest.param(DONE, {}, "does not exist", id="gone"),
        pytest.param(DONE, view([*PARENT_EVENTS[:-1], Finished(OTHER)]), "was told", id="told another"),
    ],
)
def test_an_order_that_did_not_end_as_it_has_to_is_told(result: ExecutionResult, found: View, expected: str) -> None:
    assert [expected in breach for breach in breaches_of_order(ORDER, result, found)] == [True]
    assert list(breaches_of_order(ORDER, DONE, view())) == []


def noted(*tokens: str, ffqn: Ffqn = NOTE) -> View:
    idents = [execution_id(number) for number in range(len(tokens))]
    return {
        ident: log(ident, [created(ffqn, ComponentRole.ACTIVITY, token), Finished(DONE)], [])
        for ident, token in zip(idents, tokens, strict=True)
    }


def test_an_activity_that_never_ran_or_is_not_recorded_once_is_told() -> None:
    assert list(breaches_of_ledger(["a"], ["a", "a"], noted("a", ffqn=NOTE_AGAIN))) == []
    assert list(breaches_of_ledger(["a"], [], noted("a"))) == ["the activity of a has a result and never ran"]
    assert list(breaches_of_ledger(["a"], ["a"], noted("a", "a"))) == ["the result of a is recorded 2 times"]
    assert list(breaches_of_ledger(["a"], ["a"], noted())) == ["the result of a is not recorded"]


def test_a_trace_fits_only_what_it_has_to_be() -> None:
    parts = (Entry("ok"), AnyOrder((Entry("ok", "1"), Entry("ok", "2"))), Nested((Entry("err", "x"),)))
    trace = [["ok", "any"], ["ok", "2"], ["ok", "1"], ["ok", '[["err","x"]]']]
    assert fits(trace, parts)
    for wrong in (
        trace[:-1],
        [*trace, ["ok", ""]],
        [["err", "any"], *trace[1:]],
        [trace[0], ["ok", "2"], ["ok", "2"], trace[3]],
        [*trace[:3], ["ok", '[["err","y"]]']],
    ):
        assert not fits(wrong, parts)
